"""Modules that are seldom used stay out of memory, and are there for all who ask."""

import asyncio
import subprocess
import sys
import textwrap

import pytest

from agent.platforms.late_modules import (
    OF_EVENTKIT,
    OF_IB_ASYNC,
    OF_PILLOW,
    OF_THE_LIBRARY,
    OF_THE_SCHEDULER,
)
from agent.simulator.server import Simulator
from agent.simulator.state import Profile

WHO_IMPORTS = """
import builtins, contextlib, sys
import agent.session
importers, plain = set(), builtins.__import__

def noted(name, variables=None, locals=None, fromlist=(), level=0):
    if name.partition(".")[0] == "numpy" and level == 0:
        importers.add((variables or {}).get("__name__"))
    return plain(name, variables, locals, fromlist, level)

builtins.__import__ = noted
from agent.app.own_files import load_every_module
load_every_module()
import ib_async
print(*sorted(importers))
print(sum(name.startswith("numpy.") for name in sys.modules))
"""
ASKED = """
import sys
import agent.session
import eventkit
from agent.platforms.late_modules import StandIn
stand_in = sys.modules["numpy"]
assert isinstance(stand_in, StandIn)
assert not hasattr(stand_in, "__file__")
assert sys.modules["numpy"] is stand_in
{question}
assert not isinstance(sys.modules["numpy"], StandIn)
assert stand_in.array is sys.modules["numpy"].array
"""
QUESTIONS = (
    "assert eventkit.Event.sequence([1, 2, 3]).array().mean().run() == [1.0, 1.5, 2.0]",
    "import numpy; assert numpy.array([1]).sum() == 1",
    "from numpy import array; assert array([1]).sum() == 1",
    "import numpy.linalg; assert numpy.linalg.norm([3, 4]) == 5",
    "from numpy.linalg import norm; assert norm([3, 4]) == 5",
)


def said(program: str, *words: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_one_module_imports_it_and_it_is_not_loaded() -> None:
    assert said(WHO_IMPORTS) == ["eventkit.ops.array", "0"]


def test_who_asks_gets_the_real_one() -> None:
    for question in QUESTIONS:
        said(ASKED.format(question=question))


def test_one_that_is_there_stays() -> None:
    said("import numpy; import agent.session, sys; assert sys.modules['numpy'] is numpy")


def test_where_there_is_none_the_question_says_so() -> None:
    program = """
import sys
import agent.session, ib_async
sys.meta_path.clear()
try:
    sys.modules["numpy"].array
except ModuleNotFoundError as fault:
    print(fault.name)
"""
    assert said(program) == ["numpy"]


RUNNING = """
import sys
from agent.platforms.late_modules import OF_A_COMMAND, OF_THE_LIBRARY, StandIn, keep_out
keep_out(*OF_THE_LIBRARY, *OF_A_COMMAND)
import asyncio, contextlib, os, tempfile
from pathlib import Path
from agent.app.agent_host import AgentHost
from agent.core.clock import Moment
from agent.core.effects import OpenSession
from agent.core.events import HeartbeatAnswered, SessionReady
from agent.config.reading import parse_settings
from agent.observers.programs import program_file
from agent.runtime.instance import Instance
from agent.runtime.logs import set_up_logs
from agent.runtime.paths import find_places
from agent.runtime.schedule import Schedule
from agent.session.ib import IbSession
from agent.tray.artwork import argb, icon_picture
from agent.core.shown.display import IconState
import agent.tray.sni
import logging, time
from zoneinfo import ZoneInfo

async def session():
    answers = asyncio.Queue()
    wish = OpenSession("a", 1, "127.0.0.1", int(sys.argv[1]), 7, 20, 20)
    session = IbSession(wish, answers.put_nowait, time.monotonic)
    session.open()
    while not isinstance(await answers.get(), SessionReady):
        pass
    session.heartbeat()
    while not isinstance(await answers.get(), HeartbeatAnswered):
        pass
    await session.close()

async def duties():
    came = asyncio.Event()
    async def duty():
        came.set()
    schedule = Schedule(lambda: Moment(time.monotonic(), time.time()), slept=lambda: None, woke=print, files=print,
                        also=[duty], turn=0.01)
    schedule.start()
    await came.wait()
    schedule.stop()

with tempfile.TemporaryDirectory() as folder:
    places = find_places(None, Path(folder))
    with Instance(places), set_up_logs(places.log_file):
        asyncio.run(session())
        asyncio.run(duties())
        logging.getLogger("agent").warning("a line")
parse_settings('[[connections]]\\nname = "a"\\n', "a file")
assert program_file(os.getpid(), "a program").place
assert argb(icon_picture(IconState.PROBLEM, 22))
assert ZoneInfo("America/New_York")
print(*sorted(name for name, module in sys.modules.items() if isinstance(module, StandIn)))
unwanted = {"_ssl", "_hashlib", "email", "smtplib", "multiprocessing.context", "_pickle", "_decimal", "pyexpat"}
unwanted |= {"ib_async.ib", "ib_async.flexreport", "ib_async.ticker", "html.entities", "pkgutil", "_strptime"}
print(*sorted(unwanted & sys.modules.keys()))
"""
"""What an agent does until it idles."""

ASKED_IN_THE_LIBRARY = (
    """
    import ssl
    assert ssl.create_default_context().verify_mode is ssl.CERT_REQUIRED
    assert asyncio.base_events.ssl.SSLContext is ssl.SSLContext
    """,
    """
    from ssl import SSLContext
    assert SSLContext is asyncio.selector_events.ssl.SSLContext
    """,
    """
    asyncio.base_events._check_ssl_socket(socket.socket())
    import ssl
    try:
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        asyncio.base_events._check_ssl_socket(server.wrap_socket(socket.socket(), server_side=True))
    except TypeError:
        pass
    else:
        raise AssertionError
    """,
    """
    import ssl
    class Own(ssl.SSLSocket):
        pass
    assert Own.__mro__[1] is asyncio.base_events.ssl.SSLSocket
    """,
    """
    import urllib.request, ssl
    assert urllib.request.HTTPSHandler(context=ssl.create_default_context())
    """,
    """
    async def talk():
        async def answer(reader, writer):
            writer.write(b"this is not TLS\\n" * 20)
            writer.close()
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            await asyncio.open_connection(*server.sockets[0].getsockname()[:2], ssl=True)
    import ssl
    try:
        asyncio.run(talk())
    except ssl.SSLError as fault:
        assert "WRONG_VERSION_NUMBER" in str(fault), fault
    else:
        raise AssertionError
    """,
    """
    import hashlib, secrets, pickle
    assert hashlib.sha256(b"").hexdigest().startswith("e3b0c442")
    from hashlib import blake2b, new
    assert new("md5").digest_size == 16
    assert len(secrets.token_hex(4)) == 8
    assert pickle.loads(pickle.dumps([1])) == [1]
    from secrets import token_bytes
    assert len(token_bytes(4)) == 4
    """,
    """
    import inspect, ipaddress, shutil, tempfile, dataclasses, urllib.parse
    assert inspect.signature(lambda a, b=1: 0).parameters.keys() == {"a", "b"}
    assert ipaddress.ip_address("::1").is_loopback
    assert urllib.parse.urlsplit("http://[::1]:80/").hostname == "::1"
    with tempfile.TemporaryDirectory() as folder:
        assert {name for name, _ in shutil.get_archive_formats()} >= {"bztar", "xztar"}
        archive = shutil.make_archive(folder + "/kept", "xztar", folder, ".")
        shutil.unpack_archive(archive, folder + "/again")
    @dataclasses.dataclass
    class Bare:
        x: int
    assert Bare.__doc__ == "Bare(x: int)"
    """,
    """
    import bz2
    from lzma import compress, decompress
    assert decompress(compress(b"x")) == bz2.decompress(bz2.compress(b"x")) == b"x"
    """,
    """
    import filelock._api
    from decimal import Decimal
    assert filelock._api.Decimal is not Decimal
    assert isinstance(Decimal("0.5"), filelock._api.Decimal) and not isinstance(0.5, filelock._api.Decimal)
    """,
    """
    import filelock._api
    assert not isinstance(0.5, filelock._api.Decimal)
    assert filelock._api.seconds("timeout", 0.5) == 0.5
    assert "_decimal" not in sys.modules
    assert filelock._api.Decimal("0.5").as_tuple().exponent == -1
    assert filelock._api.seconds("timeout", filelock._api.Decimal("0.5")) == 0.5
    """,
    """
    import dbus_fast.introspection as explored
    assert "pyexpat" not in sys.modules
    assert explored.Node.parse('<node><interface name="a.b"/></node>').to_xml().find("interface").get("name") == "a.b"
    import xml.etree.ElementTree as tree, xml.dom.minidom
    assert tree.fromstring("<a/>").tag == xml.dom.minidom.parseString("<a/>").documentElement.tagName
    from xml.parsers.expat import ExpatError
    from xml.parsers import expat
    assert expat.ExpatError is ExpatError
    """,
    """
    import os, sysconfig, zoneinfo
    assert [path for path in sysconfig.get_config_var("TZPATH").split(os.pathsep) if os.path.isdir(path)] == [
        path for path in zoneinfo.TZPATH if os.path.isdir(path)
    ]
    """,
    """
    import logging, logging.handlers, platform
    handler = logging.handlers.SocketHandler("localhost", 9)
    assert handler.makePickle(logging.makeLogRecord({"msg": "x"}))
    assert platform.system()
    """,
    """
    import concurrent.futures, threading
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        together = threading.Barrier(8)
        def ask():
            together.wait()
            return asyncio.base_events.ssl.SSLContext
        assert len({done.result() for done in [pool.submit(ask) for _ in range(8)]}) == 1
    """,
)

AFTER_THE_SCHEDULER = (
    """
    import calendar, apscheduler.util
    times = [(1970, 1, 1, 0, 0, 0), (2026, 11, 30, 2, 59, 58, 0, 0, 0), (1931, 2, 28, 23, 0, 1, 5, 1, 0)]
    assert apscheduler.util.timegm is not calendar.timegm
    assert [apscheduler.util.timegm(time) for time in times] == [calendar.timegm(time) for time in times]
    """,
    """
    from apscheduler.schedulers.asyncio import AsyncIOScheduler
    from apscheduler.triggers.interval import IntervalTrigger
    plain = AsyncIOScheduler()
    assert len(plain.add_job(print, IntervalTrigger(seconds=9)).id) == 32
    import tzlocal, uuid
    assert str(plain.timezone) == str(tzlocal.get_localzone()) and uuid.uuid4().version == 4
    """,
    "import importlib.metadata; assert importlib.metadata.version('APScheduler')[0] == '3'",
    "from importlib.metadata import entry_points; assert entry_points(group='apscheduler.triggers')",
    "from importlib import metadata; assert metadata.distribution('psutil').name == 'psutil'",
    """
    from concurrent.futures.process import BrokenProcessPool
    from concurrent.futures import BrokenExecutor
    assert issubclass(BrokenProcessPool, BrokenExecutor)
    """,
    "import multiprocessing; assert multiprocessing.get_context('spawn').Value('i', 4).value == 4",
    "from multiprocessing import cpu_count; assert cpu_count() > 0",
    """
    from apscheduler.executors.pool import ProcessPoolExecutor
    pool = ProcessPoolExecutor(1)
    assert pool._pool.submit(abs, -4).result(60) == 4
    """,
)

FACES = (
    "import agent.session.data_test, sys; assert 'BarData' in vars(sys.modules['ib_async.objects'])",
    "from ib_async.contract import Stock; assert isinstance(Stock(), client.Contract)",
    "assert not issubclass(int, client.Contract)",
    "from ib_async.contract import Stock; assert issubclass(Stock, client.Contract)",
    "assert not isinstance(None, client.Contract); assert client.Contract(symbol='A').symbol == 'A'",
    "import ib_async.wrapper; assert issubclass(ib_async.wrapper.Wrapper, ib_async.wrapper.Wrapper)",
    """
    from ib_async import decoder
    class Own(decoder.Wrapper):
        pass
    import ib_async
    assert Own.__mro__[1] is ib_async.Wrapper
    """,
    "import eventkit; assert eventkit.Event is eventkit.event.Event; assert issubclass(eventkit.Map, eventkit.Event)",
    """
    from eventkit.event import Event
    event, seen = Event(), []
    event.map(str).connect(seen.append)
    event.emit(1)
    assert seen == ["1"]
    """,
    "import ib_async; assert ib_async.IB().isConnected() is False",
    "from ib_async import IB, FlexReport; assert IB().client.__class__ is Client",
    "import ib_async; assert ib_async.client.Client is Client; assert ib_async.util.UNSET_INTEGER",
    "import ib_async.flexreport; assert ib_async.flexreport.FlexReport",
    "from ib_async.ib import IB; import ib_async; assert ib_async.IB is IB",
    "import ib_async; assert ib_async.__version__ and 'IB' in ib_async.__all__",
)


async def test_the_agent_does_without_them() -> None:
    application = Simulator(Profile(), port=0)
    await application.open()
    try:
        kept_out, loaded = await asyncio.to_thread(said, RUNNING, str(application.port))
    finally:
        await application.close()

    every = {"ib_async", "numpy", *OF_THE_LIBRARY, *OF_THE_SCHEDULER, *OF_PILLOW, *OF_EVENTKIT, *OF_IB_ASYNC}
    assert every - set(kept_out.split()) == set()
    assert loaded == ""


@pytest.mark.parametrize("question", ASKED_IN_THE_LIBRARY)
def test_who_asks_for_a_part_of_the_library_gets_the_real_one(question: str) -> None:
    said(
        "from agent.platforms.late_modules import OF_A_COMMAND, OF_THE_LIBRARY, keep_out\n"
        "keep_out(*OF_THE_LIBRARY, *OF_A_COMMAND)\nimport asyncio, socket, sys\n" + textwrap.dedent(question)
    )


@pytest.mark.parametrize("question", AFTER_THE_SCHEDULER)
def test_who_asks_for_what_the_scheduler_does_without_gets_the_real_one(question: str) -> None:
    said(f"import agent.session.ib\nfrom agent.runtime.schedule import _loaded\n_loaded()\n{textwrap.dedent(question)}")


@pytest.mark.parametrize("question", FACES)
def test_a_package_whose_face_was_kept_out_is_whole_for_who_asks(question: str) -> None:
    said(f"from agent.session.client import Client\nfrom ib_async import client\n{textwrap.dedent(question)}")


WITH_PILLOW = (
    "from PIL import ImageFont; assert ImageFont.load_default(12).getbbox('Gatelight')",
    "from PIL import Image, ImageDraw; ImageDraw.Draw(Image.new('RGB', (99, 20))).text((1, 1), 'Gatelight')",
    """
    import io
    from PIL import ExifTags, Image
    picture, kept = Image.new("RGB", (2, 2)), io.BytesIO()
    picture.getexif()[ExifTags.Base.Make] = "a scanner"
    picture.save(kept, "PNG", exif=picture.getexif())
    assert Image.open(kept).getexif()[ExifTags.Base.Make] == "a scanner"
    """,
)


@pytest.mark.parametrize("question", WITH_PILLOW)
def test_pillow_is_whole_for_who_asks(question: str) -> None:
    said(f"import agent.tray.artwork\n{textwrap.dedent(question)}")


def test_a_package_that_is_not_there_is_missing_as_ever() -> None:
    program = """
from agent.platforms.late_modules import keep_face_out
keep_face_out("no_such_package")
try:
    import no_such_package
except ModuleNotFoundError as fault:
    print(fault.name)
"""
    assert said(program) == ["no_such_package"]


def test_a_quick_command_does_without_what_it_seldom_needs() -> None:
    program = """
import sys
sys.argv = ["gatelight", "status", "--data-dir", "no-such-folder"]
from agent.__main__ import run
assert run() == 3
import gc
assert not gc.isenabled()
from agent.platforms.late_modules import OF_A_COMMAND, OF_THE_LIBRARY, StandIn
print(*(n for n in (*OF_A_COMMAND, *OF_THE_LIBRARY) if not isinstance(sys.modules.get(n, StandIn(n)), StandIn)))
"""
    loaded = set(said(program)[0].split())

    # From Python 3.13 on, dataclasses asks it for every class.
    assert loaded <= ({"inspect"} if sys.version_info >= (3, 13) else set())

"""The session over ib_async, judged against the simulated TWS and against sockets of other kinds."""

import asyncio
import gc
import random
import re
import socket
import struct
import sys
import time
import warnings
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from agent.core.effects import OpenSession
from agent.core.events import HeartbeatAnswered, NoticeArrived, SessionFailed, SessionLost, SessionReady
from agent.core.session_facts import Outcome, Way
from agent.session.first_bytes import hello_version, is_foreign, printable_start
from agent.session.ib import ABORT_AFTER, IbSession
from agent.simulator.free_ports import free_port
from agent.simulator.server import Simulator
from tests.session.conftest import Open, StartSimulator

START_API = 71
CURRENT_TIME = 49
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def peer(talk: Talk) -> Any:
    """A server that talks as told; yields its port."""
    talking: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talking.add(task)
        with suppress(OSError, asyncio.CancelledError, asyncio.IncompleteReadError):
            await talk(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)
        await server.wait_closed()


def frame(*fields: object) -> bytes:
    payload = "".join(f"{f}\0" for f in fields).encode()
    return struct.pack(">I", len(payload)) + payload


HELLO_ANSWER = frame(178, "20261122 10:00:00 Greenwich Mean Time")
START_UP = frame(15, 1, "DU1234567") + frame(9, 1, 1)


async def until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not met():  # noqa: ASYNC110 - the simulator has no event for each of these
            await asyncio.sleep(0.01)


# ── verdicts ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("offered", "agreed"), [(157, 157), (178, 178), (200, 178), (226, 178)])
async def test_a_tws_of_any_age_it_can_speak_with_becomes_a_session(
    offered: int, agreed: int, start: StartSimulator, attempt: Open
) -> None:
    simulator = await start(server_version=offered, accounts=("DU1234567", "DU7654321"))
    one = attempt(simulator.port, number=12)
    verdict = await one.ready()

    assert (verdict.number, verdict.server_version) == (12, agreed)
    assert verdict.accounts == ("DU1234567", "DU7654321")
    assert verdict.elapsed >= 0


async def test_a_port_nobody_listens_on_refuses(attempt: Open) -> None:
    verdict = await attempt(free_port()).failed()

    assert verdict.outcome is Outcome.REFUSED
    assert verdict.server_version is None


@pytest.mark.parametrize("name", ["no-such-host.invalid", "x" * 80, "bad..name", ""])
async def test_a_name_that_means_nothing_is_unresolvable(name: str, attempt: Open) -> None:
    verdict = await attempt(4002, host=name or " ").failed()

    assert verdict.outcome is Outcome.UNRESOLVABLE


async def test_a_name_that_is_looked_up_in_vain_is_not_a_silent_machine(
    attempt: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nobody_answers(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", nobody_answers)
    tried = attempt(4002, host="trading-pc.example", reply_timeout=0.2)
    failed = await tried.verdict()

    assert isinstance(failed, SessionFailed)
    assert failed.outcome is Outcome.UNRESOLVABLE


async def test_a_verdict_tells_the_addresses_and_from_where_they_are_reached(
    start: StartSimulator, attempt: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator = await start()

    async def both_families(*_: object, **__: object) -> list[object]:
        six = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", free_port(), 0, 0))
        return [six, (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", simulator.port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", both_families)
    one = attempt(simulator.port, host="trading-pc.example")
    ready = await one.ready()
    await one.session.close()

    assert ready.ways[-1] == Way("127.0.0.1", "127.0.0.1", used=True), "nothing listens at the other one"
    assert [way.used for way in ready.ways[:-1]] == [False]


async def test_an_attempt_that_is_closed_at_once_tells_from_where_it_came(attempt: Open) -> None:
    async def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(close, "127.0.0.1", 0) as server:
        failed = await attempt(server.sockets[0].getsockname()[1]).failed()

    assert failed.outcome is Outcome.CLOSED
    assert failed.ways == (Way("127.0.0.1", "127.0.0.1", used=True),)


async def test_an_attempt_that_is_refused_tells_the_addresses_too(attempt: Open) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    failed = await attempt(port, host="localhost").failed()

    assert failed.outcome is Outcome.REFUSED
    assert Way("127.0.0.1", "127.0.0.1") in failed.ways


@pytest.mark.skipif(sys.platform != "linux", reason="the option's number")
@pytest.mark.parametrize(("host", "milliseconds"), [("trading-pc.example", 60_000), ("127.0.0.1", 0)])
async def test_a_path_that_is_lost_ends_a_session_with_another_machine(
    host: str, milliseconds: int, start: StartSimulator, attempt: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator = await start()

    async def this_machine(*_: object, **__: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", simulator.port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", this_machine)
    one = attempt(simulator.port, host=host)
    await one.ready()
    transport = one.session._client.conn.transport
    assert transport is not None
    option = transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, 18)  # TCP_USER_TIMEOUT
    await one.session.close()

    assert option == milliseconds


async def test_an_attempt_that_nobody_answers_is_unreachable(attempt: Open) -> None:
    # A listener whose queue is full drops further attempts without a word, as a firewall does.
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        fillers = []
        for _ in range(8):
            filler = socket.socket()
            filler.setblocking(False)
            with suppress(BlockingIOError):
                filler.connect(deaf.getsockname())
            fillers.append(filler)
        await asyncio.sleep(0.05)
        verdict = await attempt(deaf.getsockname()[1], reply_timeout=0.3).failed()
        for filler in fillers:
            filler.close()

    assert verdict.outcome is Outcome.UNREACHABLE
    assert "no answer" in verdict.detail


async def test_a_network_without_a_route_is_unreachable(attempt: Open) -> None:
    # Linux lets nobody but an administrator broadcast by TCP: the attempt fails at once, without leaving the machine.
    verdict = await attempt(4002, host="255.255.255.255").failed()

    assert verdict.outcome is Outcome.UNREACHABLE


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("silent", Outcome.SILENT),
        ("freeze", Outcome.SILENT),
        ("half-frame", Outcome.SILENT),
        ("accept-close", Outcome.CLOSED),
        ("accept-reset", Outcome.CLOSED),
        ("garbage", Outcome.NOT_TWS),
        ("huge-prefix", Outcome.NOT_TWS),
        ("old-version", Outcome.OUTDATED),
        ("hello-hang", Outcome.NOT_READY),
        ("no-next-valid-id", Outcome.NOT_READY),
        ("client-id-in-use", Outcome.ID_IN_USE),
        ("client-id-in-use=7341", Outcome.ID_IN_USE),
        ("too-many-clients", Outcome.CLOSED),
        ("too-many-clients=ignore", Outcome.SILENT),
    ],
)
async def test_each_way_of_failing_is_told_apart(
    fault: str, outcome: Outcome, start: StartSimulator, attempt: Open
) -> None:
    simulator = await start(fault)
    one = attempt(simulator.port)
    verdict = await one.failed()
    await asyncio.sleep(0.1)

    assert verdict.outcome is outcome, verdict
    assert verdict.accounts_came is (fault == "no-next-valid-id")
    # Told as evidence beside which of the accounts and the order ID came.
    assert not re.search("hello|nothing", verdict.detail)
    assert len(one.record.all(SessionFailed)) == 1
    assert one.record.all(SessionLost) == []


async def test_an_old_tws_tells_its_version(start: StartSimulator, attempt: Open) -> None:
    simulator = await start("old-version=142")
    verdict = await attempt(simulator.port).failed()

    assert verdict.server_version == 142
    assert "142" in verdict.detail


async def test_silence_is_said_after_the_reply_timeout_and_not_before(start: StartSimulator, attempt: Open) -> None:
    simulator = await start("silent")
    verdict = await attempt(simulator.port, reply_timeout=0.4).failed()

    assert verdict.elapsed > 0.38


async def test_a_session_that_is_slow_after_the_hello_gets_the_longer_wait(
    start: StartSimulator, attempt: Open
) -> None:
    simulator = await start("slow=0.6")
    verdict = await attempt(simulator.port, reply_timeout=0.7, ready_timeout=2.0).ready()

    assert verdict.elapsed > 0.7


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x00\x00\x00\x00",
        b"\xff\xff\xff\xff",
        b"\x16\x03\x01\x02\x00",
        b"\x00\x00\x00\x10hello, I am not it",
    ],
    ids=["http", "ssh", "empty-frame", "4-gigabytes", "tls", "letters"],
)
async def test_another_protocol_is_not_tws_and_quoted_in_readable_letters(answer: bytes, attempt: Open) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(answer)
        await asyncio.sleep(5)

    async with peer(talk) as port:
        verdict = await attempt(port).failed()

    assert verdict.outcome is Outcome.NOT_TWS
    assert verdict.detail.isprintable()
    assert verdict.server_version is None


async def test_an_answer_in_single_bytes_is_understood(attempt: Open) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        for part in (HELLO_ANSWER, START_UP):
            for byte in part:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0)
        await asyncio.sleep(5)

    async with peer(talk) as port:
        one = attempt(port, reply_timeout=2)
        verdict = await one.ready()
        await one.session.close()

    assert verdict.server_version == 178


async def test_a_relay_that_closes_after_the_hello_is_not_ready(attempt: Open) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(HELLO_ANSWER)
        await writer.drain()
        await asyncio.sleep(0.05)

    async with peer(talk) as port:
        verdict = await attempt(port).failed()

    assert verdict.outcome is Outcome.NOT_READY
    assert verdict.server_version == 178


async def test_garbage_after_the_hello_is_not_ready(attempt: Open, caplog: pytest.LogCaptureFixture) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(HELLO_ANSWER + frame("what", "is", "this"))
        await asyncio.sleep(5)

    async with peer(talk) as port:
        verdict = await attempt(port).failed()

    assert verdict.outcome is Outcome.NOT_READY


@pytest.mark.parametrize("turns", range(8))
async def test_a_session_that_ends_in_the_moment_it_is_ready_is_lost_and_not_forgotten(
    turns: int, attempt: Open
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(HELLO_ANSWER + START_UP)
        for _ in range(turns):
            await asyncio.sleep(0)

    async with peer(talk) as port:
        one = attempt(port)
        verdict = await one.ready()
        await one.record.first(SessionLost)

    assert verdict.accounts == ("DU1234567",)


# ── a session's life ────────────────────────────────────────────────────────────────────────────


async def test_notices_during_and_after_start_up_are_handed_on(start: StartSimulator, attempt: Open) -> None:
    simulator = await start("market-data-farm-broken=usfarm")
    one = attempt(simulator.port, number=3)
    await one.ready()
    await until(lambda: {2103, 2104, 2106, 2158} <= {n.code for n in one.record.all(NoticeArrived)})
    await simulator.notify(1100)
    await simulator.notify(321, "Error validating request.-'bX' : cause - Read-Only", request_id=9)
    notices = await one.record.number(NoticeArrived, len(one.record.all(NoticeArrived)) + 1)
    await until(lambda: any(n.code == 321 for n in one.record.all(NoticeArrived)))
    last = one.record.all(NoticeArrived)[-1]

    assert {n.number for n in notices} == {3}
    assert (last.code, last.request_id) == (321, 9)
    assert "Read-Only" in last.text
    assert any(n.code == 2103 and n.text.endswith("usfarm") for n in notices)


async def test_heartbeats_are_answered_with_the_time_of_the_application(start: StartSimulator, attempt: Open) -> None:
    simulator = await start("clock-off=100")
    one = attempt(simulator.port, number=4)
    await one.ready()
    one.session.heartbeat()
    answered = await one.record.first(HeartbeatAnswered)

    assert answered.number == 4
    assert abs(answered.server_time - time.time() - 100) < 3


async def test_a_time_that_no_calendar_shows_is_no_answer_and_numbers_have_32_bits(
    start: StartSimulator, attempt: Open
) -> None:
    simulator = await start()
    one = attempt(simulator.port)
    await one.ready()
    for seconds in (10**400, -1, 32503680001):
        one.session.time_came(seconds)
    one.session.notice_came(10**400, -(10**400), "much")
    told = [n for n in one.record.all(NoticeArrived) if n.text == "much"]

    assert [(n.code, n.request_id) for n in told] == [(-1, -1)]
    assert all(0 <= h.server_time < 32503680000 for h in one.record.all(HeartbeatAnswered))


async def test_a_heartbeat_on_a_dead_session_does_no_harm(start: StartSimulator, attempt: Open) -> None:
    simulator = await start()
    one = attempt(simulator.port)
    one.session.heartbeat()
    await one.ready()
    await simulator.apply("reset-sessions")
    await one.record.first(SessionLost)
    one.session.heartbeat()
    await one.session.close()
    one.session.heartbeat()

    assert simulator.received[CURRENT_TIME] == 0


@pytest.mark.parametrize("fault", ["drop-sessions", "reset-sessions"])
async def test_an_end_by_the_other_side_is_a_loss_said_once(fault: str, start: StartSimulator, attempt: Open) -> None:
    simulator = await start()
    one = attempt(simulator.port, number=5)
    await one.ready()
    await simulator.apply(fault)
    lost = await one.record.first(SessionLost)
    await asyncio.sleep(0.1)
    await one.session.close()

    assert lost.number == 5
    assert lost.reason
    assert len(one.record.all(SessionLost)) == 1


async def test_closing_a_session_is_no_loss(start: StartSimulator, attempt: Open) -> None:
    simulator = await start()
    one = attempt(simulator.port)
    await one.ready()
    await one.session.close()
    await until(lambda: not simulator.sessions)
    await asyncio.sleep(0.05)

    assert one.record.all(SessionLost) == []


async def test_a_peer_that_never_reads_cannot_hold_a_closed_session(attempt: Open) -> None:
    ended = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(HELLO_ANSWER + START_UP)
        await asyncio.sleep(0.1)
        try:
            while True:
                writer.write(frame(4, 2, -1, 2104, "Market data farm connection is OK:usfarm") * 1000)
                await writer.drain()
        finally:
            ended.set()

    async with peer(talk) as port:
        one = attempt(port)
        await one.ready()
        await one.session.close()
        async with asyncio.timeout(ABORT_AFTER + 1):
            await ended.wait()

    assert one.record.all(SessionLost) == []


# ── harmless ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("version", [157, 178, 200, 226])
async def test_nothing_but_start_api_and_the_time_is_ever_asked(
    version: int, start: StartSimulator, attempt: Open
) -> None:
    simulator = await start(server_version=version)
    one = attempt(simulator.port)
    await one.ready()
    for fault in ("link-lost", "link-back-kept", "link-lost=2110", "link-back-lost", "competing-session", "read-only"):
        name, _, value = fault.partition("=")
        await simulator.apply(name, value or None)
    # After these two ib_async's `IB` asks for account summaries and subscriptions anew; its `Client` does not.
    await simulator.notify(1102)
    await simulator.notify(10225, "Bust event occurred, current subscription is deactivated.")
    await simulator.notify(317)
    for _ in range(3):
        one.session.heartbeat()
    await one.record.number(HeartbeatAnswered, 1)
    await asyncio.sleep(0.3)

    assert dict(simulator.received) == {START_API: 1, CURRENT_TIME: 3}
    assert {n.code for n in one.record.all(NoticeArrived)} >= {1100, 1101, 1102, 10225}


async def test_a_failed_attempt_sends_nothing_more(start: StartSimulator, attempt: Open) -> None:
    simulator = await start("no-next-valid-id")
    one = attempt(simulator.port)
    await one.failed()
    await asyncio.sleep(0.2)

    assert dict(simulator.received) == {START_API: 1}
    assert simulator.sessions == ()


# ── closing at any moment ───────────────────────────────────────────────────────────────────────


def listen_for_complaints(complaints: list[str]) -> None:
    """Have the running loop's own complaints written down."""

    def complain(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        complaints.append(f"{context.get('message')} {context.get('exception')!r}")

    asyncio.get_running_loop().set_exception_handler(complain)


def _sockets() -> list[socket.socket]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [s for s in gc.get_objects() if isinstance(s, socket.socket) and s.fileno() != -1]


async def _close_after(simulator: Simulator, turns: int, seed: int) -> list[Any]:
    events: list[Any] = []
    wish = OpenSession("x", seed, "127.0.0.1", simulator.port, 5000 + seed, 0.5, 0.5)
    session = IbSession(wish, events.append, time.monotonic)
    session.open()
    for _ in range(turns):
        await asyncio.sleep(0)
    closed_at = len(events)
    await session.close()
    await asyncio.sleep(0.01)
    return events[closed_at:]


def _is_the_server_s(task: asyncio.Task[Any]) -> bool:
    """On Windows the loop has a task for each connection that a listener waits for."""
    return "accept_coro" in repr(task)


@pytest.mark.parametrize("fault", ["", "silent", "hello-hang", "accept-close", "accept-reset", "garbage"])
async def test_a_close_at_any_moment_is_final(fault: str, start: StartSimulator) -> None:
    simulator = await start(*([fault] if fault else []))
    complaints: list[str] = []
    listen_for_complaints(complaints)
    tasks = asyncio.all_tasks()
    after: list[Any] = []
    for turns in range(40):
        after += await _close_after(simulator, turns, turns)
    await until(lambda: not simulator.sessions)
    await asyncio.sleep(0.05)
    left = {t for t in asyncio.all_tasks() - tasks if not (t.done() or _is_the_server_s(t))}
    ours = [s for s in _sockets() if s.family == socket.AF_INET and _peer_port(s) == simulator.port]

    assert after == []
    assert left == set()
    assert ours == []
    assert complaints == []


async def test_a_close_at_a_random_moment_is_final(start: StartSimulator) -> None:
    simulator = await start("slow=0.02")
    source = random.Random(20261122)
    after: list[Any] = []

    async def one(seed: int, delay: float) -> None:
        events: list[Any] = []
        wish = OpenSession("x", seed, "127.0.0.1", simulator.port, 6000 + seed, 0.5, 0.5)
        session = IbSession(wish, events.append, time.monotonic)
        session.open()
        await asyncio.sleep(delay)
        closed_at = len(events)
        await session.close()
        await session.close()
        await asyncio.sleep(0.1)
        after.extend(events[closed_at:])

    for batch in range(5):
        await asyncio.gather(*(one(batch * 20 + i, source.uniform(0, 0.12)) for i in range(20)))
    await until(lambda: not simulator.sessions)

    assert after == []


def _peer_port(opened: socket.socket) -> int | None:
    try:
        return int(opened.getpeername()[1])
    except OSError:
        return None


async def test_a_session_that_was_never_opened_can_be_closed() -> None:
    session = IbSession(OpenSession("x", 1, "127.0.0.1", 4002, 5, 1, 1), lambda _: None, time.monotonic)
    await session.close()

    assert session.accounts == ()


async def test_many_sessions_leave_nothing_behind(start: StartSimulator, attempt: Open) -> None:
    simulator = await start()
    for number in range(10):
        one = attempt(simulator.port, client_id=7000 + number, number=number)
        assert isinstance(await one.verdict(), SessionReady)
        await one.session.close()
    await until(lambda: not simulator.sessions)
    await asyncio.sleep(0.05)
    names = {t.get_name() for t in asyncio.all_tasks()}

    assert not any(name.startswith("session-") for name in names)


# ── reading first bytes ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("first", "version"),
    [(HELLO_ANSWER, 178), (HELLO_ANSWER[:6], 17), (b"", None), (b"HTTP/1.1 200", None), (b"\0\0\0\x05", None)],
)
def test_the_version_is_read_from_the_first_bytes(first: bytes, version: int | None) -> None:
    assert hello_version(first) == version


@pytest.mark.parametrize(
    ("first", "foreign"),
    [(b"", False), (b"\0\0\0", False), (HELLO_ANSWER, False), (b"HTTP", True), (b"\0\0\0\x0a<html>", True)],
)
def test_what_cannot_be_a_hello_is_foreign(first: bytes, foreign: bool) -> None:
    assert is_foreign(first) is foreign


def test_what_was_answered_is_quoted_without_control_characters() -> None:
    assert printable_start(b"HTTP/1.1 400 Bad Request\r\n") == "“HTTP/1.1 400 Bad”"
    assert printable_start(b"\x00\x1bq").isprintable()

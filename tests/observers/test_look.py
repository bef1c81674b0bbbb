"""One whole look at this machine, with real look-alikes, and with parts that fail."""

import logging
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import fields
from importlib import resources
from pathlib import Path
from types import FrameType

import pytest

from agent.core.clock import Moment
from agent.core.facts import NOT_LOOKED, Known, MachineFacts, SettingsHints, Surroundings, Unknown
from agent.observers.look import STILL_LOOKING, Looker
from agent.platforms import current
from agent.platforms.process_table import ProcessTable
from agent.tws.applications import TradingMode
from agent.tws.hosts import address_of
from tests.lookalikes import API, Start


def test_a_look_finds_application_port_hints_and_the_machine(start: Start, now: Moment, tmp_path: Path) -> None:
    (tmp_path / "jts.ini").write_text("[Logon]\ntradingMode=p\n")
    running = start(f"-DjtsConfigDir={tmp_path}", "install4j.ibgateway.GWClient", listen=((API, 0),))
    facts = Looker().look(frozenset(running.ports), thorough=False, now=now)

    assert isinstance(facts.processes, Known)
    assert isinstance(facts.sockets, Known)
    (found,) = [p for p in facts.processes.value.applications if p.pid == running.pid]
    assert found.api_ports == running.ports
    assert found.hints == Known(SettingsHints(trading_mode=TradingMode.PAPER, source="jts.ini"))
    assert running.pid in [x.pid for x in facts.sockets.value.listeners]
    assert isinstance(facts.network, Known)
    assert isinstance(facts.surroundings, Known)
    assert isinstance(facts.installed, Known)
    assert facts.taken == now.monotonic
    assert abs(facts.utc_offset) <= 14 * 3600


# ── what is promised of every observer ──────────────────────────────────────────────────────────

OBSERVERS = {f.name for f in resources.files("agent.observers").iterdir() if f.name.endswith(".py")} - {"__init__.py"}


def unknown_facts(facts: MachineFacts) -> dict[str, Unknown]:
    return {f.name: fact for f in fields(facts) if isinstance(fact := getattr(facts, f.name), Unknown)}


def test_a_thorough_look_looks_at_everything(now: Moment) -> None:
    facts = Looker().look(frozenset(), thorough=True, now=now)
    not_asked = [name for name, fact in unknown_facts(facts).items() if fact is NOT_LOOKED]

    assert not_asked == [], (
        f"agent/observers/look.py: no observer is asked for {not_asked}: give each a value in `Looker.look`, through "
        "`_guarded`"
    )


def test_no_observer_fails_on_this_machine(now: Moment, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        facts = Looker().look(frozenset(), thorough=True, now=now)
    failed = [fact.reason for fact in unknown_facts(facts).values() if "failed unexpectedly" in fact.reason]

    assert failed == [], (
        "agent/observers: one fails here (the log below has where); what can go wrong it answers with an Unknown "
        "in words of its own"
    )
    assert [(record.getMessage(), record.exc_text) for record in caplog.records] == []


def test_a_look_asks_every_file_of_the_observers(start: Start, now: Moment, tmp_path: Path) -> None:
    (tmp_path / "jts.ini").write_text("[Logon]\ntradingMode=p\n")
    running = start(f"-DjtsConfigDir={tmp_path}", "install4j.ibgateway.GWClient", listen=(("127.0.0.1", 0),))
    start(name="quantower", connect=tuple(("127.0.0.1", port) for port in running.ports))
    looker, asked = Looker(), set[str]()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            asked.add(frame.f_code.co_filename)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        looker.look(frozenset(running.ports), thorough=True, now=now)
    finally:
        sys.setprofile(before)
    names = {Path(path).name for path in asked if Path(path).parent.name == "observers"}

    assert OBSERVERS - names == set(), "agent/observers/look.py: nothing of these files is called by `Looker.look`"


def test_an_application_without_an_api_port_is_looked_for_on_the_screen(start: Start, now: Moment) -> None:
    asked: list[frozenset[int]] = []

    class Screen:
        def __getattr__(self, name: str) -> object:
            return getattr(current(), name)

        def with_window(self, pids: frozenset[int]) -> frozenset[int]:
            asked.append(pids)
            return pids

    waiting = start("install4j.ibgateway.GWClient").pid
    serving = start("install4j.jclient.LoginFrame", listen=((API, 0),)).pid
    facts = Looker(Screen()).look(frozenset(), thorough=False, now=now)  # type: ignore[arg-type]

    assert isinstance(facts.processes, Known)
    seen = {p.pid: p.has_window for p in facts.processes.value.applications}
    assert (seen[waiting], seen[serving]) == (True, None)
    assert waiting in asked[0]
    assert serving not in asked[0]


class Broken:
    """This machine's platform, with parts that fail in ways nobody foresaw."""

    def __init__(self) -> None:
        self._real = current()

    def __getattr__(self, name: str) -> Callable[..., object]:
        def fail(*args: object) -> object:
            raise RuntimeError(f"{name} is broken")

        return fail

    def settings_roots(self) -> tuple[Path, ...]:
        return ()

    def is_elsewhere(self, pid: int) -> bool:
        return False

    def process_table(self) -> ProcessTable:
        return self._real.process_table()

    def with_window(self, pids: frozenset[int]) -> frozenset[int] | None:
        # Only asked where an application happens to run.
        return None


def test_a_part_that_fails_is_unknown_in_words_and_logged_once(now: Moment, caplog: pytest.LogCaptureFixture) -> None:
    looker = Looker(Broken())  # type: ignore[arg-type]
    with caplog.at_level(logging.WARNING):
        facts = looker.look(frozenset(), thorough=True, now=now)
        looker.look(frozenset(), thorough=True, now=now.later(5))

    assert isinstance(facts.processes, Known)
    assert facts.sockets == Unknown("reading the socket table failed unexpectedly (RuntimeError)")
    assert facts.network == Unknown("reading the network failed unexpectedly (RuntimeError)")
    assert facts.surroundings == Unknown("reading the surroundings failed unexpectedly (RuntimeError)")
    assert facts.installed == Unknown("reading the program folders failed unexpectedly (RuntimeError)")
    reasons = [fact.reason for fact in unknown_facts(facts).values() if "unexpectedly" in fact.reason]
    assert sorted(record.getMessage() for record in caplog.records) == sorted(
        reason.replace(" unexpectedly (RuntimeError)", ": RuntimeError") for reason in reasons
    ), "a part that fails is logged once, and no other part is"


def test_a_refused_process_table_leaves_the_sockets_readable(monkeypatch: pytest.MonkeyPatch, now: Moment) -> None:
    def refused(table: ProcessTable) -> Mapping[int, int]:
        raise PermissionError(13, "Permission denied")

    looker = Looker()
    looker.look(frozenset(), thorough=False, now=now)
    monkeypatch.setattr(type(current().process_table()), "pids", refused)
    facts = looker.look(frozenset(), thorough=False, now=now.later(5))

    assert facts.processes == Unknown("the process table could not be read (permission denied)")


def test_a_look_that_has_not_finished_is_not_joined_by_another(monkeypatch: pytest.MonkeyPatch, now: Moment) -> None:
    looker = Looker()
    looking, go = threading.Event(), threading.Event()
    table = type(current().process_table())
    pids = table.pids

    def slow(table: ProcessTable) -> Mapping[int, int]:
        looking.set()
        go.wait(20)
        return pids(table)

    monkeypatch.setattr(table, "pids", slow)
    found: list[MachineFacts] = []
    first = threading.Thread(target=lambda: found.append(looker.look(frozenset(), thorough=False, now=now)))
    first.start()
    assert looking.wait(20)
    second = looker.look(frozenset(), thorough=False, now=now)
    go.set()
    first.join()

    assert unknown_facts(second) == unknown_facts(MachineFacts.nothing_seen(STILL_LOOKING, taken=0.0))
    assert (second.utc_offset, second.taken) == (found[0].utc_offset, now.monotonic)
    assert isinstance(found[0].processes, Known)


def test_the_surroundings_are_asked_for_once(now: Moment) -> None:
    class Counting(Broken):
        asked = 0

        def surroundings(self) -> Surroundings:
            self.asked += 1
            return Surroundings()

    platform = Counting()
    looker = Looker(platform)  # type: ignore[arg-type]
    looker.look(frozenset(), thorough=False, now=now)
    looker.look(frozenset(), thorough=False, now=now.later(5))

    assert platform.asked == 1


def test_the_own_names_and_addresses_are_there_from_the_first_look_on(now: Moment) -> None:
    seen = Looker().look(frozenset(), thorough=False, now=now).own_names

    assert isinstance(seen, Known)
    name = socket.gethostname().lower()
    assert {"127.0.0.1", name, f"{name.partition('.')[0]}.local"} <= seen.value
    hardware = [each for each in seen.value if ":" in each and address_of(each) is None]
    assert not hardware


def test_the_own_addresses_are_read_again_when_asked_and_after_a_minute(
    now: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    has = {"eth0": ["192.168.1.20"]}
    monkeypatch.setattr("agent.platforms.interfaces.addresses_by_interface", lambda: has)
    looker = Looker()

    def seen(*, thorough: bool, later: float) -> frozenset[str]:
        found = looker.look(frozenset(), thorough=thorough, now=now.later(later)).own_names
        assert isinstance(found, Known)
        return found.value

    assert "192.168.1.20" in seen(thorough=False, later=0.0)
    has["eth0"] = ["192.168.1.33%eth0"]
    assert "192.168.1.20" in seen(thorough=False, later=5.0)
    assert "192.168.1.33" in seen(thorough=True, later=6.0)
    has["eth0"] = ["::ffff:192.168.1.44"]
    assert "192.168.1.44" in seen(thorough=False, later=70.0)


def test_what_is_not_below_the_folder_is_neither_seen_nor_are_its_files_read(
    start: Start, now: Moment, tmp_path: Path
) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for folder in (ours, theirs):
        folder.mkdir()
        (folder / "jts.ini").write_text("[Logon]\ntradingMode=p\n")
    running = start(f"-DjtsConfigDir={ours}", "install4j.ibgateway.GWClient")
    start(f"-DjtsConfigDir={theirs}", "install4j.ibgateway.GWClient")
    opened: list[str] = []
    listening = True

    def hear(event: str, args: tuple[object, ...]) -> None:
        # A hook stays for good.
        if listening and event in ("open", "os.scandir", "os.listdir"):
            opened.append(str(args[0]))

    sys.addaudithook(hear)
    facts = Looker(below=ours).look(frozenset(), thorough=True, now=now)
    listening = False

    assert isinstance(facts.processes, Known)
    assert [p.pid for p in facts.processes.value.applications] == [running.pid]
    assert facts.installed == Known(())
    assert str(ours / "jts.ini") in opened
    assert not [path for path in opened if path.startswith((str(theirs), str(Path.home() / "Jts")))]

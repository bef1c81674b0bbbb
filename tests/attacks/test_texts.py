"""Any text, through any way in, is the same harmless text on every way out, and nothing private is left in it."""

import asyncio
import dataclasses
import io
import json
import logging
import os
import sys
import typing
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dbus_fast import Message, MessageType, Variant
from hypothesis import HealthCheck, given, settings

from agent.app.world import first_state, knowledge
from agent.channels import Chain, Delivered, Delivery, harmless
from agent.channels.texts import message_text, message_title
from agent.cli import terminal as cli
from agent.cli.report import render as report
from agent.core import events, facts, fix, memory, session_facts
from agent.core.data_test import seen as data_seen
from agent.core.effects import Announce, Effect, Happened, Record, Remember
from agent.core.events import (
    Arrival,
    ConfigRejected,
    Event,
    Looked,
    NoticeArrived,
    SessionFailed,
    SessionLost,
    SessionReady,
    SettingsAnswered,
)
from agent.core.facts import (
    ApiClient,
    Known,
    Listener,
    MachineFacts,
    OtherProcess,
    Processes,
    SettingsHints,
    Sockets,
    Unknown,
)
from agent.core.problem import Severity
from agent.core.session_facts import Outcome
from agent.core.settings import Settings
from agent.core.shown.display import Action, Display, MenuEntry, Notice, Quit
from agent.core.shown.limits import limits_to_json as usage_json
from agent.core.shown.limits import usage_of
from agent.core.shown.menu import display
from agent.core.shown.status import Status, status_to_json
from agent.core.state_machine.advance import begin
from agent.core.state_machine.state import AgentState
from agent.core.state_machine.step import AgentStep, decide_step
from agent.guides import load_guides
from agent.guides.explain import explain, render_explained
from agent.history.spans import spans_of
from agent.page.streams import Streams
from agent.page.view import Seen, view
from agent.runtime.logs import set_up_logs
from agent.simulator.world import SimulatedApplication
from agent.tray.menu import pystray_menu, short_tooltip
from agent.tws import api_settings, applications, farms, wire
from agent.tws.api_settings import ApiSettings, ConfigResponse, LockAndExit
from agent.tws.outside import FromOutside, Outside, Raw, clean, mask
from agent.tws.time_zone import TimeZone
from tests.attacks.hostile_texts import PRIVATE, hostile
from tests.attacks.scale import whole
from tests.commands import Place
from tests.desktop.test_life import running
from tests.desktop_session import session_bus
from tests.lookalikes import lookalikes
from tests.page.living import living_agent
from tests.problems.scene import NOW, connection, gateway, machine, tws
from tests.tray_host import TrayHost

KNOWN = knowledge()
GUIDES = load_guides()
ATTACK = settings(max_examples=400 if whole() else 10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
STRANGE = b"\xff\x1b]0;x\x07"
"""A program's name: no UTF-8, and a terminal would take it for a command."""


# ── the type ────────────────────────────────────────────────────────────────────────────────────

OURS = {
    "SessionFacts": {"served_listener"},
    "SettingsTold": {"listener_key"},
    "Facts": set(),
    "Memory": {"taken_back_by"},
    "NoticeDelivered": {"key"},
    "NoticeUndelivered": {"key"},
    "Offer": {"fix", "connection"},
    "Fix": {"id"},
    "StartProgram": {"command"},
    "ChangeConfig": {"edits"},
    "SendCommand": {"command"},
    "ChangeSettings": {"host", "listener_key"},
    "DataTest": {"connection", "symbols"},
    "agent.core.memory.Told": {"connection", "key"},
    "DataCame": {"connection"},
    "ShownBefore": {"connection", "key", "severity", "names"},
    "SeenRunning": {"connection", "kind"},
    "ServedBefore": {"connection"},
    "Snoozed": {"connection", "code"},
    "Stopped": {"connection"},
    "TargetAnswered": {"target"},
    "ToldThere": {"connection", "key", "target"},
    "Standing": {"connection", "key"},
    "WaitingNotice": {"key", "severity", "target"},
    # Compared with what the configuration says, and never shown.
    "RelaySeen": {"allow"},
    "ApiClient": {"place"},
    "ProgramId": {"place"},
    "PortKept": {"connection", "server"},
    "ChangeKept": {"what"},
    "WellKept": {"connection", "kind", "names"},
    # Each is matched whole against a pattern of plain characters (`core.updates`), before it is kept and before it is
    # shown: an address that was cleaned or masked would be another one.
    "UpdateNotes": {"address", "version", "page"},
}
"""By class: texts that are Gatelight's own words, or those of its configuration."""


def unmarked(hint: Any) -> bool:
    """Whether a type has a plain text in it."""
    if typing.get_origin(hint) is typing.Annotated:
        return not any(isinstance(how, Outside | Raw) for how in hint.__metadata__)
    return hint is str or any(unmarked(part) for part in typing.get_args(hint))


def values() -> Iterator[type]:
    """Every dataclass that holds what came from outside."""
    for module in (facts, session_facts, events, farms, applications, api_settings, data_seen, fix, memory):
        for kind in vars(module).values():
            if isinstance(kind, type) and dataclasses.is_dataclass(kind) and kind.__module__ == module.__name__:
                yield kind
    yield wire.ErrorMessage


@pytest.mark.parametrize("kind", list(values()), ids=lambda kind: kind.__name__)
def test_no_fact_has_a_text_that_did_not_pass(kind: type) -> None:
    hints = typing.get_type_hints(kind, include_extras=True)
    plain = {name for name, hint in hints.items() if unmarked(hint)}
    marked = {name for name, hint in hints.items() if "Outside(" in repr(hint)}

    ours = OURS.get(kind.__name__, OURS.get(f"{kind.__module__}.{kind.__name__}", set()))
    assert plain == ours, (
        f"{kind.__module__}.{kind.__name__}: a text from outside is declared as OutsideText, OutsideName or their like "
        "(agent/tws/outside.py), so that it is cleaned; a text of our own is named in OURS (this file)"
    )
    assert not marked or issubclass(kind, FromOutside), (
        f"{kind.__module__}.{kind.__name__}: make it a FromOutside (agent/tws/outside.py), which cleans marked fields"
    )


# ── every way in ────────────────────────────────────────────────────────────────────────────────


def seen(text: str) -> MachineFacts:
    """A machine on which everything that has a name is called so."""
    process = gateway(ports=(4002,))
    named = replace(process, application=replace(process.application, version=text), upstream=text)
    named = replace(named, hints=Known(SettingsHints(source=text)))
    around = machine(
        named,
        listeners=(Listener(4001, 505, text), Listener(4002, named.pid, text)),
        clients=(ApiClient(4002, 991, text), ApiClient(4002, None, None, peer=text)),
        client_portal=(OtherProcess(7, text, (5000,)),),
        unreadable=(OtherProcess(8, text),),
    )
    assert isinstance(around.sockets, Known)
    sockets = replace(around.sockets.value, unseen=text)
    return replace(around, sockets=Known(sockets), installed=Unknown(text), surroundings=Unknown(text))


CODES = (2103, 2105, 2157, 2104, 1100, 1101, 162, 321, 354, 420, 10197, 100, 101, 10089, 10167, 2110, 4711)


def told(text: str) -> list[Callable[[int], Event]]:
    """Everything an application can say to a session."""
    api = ApiSettings(logging_level=text, trusted_ips=(text,) * 3, encode_api_messages=text)
    answer = ConfigResponse(settings=api, lock_and_exit=LockAndExit(auto_logoff_type=text, auto_logoff_time=text))
    return [
        *(lambda number, code=code: NoticeArrived(number, code, f"{text} farm:{text}") for code in CODES),
        lambda number: SettingsAnswered(number, Known(answer), 223),
        lambda number: SettingsAnswered(number, Unknown(text), 223),
    ]


def lived(text: str, steps: list[AgentStep] | None = None) -> tuple[AgentState, list[Effect], list[Status]]:
    """An agent that met a text everywhere, what it wanted done, and all it showed; its steps go into `steps`."""
    watched = (connection(port=4002), connection("Other", port=4001), connection("Far", host="192.0.2.7", port=4001))
    state = first_state(Settings(connections=watched), NOW, known=KNOWN, private=PRIVATE)
    effects: list[Effect] = []
    shown: list[Status] = []
    moment = NOW

    def take(event: Event) -> None:
        nonlocal state, moment
        moment = moment.later(40.0)
        if isinstance(event, Looked):
            event = Looked(replace(event.machine, taken=moment.monotonic))
        step = AgentStep(state, (Arrival(event, moment),), moment)
        state, more = decide_step(step)
        effects.extend(more)
        if steps is not None:
            steps.append(step)
        if state.shown is not None:
            shown.append(state.shown)

    state, more = begin(state, NOW)
    effects.extend(more)
    take(Looked(seen(text)))
    first = state.watched[0].number
    assert first is not None
    take(SessionReady(first, 178, ("DU1234567", text), 0.01))
    for say in told(text):
        take(say(first))
    for watching in state.watched[1:]:
        if watching.number is not None:
            take(SessionFailed(watching.number, Outcome.NOT_TWS, 0.1, text))
    take(ConfigRejected(text))
    take(Looked(replace(seen(text), processes=Unknown(text))))
    take(SessionLost(first, text))
    take(Looked(machine(tws(ports=(4001,)), processes=Known(Processes()), sockets=Known(Sockets()))))
    take(Looked(seen(text)))
    return state, effects, shown


# ── every way out ───────────────────────────────────────────────────────────────────────────────


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from (*texts_in(key), *texts_in(inner))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts_in(inner)


def labels(shown: Display) -> Iterator[str]:
    """What a panel gets, sent as D-Bus sends it."""
    menu = pystray_menu(shown.menu, lambda action: None)

    def walk(items: Any) -> Iterator[str]:
        for item in items:
            if getattr(item, "entry", None) is not None:
                yield item.text
            if item.submenu is not None:
                yield from walk(item.submenu)

    found = [*short_tooltip(shown.tooltip).split("\n"), *walk(menu)]
    body = [[Variant("s", label) for label in found]]
    Message(
        path="/x", member="X", interface="a.b", message_type=MessageType.SIGNAL, signature="av", body=body
    )._marshall(False)
    assert "Quit Gatelight" in found
    yield from found


def printed(text: str) -> str:
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="strict")
    with redirect_stdout(out):
        cli.out(text)
    out.flush()
    return out.buffer.getvalue().decode()


def ways_out(state: AgentState, effects: list[Effect], shown: list[Status]) -> Iterator[str]:
    for status in {id(s): s for s in shown}.values():
        told_json = status_to_json(status, thorough=True)
        yield from texts_in(told_json)
        yield from printed(report(told_json, thorough=True)).split("\n")
        yield from printed(report(told_json)).split("\n")
        in_full = status_to_json(status, show_accounts=True, thorough=True)
        for connection_told, masked in zip(in_full["connections"], told_json["connections"], strict=True):
            # Accounts and nothing else.
            assert {**connection_told, "accounts": masked["accounts"]} == masked
        yield from texts_in(view(Seen(status, config_error=state.config_error)))
        yield from labels(display(status, 0.0, TimeZone()))
        for span in (one for shown in status.connections for one in spans_of(shown)):
            yield from texts_in(list(dataclasses.asdict(span).values()))
    for effect in effects:
        match effect:
            case Announce(notice):
                out = harmless(notice)
                yield from (out.title, *out.text.splitlines(), *out.steps, message_title(notice), message_text(notice))
            case Record(_, text):
                yield text
            case Happened():
                yield from texts_in(dataclasses.asdict(effect))
            case Remember(kept):
                yield from texts_in(dataclasses.asdict(kept))


def is_harmless(text: str) -> bool:
    return text.isprintable() and "\ufffe" not in text and len(text.encode("utf-8")) < 8_000


@ATTACK
@given(planted=hostile())
def test_it_comes_out_harmless_and_masked_everywhere(planted: tuple[str, str]) -> None:
    text, secret = planted
    state, effects, shown = lived(text)
    out = list(ways_out(state, effects, shown))

    assert [t for t in out if not is_harmless(t)] == []
    assert [t for t in out if secret.lower() in t.lower()] == []


@ATTACK
@given(planted=hostile())
def test_it_is_the_same_text_wherever_it_comes_out(planted: tuple[str, str]) -> None:
    text, _ = planted
    _, _, shown = lived(text)
    # What is masked may be longer than what was cut.
    name = clean(mask(clean(text, 100), PRIVATE), 100)
    (paper, *_) = status_to_json(shown[0])["connections"]
    (seen_there, *_) = view(Seen(shown[0]))["connections"]

    assert [p.get("name") for p in paper["programs"]] == [name, "unknown"]
    assert seen_there["programs"] == paper["programs"]
    assert paper["application"]["version"] == name
    if name:
        assert f"{name} (991)" in " ".join(report({"connections": [paper]}).split())


@ATTACK
@given(planted=hostile())
def test_the_limits_of_the_page_and_a_pasted_line_are_no_way_out(planted: tuple[str, str]) -> None:
    text, secret = planted
    from agent.core.state_machine.state import facts_about

    state, _, _ = lived(text)
    out = [t for w in state.watched for t in texts_in(usage_json(usage_of(facts_about(state, w, NOW), ())))]
    explained = explain(f"2103 {text} Market data farm connection is broken:{text}", GUIDES)
    out += render_explained(explained).splitlines() if explained is not None else []

    assert [t for t in out if not is_harmless(t)] == []
    if secret not in ("alice.smith", "t0ken-xyz"):
        assert [t for t in out if secret.lower() in t.lower()] == []


@ATTACK
@given(planted=hostile())
def test_one_record_is_one_record_whatever_it_says(planted: tuple[str, str], tmp_path_factory: Any) -> None:
    text, secret = planted
    file = tmp_path_factory.mktemp("log") / "gatelight.log"
    with set_up_logs(file, private=PRIVATE):
        try:
            raise ValueError(text)
        except ValueError:
            logging.getLogger("agent").exception("met %s", text)
    lines = file.read_text(encoding="utf-8").split("\n")

    assert [line for line in lines[1:] if line and not line.startswith(" ")] == ["Traceback (most recent call last):"]
    assert all(line.replace("\t", "").replace("\xa0", "").replace("\u202f", "").isprintable() for line in lines)
    if not any(hidden in text for hidden in "\u200b\u00ad\ufeff"):
        assert secret.lower() not in "\n".join(lines).lower()


class Heard:
    """A channel that keeps what it gets."""

    name = "heard"

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    async def announce(self, notice: Notice) -> Delivery:
        self.notices.append(notice)
        return Delivered(self.name)

    async def withdraw(self, key: str) -> bool:
        return False


@ATTACK
@given(planted=hostile())
async def test_a_notice_made_anywhere_goes_out_harmless(planted: tuple[str, str]) -> None:
    text, secret = planted
    heard = Heard()
    made = Notice("key", Severity.INFO, text, text, steps=(text,), offers=(MenuEntry(text, Quit()),))

    await Chain([heard]).announce(made)
    (out,) = heard.notices
    said = [out.title, *out.text.split("\n"), *(line for step in out.steps for line in step.split("\n"))]
    said += [out.offers[0].label, message_title(made), *message_text(made).split("\n")]

    assert [
        t for t in said if any(unicodedata.category(c) in ("Cc", "Cs") or c in "\u202e\u2066\u200f" for c in t)
    ] == []
    assert "\n" not in out.title + out.offers[0].label
    # Names and words of this user are known where texts come in.
    if secret not in ("alice.smith", "t0ken-xyz"):
        assert secret not in f"{out.title}{out.text}{out.steps}{out.offers[0].label}"


# ── a real program with such a name ─────────────────────────────────────────────────────────────

only_linux = pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux")


@only_linux
def test_a_program_with_a_strange_name_on_the_port_hurts_no_command(tmp_path: Path) -> None:
    async def simulate() -> None:
        async with await SimulatedApplication.start(tmp_path / "gateway") as application:
            await asyncio.to_thread(commands, application.asked_port)

    def commands(port: int) -> None:
        place = Place(tmp_path)
        place.config.write_text(f'[[connections]]\nname = "Paper"\napplication = "gateway"\nport = {port}\n')
        with lookalikes(tmp_path) as start:
            start(name=os.fsdecode(STRANGE), connect=(("127.0.0.1", port),))
            with place.agent():
                place.until(lambda c: c.get("programs") and c["phase"] == "connected")
                status, in_json = place.do("status"), place.do("status", "--json")
        (shown,) = json.loads(in_json.out)["connections"]

        assert [p["name"] for p in shown["programs"]] == ["\ufffd]0;x"]
        assert "\ufffd]0;x (" in status.out
        assert (status.status, in_json.status) == (0, 0)
        assert (status.out + in_json.out).replace("\n", "").isprintable()

    asyncio.run(simulate())


@only_linux
async def test_a_program_with_a_strange_name_hurts_no_page_and_no_menu(tmp_path: Path) -> None:
    with lookalikes(tmp_path) as start:
        async with living_agent(tmp_path) as agent:
            begun = await asyncio.to_thread(
                start, name=os.fsdecode(STRANGE), connect=(("127.0.0.1", agent.gateway.asked_port),)
            )
            sent: list[bytes] = []
            came = asyncio.Event()

            async def write(event: bytes) -> None:
                sent.append(event)
                if "\ufffd]0;x".encode() in event:
                    came.set()

            streams = Streams(agent.page.view, pause=0.01)
            stream = asyncio.ensure_future(streams.run(write, b""))
            try:
                async with asyncio.timeout(30):
                    while not came.is_set():
                        streams.changed()
                        await asyncio.sleep(0.05)
            finally:
                streams.close()
                await stream
            status = agent.loop.state.shown
            assert status is not None
            asked: list[Action] = []
            menu = pystray_menu(display(status, 0.0, TimeZone()).menu, asked.append)

            assert begun.process.poll() is None
            assert [item.text for item in menu][-1] == "Quit Gatelight"
            assert all("\x1b" not in label for label in labels(display(status, 0.0, TimeZone())))


@only_linux
@pytest.mark.desktop
async def test_a_program_with_a_strange_name_leaves_the_icon_and_its_menu(tmp_path: Path) -> None:
    with session_bus(), lookalikes(tmp_path) as start:
        host = await TrayHost.start()
        begun = await asyncio.to_thread(start, name=os.fsdecode(STRANGE), listen=(("127.0.0.1", 0),))
        config = f'[[connections]]\nname = "Paper"\nport = {begun.ports[0]}\n\n[checks]\nreply_timeout = "1s"\n'
        async with running(tmp_path, config) as agent:
            await host.item_came()
            async with asyncio.timeout(60):
                while "\ufffd]0;x" not in "\n".join((await host.menu()).outline()):  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.2)
            await host.click("Quit Gatelight")

            assert await asyncio.wait_for(agent.process.wait(), 30) == 0
        await host.end()

"""A recording decides again what was decided, from each of its pieces on, also where it is torn."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.events import Reconfigured, UserAsked
from agent.core.session_facts import Outcome
from agent.core.settings import NotificationSettings, Settings
from agent.core.shown.display import Connect, Disconnect, Pause, Snooze
from agent.history.recording.lines import MARK, LineWriter, NotARecording, PieceBegun, Taken, Torn, read_lines
from agent.tws.privacy import Private
from tests.journeys.day import KNOWLEDGE, PAPER, Day
from tests.recorded_day import RUN, RecordedDay, decided_again, items_of, told

TURNS = st.sampled_from(
    ("app", "no app", "silent", "lost", "back", "farm", "data lost", "pause", "stop", "watch", "sleep", "frozen", "own")
)


def turn(day: Day, what: str) -> None:
    match what:
        case "app" if not day.apps:
            day.start()
        case "no app" if day.apps:
            day.stop(day.apps[0])
        case "silent" if day.apps:
            day.apps[0].outcome = Outcome.SILENT
            day.drop()
        case "frozen" if day.apps:
            day.apps[0].answers_after = None
        case "lost":
            day.notice(1100, "Connectivity between IB and Trader Workstation has been lost.")
        case "back":
            day.notice(1102, "Connectivity between IB and Trader Workstation has been restored.")
        case "farm":
            day.notice(2103, "Market data farm connection is broken:usfarm")
        case "data lost":
            day.notice(1101, "Connectivity between IB and TWS has been restored- data lost.")
        case "pause":
            day.tell(UserAsked(Pause(600.0)))
            day.tell(UserAsked(Snooze("data-lost", "", 600.0)))
        case "stop":
            day.tell(UserAsked(Disconnect("", 300.0)))
        case "watch":
            day.tell(UserAsked(Connect("")))
        case "sleep":
            day.sleep(3600.0)
        case "own":
            day.tell(Reconfigured(Settings(connections=(replace(PAPER, port="auto"),))))


@settings(max_examples=12, deadline=None)
@given(turns=st.lists(st.tuples(TURNS, st.sampled_from((3.0, 40.0, 400.0))), max_size=8))
def test_any_day_is_decided_again_as_it_was(turns: list[tuple[str, float]]) -> None:
    day = RecordedDay()
    day.start()
    for what, seconds in turns:
        turn(day, what)
        day.run(seconds)
    items = items_of(day.lines(every=100))

    assert [one for one in items if isinstance(one, Torn)] == []
    for piece in [one for one in items if isinstance(one, PieceBegun)]:
        again = list(decided_again(items, piece.number))
        assert len(again) == len(day.steps) - piece.number
        for number, effects in again:
            # An account number is masked in the recording, and said nowhere.
            assert told(effects) == told(day.effects[number]), number


def test_every_event_and_state_comes_back_as_the_value_it_was() -> None:
    day = RecordedDay()
    day.start()
    for what in ("lost", "back", "farm", "data lost", "pause", "stop", "watch", "no app", "app", "sleep"):
        turn(day, what)
        day.run(60.0)
    items = items_of(day.lines(every=50))
    taken = [one for one in items if isinstance(one, Taken)]
    accounts = {"accounts": ("DU•••567",)}

    for step, back in zip(day.steps, taken, strict=True):
        for before, after in zip(step.arrivals, back.arrivals, strict=True):
            event = replace(before.event, **accounts) if hasattr(before.event, "accounts") else before.event  # type: ignore[arg-type]
            assert (after.event, after.at) == (event, before.at)
            assert repr(after.event) == repr(event)
    pieces = [one for one in items if isinstance(one, PieceBegun)]
    assert len(pieces) > 3
    assert all(one.state.memory == day.steps[one.number].before.memory for one in pieces)
    assert all(one.state.machine == day.steps[one.number].before.machine for one in pieces)
    for one in pieces:
        before_it = day.steps[one.number].before.watched
        assert [w.ledger for w in one.state.watched] == [w.ledger for w in before_it]
    assert any(w.ledger.entries for one in pieces for w in one.state.watched)


def quiet_day() -> RecordedDay:
    day = RecordedDay()
    day.start()
    day.run(60.0)
    return day


def test_a_torn_last_line_costs_that_line() -> None:
    text = quiet_day().lines()
    whole = items_of(text)
    for cut in (1, 7, 60):
        torn = items_of(text[:-cut])
        assert torn[:-1] == whole[:-1]
        assert isinstance(torn[-1], Torn)


def test_a_damaged_piece_ends_there_and_the_next_one_goes_on() -> None:
    lines = quiet_day().lines(every=10).splitlines(keepends=True)
    lines[5] = lines[5][:40] + "\n"
    items = items_of("".join(lines))
    kinds = [type(one).__name__ for one in items[:6]]

    assert kinds == ["PieceBegun", "Taken", "Taken", "Taken", "Torn", "PieceBegun"]


STRANGE = ("", "\n", "hello\n", "{}\n", "[]\n", '{"a": 1}\n', "\x00\x01", f'{{"{MARK}": "x"}}\n', "[" * 100_000 + "\n")


@pytest.mark.parametrize("text", STRANGE)
def test_anything_else_is_no_recording(text: str) -> None:
    with pytest.raises(NotARecording) as no:
        items_of(text)

    assert str(no.value) == "This is no recording of Gatelight."


def test_a_later_schema_is_refused_in_one_sentence() -> None:
    with pytest.raises(NotARecording) as no:
        items_of(json.dumps({MARK: 2, "version": "9.1"}) + "\n")

    assert str(no.value) == "A later version of Gatelight (9.1) made this recording: replay it with that one."


def test_an_older_schema_is_migrated_line_by_line() -> None:
    """A made-up schema 2 calls the time of a step "at"; what schema 1 wrote is read all the same."""

    def to_two(line: dict[str, Any]) -> dict[str, Any]:
        return {**{name: value for name, value in line.items() if name != "now"}, "at": line.get("now")}

    def back(line: dict[str, Any]) -> dict[str, Any]:
        return {**line, "now": line["at"]}

    text = quiet_day().lines(every=30)
    lines = text.splitlines(keepends=True)

    assert list(read_lines(lines, KNOWLEDGE, (to_two, back))) == items_of(text)


def test_fields_that_an_older_version_had_or_did_not_have_are_no_obstacle() -> None:
    lines = []
    for line in quiet_day().lines().splitlines():
        told_line = json.loads(line)
        told_line["once_upon_a_time"] = 1
        if "state" in told_line:
            told_line["state"]["forgotten"] = {"is": "Nothing"}
            del told_line["state"]["started"]["monotonic"]
            told_line["state"]["started"]["monotonic"] = 1000.0
        lines.append(json.dumps(told_line) + "\n")
    items = items_of("".join(lines))

    assert [one for one in items if isinstance(one, Torn)] == []
    assert len(items) == len(lines) - 1


def test_what_only_the_user_may_know_is_never_written() -> None:
    private = Private(homes=("/data/alice.smith",), names=("alice.smith",), words=("t0ken-xyz",))
    secret = NotificationSettings(remote=("ntfys://user:pw@ntfy.example/t0ken-xyz",))
    start = ("/data/alice.smith/start.sh", "--pw", "hunter2secret")
    configured = Settings(
        connections=(replace(PAPER, start_command=start),), notifications=secret, secrets=("t0ken-xyz",)
    )
    day = quiet_day()
    step = day.steps[5]
    before = replace(step.before, settings=configured, private=private)
    writer = LineWriter(KNOWLEDGE, "0.1.0", "linux", RUN)
    text = writer.piece(before, 0)
    reconfigured = replace(step, before=before, arrivals=(replace(step.arrivals[0], event=Reconfigured(configured)),))
    text += writer.step(reconfigured, 0)

    assert [word for word in ("alice.smith", "t0ken", "hunter2", "user:pw", "DU1234567") if word in text] == []


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_damage_of_a_line_is_a_fault(data: st.DataObject) -> None:
    """Whatever stands in the place of a value, the line is read, or the piece ends there."""
    lines = LINES[:]
    at = data.draw(st.integers(1, len(lines) - 1))
    told_line = json.loads(lines[at])
    holders: list[Any] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict | list) and value:
            holders.append(value)
            for one in value.values() if isinstance(value, dict) else value:
                walk(one)

    walk(told_line)
    holder = data.draw(st.sampled_from(holders))
    key = data.draw(st.sampled_from(list(holder) if isinstance(holder, dict) else list(range(len(holder)))))
    holder[key] = data.draw(st.sampled_from(WRONG))
    lines[at] = json.dumps(told_line) + "\n"

    items = list(read_lines(lines, KNOWLEDGE))

    assert isinstance(items[0], PieceBegun | Torn)


WRONG: tuple[Any, ...] = (None, True, -1, 1e308, "", "inf", "x" * 500, [], {}, [[0, 1]], {"is": "Looked"}, {"is": []})
LINES = quiet_day().lines(every=40).splitlines(keepends=True)

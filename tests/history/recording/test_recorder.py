"""The recorder: bounded, never in the way, readable after a kill, and going on behind whatever went wrong."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.core.alerts.ledger import Entry, Ledger
from agent.core.events import Arrival, Looked, NoticeArrived, Tick
from agent.core.problem import Present
from agent.core.state_machine.looks import JUDGED_EVERY
from agent.core.state_machine.step import AgentStep
from agent.history.recording import recorder
from agent.history.recording.lines import Item, PieceBegun, Taken, Torn, read_lines
from agent.history.recording.reading import recorded_pieces
from agent.history.recording.recorder import RECORDING_FOLDER, StepRecorder, pieces_of
from agent.problems import PROBLEMS
from tests.journeys.day import KNOWLEDGE
from tests.recorded_day import RUN, RecordedDay


def quiet_day() -> RecordedDay:
    day = RecordedDay()
    day.start()
    day.run(30.0)
    return day


DAY = quiet_day()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "BATCH_SECONDS", 0.0)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[StepRecorder]:
    one = StepRecorder(tmp_path, KNOWLEDGE, RUN)
    one.start()
    yield one
    one.close()


def kept(folder: Path) -> list[Item]:
    text = "".join(recorded_pieces(folder))
    return list(read_lines(text.splitlines(keepends=True), KNOWLEDGE)) if text else []


def until(met: Callable[[], object]) -> None:
    end = time.monotonic() + 60.0
    while not met():
        assert time.monotonic() < end
        threading.Event().wait(0.01)


def numbers(items: list[Item]) -> list[int]:
    return [one.number for one in items if isinstance(one, Taken)]


def test_what_was_handed_in_is_there_at_the_end(made: StepRecorder, tmp_path: Path) -> None:
    for step in DAY.steps:
        made.take(step)
    made.close()
    items = kept(tmp_path)

    assert numbers(items) == list(range(len(DAY.steps)))
    assert [type(one) for one in items].count(PieceBegun) == 1


def test_what_tells_nothing_new_waits_for_what_does(made: StepRecorder, tmp_path: Path) -> None:
    step = DAY.steps[-1]
    machine = replace(step.before.machine, taken=0.25 * JUDGED_EVERY)
    before = replace(step.before, machine=machine)
    looked = Looked(replace(machine, taken=0.5 * JUDGED_EVERY))
    same = replace(step, before=before, arrivals=(Arrival(looked, step.now), Arrival(Tick(), step.now)))
    news = replace(same, arrivals=(Arrival(NoticeArrived(1, 1100, "lost"), step.now),))
    for _ in range(5):
        made.take(same)
    assert not made._came.is_set()
    made.take(news)
    until(lambda: numbers(kept(tmp_path)) == [0, 1, 2, 3, 4, 5])


@pytest.mark.parametrize("own", [True, False])
def test_while_something_is_wrong_nothing_waits(made: StepRecorder, tmp_path: Path, own: bool) -> None:
    step = replace(DAY.steps[-1], arrivals=(Arrival(Tick(), DAY.steps[-1].now),))
    entry = Entry(PROBLEMS[0], Present({}, ()), step.now, step.now.monotonic)
    ledger = Ledger({PROBLEMS[0].code: entry})
    before = step.before
    before = (
        replace(before, own=replace(before.own, ledger=ledger))
        if own
        else replace(before, watched=(replace(before.watched[0], ledger=ledger), *before.watched[1:]))
    )
    made.take(replace(step, before=before))
    until(lambda: numbers(kept(tmp_path)) == [0])


def test_of_what_tells_nothing_new_not_much_waits(made: StepRecorder, tmp_path: Path) -> None:
    step = replace(DAY.steps[-1], arrivals=(Arrival(Tick(), DAY.steps[-1].now),))
    for _ in range(recorder.MOST_HELD_BACK + 1):
        made.take(step)
    until(lambda: len(numbers(kept(tmp_path))) == recorder.MOST_HELD_BACK + 1)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_no_other_user_may_read_it(made: StepRecorder, tmp_path: Path) -> None:
    made.take(DAY.steps[0])
    made.close()

    assert (tmp_path / RECORDING_FOLDER).stat().st_mode & 0o777 == 0o700
    assert [file.stat().st_mode & 0o777 for file in pieces_of(tmp_path)] == [0o600]


def test_a_million_steps_stay_within_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The writer is the real one; its steps are handed in as fast as it takes them."""
    monkeypatch.setattr(recorder, "_PIECE_BYTES", 1 << 16)
    monkeypatch.setattr(StepRecorder, "_is_removed", lambda _: False)
    most = 1 << 20
    made = StepRecorder(tmp_path, KNOWLEDGE, RUN, most=most)
    monkeypatch.setattr(made._lines, "step", lambda step, number, failed: f'{{"number":{number}}}\n')
    step, biggest = DAY.steps[5], 0
    for number in range(1_000_000):
        made.take(step)
        if number % 1000 == 999:
            made._write_all()
        if number % 50_000 == 0:
            biggest = max(biggest, sum(file.stat().st_size for file in pieces_of(tmp_path)))
    made._end_piece()

    assert most // 2 < biggest <= most + (1 << 16)
    assert sum(file.stat().st_size for file in pieces_of(tmp_path)) <= most + (1 << 16)
    assert b'"number":999999}' in pieces_of(tmp_path)[-1].read_bytes()


def test_an_agent_that_starts_again_and_again_leaves_no_heap_of_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "_MOST_PIECES", 5)
    for _ in range(12):
        made = StepRecorder(tmp_path, KNOWLEDGE, RUN)
        made.take(DAY.steps[0])
        made._write_all()
        made._end_piece()

    assert [file.stem for file in pieces_of(tmp_path)] == [f"{n:08}" for n in range(8, 13)]


def test_what_ended_a_day_before_the_latest_goes(tmp_path: Path) -> None:
    folder = tmp_path / RECORDING_FOLDER
    folder.mkdir()
    for number, hours in ((1, 60), (2, 30), (3, 20), (4, 1)):
        file = folder / f"{number:08}.jsonl"
        file.write_text("{}\n")
        when = time.time() - hours * 3600.0
        os.utime(file, (when, when))
    made = StepRecorder(tmp_path, KNOWLEDGE, RUN)
    made.take(DAY.steps[0])
    made._write_all()
    made._end_piece()

    assert [file.stem for file in pieces_of(tmp_path)] == ["00000003", "00000004", "00000005"]


def test_a_piece_ends_after_an_hour(tmp_path: Path) -> None:
    made = StepRecorder(tmp_path, KNOWLEDGE, RUN)
    for step in (DAY.steps[3], replace(DAY.steps[3], now=DAY.steps[3].now.later(3700.0))):
        made.take(step)
    made._write_all()
    made._end_piece()

    assert [one.number for one in kept(tmp_path) if isinstance(one, PieceBegun)] == [0, 1]
    assert numbers(kept(tmp_path)) == [0, 1]


def test_a_piece_ends_when_it_is_large_and_as_much_of_it_are_steps_as_it_begins_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "_PIECE_BYTES", 100)
    made = StepRecorder(tmp_path, KNOWLEDGE, RUN)
    for _ in range(300):
        made.take(DAY.steps[4])
    made._write_all()
    made._end_piece()
    pieces = [file.read_text(encoding="utf-8").splitlines(keepends=True) for file in pieces_of(tmp_path)]

    assert numbers(kept(tmp_path)) == list(range(300))
    assert len(pieces) > 2
    for header, state, *steps in pieces[:-1]:
        begins = len(header) + len(state)
        assert begins < sum(map(len, steps)) <= begins + max(map(len, steps))


def test_a_disk_that_hangs_delays_nothing_and_loses_the_rest(made: StepRecorder, tmp_path: Path) -> None:
    hangs, waits = threading.Event(), threading.Event()
    write = made._flush

    def hanging(lines: list[str]) -> None:
        waits.set()
        hangs.wait(60.0)
        write(lines)

    made._flush = hanging  # type: ignore[method-assign]
    made.take(DAY.steps[0])
    assert waits.wait(60.0)
    for _ in range(recorder.MOST_STEPS + 500):
        made.take(DAY.steps[2])
    assert len(made._waiting) == recorder.MOST_STEPS
    hangs.set()
    until(lambda: not made._waiting)
    made.take(DAY.steps[3])
    made.close()
    items = kept(tmp_path)

    assert [one.number for one in items if isinstance(one, PieceBegun)] == [0, recorder.MOST_STEPS + 501]
    assert numbers(items)[-1] == recorder.MOST_STEPS + 501


@pytest.mark.parametrize(
    "fault", [OSError(errno.ENOSPC, "No space left on device"), PermissionError(13, "not allowed")]
)
def test_a_disk_that_refuses_is_said_once_and_then_it_goes_on(
    fault: OSError, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = StepRecorder(tmp_path, KNOWLEDGE, RUN)
    step = DAY.steps[3]
    with monkeypatch.context() as full:

        def refuses(*_: Any) -> int:
            raise fault

        full.setattr(os, "write", refuses)
        for seconds in (0.0, 1.0, 20.0, 40.0):
            made.take(replace(step, now=step.now.later(seconds)))
            made._write_all()
    made.take(replace(step, now=step.now.later(60.0)))
    made._write_all()
    made._end_piece()

    assert [one.getMessage() for one in caplog.records if "cannot be written" in one.getMessage()] == [
        f"the recording cannot be written ({fault.strerror}): it goes on once it can"
    ]
    assert numbers(kept(tmp_path)) == [4]


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no open file")
def test_a_folder_that_is_deleted_is_made_again(tmp_path: Path) -> None:
    import shutil

    made = StepRecorder(tmp_path, KNOWLEDGE, RUN)
    made.take(DAY.steps[3])
    made._write_all()
    shutil.rmtree(tmp_path / RECORDING_FOLDER)
    made.take(DAY.steps[4])
    made._write_all()
    made._end_piece()

    assert numbers(kept(tmp_path)) == [1]


KILLED = """
import sys
from pathlib import Path
from agent.history.recording import recorder
from tests.history.recording.test_recorder import DAY
from agent.problems import PROBLEMS
from tests.journeys.day import KNOWLEDGE
recorder.BATCH_SECONDS = 0.0
made = recorder.StepRecorder(Path(sys.argv[1]), KNOWLEDGE, 1.0)
made.start()
while True:
    for step in DAY.steps:
        made.take(step)
    while made._waiting:
        pass
    print("round", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_after_a_kill_it_is_read_up_to_the_last_whole_line(tmp_path: Path) -> None:
    rounds = 0
    for _ in range(5):
        running = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE)
        assert running.stdout is not None
        for _ in range(3):
            assert running.stdout.readline() == b"round\n"
        running.send_signal(signal.SIGKILL)
        running.communicate()
        rounds += 3
    items = kept(tmp_path)

    assert len([one for one in items if isinstance(one, Torn)]) <= 5
    assert len(numbers(items)) >= (rounds - 5) * len(DAY.steps)
    assert len([one for one in items if isinstance(one, PieceBegun)]) == 5


def test_the_agent_hands_in_a_flood_without_waiting(made: StepRecorder, tmp_path: Path) -> None:
    now = DAY.now
    arrival = Arrival(NoticeArrived(1, 2104, "Market data farm connection is OK:usfarm"), now)
    step = AgentStep(DAY.state, (arrival,), now)
    for _ in range(50_000):
        made.take(step)
    made.close()

    assert len(made._waiting) <= recorder.MOST_STEPS
    assert numbers(kept(tmp_path))[0] == 0

"""The log: private, bounded, and never the agent's end."""

import getpass
import logging
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.runtime import logs
from agent.runtime.logs import FILES_KEPT, Logs, private_here, set_up_logs
from agent.tws.privacy import Private

HERE = Private(homes=("/srv/anna",), names=("anna",))


@contextmanager
def started(
    file: Path | None, verbosity: int = 0, private: Private = HERE, tell: Callable[[str], None] | None = None
) -> Iterator[Logs]:
    """Logging as the agent has it: without the test runner's own handlers, which see records before ours do."""
    root = logging.getLogger()
    others, level = list(root.handlers), root.level
    for other in others:
        root.removeHandler(other)
    try:
        with set_up_logs(file, verbosity, private, tell) as made:
            yield made
        left = list(root.handlers), root.level
    finally:
        for other in others:
            root.addHandler(other)

    assert left == ([], level)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "log" / "gatelight.log"


def written(file: Path) -> str:
    """What the log says."""
    return file.read_text(encoding="utf-8")


def test_a_record_is_one_line_with_time_level_and_place(file: Path) -> None:
    with started(file):
        logging.getLogger("agent.x").info("connected to %s – %d", "Büro", 4002)

    (line,) = written(file).splitlines()
    day, time, offset, rest = line[:10], line[11:23], line[23:29], line[30:]
    assert (day.count("-"), time.count(":"), offset[0] in "+-") == (2, 2, True)
    assert rest == "INFO    agent.x: connected to Büro – 4002"


def test_nothing_private_is_written_wherever_it_hides(file: Path) -> None:
    log = logging.getLogger("agent.x")
    with started(file, 2):
        log.info("account DU1234567")
        log.info("account %s of %r", "U7654321", {"at": "/srv/anna/Jts", "of": ["anna"]})
        log.info("started java ibcalpha.ibc.IbcGateway c.ini edemo s3cret")
        log.info("%d is no number", "DF1234567")
        log.warning("with a stack", stack_info=True)
        try:
            raise ValueError("F7654321 in /srv/anna with --pw=s3cret")
        except ValueError:
            log.exception("failed for %s", "anna")
        log.error(ValueError("DU1111222"))

    text = written(file)
    for secret in ("1234567", "7654321", "1111222", "anna", "s3cret", "edemo"):
        assert secret not in text
    for kept in ("DU•••567", "U•••321", "~/Jts", "DF•••567", "F•••321 in ~", "DU•••222", "Traceback", "Stack (most"):
        assert kept in text


def test_handlers_that_come_later_get_the_clean_record_as_well(file: Path) -> None:
    seen: list[str] = []

    class Later(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(logging.Formatter().format(record))

    later = Later()
    with started(file):
        logging.getLogger().addHandler(later)
        try:
            raise ValueError("U1234567")
        except ValueError:
            logging.getLogger("agent.x").exception("for %s", "U7654321")
        logging.getLogger().removeHandler(later)

    assert "U•••321" in seen[0]
    assert "ValueError: U•••567" in seen[0]
    assert "4567" not in seen[0]


def test_console_and_file_get_the_same_record_cleaned_once(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with started(file, 1):
        logging.getLogger("agent.x").info("for %s", "U7654321")

    assert written(file) == capsys.readouterr().err
    assert "U•••321" in written(file)


def test_a_record_that_cannot_be_made_into_text_says_so(file: Path) -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("U1234567")

        __repr__ = __str__

    with started(file):
        logging.getLogger("agent.x").info("broken: %s", Broken())
        logging.getLogger("agent.x").info(Broken())
        logging.getLogger("agent.x").info("whole")

    text = written(file)
    assert text.count("could not be cleaned: RuntimeError") == 2
    assert "1234567" not in text
    assert "whole" in text


def test_nobody_can_write_a_line_that_looks_like_ours(file: Path) -> None:
    with started(file):
        logging.getLogger("agent.x").info("notice\n2026-11-22 ERROR agent.x: forged\r\x1b[31m\x00 a\xa0b")

    lines = written(file).splitlines()
    assert len(lines) == 2
    assert lines[1] == "    2026-11-22 ERROR agent.x: forged\\r\\x1b[31m\\x00 a\xa0b"


def test_text_that_is_not_unicode_is_written_still(file: Path) -> None:
    with started(file):
        logging.getLogger("agent.x").info("name \udcfc and %s", b"\xff".decode("utf-8", "surrogateescape"))

    assert "name \\udcfc and \\udcff" in written(file)


def test_a_huge_record_is_cut_and_no_account_is_cut_out_of_recognition(file: Path) -> None:
    with started(file):
        logging.getLogger("agent.x").info("DU1234567 " * 500_000)

    text = written(file)
    assert len(text) < logs.LONGEST_RECORD + 200
    assert text.endswith("… (cut, 5000000 characters)\n")
    assert "DU1" not in text


@pytest.mark.parametrize(
    ("verbosity", "in_file", "on_console"),
    [
        (0, {"info"}, set()),
        (1, {"info", "detail"}, {"info"}),
        (2, {"info", "detail", "ib"}, {"info", "detail", "ib"}),
    ],
)
def test_how_much_is_said(
    file: Path, capsys: pytest.CaptureFixture[str], verbosity: int, in_file: set[str], on_console: set[str]
) -> None:
    with started(file, verbosity):
        logging.getLogger("agent.x").info("<info>")
        logging.getLogger("agent.x").debug("<detail>")
        for chatty in ("ib_async.client", "ib_async.wrapper", "apscheduler.executors.default"):
            logging.getLogger(chatty).info("<ib>")
        logging.getLogger("ib_async.client").error("Peer closed connection.")
        logging.getLogger("ib_async.wrapper").warning("<always>")

    said = capsys.readouterr().err
    words = {"info", "detail", "ib"}
    assert {word for word in words if f"<{word}>" in written(file)} == in_file
    assert {word for word in words if f"<{word}>" in said} == on_console
    assert "<always>" in written(file)


def test_levels_are_put_back(file: Path) -> None:
    before = logging.getLogger("ib_async.client").level

    with started(file):
        during = logging.getLogger("ib_async.client").level

    assert (before, during) == (logging.NOTSET, logging.CRITICAL)
    assert logging.getLogger("ib_async.client").level == before


@pytest.mark.not_under_wine(
    "Wine now and then does not rename a file that was closed a moment ago; the log then goes on with the old one"
)
def test_the_log_never_grows_without_end(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FILE_SIZE", 2_000)
    with started(file):
        for number in range(500):
            logging.getLogger("agent.x").info("line %d %s", number, "x" * 50)

    kept = sorted(file.parent.iterdir())
    assert len(kept) == FILES_KEPT + 1
    assert all(one.stat().st_size <= 2_000 for one in kept)
    assert "line 499" in written(file)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions as POSIX has them")
def test_only_this_user_can_read_it(file: Path) -> None:
    with started(file):
        pass

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_log_that_cannot_be_opened_is_said_once_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said: list[str] = []

    with started(tmp_path / "file" / "log" / "x.log", tell=said.append) as made:
        for _ in range(3):
            logging.getLogger("agent.x").error("nobody reads this")

    assert len(said) == 1
    assert said[0] == made.problem
    assert said[0].endswith("; Gatelight goes on without it.")


@contextmanager
def full_disk() -> Iterator[None]:
    """No file can grow: as on a full disk, with another word for it."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_said_once_and_the_log_goes_on_when_there_is_room(file: Path) -> None:
    said: list[str] = []
    with started(file, tell=said.append):
        with full_disk():
            for number in range(5):
                logging.getLogger("agent.x").info("lost %d", number)
            full = list(said)
        logging.getLogger("agent.x").info("room again")
        logging.getLogger("agent.x").info("and on")

    assert len(full) == 1
    assert "File too large" in full[0]
    assert said == full
    lines = [line.split(": ", 1)[1] for line in written(file).splitlines()]
    assert lines == ["room again", "5 records before this were lost", "and on"]


def test_closing_a_log_on_a_full_disk_is_quiet(file: Path) -> None:
    with full_disk(), started(file, tell=lambda _: None):
        logging.getLogger("agent.x").info("lost")


def test_a_file_that_cannot_be_moved_aside_is_written_on(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FILE_SIZE", 500)
    said: list[str] = []
    with started(file, tell=said.append):
        # As on Windows while another program shows the log: an old file can be neither removed nor replaced.
        (file.parent / "gatelight.log.4").touch()
        (file.parent / "gatelight.log.5").mkdir()
        for number in range(50):
            logging.getLogger("agent.x").info("line %d", number)

    assert said == []
    assert [f"line {n}" in written(file) for n in range(50)] == [True] * 50


def test_a_file_that_is_held_open_costs_no_older_one(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FILE_SIZE", 500)
    rename = os.rename

    def held(source: str | Path, target: str | Path) -> None:
        # Windows, while somebody reads it.
        if Path(source) == file:
            raise PermissionError(13, "in use")
        rename(source, target)

    with set_up_logs(file):
        log = logging.getLogger("agent")
        for number in range(30):
            log.info("before %d %s", number, "x" * 60)
        older = {path.name: path.read_text() for path in file.parent.iterdir() if path != file}
        monkeypatch.setattr(os, "rename", held)
        for number in range(30):
            log.info("held %d %s", number, "x" * 60)

    assert len(older) == logs.FILES_KEPT
    assert {path.name: path.read_text() for path in file.parent.iterdir() if path != file} == older
    assert "held 29" in file.read_text()


def test_a_teller_that_fails_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    def tell(sentence: str) -> None:
        raise OSError(sentence)

    with started(tmp_path / "file" / "x.log", tell=tell) as made:
        assert made.problem


def test_without_standard_error_there_is_no_console(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As under pythonw on Windows.
    monkeypatch.setattr(sys, "stderr", None)

    with started(file, 2):
        logging.getLogger("agent.x").info("fine")

    assert "fine" in written(file)


def test_a_new_remote_address_is_private_from_then_on(file: Path) -> None:
    with started(file) as made:
        made.keep_private(Private(words=("T0K-EN",)))
        logging.getLogger("agent.x").info("sent to T0K-EN")

    assert "T0K" not in written(file)


def test_home_and_user_of_this_machine_are_found() -> None:
    found = private_here(("secret",))

    assert found.homes == (str(Path.home()),)
    assert len(found.names) == 1
    assert found.words == ("secret",)


def test_a_user_without_a_name_or_home_is_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object) -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr(getpass, "getuser", nobody)
    monkeypatch.setattr(Path, "home", nobody)

    assert private_here() == Private()


def test_closing_twice_is_harmless(file: Path) -> None:
    made: Logs = set_up_logs(file, private=HERE)
    made.close()
    made.close()


def test_without_a_file_nothing_reaches_standard_error_uncleaned(capsys: pytest.CaptureFixture[str]) -> None:
    with started(None):
        logging.getLogger("agent").error("Paper: account DU1234567 of anna")

    assert capsys.readouterr().err == ""

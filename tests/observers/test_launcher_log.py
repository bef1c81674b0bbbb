"""Reading the launcher.log of a process: which file, how much of it, and what keeps it from being read."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.core.facts import Fact, Known, Process, Unknown
from agent.observers import launcher_log
from agent.observers.launcher_log import LauncherLogObserver
from agent.platforms.files import open_regular
from agent.tws.applications import ApplicationKind
from agent.tws.launcher_log import LoginStage, LoginTold, read_launcher_log
from tests.problems.scene import gateway, tws

NOW = datetime(2026, 8, 29, 5, 31, tzinfo=UTC).timestamp()
STARTED = NOW - 60.0
GATEWAY = replace(gateway(), started=STARTED)
AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
SECRET = "198.51.100.77 AA-BB-CC token=5e551 U1234567 jane.doe"


def line(message: str, after: float = 1.0) -> str:
    at = datetime.fromtimestamp(STARTED + after, UTC)
    return f"{at:%Y-%m-%d %H:%M:%S}.000 INFO  [JTS-Main] - {message}\n"


def write(folder: Path, *messages: str, name: str = "launcher.log") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("".join(map(line, ["----- IB GATEWAY RESTART -----", "Started on 20260829-05:30:01", *messages])))
    return path


def look(*folders: Path, process: Process = GATEWAY, observer: LauncherLogObserver | None = None) -> Fact[LoginTold]:
    (seen,) = (observer or LauncherLogObserver(lambda _: folders)).observe([process], NOW)
    return seen.login


def stage(*folders: Path) -> LoginStage:
    found = look(*folders)
    assert isinstance(found, Known)
    return found.value.stage


def test_it_is_read_in_the_first_folder_that_has_one_or_is_a_settings_folder(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    write(second, "Received CHALLENGE")
    assert stage(first, second) is LoginStage.AWAITED

    (first / "jts.ini").touch()
    assert isinstance(look(first, second), Unknown)

    write(first)
    assert stage(first, second) is LoginStage.UNTRIED


def test_of_a_log_for_each_day_the_newest_counts(tmp_path: Path) -> None:
    old = write(tmp_path, name="launcher.log")
    os.utime(old, (STARTED - 86_400.0, STARTED - 86_400.0))
    write(tmp_path, "Authentication timeout", name="launcher.20260829.log")
    write(tmp_path, "Received CHALLENGE", name="launcher.20200101.log")

    assert stage(tmp_path) is LoginStage.NO_ANSWER


def test_it_says_nothing_of_tws(tmp_path: Path) -> None:
    write(tmp_path, "Received CHALLENGE")

    assert isinstance(look(tmp_path, process=replace(tws(), started=STARTED)), Unknown)


def test_a_log_that_several_applications_write_says_nothing_of_any(tmp_path: Path) -> None:
    write(tmp_path, "Received CHALLENGE")
    observer = LauncherLogObserver(lambda _: [tmp_path])
    for other in (replace(GATEWAY, pid=9), replace(tws(), pid=9)):
        seen = observer.observe([GATEWAY, other], NOW)

        assert all(isinstance(p.login, Unknown) for p in seen)


def test_only_stages_and_times_are_handed_on(tmp_path: Path) -> None:
    write(tmp_path, f"Authorization failed: Invalid username or password for {SECRET}", SECRET)
    found = look(tmp_path)

    assert isinstance(found, Known)
    assert not any(word in repr(found) for word in SECRET.split())


def test_only_the_end_of_a_long_one_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, *["x" * 90] * 100, "Received CHALLENGE")
    os.utime(path, (STARTED + 1.0, STARTED + 1.0))
    monkeypatch.setattr(launcher_log, "TAIL", 300)

    assert path.stat().st_size > 10_000
    assert stage(tmp_path) is LoginStage.AWAITED

    monkeypatch.setattr(launcher_log, "TAIL", 50)
    with path.open("a") as file:
        file.write("y" * 100)
    assert isinstance(look(tmp_path), Unknown)


def test_it_is_read_again_only_when_it_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path)
    observer = LauncherLogObserver(lambda _: [tmp_path])
    reads: list[float] = []

    def counted(text: str, *, started: float, written: float) -> LoginTold | None:
        reads.append(started)
        return read_launcher_log(text, started=started, written=written)

    monkeypatch.setattr(launcher_log, "read_launcher_log", counted)
    look(observer=observer)
    look(observer=observer)
    assert len(reads) == 1

    with path.open("a") as file:
        file.write(line("Received CHALLENGE"))
    found = look(observer=observer)

    assert isinstance(found, Known)
    assert (found.value.stage, len(reads)) == (LoginStage.AWAITED, 2)

    look(process=replace(GATEWAY, started=STARTED + 3600.0), observer=observer)
    assert len(reads) == 3, "another process under the same number"


@pytest.mark.skipif(os.name == "nt", reason="no pipes in folders there")
def test_nothing_but_a_regular_file_is_read(tmp_path: Path) -> None:
    for name, make in (
        ("pipe", lambda p: os.mkfifo(p)),
        ("link", lambda p: p.symlink_to(write(tmp_path / "elsewhere", "Received CHALLENGE"))),
        ("folder", lambda p: p.mkdir()),
    ):
        (tmp_path / name).mkdir()
        make(tmp_path / name / "launcher.log")

        found = look(tmp_path / name)
        assert isinstance(found, Unknown), name
        assert str(tmp_path) not in found.reason


@pytest.mark.skipif(not AS_ROOT, reason="only root can give a file away")
def test_nothing_of_another_user_is_read(tmp_path: Path) -> None:
    os.chown(write(tmp_path, "Received CHALLENGE"), 65534, 65534)
    found = look(tmp_path)

    assert isinstance(found, Unknown)
    assert "another user" in found.reason


def test_every_descriptor_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []

    def kept(path: Path, flags: int) -> int:
        opened.append(open_regular(path, flags))
        return opened[-1]

    monkeypatch.setattr(launcher_log, "open_regular", kept)
    write(tmp_path, "Received CHALLENGE")
    look(tmp_path)
    if AS_ROOT:
        os.chown(tmp_path / "launcher.log", 65534, 65534)
        look(tmp_path)

    assert opened
    for descriptor in opened:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)


def test_what_is_not_ib_gateway_has_no_log_of_its_own_kind(tmp_path: Path) -> None:
    write(tmp_path)
    unknown = replace(GATEWAY, application=replace(GATEWAY.application, kind=ApplicationKind.UNKNOWN))

    assert isinstance(look(tmp_path, process=unknown), Unknown)

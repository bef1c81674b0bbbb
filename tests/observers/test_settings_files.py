"""Finding and reading the settings files of an application, in real folders."""

import os
from pathlib import Path

import pytest

from agent.core.facts import Known, SettingsHints, Unknown
from agent.observers import settings_files
from agent.observers.settings_files import SettingsFilesObserver
from agent.platforms.files import open_regular
from agent.tws.applications import Application, ApplicationKind, TradingMode
from agent.tws.reset_windows import Region

PLAIN = Application(ApplicationKind.GATEWAY)


def jts(folder: Path, mode: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "jts.ini").write_text(f"[Logon]\ntradingMode={mode}\n[Communication]\nPeer=zdc1.ibllc.com:4001\n")
    return folder


def mode(observer: SettingsFilesObserver, application: Application, *folders: Path) -> TradingMode:
    found = observer.observe(application, [str(f) for f in folders])
    assert isinstance(found, Known)
    return found.value.trading_mode


def test_the_folder_of_the_command_line_comes_first_then_the_working_folder_then_the_usual_one(tmp_path: Path) -> None:
    named, working, usual = (tmp_path / x for x in ("named", "working", "usual"))
    application = Application(ApplicationKind.TWS, settings_folder=str(named))
    observer = SettingsFilesObserver([usual])
    jts(usual, "l")
    working.mkdir()
    assert mode(observer, application, working) is TradingMode.LIVE

    jts(working, "p")
    assert mode(observer, application, working) is TradingMode.PAPER

    jts(named, "l")

    assert mode(observer, application, working) is TradingMode.LIVE


def test_the_program_folder_comes_last(tmp_path: Path) -> None:
    working, program = tmp_path / "working", jts(tmp_path / "program", "p")
    working.mkdir()

    assert mode(SettingsFilesObserver([tmp_path / "none"]), PLAIN, working, program) is TradingMode.PAPER


def test_ibc_tells_times_port_and_mode_and_its_folder(tmp_path: Path) -> None:
    elsewhere = jts(tmp_path / "elsewhere", "l")
    (tmp_path / "config.ini").write_text(
        f"IbPassword=s3cret\nTradingMode=paper\nAutoRestartTime=11:45 PM\nCommandServerPort=7462\nIbDir={elsewhere}\n"
    )
    application = Application(ApplicationKind.GATEWAY, ibc_config="config.ini")
    found = SettingsFilesObserver([]).observe(application, [str(tmp_path)])

    assert found == Known(
        SettingsHints(
            trading_mode=TradingMode.PAPER,
            region=Region.EUROPE,
            auto_restart_time=1425,
            command_server_port=7462,
            source="jts.ini and config.ini",
        )
    )


def test_a_changed_file_is_read_again_and_an_unchanged_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jts(tmp_path, "p")
    observer = SettingsFilesObserver([tmp_path])
    opened: list[Path] = []
    real_open = open_regular

    def counted(path: Path, flags: int) -> int:
        opened.append(path)
        return real_open(path, flags)

    monkeypatch.setattr(settings_files, "open_regular", counted)
    before = [mode(observer, PLAIN), mode(observer, PLAIN)]
    reads = len(opened)
    monkeypatch.undo()
    jts(tmp_path, "l")
    os.utime(tmp_path / "jts.ini", ns=(1, 1))

    assert before == [TradingMode.PAPER, TradingMode.PAPER]
    assert reads == 1
    assert mode(observer, PLAIN) is TradingMode.LIVE


def test_nothing_found_is_unknown(tmp_path: Path) -> None:
    assert SettingsFilesObserver([tmp_path]).observe(PLAIN) == Unknown("no settings files found")


@pytest.mark.skipif(os.name == "nt", reason="a pipe in the file system")
def test_a_pipe_in_place_of_the_file_does_not_hold_the_look_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "jts.ini")

    assert SettingsFilesObserver([tmp_path]).observe(PLAIN) == Unknown("no settings files found")


def test_files_that_may_not_be_read_are_unknown_for_that_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: Path) -> os.stat_result:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", denied)

    assert SettingsFilesObserver([tmp_path]).observe(PLAIN) == Unknown("the settings files may not be read")


def test_bytes_that_are_no_text_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    (tmp_path / "jts.ini").write_bytes(b"\xff\xfe[x]\n\x00\xf0=\n[Logon]\r\ntradingMode=p\r\n")

    assert mode(SettingsFilesObserver([tmp_path]), PLAIN) is TradingMode.PAPER


def test_a_log_off_of_jts_ini_counts_where_ibcs_configuration_says_nothing_of_the_kind(tmp_path: Path) -> None:
    (tmp_path / "jts.ini").write_text("[Logon]\nautoLogoffTime=23:45\n")
    application = Application(ApplicationKind.GATEWAY, ibc_config=str(tmp_path / "config.ini"))
    for ibc, restart, logoff in (
        ("", None, 1425),
        ("AutoLogoffTime=22:00\n", None, 1320),
        ("AutoRestartTime=22:00\n", 1320, None),
    ):
        (tmp_path / "config.ini").write_text(ibc + "ClosedownAt=Friday 21:00\n")
        found = SettingsFilesObserver([]).observe(application, [str(tmp_path)])

        assert isinstance(found, Known)
        assert (found.value.auto_restart_time, found.value.auto_logoff_time) == (restart, logoff)
        assert (found.value.closes_on, found.value.closes_at) == (4, 1260)


# ── applications of other users, who may name any file and change it all the time ───────────────


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were read, as often as they were."""
    read: list[Path] = []
    text = settings_files._text

    def noted(path: Path) -> str:
        read.append(path)
        return text(path)

    monkeypatch.setattr(settings_files, "_text", noted)
    return read


def changed(folder: Path, number: int) -> Path:
    jts(folder, "p")
    os.utime(folder / "jts.ini", (number, number))
    return folder


@pytest.mark.parametrize(("foreign", "read"), [(False, 40), (True, 4)])
def test_a_file_of_another_user_that_always_changes_is_read_seldom(
    foreign: bool, read: int, tmp_path: Path, parsed: list[Path]
) -> None:
    observer = SettingsFilesObserver([])
    for number in range(40):
        observer.observe(PLAIN, [str(changed(tmp_path, number))], foreign=foreign)

    assert len(parsed) == read


def test_what_another_user_has_changed_once_is_seen_in_the_end(tmp_path: Path) -> None:
    observer = SettingsFilesObserver([])
    folder = jts(tmp_path, "p")
    observer.observe(PLAIN, [str(folder)], foreign=True)
    jts(tmp_path, "l")
    os.utime(tmp_path / "jts.ini", (1, 1))
    told = [observer.observe(PLAIN, [str(folder)], foreign=True) for _ in range(settings_files.PASSED_OVER + 1)]

    assert isinstance(told[-1], Known)
    assert told[-1].value.trading_mode is TradingMode.LIVE


def test_ever_new_files_are_not_all_remembered(tmp_path: Path) -> None:
    observer = SettingsFilesObserver([])
    for number in range(settings_files.MOST_FILES_KEPT + 20):
        observer.observe(PLAIN, [str(changed(tmp_path / str(number), 1))], foreign=True)

    assert len(observer._jts_inis._known) == settings_files.MOST_FILES_KEPT


def test_a_file_without_end_is_read_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []
    monkeypatch.setattr(settings_files, "LARGEST", 100)
    observer = SettingsFilesObserver([])
    parse = observer._jts_inis._parse
    observer._jts_inis._parse = lambda text: lengths.append(len(text)) or parse(text)  # type: ignore[func-returns-value]
    (tmp_path / "jts.ini").write_text("a=\n" * 1000)
    observer.observe(PLAIN, [str(tmp_path)])

    assert lengths == [100]

"""What another user puts in the way of a click: programs on the disk, and processes that look like TWS."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.evidence.processes import candidates, chosen, likeliest
from agent.core.facts import Abilities, Facts, Known, Process
from agent.core.problem import Absent
from agent.core.settings import WantedMode
from agent.fixes.use_port import USE_PORT
from agent.observers.launcher_log import LauncherLogObserver
from agent.platforms.folders import is_out_of_reach
from agent.platforms.linux import Linux
from agent.platforms.macos import MacOs
from agent.problems.several_apps import SEVERAL_APPS
from agent.tws.applications import TradingMode
from tests.attacks.other_user import OTHER
from tests.observers.test_launcher_log import GATEWAY, NOW, write
from tests.problems.scene import backing_off, connection, facts, gateway, machine

posix = pytest.mark.skipif(sys.platform == "win32", reason="there the rights of the folders decide")
administrator = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a file to another user"
)


@pytest.fixture
def disk() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="gl-") as folder:
        yield Path(folder)


# ── programs on the disk ────────────────────────────────────────────────────────────────────────


def given_away(path: Path) -> None:
    os.chown(path, OTHER, OTHER, follow_symlinks=False)


def behind_a_link(path: Path) -> None:
    moved = path.with_name("moved")
    path.rename(moved)
    path.symlink_to(moved)
    given_away(path)


def behind_a_link_to_theirs(path: Path) -> None:
    theirs = path.parents[3] / "theirs"
    theirs.mkdir()
    path.rename(theirs / "program")
    path.symlink_to(theirs / "program")
    given_away(theirs)


ATTACKS: dict[str, Callable[[Path], None]] = {
    "file": given_away,
    "folder": lambda path: given_away(path.parent),
    "folder-above": lambda path: given_away(path.parents[1]),
    "link": behind_a_link,
    "what-a-link-leads-to": behind_a_link_to_theirs,
}
OPEN_TO_ALL: dict[str, Callable[[Path], None]] = {
    "file": lambda path: path.chmod(0o777),
    "folder": lambda path: path.parent.chmod(0o777),
    "folder-above": lambda path: path.parents[1].chmod(0o777),
}


def installed(disk: Path) -> Path:
    launcher = disk / "opt/ibgateway/1099/ibgateway"
    launcher.parent.mkdir(parents=True)
    launcher.write_text("#!/bin/sh\n")
    launcher.chmod(0o775)
    return launcher


@posix
@pytest.mark.parametrize("attack", OPEN_TO_ALL.values(), ids=OPEN_TO_ALL)
def test_a_program_that_all_may_change_is_started_by_no_click(attack: Callable[[Path], None], disk: Path) -> None:
    attack(installed(disk))
    (found,) = Linux(disk, disk / "home").installations()

    assert (found.version, found.command) == ("10.99", ())


@posix
@administrator
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_a_program_of_another_user_is_started_by_no_click(attack: Callable[[Path], None], disk: Path) -> None:
    attack(installed(disk))
    (found,) = Linux(disk, disk / "home").installations()

    assert (found.version, found.command) == ("10.99", ())


@posix
def test_a_program_of_this_user_is_started(disk: Path) -> None:
    launcher = installed(disk)
    (found,) = Linux(disk, disk / "home").installations()

    assert found.command == (str(launcher),)


@posix
@pytest.mark.parametrize("open_to_all", [False, True])
def test_a_bundle_that_all_may_change_is_started_by_no_click(open_to_all: bool, disk: Path) -> None:
    bundle = disk / "Applications/IB Gateway 10.99/IB Gateway 10.99.app"
    bundle.mkdir(parents=True)
    if open_to_all:
        bundle.parent.chmod(0o777)
    (found,) = MacOs(disk, disk / "home").installations()

    assert bool(found.command) is not open_to_all


@posix
def test_what_is_not_there_is_in_reach_of_everybody(disk: Path) -> None:
    loop = disk / "loop"
    loop.symlink_to(loop)

    assert not is_out_of_reach(disk / "nothing")
    assert not is_out_of_reach(loop)


# ── processes that look like TWS ────────────────────────────────────────────────────────────────

AUTO = connection(port="auto")
OWN = gateway(pid=1, ports=(4002,), age=9000.0)
THEIRS = replace(gateway(pid=2, ports=(4001,), age=1.0, mode=TradingMode.PAPER), foreign=True)


@pytest.mark.parametrize("mode", list(WantedMode))
@pytest.mark.parametrize("ports", [(4002,), (5001,), ()])
def test_a_process_of_another_user_is_not_meant_beside_ones_own(mode: WantedMode, ports: tuple[int, ...]) -> None:
    wants = replace(AUTO, trading_mode=mode)
    own = replace(OWN, api_ports=ports)

    assert [p.pid for p in candidates(wants, machine(THEIRS, own))] == [1, 2]
    if ports:
        assert SEVERAL_APPS.check(facts(machine(THEIRS, own), wants=wants)) == Absent()


def test_it_is_meant_where_there_is_no_other_or_only_one_of_the_other_mode() -> None:
    live = replace(OWN, application=replace(OWN.application, mode_hint=TradingMode.LIVE))
    paper = replace(AUTO, trading_mode=WantedMode.PAPER)

    assert [p.pid for p in candidates(AUTO, machine(THEIRS))] == [2]
    assert [p.pid for p in likeliest(paper, candidates(paper, machine(live, THEIRS)))] == [2]
    assert [p.pid for p in candidates(replace(AUTO, port=4001), machine(OWN, THEIRS))] == [2, 1]


def test_no_click_leads_to_its_port() -> None:
    def seen(*running: Process) -> Facts:
        can = Abilities(config_file="/home/me/config.toml")
        return facts(machine(*running), backing_off(), wants=connection(port=4444), abilities=can)

    own = replace(OWN, api_ports=())
    meant = chosen(seen(own, THEIRS))

    assert meant is not None
    assert meant.pid == 1
    assert USE_PORT.offer(seen(own, THEIRS)) is None
    assert USE_PORT.offer(seen(THEIRS)) is not None, "it is offered where there is none of this user"


def test_its_command_line_does_not_make_ones_own_log_a_shared_one(tmp_path: Path) -> None:
    write(tmp_path, "Received CHALLENGE")
    theirs = replace(GATEWAY, pid=9, foreign=True)
    own, other = LauncherLogObserver(lambda _: [tmp_path]).observe([GATEWAY, theirs], NOW)

    assert isinstance(own.login, Known)
    assert not isinstance(other.login, Known)

"""Which desktop session a process is in, and taking over that of a later log-in."""

import os
from pathlib import Path

import pytest

from agent.platforms.desktop_session import (
    BUS,
    DESKTOP_VARIABLES,
    LONGEST_VALUE,
    is_session,
    is_worth_a_move,
    session_here,
    take_over,
)
from tests.desktop_session import session_bus
from tests.notice_recorder import NoticeRecorder

pytestmark = pytest.mark.skipif(os.name != "posix", reason="only a Linux desktop is reached through the environment")
SESSION = {BUS: "unix:path=/run/user/1000/bus", "DISPLAY": ":1", "XDG_RUNTIME_DIR": "/run/user/1000"}


@pytest.fixture
def ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that may be changed: what was set is set again afterwards."""
    for name in (*DESKTOP_VARIABLES, "SSH_CONNECTION", "SSH_TTY"):
        monkeypatch.setenv(name, "x")
        monkeypatch.delenv(name)


def test_a_desktop_session_is_told_by_its_variables_alone() -> None:
    assert session_here({**SESSION, "PATH": "/bin", "LD_PRELOAD": "x"}) == SESSION


@pytest.mark.parametrize("variables", [{}, {"PATH": "/bin"}, {**SESSION, "SSH_CONNECTION": "192.0.2.1 5 192.0.2.2 22"}])
def test_where_no_desktop_is_none_is_told(variables: dict[str, str]) -> None:
    assert session_here(variables) == {}


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"DISPLAY": ":1"},
        {**SESSION, "LD_PRELOAD": "/tmp/x.so"},
        {**SESSION, BUS: "unixexec:path=/bin/sh"},
        {**SESSION, BUS: "tcp:host=192.0.2.1,port=4000"},
        {**SESSION, "DISPLAY": "x" * (LONGEST_VALUE + 1)},
        {**SESSION, "DISPLAY": ""},
        {**SESSION, "DISPLAY": ":1\0"},
    ],
)
def test_anything_else_is_no_session(told: dict[str, str]) -> None:
    assert is_session(SESSION)
    assert not is_session(told)


@pytest.mark.usefixtures("ours")
def test_a_session_that_is_taken_over_replaces_all_of_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BUS, "unix:path=/tmp/earlier")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")

    assert take_over(SESSION)
    assert {name: os.environ.get(name) for name in DESKTOP_VARIABLES if name in os.environ} == SESSION
    # The same bus, as others may write its address.
    assert not take_over({**SESSION, BUS: SESSION[BUS] + ",guid=0123", "DISPLAY": ":2"})
    assert os.environ["DISPLAY"] == ":2"


@pytest.mark.usefixtures("ours")
def test_a_log_in_without_a_screen_takes_none_away() -> None:
    take_over(SESSION)

    assert not take_over({BUS: SESSION[BUS]})
    assert os.environ["DISPLAY"] == ":1"


async def test_a_bus_that_shows_nothing_is_no_reason_to_leave_one_that_does() -> None:
    with session_bus() as desktop:
        recorder = await NoticeRecorder.start("body")
        with session_bus() as bare:
            told, ours = {BUS: bare.address}, {BUS: desktop.address}
            os.environ[BUS] = desktop.address

            assert not await is_worth_a_move(told, log_in=False)
            # At a log-in the panel may only be on its way.
            assert await is_worth_a_move(told, log_in=True)

            os.environ[BUS] = bare.address

            assert await is_worth_a_move(ours, log_in=False)

            os.environ[BUS] = f"unix:path={desktop.folder}/gone"

            assert await is_worth_a_move(told, log_in=False)
            assert not await is_worth_a_move({BUS: f"unix:path={desktop.folder}/gone"}, log_in=True)
        await recorder.end()


async def test_where_the_told_bus_is_gone_the_users_own_is_found(tmp_path: Path) -> None:
    from agent.platforms.session_bus import close_session_bus, connect_session_bus

    with session_bus() as bus:
        await close_session_bus(
            await connect_session_bus({BUS: f"unix:path={tmp_path}/gone", "XDG_RUNTIME_DIR": str(bus.folder)})
        )

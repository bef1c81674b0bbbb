"""What is put together in a running agent, where no larger test has a reason to look."""

import asyncio
from pathlib import Path
from typing import cast

import pytest

from agent.app.agent_host import AgentHost
from agent.app.desktop import Desktop
from agent.channels import Chain
from agent.core.settings import NotificationSettings, Settings
from agent.runtime.paths import find_places

HOOK = "json://192.0.2.7/hook"


class Terminal:
    """A machine without a desktop."""

    wants_icon = begins_anew = False
    tray = None

    def move(self) -> None:
        raise AssertionError("there is no desktop to go to")

    def begin_anew(self) -> None:
        raise AssertionError("the program files are the same")

    def leave(self) -> None:
        raise AssertionError("nobody asked for the end")


def channels(host: AgentHost) -> Chain:
    return cast(Chain, host._world._channels)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.toml"
    file.write_text("")
    return file


def test_notifications_that_were_changed_go_where_they_are_to_go_now(config: Path) -> None:
    private: list[Settings] = []
    desktop: Desktop = Terminal()
    places = find_places(config, config.parent / "data", environ={})
    host = AgentHost(places, Settings(), desktop, keep_private=private.append)
    before = channels(host)

    config.write_text("[checks]\nlook_every = '6s'\n")
    asyncio.run(host._configuration.read())

    assert channels(host) is before

    config.write_text(f'[notifications]\nremote = ["{HOOK}"]\n')
    asyncio.run(host._configuration.read())

    assert host._world._addresses == {"address 1": HOOK}
    assert private[-1].notifications.remote == (HOOK,)

    config.write_text("")
    asyncio.run(host._configuration.read())

    assert host._world._addresses == {}


def test_a_test_notice_that_nobody_could_see_is_refused(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.channels.CHANNEL_SECONDS", 0.0)
    places = find_places(config, config.parent / "data", environ={})
    off = Settings(notifications=NotificationSettings(desktop=False))
    said = [asyncio.run(AgentHost(places, each, Terminal())._page.test_notice()) for each in (off, Settings())]

    assert [one.taken for one in said] == [(), ()]
    assert said[0].refused == ("notices are switched off in the configuration",)
    # The log alone is no place where a notice is seen.
    assert "desktop notifications" in said[1].refused[0]

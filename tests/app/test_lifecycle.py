"""The life of the program: the icon comes before the agent, and whatever happens in between, both end."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from agent.app import lifecycle as module
from agent.app.lifecycle import STARTING, App
from agent.core.shown.display import Action, Connect, Display, Quit
from agent.errors import DataFolderError
from agent.tray.backend import TrayUnavailable

PATIENCE = 30.0


class MadeUpTray:
    """A `Tray` that shows nothing and clicks what it is told to, on its own thread, as soon as it is there."""

    def __init__(self, on_action: Callable[[Action], None], clicks: tuple[Action, ...], fault: str) -> None:
        self._on_action = on_action
        self._actions = clicks
        self._fault = fault
        self._ended = threading.Event()
        self.shown: list[Display] = []
        self.unseen = ""
        self.runs = False

    def run(self, ready: Callable[[], None]) -> None:
        self.runs = True
        for click in self._actions:
            self._on_action(click)
        if self._fault:
            raise TrayUnavailable(self._fault)
        if not self._ended.is_set():
            ready()
        assert self._ended.wait(PATIENCE), "nobody took the icon away"

    def show(self, display: Display) -> None:
        self.shown.append(display)

    def balloon(self, title: str, text: str, click: Action | None) -> bool:
        return False

    def stop(self) -> None:
        self._ended.set()


class MadeUpAgent:
    """An `AgentHost` that serves until it is stopped."""

    def __init__(self) -> None:
        self.acted: list[Action] = []
        self.served = threading.Event()
        self.ended = False
        self.thread = ""
        self._stop = threading.Event()

    async def serve(self) -> None:
        self.thread = threading.current_thread().name
        self.served.set()
        assert await asyncio.to_thread(self._stop.wait, PATIENCE), "nobody stopped the agent"
        self.ended = True

    def stop(self) -> None:
        self._stop.set()

    def act(self, action: Action) -> None:
        self.acted.append(action)

    def refresh(self) -> None:
        """Nothing to show."""


class Scene:
    """An App with a made-up desktop and agent."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *clicks: Action, fault: str = "", icon: bool = True) -> None:
        self.icon = icon
        self.came_here = threading.Semaphore(0)
        self.said: list[str] = []
        self.trays: list[MadeUpTray] = []
        self.agent = MadeUpAgent()
        self.assembling: Callable[[], None] = lambda: None
        self.app = App(self._assemble, tray=True, say=self.said.append, give_up=lambda: None)

        def open_tray(on_action: Callable[[Action], None], **_: Any) -> MadeUpTray:
            if not self.icon:
                raise TrayUnavailable("There is no desktop here.")
            self.trays.append(MadeUpTray(on_action, clicks, fault))
            self.came_here.release()
            return self.trays[-1]

        monkeypatch.setattr(module, "open_tray", open_tray)

    def _assemble(self, desktop: Any) -> Any:
        self.assembling()
        return self.agent

    def came(self, icons: int) -> bool:
        return all(self.came_here.acquire(timeout=PATIENCE) for _ in range(icons))

    def leave_when_served(self) -> None:
        def leave() -> None:
            assert self.agent.served.wait(PATIENCE)
            self.app.leave()

        threading.Thread(target=leave, daemon=True).start()


def test_the_icon_is_there_before_the_agent_is_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch)
    seen: list[bool] = []
    scene.assembling = lambda: seen.append(scene.trays[0].runs)
    scene.leave_when_served()
    scene.app.run()

    assert seen == [True]
    assert scene.trays[0].shown[0] == STARTING
    assert (scene.agent.thread, scene.agent.ended) == ("core", True)


def test_a_click_on_quit_counts_while_the_agent_is_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, Connect("Paper"), Quit())
    scene.app.run()

    assert scene.agent.acted == []
    assert scene.agent.served.is_set() == scene.agent.ended


def test_the_end_is_asked_for_while_the_agent_is_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch)

    def assembling() -> None:
        scene.app.leave()
        assert scene.app._stopping.wait(PATIENCE)

    scene.assembling = assembling
    scene.app.run()

    assert not scene.agent.served.is_set()


def test_what_the_agent_fails_at_is_raised_where_it_can_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch)

    def assembling() -> None:
        raise DataFolderError("The data folder cannot be used: name another one with --data-dir.")

    scene.assembling = assembling
    with pytest.raises(DataFolderError, match="name another one"):
        scene.app.run()


def test_without_a_desktop_it_says_so_and_runs_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, icon=False)
    scene.leave_when_served()
    scene.app.run()

    assert scene.said == ["No tray icon: There is no desktop here. Gatelight goes on without it, as with --no-tray."]
    assert (scene.agent.thread, scene.agent.ended) == ("core", True)


def test_a_desktop_that_goes_before_the_icon_is_ready_takes_only_the_icon(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, fault="The D-Bus session bus has ended.")
    scene.leave_when_served()
    scene.app.run()

    assert scene.agent.ended
    assert not scene.app.has_icon


def test_on_another_desktop_there_is_another_icon_and_the_agent_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch)

    def move_and_leave() -> None:
        assert scene.agent.served.wait(PATIENCE)
        scene.app.move()
        assert scene.came(2)
        scene.app.leave()

    threading.Thread(target=move_and_leave, daemon=True).start()
    scene.app.run()

    assert len(scene.trays) == 2
    assert scene.trays[1].shown[0] == STARTING
    assert scene.agent.ended


def test_one_that_had_no_desktop_has_an_icon_on_the_one_it_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, icon=False)

    def move_and_leave() -> None:
        assert scene.agent.served.wait(PATIENCE)
        scene.icon = True
        scene.app.move()
        assert scene.came(1)
        scene.app.leave()

    threading.Thread(target=move_and_leave, daemon=True).start()
    scene.app.run()

    assert len(scene.trays) == 1
    assert scene.agent.ended


def test_whoever_asked_before_anybody_listened_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch)
    asked = threading.Event()
    asked.set()
    scene.app.run(asked)

    assert (scene.trays, scene.agent.served.is_set()) == ([], False)

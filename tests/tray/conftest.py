"""What tray tests share: a session bus, a panel on it, and a tray that runs in a thread."""

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from agent.core.shown.display import Action
from agent.tray import Tray, TrayUnavailable, open_tray
from tests.desktop_session import SessionBus, session_bus
from tests.tray_host import TrayHost


class RunningTray:
    """A tray that runs in a thread of its own, as the program's main thread would run it."""

    def __init__(self, wait_for_host: bool = True) -> None:
        self.asked: list[Action] = []
        self.callers: list[str] = []
        self.lost: TrayUnavailable | None = None
        self.ready = threading.Event()
        self.unseen: list[str] = []
        self.tray: Tray = open_tray(self._on_action, wait_for_host, self.unseen.append)
        self._thread = threading.Thread(target=self._run)

    def _on_action(self, action: Action) -> None:
        self.callers.append(threading.current_thread().name)
        self.asked.append(action)

    def _run(self) -> None:
        try:
            self.tray.run(self.ready.set)
        except TrayUnavailable as lost:
            self.lost = lost

    def start(self) -> None:
        self._thread.start()
        assert self.ready.wait(10)

    def start_without_waiting(self) -> None:
        self._thread.start()

    async def asked_for(self, count: int) -> list[Action]:
        """The actions so far, once there are `count`."""
        async with asyncio.timeout(20):
            while len(self.asked) < count:  # noqa: ASYNC110 - filled by another thread
                await asyncio.sleep(0.005)
        return self.asked

    async def ended(self) -> bool:
        await asyncio.to_thread(self._thread.join, 5)
        return not self._thread.is_alive()


@pytest.fixture
def bus() -> Iterator[SessionBus]:
    with session_bus() as made:
        yield made


@pytest_asyncio.fixture
async def host(bus: SessionBus) -> AsyncIterator[TrayHost]:
    made = await TrayHost.start()
    yield made
    await made.end()


@pytest_asyncio.fixture
async def running(bus: SessionBus) -> AsyncIterator[RunningTray]:
    made = await asyncio.to_thread(RunningTray)
    yield made
    made.tray.stop()
    if made._thread.ident is not None:
        assert await made.ended()


@pytest.fixture(autouse=True)
def nothing_is_left_for_asyncio_to_complain_about(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    gc.collect()
    complaints = [record.getMessage() for record in caplog.records if record.name == "asyncio"]

    assert complaints == []

"""Live views: every open page has one stream of events, and only the latest view waits to be sent on it.

An open stream costs one task. A view that a page has not read yet is replaced by the next one, never queued. A page
that does not read at all is dropped.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from time import thread_time
from typing import Any

from agent.tws.outside import json_bytes

MOST_STREAMS = 4
"""Pages that are open at a time. A browser has six connections to one host for all its windows, and the pages need some
of these for their clicks. Which browser a page belongs to is not known, so all pages share this number."""
SHORTEST_PAUSE = 0.25
"""Seconds between two views on one stream: four a second is more than a person can read."""
VIEW_SHARE = 0.05
"""Of one processor core, what making views may take: that of a hundred connections takes long, and comes less often."""
LONGEST_PAUSE = 3.0
"""Seconds between two views at most, whatever they cost."""
BEAT_SECONDS = 15.0
"""Seconds between signs of life while nothing changes. They tell a page that the agent is there."""
_READ_SECONDS = 10.0
"""Seconds a page may leave a view unread."""

Write = Callable[[bytes], Awaitable[None]]


class Streams:
    """The streams that are open; lives on the agent's loop."""

    def __init__(
        self,
        view: Callable[[], Mapping[str, Any]],
        *,
        pause: float = SHORTEST_PAUSE,
        beat: float = BEAT_SECONDS,
        patience: float = _READ_SECONDS,
        spent: Callable[[], float] = thread_time,
    ) -> None:
        """`view` makes what is shown now; `spent` tells the processor seconds that were used so far."""
        self._view = view
        self._pause = pause
        self._beat = beat
        self._patience = patience
        self._spent = spent
        self._cost = 0.0
        """Processor seconds that the latest view took."""
        self._open: list[asyncio.Event] = []
        self._text: bytes | None = None
        self._closing = asyncio.Event()
        self._farewell = b""

    def __len__(self) -> int:
        return len(self._open)

    def changed(self) -> None:
        """Send a new view to every page: what is shown has changed."""
        self._text = None
        for news in self._open:
            news.set()

    def close(self, why: str = "") -> None:
        """Let every stream end, and tell the pages why."""
        self._farewell = f"event: end\ndata: {why}\n\n".encode()
        self._closing.set()
        self.changed()

    def fresh(self) -> "Streams":
        """New streams with the same settings, none of them open."""
        return Streams(self._view, pause=self._pause, beat=self._beat, patience=self._patience, spent=self._spent)

    @property
    def full(self) -> bool:
        """Whether there may not be another stream."""
        return len(self._open) >= MOST_STREAMS

    @property
    def rest(self) -> float:
        """Seconds between two views, by what the latest one took."""
        return max(self._pause, min(self._cost / VIEW_SHARE, LONGEST_PAUSE))

    async def run(self, write: Write, greeting: bytes) -> None:
        """Write to one page, the greeting first, until the page is gone or the server ends. TimeoutError: too slow."""
        news = asyncio.Event()
        news.set()
        self._open.append(news)
        try:
            await write(greeting)
            sent: bytes | None = None
            while True:
                event = b"event: beat\ndata:\n\n"
                if await self._has_news(news):
                    news.clear()
                    if self._closing.is_set():
                        with contextlib.suppress(TimeoutError):
                            async with asyncio.timeout(self._pause):
                                await write(self._farewell)
                        return
                    text = self._latest()
                    if text == sent:
                        continue
                    event, sent = b"data: " + text + b"\n\n", text
                async with asyncio.timeout(self._patience):
                    await write(event)
                await self._rest()
        finally:
            self._open.remove(news)

    async def _rest(self) -> None:
        """Pause between two views. The end of the server cuts the pause short."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.rest):
                await self._closing.wait()

    async def _has_news(self, news: asyncio.Event) -> bool:
        try:
            async with asyncio.timeout(self._beat):
                await news.wait()
        except TimeoutError:
            return False
        return True

    def _latest(self) -> bytes:
        """The view as text, made once for all pages."""
        if self._text is None:
            used = self._spent()
            self._text = json_bytes(self._view())
            self._cost = self._spent() - used
        return self._text

"""The page's server: aiohttp on a loopback socket, running only while the page is open.

This is the one module that knows HTTP. It serves files of a fixed table, which hold nothing private, and the answers of
endpoints to requests that a known page has signed. aiohttp is imported when the first page is opened.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from agent.page import files
from agent.page.backend import Backend, Endpoint, Refused
from agent.page.connection_limit import ConnectionLimit, PeerCheck
from agent.page.endpoints import ENDPOINTS
from agent.page.guard import (
    HEADERS,
    PROOF_HEADER,
    TOKEN_SECONDS,
    Keyring,
    Proven,
    Shown,
    Turned,
    digest,
    turned_away,
)
from agent.page.port import ADDRESS, bind_page
from agent.page.streams import Streams
from agent.page.waiting import Waiting
from agent.tws.outside import json_bytes, parse_json

if TYPE_CHECKING:
    from aiohttp import web

logger = logging.getLogger("agent.page")

LARGEST_BODY = 64 * 1024
"""Bytes of a request's body; the longest is a pasted log."""
_BACKLOG = 16
"""Connections that wait to be accepted. asyncio accepts all of them in one turn, before any of them is judged."""
BODY_SECONDS = 5.0
"""Seconds a body may take to arrive."""
IDLE_SECONDS = 300.0
"""Seconds without an open page after which the server ends; the next click starts it again."""

_SILENT = logging.Logger("aiohttp", logging.CRITICAL + 1)
"""aiohttp logs every malformed request with its content. This logger drops that, or any program could fill our log."""

STALE = (
    "This can be changed only on a page that was opened just now: "
    "open it again from Gatelight’s icon, or with `gatelight`, and save it again there."
)
"""The refusal of a setting that starts a program, on a page that has been open for long."""
PAGES = ("/", "/enter", "/closed")
"""Where a browser goes by an address or a link. The last tells a tab without a key how the page is opened."""


class PageServer:
    """Serves the page while it is needed; lives on the agent's loop."""

    def __init__(
        self,
        backend: Backend,
        keyring: Keyring,
        *,
        ours: PeerCheck = lambda peer, own: True,
        idle_seconds: float = IDLE_SECONDS,
        on_use: Callable[[bool], None] = lambda _: None,
        streams: Streams | None = None,
    ) -> None:
        """`on_use` is called with True when a page opens, and with False when the last one has gone."""
        self._backend = backend
        self._keyring = keyring
        self._ours = ours
        self._idle_seconds = idle_seconds
        self._on_use = on_use
        self.streams = streams if streams is not None else Streams(backend.view)
        self._endpoints: dict[tuple[str, str], Endpoint] = {(e.method, f"/api/{e.path}"): e for e in ENDPOINTS}
        self._runner: web.AppRunner | None = None
        self._limit: ConnectionLimit | None = None
        self._bound: socket.socket | None = None
        self._before: socket.socket | None = None
        self._waiting = Waiting({})
        self._listening: tuple[asyncio.Server, ...] = ()
        self._idle: asyncio.TimerHandle | None = None
        self.port = 0

    @property
    def running(self) -> bool:
        """Whether pages are served."""
        return bool(self._listening)

    @property
    def bound(self) -> bool:
        """Whether the server has its port, so that a browser may come."""
        return self._bound is not None

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return 0 if self._limit is None else len(self._limit.open)

    def bind(self, *ports: int) -> socket.socket:
        """Take the first of these ports that is free (0: any free one). Raises `PagePortTaken`.

        From now on a browser may come; it waits until `start`, which loads the server, is done.
        """
        bound = self._bound = self._bound or bind_page(*ports)
        self.port = bound.getsockname()[1]
        return bound

    async def start(self, *ports: int) -> None:
        """Serve on the port that was bound, or bind one of these now. Raises `PagePortTaken`."""
        if self._listening:
            return
        bound = self.bind(*ports)
        from aiohttp import web

        app = web.Application(client_max_size=LARGEST_BODY, middlewares=[self._guard()])
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(
            app, access_log=None, logger=_SILENT, handle_signals=False, shutdown_timeout=0.5, lingering_time=0.0
        )
        await self._runner.setup()
        assert self._runner.server is not None
        self._limit = ConnectionLimit(self._runner.server, ours=self._ours)
        for one in (bound, self._before):
            if one is not None:
                server = await asyncio.get_running_loop().create_server(self._limit, sock=one, backlog=_BACKLOG)
                self._listening += (server,)
        self._touch()
        logger.info("the status page is served on port %d", self.port)

    async def close(self, why: str = "") -> None:
        """End the server: open pages are told why, and get no more answers."""
        if self._idle is not None:
            self._idle.cancel()
        bound, self._bound, self._before = (self._bound, self._before), None, None
        # From here on another program may answer on our port.
        self._keyring.forget()
        self._waiting = Waiting({})
        listening, self._listening = self._listening, ()
        runner, self._runner = self._runner, None
        if not listening or runner is None:
            for one in bound:
                if one is not None:
                    one.close()
            return
        for server in listening:
            server.close()
        self.streams.close(why)
        if self._limit is not None:
            self._limit.close()
        await runner.cleanup()
        self._limit = None
        self.streams = self.streams.fresh()
        logger.info("the status page is no longer served")

    def wait_for(self, port: int, pages: Mapping[str, str]) -> None:
        """Listen on the port of an earlier server too, and send its pages to this one. Call before `start`.

        `pages`: the waiting pages by name, each with its key `TabSession.wait`; see `agent.page.waiting`.
        Raises `PagePortTaken`.
        """
        self._waiting = Waiting(pages)
        if port != self.port:
            self._before = bind_page(port)

    def url(self, view: str = "", seconds: float = TOKEN_SECONDS) -> str:
        """An address that opens the page once, within so many seconds. Only the opener may see it."""
        self._touch()
        return f"http://{ADDRESS}:{self.port}/enter?token={self._keyring.invite(view, seconds)}"

    def changed(self) -> None:
        """Send a new view to every page."""
        self.streams.changed()

    def _touch(self) -> None:
        """Restart the time until the server ends: the page is in use."""
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(self._idle_seconds, self._leave_if_idle)

    def _leave_if_idle(self) -> None:
        if len(self.streams):
            self._touch()
        else:
            self._ending = asyncio.get_running_loop().create_task(self.close(), name="page ends")

    # ── every request ───────────────────────────────────────────────────────────────────────────

    def _guard(self) -> Any:
        from aiohttp import web

        @web.middleware
        async def guard(request: web.Request, handler: Any) -> web.StreamResponse:
            limit = self._limit
            if limit is not None:
                limit.begin(request.transport)
            try:
                answer = await _told(handler(request))
            finally:
                if limit is not None:
                    limit.end(request.transport)
            if not answer.prepared:
                for name, value in _headers().items():
                    answer.headers.setdefault(name, value)
                if answer.status >= 400:
                    # The rest of a refused request is not waited for.
                    answer.force_close()
            return answer

        return guard

    async def _serve(self, request: "web.Request") -> "web.StreamResponse":
        shown, port = _shown(request), _port_of(request)
        if (turned := turned_away(shown, port)) is not None:
            return _refusal(turned)
        if request.path == "/moved" and shown.method == "GET":
            return self._moved(request)
        if port != self.port:
            return _stranger(request.path)
        if request.path == "/enter":
            return self._enter(request, shown)
        if shown.method == "GET" and (found := files.find_file(request.path)) is not None:
            return _file(found)
        proven = self._keyring.proven(request.headers.get(PROOF_HEADER), request.method, request.raw_path)
        if proven is None:
            return _stranger(request.path)
        self._touch()
        answer = await _told(self._known(request, shown, proven))
        if not answer.prepared:
            answer.headers[PROOF_HEADER] = proven.answer
        return answer

    async def _known(self, request: "web.Request", shown: Shown, proven: Proven) -> "web.StreamResponse":
        """The answer to a page that is known."""
        if (endpoint := self._endpoints.get((shown.method, request.path))) is not None:
            return await self._ask(endpoint, request, proven)
        if any(path == request.path for _, path in self._endpoints):
            return _refusal(Turned(405, "This is asked for in another way."))
        if request.path == "/events" and shown.method == "GET":
            return await self._stream(request, proven)
        return _refusal(Turned(404, "There is nothing of that name here."))

    def _enter(self, request: "web.Request", shown: Shown) -> "web.StreamResponse":
        if shown.method != "GET":
            return _refusal(Turned(405, "Only a browser comes in here."))
        entered = self._keyring.enter(request.query.get("token", ""))
        if entered is None:
            return _stranger("/")
        self._touch()
        session, view = entered
        return _file(files.opened(f"{session.page}.{session.key}", view))

    def _moved(self, request: "web.Request") -> "web.StreamResponse":
        page, nonce = request.query.get("page", ""), request.query.get("nonce", "")
        answer = self._waiting.answer(page, nonce, self.port, self._keyring.expect)
        return _stranger(request.path) if answer is None else _json(answer)

    async def _ask(self, endpoint: Endpoint, request: "web.Request", proven: Proven) -> "web.StreamResponse":
        try:
            asked = dict(request.query) if endpoint.method == "GET" else await _json_of(request, proven)
            if endpoint.guarded(asked) and not proven.session.fresh(self._keyring.clock()):
                raise Refused(STALE, 403)
            async with asyncio.timeout(endpoint.seconds):
                answer = await endpoint.handle(self._backend, asked)
        except Refused as refused:
            return _json({"error": str(refused), **refused.more}, refused.status)
        except TimeoutError:
            return _json({"error": f"Gatelight was not done within {endpoint.seconds:g} s: try again."}, 504)
        return _json(answer)

    async def _stream(self, request: "web.Request", proven: Proven) -> "web.StreamResponse":
        from aiohttp import web

        if self.streams.full:
            return _json({"error": "Too many Gatelight pages are open: close one of them."}, 503)
        kind = {"Content-Type": "text/event-stream; charset=utf-8", PROOF_HEADER: proven.answer}
        answer = web.StreamResponse(headers={**_headers(), **kind})
        await answer.prepare(request)
        self._on_use(True)
        if self._limit is not None:
            # A page that is closed or loaded again leaves its place at once, not with the next sign of life.
            self._limit.ends_with(request.transport, asyncio.current_task())

        async def write(event: bytes) -> None:
            # A page that is only looked at, for a week, is in use all the time.
            self._keyring.note_use(proven.session)
            await answer.write(event)

        try:
            # With this key the page finds the next server, and no other program can have it: see `waiting`.
            await self.streams.run(write, f"event: wait\ndata: {proven.session.wait}\n\n".encode())
        except (TimeoutError, ConnectionError):
            # The page has gone or does not read: a page that reads gets its place.
            if request.transport is not None:
                request.transport.abort()
        finally:
            if not len(self.streams) and self._listening:
                self._on_use(False)
                self._touch()
        return answer


async def _told(answering: Awaitable["web.StreamResponse"]) -> "web.StreamResponse":
    """The answer to a request; a fault becomes a refusal."""
    from aiohttp import web

    try:
        return await answering
    except web.HTTPException as refusal:
        # From aiohttp itself: a body that is too large, a path that makes no sense.
        return _refusal(Turned(refusal.status, refusal.reason))
    except Exception:
        logger.exception("a request to the status page failed")
        return _refusal(Turned(500, "Gatelight could not do that; its log says why."))


def _shown(request: "web.Request") -> Shown:
    headers = request.headers
    return Shown(
        method=request.method,
        host=headers.get("Host"),
        origin=headers.get("Origin"),
        site=headers.get("Sec-Fetch-Site"),
        navigation=request.path in PAGES and headers.get("Sec-Fetch-Mode") in (None, "navigate"),
        entrance=request.path == "/enter",
    )


def _port_of(request: "web.Request") -> int:
    """The port of ours that the request came to; 0 if the connection is gone."""
    own = request.transport.get_extra_info("sockname") if request.transport is not None else None
    return int(own[1]) if own is not None else 0


async def _json_of(request: "web.Request", proven: Proven) -> Mapping[str, Any]:
    if request.content_type != "application/json":
        raise Refused("Only JSON is taken here.", 415)
    if (request.content_length or 0) > LARGEST_BODY:
        raise Refused("That is too much at once: 64 kB at most.", 413)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await request.read()
        if digest(body) != proven.body:
            raise Refused("The request is not what the Gatelight page has signed: load the page again.", 403)
        asked = parse_json(body)
    except TimeoutError:
        raise Refused("The request did not arrive whole: try again.", 408) from None
    except (ValueError, RecursionError):
        raise Refused("What was sent is not JSON.") from None
    if not isinstance(asked, dict):
        raise Refused("What was sent is not a JSON object.")
    return asked


def _json(answer: Mapping[str, Any], status: int = 200) -> "web.Response":
    from aiohttp import web

    return web.Response(body=json_bytes(answer), status=status, content_type="application/json", charset="utf-8")


def _refusal(turned: Turned) -> "web.Response":
    return _json({"error": turned.reason}, turned.status)


def _stranger(path: str) -> "web.Response":
    """The answer to a tab without a key: how the page is opened, and nothing else."""
    from aiohttp import web

    if path not in PAGES:
        return _json({"error": "Open the page with Gatelight’s icon, or with `gatelight`."}, 403)
    return web.Response(
        body=files.STRANGER,
        status=403,
        headers={"Content-Security-Policy": files.STRANGER_POLICY},
        content_type="text/html",
        charset="utf-8",
    )


def _headers() -> dict[str, str]:
    """Those of every answer."""
    return {"Content-Security-Policy": files.policy(), **HEADERS}


def _file(found: files.File) -> "web.Response":
    from aiohttp import web

    return web.Response(body=found.body, content_type=found.kind, charset=found.charset)

"""The page's server: aiohttp on a loopback socket, running only while somebody has the page open.

It is the one place that knows HTTP. Nothing is served without a session, whatever is asked for; what is served is
either a file of a fixed table or what an endpoint answers. aiohttp is imported when the first page is opened.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from agent.page import files
from agent.page.desk import Desk, Endpoint, Refused
from agent.page.doors import Doors
from agent.page.guard import (
    CSRF_HEADER,
    HEADERS,
    TOKEN_SECONDS,
    Keyring,
    Shown,
    Turned,
    cookie_name,
    csrf_of,
    may_not_change,
    turned_away,
)
from agent.page.routes import ENDPOINTS
from agent.page.streams import Full, Streams
from agent.tws.outside import json_bytes, parse_json

if TYPE_CHECKING:
    from aiohttp import web

logger = logging.getLogger("agent.page")

ADDRESS = "127.0.0.1"
"""Loopback and nothing else."""
LARGEST_BODY = 64 * 1024
"""Bytes of a request; the longest is a pasted log."""
BODY_SECONDS = 5.0
"""How long a body may take to arrive."""
IDLE_SECONDS = 300.0
"""Nobody has the page open for so long: the server ends, until somebody wants it again."""
SEND_BUFFER = 128 * 1024
"""Bytes the system may keep for a page that does not read; by default it would be megabytes."""

_SILENT = logging.Logger("aiohttp", logging.CRITICAL + 1)
"""aiohttp writes a line about every malformed request, with what was in it: nobody shall fill our log that way."""

PeerCheck = Callable[[tuple[str, int], tuple[str, int]], bool]
"""Whether the connection from an address to ours was made by this user, as far as the system tells."""


class PortTaken(Exception):
    """The port for the page belongs to another program."""


class PageServer:
    """Serves the page while it is needed; lives on the agent's loop."""

    def __init__(
        self,
        desk: Desk,
        keyring: Keyring,
        *,
        ours: PeerCheck = lambda peer, own: True,
        idle_seconds: float = IDLE_SECONDS,
        on_use: Callable[[bool], None] = lambda _: None,
        streams: Streams | None = None,
    ) -> None:
        """`on_use` hears when the first page opens and when the last one has gone."""
        self._desk = desk
        self._keyring = keyring
        self._ours = ours
        self._idle_seconds = idle_seconds
        self._on_use = on_use
        self.streams = streams if streams is not None else Streams(desk.view)
        self._endpoints: dict[tuple[str, str], Endpoint] = {(e.method, f"/api/{e.path}"): e for e in ENDPOINTS}
        self._runner: web.AppRunner | None = None
        self._doors: Doors | None = None
        self._bound: socket.socket | None = None
        self._listening: asyncio.Server | None = None
        self._idle: asyncio.TimerHandle | None = None
        self.port = 0

    @property
    def running(self) -> bool:
        """Whether it serves."""
        return self._listening is not None

    @property
    def bound(self) -> bool:
        """Whether it has its port, so that a browser may come."""
        return self._bound is not None

    @property
    def connections(self) -> int:
        """How many are open."""
        return 0 if self._doors is None else len(self._doors.open)

    def bind(self, *ports: int) -> socket.socket:
        """Take the first of these ports that is free (0: any free one). Raises `PortTaken`.

        From now on a browser may come; it waits until `start` is done, which loads the server.
        """
        bound = self._bound = self._bound or _bind(ports)
        self.port = bound.getsockname()[1]
        return bound

    async def start(self, *ports: int) -> None:
        """Serve whoever comes, on the port that was bound, else as `bind`. Raises `PortTaken`."""
        if self._listening is not None:
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
        self._doors = Doors(self._runner.server)
        self._listening = await asyncio.get_running_loop().create_server(self._doors, sock=bound, backlog=128)
        self._touch()
        logger.info("the status page is served on port %d", self.port)

    async def close(self) -> None:
        """End it: pages that are open see that nobody answers."""
        if self._idle is not None:
            self._idle.cancel()
        bound, self._bound = self._bound, None
        if self._listening is None or self._runner is None:
            if bound is not None:
                bound.close()
            return
        listening, self._listening = self._listening, None
        runner, self._runner = self._runner, None
        listening.close()
        self.streams.close()
        for door in list(self._doors.open.values()) if self._doors is not None else []:
            if door.waits:
                door.drop()
        await runner.cleanup()
        self._doors = None
        self.streams = self.streams.fresh()
        logger.info("the status page is no longer served")

    def url(self, view: str = "", seconds: float = TOKEN_SECONDS) -> str:
        """An address that opens the page once, within so many seconds; only for the opener."""
        self._touch()
        return f"http://{ADDRESS}:{self.port}/enter?token={self._keyring.invite(view, seconds)}"

    def changed(self) -> None:
        """What is shown has changed."""
        self.streams.changed()

    def _touch(self) -> None:
        """Somebody is there: the time until the end begins anew."""
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
            doors = self._doors
            if doors is not None:
                doors.begin(request.transport)
            try:
                answer: web.StreamResponse = await handler(request)
            except web.HTTPException as refusal:
                # aiohttp's own: a body that is too large, a path that makes no sense.
                answer = _refusal(Turned(refusal.status, refusal.reason))
            except Exception:
                logger.exception("a request to the status page failed")
                answer = _refusal(Turned(500, "Gatelight could not do that; its log says why."))
            finally:
                if doors is not None:
                    doors.end(request.transport)
            if not answer.prepared:
                for name, value in HEADERS.items():
                    answer.headers.setdefault(name, value)
                if answer.status >= 400:
                    # What is left of a refused request is not waited for.
                    answer.force_close()
            return answer

        return guard

    async def _serve(self, request: "web.Request") -> "web.StreamResponse":
        shown = _shown(request)
        if (turned := turned_away(shown, self.port)) is not None:
            return _refusal(turned)
        if request.path == "/enter":
            return self._enter(request, shown)
        cookie = request.cookies.get(cookie_name(self.port), "")
        session = self._keyring.session_of(cookie)
        if session is None:
            return _stranger(request.path)
        self._touch()
        if shown.method == "POST" and (turned := may_not_change(shown, cookie)) is not None:
            return _refusal(turned)
        if (endpoint := self._endpoints.get((shown.method, request.path))) is not None:
            return await self._ask(endpoint, request)
        if any(path == request.path for _, path in self._endpoints):
            return _refusal(Turned(405, "This is asked for in another way."))
        if shown.method == "POST":
            return _refusal(Turned(404, "There is nothing of that name here."))
        if request.path == "/events":
            return await self._stream(request, session)
        return _file(request.path, cookie)

    def _enter(self, request: "web.Request", shown: Shown) -> "web.StreamResponse":
        from aiohttp import web

        if shown.method != "GET":
            return _refusal(Turned(405, "Only a browser comes in here."))
        if not self._peer_is_ours(request):
            # The token is not used up: it is for the user it was made for.
            return _stranger("/")
        entered = self._keyring.enter(request.query.get("token", ""))
        if entered is None:
            return _stranger("/")
        self._touch()
        answer = web.Response(status=303, headers={"Location": f"/#/{entered.view}" if entered.view else "/"})
        answer.set_cookie(cookie_name(self.port), entered.cookie, path="/", httponly=True, samesite="Strict")
        return answer

    def _peer_is_ours(self, request: "web.Request") -> bool:
        peer = request.transport.get_extra_info("peername") if request.transport is not None else None
        return peer is None or self._ours(peer[:2], (ADDRESS, self.port))

    async def _ask(self, endpoint: Endpoint, request: "web.Request") -> "web.StreamResponse":
        try:
            asked = dict(request.query) if endpoint.method == "GET" else await _json_of(request)
            async with asyncio.timeout(endpoint.seconds):
                answer = await endpoint.handle(self._desk, asked)
        except Refused as refused:
            return _json({"error": str(refused), **refused.more}, refused.status)
        except TimeoutError:
            return _json({"error": f"Gatelight was not done within {endpoint.seconds:g} s: try again."}, 504)
        return _json(answer)

    async def _stream(self, request: "web.Request", session: str) -> "web.StreamResponse":
        from aiohttp import web

        try:
            self.streams.check_room(session)
        except Full:
            return _json({"error": "Too many Gatelight pages are open: close one of them."}, 503)
        answer = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream; charset=utf-8"})
        await answer.prepare(request)
        self._on_use(True)
        try:
            await self.streams.run(session, answer.write)
        except (TimeoutError, ConnectionError):
            # Gone, or does not read: its place is for somebody who does.
            if request.transport is not None:
                request.transport.abort()
        finally:
            if not len(self.streams) and self._listening is not None:
                self._on_use(False)
                self._touch()
        return answer


def _bind(ports: tuple[int, ...]) -> socket.socket:
    fault: OSError | None = None
    for port in dict.fromkeys(ports or (0,)):
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
                # On Windows another program could otherwise take the same port.
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
            bound.bind((ADDRESS, port))
            bound.listen(128)
            bound.setblocking(False)
        except (OSError, OverflowError) as refused:
            bound.close()
            fault = refused if isinstance(refused, OSError) else OSError(errno.EINVAL, "no such port")
        else:
            return bound
    raise PortTaken(fault.strerror if fault is not None else "") from fault


def _shown(request: "web.Request") -> Shown:
    headers = request.headers
    return Shown(
        method=request.method,
        host=headers.get("Host"),
        origin=headers.get("Origin"),
        site=headers.get("Sec-Fetch-Site"),
        navigation=request.path in ("/", "/enter") and headers.get("Sec-Fetch-Mode") in (None, "navigate"),
        content_type=request.content_type,
        csrf=headers.get(CSRF_HEADER),
    )


async def _json_of(request: "web.Request") -> Mapping[str, Any]:
    if (request.content_length or 0) > LARGEST_BODY:
        raise Refused("That is too much at once: 64 kB at most.", 413)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            asked = parse_json(await request.read())
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
    """For whoever has no session: how the page is opened, and nothing else."""
    from aiohttp import web

    if path != "/":
        return _json({"error": "Open the page with Gatelight’s icon, or with `gatelight`."}, 403)
    return web.Response(
        body=files.STRANGER,
        status=403,
        headers={"Content-Security-Policy": files.STRANGER_POLICY},
        content_type="text/html",
        charset="utf-8",
    )


def _file(path: str, cookie: str) -> "web.Response":
    from aiohttp import web

    found = files.find(path)
    if found is None:
        return _refusal(Turned(404, "There is nothing of that name here."))
    body = found.body.replace(files.CSRF_PLACE, csrf_of(cookie).encode()) if path == "/" else found.body
    return web.Response(body=body, content_type=found.kind, charset=found.charset)

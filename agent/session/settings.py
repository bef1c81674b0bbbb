"""The settings session: a short second connection that asks for the settings or changes some, and leaves.

It can use the protobuf era of the API, which ib_async cannot, and has a client ID of its own. It takes three seconds at
most, reads a limited number of bytes, and tries again only once, after notice 326. It decides nothing.
"""

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from agent.core.facts import Fact, Known, Unknown
from agent.core.fix import SettingsOutcome, SettingsResult
from agent.tws.api_settings import (
    CONFIG_SINCE,
    LONGEST_ANSWER,
    UPDATE_CONFIG_SINCE,
    ApiSettings,
    ConfigResponse,
    Configuration,
    Source,
    UpdateResponse,
    UpdateWarning,
    decode_config_response,
    decode_update_response,
    encode_config_request,
    encode_update_request,
)
from agent.tws.api_settings_table import BY_PATH
from agent.tws.outside import clean
from agent.tws.privacy import redact
from agent.tws.protobuf import WireError
from agent.tws.read_only import says_read_only
from agent.tws.wire import (
    ErrorMessage,
    Frames,
    Message,
    NextValidId,
    NotApiBytes,
    Other,
    Reply,
    Request,
    hello,
    parse_hello_answer,
    parse_message,
    request_frame,
    start_api,
)

LONGEST_INQUIRY = 3.0
"""Seconds for the whole session, from the connection attempt to the closed socket."""
CLOSING = 0.2
"""Seconds of these in which the socket may close properly; after them it is dropped."""
REQUEST_ID = 1
"""The ID of the only request of a session."""
_ID_IN_USE = 326
VALIDATION_FAILED = 321
ANSWER_ON_ITS_WAY = 0.5
"""Seconds to wait for an answer after a refusal that does not name our request."""
_ATTEMPTS = 2
"""Client IDs that are tried."""
MOST_MESSAGES = 1_000
"""Messages that are read at most; a session begins with some twenty."""

_REFUSALS = frozenset({320, VALIDATION_FAILED, 322, 503, 10357})
"""Notices that may refuse our request without naming it: old builds leave the request ID out."""
_REMARKS = range(2100, 2200)
"""Notices about data and connections, which never answer a request for settings."""
_CHUNK = 65_536
_LONGEST_QUOTE = 200
"""Characters of a notice that are quoted."""


@dataclass(frozen=True, slots=True)
class SettingsAnswer:
    """The result of asking for the settings."""

    settings: Fact[ConfigResponse]
    server_version: int | None = None
    """The highest that both sides know; ib_async agrees on a far lower one. None: the hello was not answered."""
    elapsed: float = 0.0
    """Seconds that the session took."""


# ── asking and changing ─────────────────────────────────────────────────────────────────────────


async def ask_settings(
    host: str, port: int, client_ids: Sequence[int], *, within: float = LONGEST_INQUIRY
) -> SettingsAnswer:
    """Ask for the settings. `client_ids`: two unused client IDs, first choice and fallback; never 0."""
    began = asyncio.get_running_loop().time()
    errand = _Errand(CONFIG_SINCE, "tell its settings", Request.CONFIG, Reply.CONFIG, encode_config_request(REQUEST_ID))
    said = await _converse(host, port, client_ids, errand, within)
    elapsed = asyncio.get_running_loop().time() - began
    return SettingsAnswer(_settings(said), said.server_version, elapsed)


async def update_settings(
    host: str,
    port: int,
    client_ids: Sequence[int],
    changes: Configuration,
    accepted: Sequence[UpdateWarning] = (),
    *,
    within: float = LONGEST_INQUIRY,
) -> SettingsOutcome:
    """Ask once for the changes; `accepted` are the warnings of an earlier try that the user has accepted.

    ValueError for a change that no message can ask for, such as that of Read-Only API.
    """
    body = encode_update_request(REQUEST_ID, changes, accepted)
    errand = _Errand(UPDATE_CONFIG_SINCE, "let settings be changed", Request.UPDATE_CONFIG, Reply.UPDATE_CONFIG, body)
    said = await _converse(host, port, client_ids, errand, within)
    return _outcome(said, accepted)


def _settings(said: "_Said") -> Fact[ConfigResponse]:
    if said.refusal is not None:
        if _is_read_only(said.refusal):
            # The refusal is the proof: only Read-Only API gives these words.
            return Known(ConfigResponse(settings=ApiSettings(read_only_api=True), source=Source.INFERRED))
        return Unknown(_refusal(said.refusal))
    if said.body is None:
        return Unknown(said.failure)
    try:
        response = decode_config_response(said.body)
    except WireError as error:
        return Unknown(f"the answer could not be read: {error}")
    if response.request_id not in (None, REQUEST_ID):
        return Unknown("the answer belongs to another request")
    return Known(response) if response.present else Unknown("the answer held none of the settings")


def _outcome(said: "_Said", accepted: Sequence[UpdateWarning]) -> SettingsOutcome:
    if said.refusal is not None:
        result = SettingsResult.READ_ONLY if _is_read_only(said.refusal) else SettingsResult.REFUSED
        return SettingsOutcome(result, _refusal(said.refusal))
    if said.body is None:
        return SettingsOutcome(SettingsResult.UNKNOWN if said.sent else SettingsResult.NOT_ASKED, said.failure)
    try:
        response = decode_update_response(said.body)
    except WireError as error:
        return SettingsOutcome(SettingsResult.UNKNOWN, f"the answer could not be read: {error}")
    if response.request_id not in (None, REQUEST_ID):
        return SettingsOutcome(SettingsResult.UNKNOWN, "the answer belongs to another request")
    return _outcome_of(response, accepted)


def _outcome_of(response: UpdateResponse, accepted: Sequence[UpdateWarning]) -> SettingsOutcome:
    words = _quoted(response.message)
    known = {warning.message_id for warning in accepted}
    if not response.errors and any(warning.message_id not in known for warning in response.warnings):
        return SettingsOutcome(SettingsResult.WARNINGS, warnings=response.warnings)
    if response.errors or response.failed:
        objected = f" ({_titles(response.errors)})" if response.errors else ""
        reason = words or "the application found errors in the change"
        return SettingsOutcome(SettingsResult.REFUSED, reason + objected)
    if response.succeeded:
        return SettingsOutcome(SettingsResult.CHANGED, _titles(response.changed_fields) or words)
    reason = f"the application answered “{_quoted(response.status)}” {words}".rstrip()
    return SettingsOutcome(SettingsResult.UNKNOWN, reason)


def _titles(paths: Sequence[str]) -> str:
    return ", ".join(BY_PATH[path].title if path in BY_PATH else redact(path) for path in paths)


def _is_read_only(notice: ErrorMessage) -> bool:
    return notice.code == VALIDATION_FAILED and says_read_only(notice.text)


def _refusal(notice: ErrorMessage) -> str:
    return f"refused with notice {notice.code} ({_quoted(notice.text)})"


def _quoted(text: str) -> str:
    return redact(clean(text, _LONGEST_QUOTE))


# ── the conversation ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Errand:
    """The one request of a session."""

    since: int
    """The server version that the request needs."""
    what: str
    """The end of the sentence "server version 178 does not …"."""
    request: Request
    reply: Reply
    body: bytes


@dataclass(slots=True)
class _Said:
    """The result of one session: an answer, a refusal, or the reason why there is neither."""

    body: bytes | None = None
    refusal: ErrorMessage | None = None
    failure: str = ""
    server_version: int | None = None
    sent: bool = False
    """Whether the request may have reached the application."""
    id_in_use: bool = False


class _Ended(Exception):
    """The conversation cannot go on; `str()` says why."""


async def _converse(host: str, port: int, client_ids: Sequence[int], errand: _Errand, within: float) -> _Said:
    if not client_ids or any(client_id <= 0 for client_id in client_ids):
        raise ValueError("the settings session needs a client ID above 0: with 0 it would adopt manual orders")
    deadline = asyncio.get_running_loop().time() + within
    said = _Said()
    for client_id in client_ids[:_ATTEMPTS]:
        said = await _one_session(host, port, client_id, errand, deadline)
        if not said.id_in_use:
            break
    return said


async def _one_session(host: str, port: int, client_id: int, errand: _Errand, deadline: float) -> _Said:
    said = _Said()
    line = _Line()
    closing = min(CLOSING, max(0.0, deadline - asyncio.get_running_loop().time()) / 4)
    try:
        async with asyncio.timeout_at(deadline - closing):
            await line.open(host, port)
            await _talk(line, client_id, errand, said)
    except TimeoutError:
        said.failure = line.silence()
    except NotApiBytes as error:
        said.failure = f"the port does not speak the TWS API: {error}"
    except WireError as error:
        said.failure = f"the answer could not be read: {error}"
    except _Ended as error:
        said.failure = str(error)
    except ConnectionRefusedError:
        said.failure = "the connection was refused"
    except ConnectionError:
        said.failure = f"the connection was reset: {line.waits_for}"
    except (socket.gaierror, UnicodeError):
        said.failure = "the host name is unknown"
    except OSError as error:
        said.failure = f"no connection came about ({error.strerror or type(error).__name__})"
    finally:
        await line.close(closing)
    return said


async def _talk(line: "_Line", client_id: int, errand: _Errand, said: _Said) -> None:
    line.waits_for = "the hello was not answered"
    line.send(hello())
    version = said.server_version = parse_hello_answer(await line.frame())
    if version < errand.since:
        raise _Ended(f"server version {version} does not {errand.what}; that begins with {errand.since}")
    line.waits_for = "nextValidId did not come"
    line.send(start_api(version, client_id))
    while not isinstance(message := await line.message(version), NextValidId):
        if isinstance(message, ErrorMessage) and message.code == _ID_IN_USE:
            said.id_in_use = True
            raise _Ended(f"client ID {client_id} is in use (notice {_ID_IN_USE})")
    line.waits_for = "the request was not answered"
    said.sent = True
    line.send(request_frame(version, errand.request, protobuf=errand.body))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(None) as patience:
            while True:
                match await line.message(version):
                    case Other(message_id=errand.reply, protobuf=True, body=body):
                        said.body, said.refusal = body, None
                        return
                    case ErrorMessage(request_id=request_id, code=code) as notice:
                        if request_id == REQUEST_ID and code not in _REMARKS:
                            said.refusal = notice
                            return
                        if request_id == -1 and code in _REFUSALS and said.refusal is None:
                            # It may be about another request; an answer that still comes counts more.
                            said.refusal = notice
                            patience.reschedule(asyncio.get_running_loop().time() + ANSWER_ON_ITS_WAY)


class _Line:
    """A connection that is read frame by frame, with limits for everything."""

    def __init__(self) -> None:
        self.waits_for = "no connection came about"
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._frames = Frames()
        self._whole: deque[bytes] = deque()
        self._received = 0
        self._messages = 0

    async def open(self, host: str, port: int) -> None:
        """Connect."""
        self._reader, self._writer = await asyncio.open_connection(host, port, limit=_CHUNK)

    def send(self, message: bytes) -> None:
        """Write one message; all are so short that there is nothing to wait for."""
        if self._writer is not None:
            self._writer.write(message)

    async def frame(self) -> bytes:
        """The next whole frame."""
        while not self._whole:
            chunk = b"" if self._reader is None else await self._reader.read(_CHUNK)
            if not chunk:
                raise _Ended(f"the connection was closed: {self._lack()}")
            self._received += len(chunk)
            if self._received > LONGEST_ANSWER:
                raise _Ended(f"more than {LONGEST_ANSWER // 1024} KiB came, too much for settings")
            self._whole.extend(self._frames.feed(chunk))
        return self._whole.popleft()

    async def message(self, version: int) -> Message:
        """The next message."""
        self._messages += 1
        if self._messages > MOST_MESSAGES:
            raise _Ended(f"{MOST_MESSAGES} messages came and none of them was the answer")
        return parse_message(version, await self.frame())

    def silence(self) -> str:
        """The words for what had not happened when the time was up."""
        return f"the time was up: {self._lack()}"

    def _lack(self) -> str:
        half = f", {self._frames.unfinished} bytes of an unfinished message had come" if self._frames.unfinished else ""
        return self.waits_for + half

    async def close(self, patience: float) -> None:
        """Close the connection within `patience` seconds, even against the other side."""
        if self._writer is None:
            return
        try:
            self._writer.close()
            # After a reset, closing only raises an error.
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(patience):
                    await self._writer.wait_closed()
        finally:
            self._writer.transport.abort()

"""Reads one relayed connection along, as far as the limits of the TWS API concern it; never touches its bytes.

What it cannot read ends its counting for that connection, with the reason. Nothing it does raises.
"""

from collections.abc import Callable

from agent.relay.doubts import LineKind
from agent.relay.frames import MOST_WANTED, FrameReader
from agent.relay.ledger import AnswerTimes, HistoryWindows, ProgramUsage, Refusal
from agent.tws.codec import HELLO_PREFIX, PROTOBUF_OFFSET, RAW_ID_SIZE, Era, era_of, parse_hello
from agent.tws.notices import NoticeKind, kind_of
from agent.tws.outside import clean
from agent.tws.requests import ClientRequest, parse_request
from agent.tws.schema import Values
from agent.tws.wire import NEWEST_VERSION, OLDEST_VERSION, ErrorMessage, parse_message

_ID_ONLY = 64
"""Bytes that hold the ID of a request."""
_REQUESTS = {
    **dict.fromkeys((1, 2, 10, 11, 50, 51, 97, 98, 20, 25), MOST_WANTED),
    **dict.fromkeys((9, 71, 81), MOST_WANTED),
    **dict.fromkeys((3, 49), _ID_ONLY),
}
"""Message IDs of what clients send, with the bytes that are read of each."""
_ANSWERS = {10: "contracts", 17: "history", 49: "time", 57: "snapshots", 79: "symbols", 81: "market data"}
"""Message IDs of what TWS sends, with the kind of request that each is the first answer to."""
_DATA = (1, 2, 12, 13, 21, 45, 46, 50, 58, 99)
"""Message IDs of what TWS sends of an open line besides; read only while it matters whether one is open."""
_ALWAYS = 1 << 30
_VERSION_FIRST = {10: 164, 17: 124, 21: 156, **dict.fromkeys((1, 2, 12, 13, 45, 46, 50, 57, 58), _ALWAYS)}
"""Those whose text form begins with a version, below this server version (IBKR’s decoder); the others begin with the
request ID."""
_REGULATORY_SINCE = 114
"""Server version from which a market data request ends with one field more (IBKR: REQ_SMART_COMPONENTS)."""
_MOST_READ = 5000
"""Messages of one connection that are read in a second, at some 20 µs each; TWS takes 50 to some hundred."""
_MOST_REPEATED = 1000
_LONGEST_INSTRUMENT = 60
"""Characters."""
_REPLIES = {4: MOST_WANTED, **dict.fromkeys(_ANSWERS, _ID_ONLY)}
_ATTENTIVE = {**dict.fromkeys(_DATA, _ID_ONLY), **_REPLIES}

_OPENS = {1: LineKind.STREAM, 10: LineKind.DEPTH, 50: LineKind.BARS, 97: LineKind.TICKS}
_CANCELS = frozenset({2, 11, 51, 98})
_STARTS_ANSWER = {1: "market data", 9: "contracts", 20: "history", 49: "time", 81: "symbols"}
_REFUSES = frozenset({101, 102, 200, 203, 309, 310, 320, 321, 322, 354, 420, 504, 10089, 10168, 10186, 10189, 10190})
"""Notices after which the request that they name is not open (IBKR's message codes)."""
_RULES = {
    NoticeKind.RATE_EXCEEDED: "messages a second",
    NoticeKind.LINES_EXHAUSTED: "market data lines",
    NoticeKind.PACING: "historical requests",
}
"""Notices that a limit was reached, by the limit."""
_SMALL_BARS = frozenset(f"{seconds} {unit}" for seconds in (1, 5, 10, 15, 30) for unit in ("sec", "secs"))
"""Bar sizes to which the pacing rules apply (IBKR's historical limitations)."""
_NO_LINES = 101
_NOT_KNOWN = frozenset({300, 310})
"""Notices to a cancel of what is not open (IBKR's message codes)."""
_DATA_LOST = 1101


class _TooMany(Exception):
    """Reading along would hold up others."""


class ConnectionCounter:
    """One connection. `sent` and `received` get its bytes; `off` is called once it counts no more."""

    def __init__(
        self,
        usage: ProgramUsage,
        windows: HistoryWindows,
        clock: Callable[[], float],
        off: Callable[[], None],
        lines_refused: Callable[[], None],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """`clock` gives monotonic seconds; `windows` are those of the whole relay.

        `lines_refused` is called when TWS refuses a request for want of market data lines, and `changed` when what
        counts against a limit may have changed.
        """
        self._usage = usage
        self._windows = windows
        self._clock = clock
        self._off = off
        self._lines_refused = lines_refused
        self._changed = changed
        self._now = 0.0
        self._greeting = b""
        self._greeted = self._speaks = False
        """It has said hello, and TWS has answered: messages come."""
        self._asked = FrameReader(_REQUESTS, self._hear_program)
        self._answered = FrameReader(_REPLIES, self._hear_tws)
        self._attentive = False
        self._second = self._read = 0
        self._repeated: set[int] = set()
        """Request IDs that a program has used twice: TWS refuses the second, and the first stays."""

    def sent(self, passed: memoryview) -> None:
        """The program has sent this."""
        try:
            self._now = self._clock()
            if not self._speaks:
                self._greet(passed)
                return
            # For each message that a program sends: it must cost next to nothing.
            asked = self._asked
            before = asked.frames
            asked.feed(passed)
            if new := asked.frames - before:
                self._count(new)
        except Exception:
            self._stop("its messages cannot be read")

    def received(self, passed: memoryview) -> None:
        """TWS has sent this."""
        try:
            self._now = self._clock()
            self._answered.feed(passed)
        except Exception:
            self._stop("the messages of TWS cannot be read")

    def ended(self) -> None:
        """TWS has ended the session: nothing of it is open there any more, however long the program waits."""
        self._usage.over = True
        self._usage.lines.clear()
        self._usage.doubts.clear()
        self._changed()

    def _stop(self, reason: str) -> None:
        """Count no more: what was open is not known any longer."""
        if not self._usage.uncounted:
            self._usage.uncounted = reason
        self._usage.lines.clear()
        self._usage.doubts.clear()
        self._usage.answers.clear()
        self._changed()
        self._off()

    def _count(self, messages: int) -> None:
        usage = self._usage
        usage.messages += messages
        rate = usage.rate.add(self._now, messages)
        if rate >= usage.nearly:
            near = usage.rate_near
            if near.since is not None and rate <= near.most:
                near.last = self._now
                return
            near.take(self._now, rate, usage.allowed)
            self._changed()

    def _greet(self, passed: memoryview) -> None:
        data: memoryview | bytes = passed
        if not self._greeted:
            self._greeting += bytes(passed[: len(HELLO_PREFIX)])
            known = len(self._greeting)
            if not HELLO_PREFIX.startswith(self._greeting[: len(HELLO_PREFIX)]):
                self._usage.uncounted = "what it sends is not the TWS API"
                raise ValueError("no hello")
            if known < len(HELLO_PREFIX):
                return
            self._greeted = True
            # The rest of this piece, behind what the greeting took.
            data = self._greeting[len(HELLO_PREFIX) :] + bytes(passed[len(HELLO_PREFIX) :])
        hello, before = self._usage.server_version is None, self._asked.frames
        self._asked.feed(data)
        if (new := self._asked.frames - before) and not hello:
            self._count(new)
        self._speaks = self._usage.server_version is not None

    # ── hello ───────────────────────────────────────────────────────────────────────────────────

    def _hear_program(self, frame: bytes) -> None:
        usage = self._usage
        if usage.server_version is None:
            # Before TWS has answered there is nothing but the hello; ValueError for anything else.
            parse_hello(frame)
            return
        self._take_time()
        try:
            request = parse_request(frame, usage.server_version)
            self._request(request, frame)
        except (ValueError, TypeError):
            usage.unread += 1

    def _hear_tws(self, frame: bytes) -> None:
        usage = self._usage
        if usage.server_version is not None:
            try:
                self._reply(frame, usage.server_version)
            except ValueError:
                usage.unread += 1
            return
        version = int(frame.partition(b"\0")[0])
        if not OLDEST_VERSION <= version <= NEWEST_VERSION:
            usage.uncounted = f"its server version {version} is not known"
            raise ValueError("unknown version")
        usage.server_version = version
        self._speaks = self._greeted
        for reader in (self._asked, self._answered):
            reader.speak(era_of(version))

    def _take_time(self) -> None:
        """Read one more message, unless that would take time from other connections; then the counting ends."""
        if int(self._now) != self._second:
            self._second, self._read = int(self._now), 0
        self._read += 1
        if self._read > _MOST_READ:
            self._usage.uncounted = "there are more messages than can be read along"
            raise _TooMany

    # ── messages ────────────────────────────────────────────────────────────────────────────────

    def _request(self, request: ClientRequest, frame: bytes) -> None:
        usage, number = self._usage, request.number
        if usage.over:
            return
        request_id = request.request_id
        if kind := _STARTS_ANSWER.get(number):
            self._times(kind).asked(self._now, max(0, request_id))
        if number in _OPENS:
            self._open(request, request_id, frame)
            self._changed()
        elif number in _CANCELS:
            usage.cancel_line(self._now, request_id)
            self._changed()
        elif number == 71:
            usage.client_id = request.number_of("client_id")
        elif number == 3:
            usage.orders += 1
        elif number == 20 and request.text_of("bar_size").strip().lower() in _SMALL_BARS:
            self._history(request)

    def _open(self, request: ClientRequest, request_id: int, frame: bytes) -> None:
        kind = _OPENS[request.number]
        if kind is LineKind.STREAM and _is_snapshot(request, frame, self._usage.server_version or 0):
            kind = LineKind.SNAPSHOT
            self._times("snapshots").asked(self._now, request_id)
        instrument = instrument_of(request.part_of("contract"))
        if self._usage.open_line(request_id, kind, instrument):
            self._usage.doubts.asked(self._now, request_id, kind)
            self._usage.note(request_id, f"{kind} of {instrument}")
        elif len(self._repeated) < _MOST_REPEATED:
            self._repeated.add(request_id)
        if kind is LineKind.BARS:
            self._history(request)

    def _history(self, request: ClientRequest) -> None:
        what = request.text_of("what").upper()
        weight = 2 if what == "BID_ASK" else 1
        contract = request.part_of("contract")
        same = " ".join((*map(str, contract.values()), what))
        whole = repr(sorted((name, str(value)) for name, value in request.values.items() if name != "request_id"))
        self._usage.history += weight
        self._usage.note(request.request_id, f"history of {instrument_of(contract)}")
        self._usage.doubts.asked_history(self._now, request.request_id, weight)
        self._windows.add(self._now, same, whole, weight, self._usage)
        self._changed()

    def _reply(self, frame: bytes, version: int) -> None:
        number, rest, protobuf = _opened(frame, version)
        if number == 4:
            self._take_time()
            message = parse_message(version, frame)
            if isinstance(message, ErrorMessage):
                self._notice(message)
            return
        request_id = 0 if number == 49 else _request_id_of(number, rest, protobuf, version)
        if number in _DATA or number == 81:
            self._usage.data_came(self._now, request_id)
            self._listen()
        if number in _DATA:
            return
        kind = _ANSWERS[number]
        times = self._usage.answers.get(kind)
        if number == 57 or (times is not None and times.waiting):
            self._times(kind).answered(self._now, request_id)
        if number in (17, 57):
            self._usage.doubts.answered(request_id)
        if number == 57:
            self._usage.lines.pop(request_id, None)

    def _listen(self) -> None:
        """Read the data as well while it matters whether there is any, which costs something for each tick."""
        if (listens := self._usage.doubts.listens(self._now)) != self._attentive:
            self._attentive = listens
            self._answered.want(_ATTENTIVE if listens else _REPLIES)
            self._changed()

    def _notice(self, notice: ErrorMessage) -> None:
        usage = self._usage
        if notice.code == _DATA_LOST:
            usage.lines.clear()
            usage.doubts.clear()
        kind = kind_of(notice.code, notice.text)
        if kind in _RULES:
            usage.refused[_RULES[kind]] += 1
            usage.refusals.append(Refusal(self._now, notice.code, _RULES[kind], usage.noted(notice.request_id)))
        if kind is NoticeKind.RATE_EXCEEDED:
            usage.doubts.refused(self._now)
        elif notice.code in _NOT_KNOWN:
            usage.doubts.not_known(notice.request_id)
        elif notice.request_id in self._repeated and notice.code in _REFUSES:
            self._repeated.discard(notice.request_id)
        else:
            usage.doubts.answered(notice.request_id)
            if notice.code in _REFUSES:
                usage.lines.pop(notice.request_id, None)
        self._listen()
        if notice.code == _NO_LINES:
            self._lines_refused()
        self._changed()
        for times in usage.answers.values():
            times.answered(self._now, notice.request_id)

    def _times(self, kind: str) -> AnswerTimes:
        return self._usage.answers.setdefault(kind, AnswerTimes())


def instrument_of(contract: Values) -> str:
    """An instrument as a user knows it: `AAPL STK SMART USD`, or its number where nothing else was given."""
    named = [str(contract.get(name, "")) for name in ("local_symbol", "symbol")]
    symbol = next((name for name in named if name), "")
    if not symbol:
        return f"contract {contract.get('con_id', '?')}"
    rest = [str(contract.get(name) or "") for name in ("sec_type", "expiry", "strike", "right", "exchange", "currency")]
    return clean(" ".join((symbol, *(part for part in rest if part not in ("", "0", "0.0")))), _LONGEST_INSTRUMENT)


def _is_snapshot(request: ClientRequest, frame: bytes, version: int) -> bool:
    if request.part_of("contract").get("sec_type") != "BAG" or isinstance(request.values.get("snapshot", False), bool):
        return request.flag_of("snapshot")
    # In text the legs of a combination stand before the rest, which is counted from its end.
    parts = frame.split(b"\0")
    return parts[-4 if version >= _REGULATORY_SINCE else -3] == b"1"


def _opened(frame: bytes, version: int) -> tuple[int, bytes, bool]:
    """Message ID, what follows it, and whether that is protobuf; of a frame that may be cut short."""
    if era_of(version) is Era.TEXT:
        number, _, rest = frame.partition(b"\0")
        return int(number), rest, False
    found = int.from_bytes(frame[:RAW_ID_SIZE], "big")
    protobuf = found > PROTOBUF_OFFSET
    return found - PROTOBUF_OFFSET if protobuf else found, frame[RAW_ID_SIZE:], protobuf


def _request_id_of(number: int, rest: bytes, protobuf: bool, version: int) -> int:
    """The request ID near the beginning of an answer; -1 where there is none."""
    if not protobuf:
        return int(rest.split(b"\0", 2)[1 if version < _VERSION_FIRST.get(number, 0) else 0])
    if rest[:1] != _FIRST_NUMBER:
        return -1
    found = shift = 0
    for byte in rest[1:11]:
        found |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return found
    return -1


_FIRST_NUMBER = b"\x08"
"""The key of a protobuf field 1 that is a number: the request ID in every answer that is read here."""

"""Finds notice numbers in lines of any program's log, and takes no other numbers for them.

A log line is full of numbers: times, ports, request IDs, client IDs, process IDs, prices, account IDs. A number counts
as a notice only if the catalogue of notices has it, and only where a known program writes notices that way or a word
before it announces a notice.
"""

import re
from dataclasses import dataclass

from agent.tws.notice_texts import codes_told
from agent.tws.notices import lookup


@dataclass(frozen=True, slots=True)
class FoundNotice:
    """One notice found in a text."""

    code: int
    line: str
    """The whole line it stands on."""
    rest: str
    """What follows the number: the notice's text, where the program logs it there."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """One way in which programs write notices."""

    pattern: re.Pattern[str]
    loose: bool = False
    """The shape is so general that a small number counts only with punctuation or a capital letter after it."""


def _shape(pattern: str, loose: bool = False) -> _Shape:
    return _Shape(re.compile(pattern, re.IGNORECASE), loose)


_ID = r"-?\d{1,10}"
"""A request ID."""
_MILLISECONDS = r"\d{12,14}"
_CODE = r"(?P<code>\d{1,5})"
_END = r"(?!\w|%|[-:/.,]\d)"
"""What follows: no more of a longer number, a date, a time, a price or an address."""

_ANNOUNCING = (
    "error|err|warning|notice|fehler|fehlermeldung|warnung|erreur|avertissement|errore|erro|aviso|fout|ошибка|błąd|"
    "エラー|警告|错误|錯誤|오류"
)
"""Words for error, warning and notice in the languages of TWS and of programs."""
_CODE_WORD = (
    r"(?:(?:error|err|warning|notice|message|msg)[\s_-]?)?code|fehlercode|meldungscode|código|codice|"
    "код|代码|代碼|コード|코드"
)
_OTHER_CODES = frozenset(
    "exit status return response close security country zip http signal exchange reason process result".split()  # noqa: SIM905
)
"""Words that make "code" mean something else, where they stand before it."""

_SHAPES = (
    # ib_async and ib_insync: "Error 326, reqId -1: …"
    _shape(rf"(?:{_ANNOUNCING})\s+{_CODE},\s*req_?id\s*[:=]?\s*{_ID}"),
    # IBKR's Python client: "ERROR -1 2104 …", from 10.33 on "ERROR -1 1795000000123 2104 …"; its samples "Error: …",
    # others with commas in between; nothing follows where only the numbers were copied
    _shape(rf"\berror\b\W{{0,3}}{_ID},?\s+(?:{_MILLISECONDS},?\s+)?(?P<code>\d{{3,5}}){_END}(?:,?\s+(?=\D)|,?\s*$)"),
    # "ErrorCode: 2104", "code=10197", "error_code: 320", '"code": 1100', "(code: 2104, req_id=-1)", "代码：320"
    _shape(rf"(?:(?P<before>[A-Za-z]+)[\s_-]+)?(?<![A-Za-z])(?:{_CODE_WORD})[\"']?\s*[:=：#]?\s*[\"'(]?{_CODE}{_END}"),
    # "error-3: -1 | 2103 | Market data farm …"
    _shape(rf"{_ID}\s*\|\s*{_CODE}\s*\|"),
    # "(-1, 2104, 'Market …')", "errorEvent(-1, 326, …)", "error(-1, 1795000000123, 2104, …)"
    _shape(rf"\(\s*{_ID},\s*(?:{_MILLISECONDS},\s*)?{_CODE},\s*(?=[\"'…u])"),
    # "onError(-1, 2105, HMDS data farm …)"
    _shape(rf"error\w*\(\s*{_ID},\s*(?:{_MILLISECONDS},\s*)?{_CODE},"),
    # the wire as ib_async logs it: "<<< 4,2,-1,2104,Market …"
    _shape(rf"<<<\s*4,2,{_ID},{_CODE},"),
    # pysystemtrade: "Reqid -1: 2103 Market data farm …"; R: "TWS Message: 2 -1 2104 Market …"
    _shape(rf"\breq_?id\s+{_ID}\s*:\s*{_CODE}\s+(?=[^\W\d_])"),
    _shape(rf"\btws\s+message:\s*\d+\s+{_ID}\s+{_CODE}\s+(?=[^\W\d_])"),
    # IBKR's Java sample: "-1 2104 Market data farm …"
    _shape(rf"^\s*-1[\s,;|]+{_CODE}[\s,;|:]+(?=[^\W\d_])"),
    # "[IB #321] Error validating …", "[#2139] Real paper-trading …"
    _shape(rf"\[(?:[a-z]+\s*)?#{_CODE}\]"),
    # "[IB API] 2103: …"
    _shape(rf"\b(?:ib|ibkr|tws|api)\]?\s+{_CODE}\s*[:–-]\s"),
    # "[2104] Market data farm …"
    _shape(rf"(?<![\w\]])\[{_CODE}\]\s+(?!(?:trace|debug|info|warn|warning|error|fatal|critical)\b)(?=[^\W\d_])"),
    # "Error 1100", "Fehler 502: …", "notice 2110", "错误 1100", "Error (326)"
    _shape(rf"(?<![\w.])(?:{_ANNOUNCING})\s*(?:number|no\.|nr\.)?\s*[:：#(（\[]?\s*{_CODE}{_END}", loose=True),
    # a line that begins with the number: "2104: Market data farm …", "326 - Unable …"
    _shape(rf"^\s*{_CODE}\s*(?::|–|-|：)\s+(?=[^\W\d_])", loose=True),
    # "1100 Connectivity between …"
    _shape(r"^\s*(?P<code>\d{4,5})\s+(?-i:(?=[A-Z][a-z]))"),
)

_LEAST_LOOSE = 1000
"""A smaller number after the mere word "error" may be a count: "error: 200 orders were …"."""
_SMALL_LETTER = re.compile(r"\s*[a-z]")
_SOMETHING_ELSE = re.compile(
    r"""[\s\W]{0,4}(?:
        # units, and the process ID in the lines of Spring Boot
        (?:ms|s|sec|seconds?|minutes?|bytes|[KMG]i?B|times|attempts?|retries)\b(?!-) | \s---\s
        # HTTP
        | OK\s*$ | Bad\ (?:Gateway|Request) | Unprocessable | Conflict\b | Method\ Not | Not\ Acceptable
        | Request\ Time-?out | Gone\b | Payment\ Required | Locked\b | Not\ Modified | Multiple\ Choices
        | See\ Other | Temporary\ Redirect | Permanent\ Redirect | Precondition
        | Service\ (?:Temporarily\ )?Unavailable | Gateway\ Time-?out | Not\ Found
        | Forbidden | Unauthorized | Created\b | Moved\ Permanently | Too\ Many\ Requests | HTTP
        # the operating system's error numbers
        | Connection\ (?:timed\ out|refused|reset|aborted) | Network\ is | Software\ caused | No\ route
        | Address\ already | Connect\ call | Transport\ endpoint | Host\ is | Operation\ not | No\ buffer
        | kind\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_FOREIGN = re.compile(
    r"\b(?:https?|socket\w*|winsock|wsa\w*|os|windows|win32|sql\w*|mysql|odbc|posix|system|libuv|curl|ssl|tls|"
    r"(?:os|io)\s*\{)\W{1,3}$",
    re.IGNORECASE,
)
"""Before the phrase with the number: the number is then another system's."""
_RATE = re.compile(r"max\w*\s+rate", re.IGNORECASE)
_BARE = re.compile(
    rf"""[\s\W_]*(?:(?:{_ANNOUNCING}|{_CODE_WORD}|codes?|errors|messages?|msg|numbers?|no|nr|what|does|do|is|mean|means|
    the|an?|of|from|ib|ibkr|interactive|brokers|tws|api|gateway|ibapi|ib_async|ib_insync)[\s#:.,?!"'“”()–_-]+)*
    (?P<code>\d{{1,5}})[\s:.,?!"'“”()-]*(?:mean|means)?[\s?!.]*""",
    re.IGNORECASE | re.VERBOSE,
)
"""A number alone, or with words that ask for it: "1100", "notice 1100", "what is 2104?"."""
_LONGEST_LINE = 4000
"""Characters of a line that are searched: a pasted line may be a whole message dump."""


def find_notices(text: str) -> tuple[FoundNotice, ...]:
    """Every notice that a text gives by number, in order."""
    lines = [line[:_LONGEST_LINE] for line in text.splitlines() if line.strip()]
    found = [one for line in lines for one in _in_line(line)]
    if not found and len(lines) == 1 and (bare := _BARE.fullmatch(lines[0])):
        code = int(bare["code"])
        found = [FoundNotice(code, lines[0], "")] if code and lookup(code) else []
    return tuple(found)


def find_told(text: str) -> tuple[FoundNotice, ...]:
    """The notices that a text gives by IBKR's English sentence, in order; numbers play no part."""
    lines = (line[:_LONGEST_LINE] for line in text.splitlines())
    return tuple(FoundNotice(code, line, line[end:]) for line in lines for code, end in codes_told(line))


def _in_line(line: str) -> list[FoundNotice]:
    claimed: list[tuple[int, int]] = []
    found: list[tuple[int, FoundNotice]] = []
    for shape in _SHAPES:
        for match in shape.pattern.finditer(line):
            if any(match.start() < end and start < match.end() for start, end in claimed):
                continue
            # Claimed even when it holds no notice: a looser shape must not take another number of the same phrase.
            claimed.append(match.span())
            if _is_notice(match, line, shape.loose):
                found.append((match.start("code"), FoundNotice(int(match["code"]), line, line[match.end() :])))
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]


def _is_notice(match: re.Match[str], line: str, loose: bool) -> bool:
    code, rest = int(match["code"]), line[match.end("code") :]
    before = match.groupdict().get("before")
    if before and before.lower() in _OTHER_CODES:
        return False
    if _FOREIGN.search(line[: match.start()][-20:]):
        return False
    if code == 0 and not _RATE.search(line):
        return False
    if loose and code < _LEAST_LOOSE and _SMALL_LETTER.match(rest):
        return False
    return lookup(code) is not None and not _SOMETHING_ELSE.match(rest)

"""What the operating system reports when a connection fails: a number, a name or a sentence in its language.

The numbers are those of Linux and macOS (errno), of Windows' sockets (WinSock, 10000 and up) and of Windows itself. The
names are those of C, .NET, Java, Python, Node and Rust. The sentences are those of glibc and Windows; .NET and Python
print them in the language of the system.

Sources: errno.h of Linux and macOS, Microsoft's lists of WinSock and system error codes.
"""

from dataclasses import dataclass

from agent.tws.symptoms import socket_texts
from agent.tws.symptoms.relays import RELAYS
from agent.tws.symptoms.shapes import Symptom, symptom

_ERRNO = (
    r"(?:err\s?no|os\s?error|strerror|socket\s?(?:error|exception)|os\s*\{\s*code:)\W{0,4}(?:code|number|no)?\W{0,4}"
)
"""What stands before a small number that is one of the operating system's."""
_WINSOCK = (
    r"(?:err\s?no|os\s?error|socket\s?(?:error|exception)|os\s*\{\s*code:|win\s?(?:sock\w*|32|dows)?\s?(?:exception|"
    r"error)|wsa\w*|winsock\w*)\W{0,4}(?:code|number|no)?\W{0,4}"
)
_ANY_ERROR = r"(?:error|err|fehler\w*|erreur|ошибка|错误)\W{0,3}(?:code|number|no)?\W{0,4}"
"""What may stand before a number that is not IBKR's too."""
_IBKRS_TOO = frozenset({10004, 10009, 10013, 10014, 10022, 10024})
"""WinSock numbers that are IBKR's too, or lie among those of IBKR."""
_END = r"(?![\w%]|[.,:]\d|\s*(?:shares|ms|bytes|rows|orders|lots)\b)"


@dataclass(frozen=True, slots=True)
class _Numbers:
    """One error's numbers."""

    errno: tuple[int, ...] = ()
    winsock: tuple[int, ...] = ()
    windows: tuple[int, ...] = ()
    """Numbers of Windows itself; Python prints them as WinError too."""

    def patterns(self) -> tuple[str, ...]:
        """Patterns of how programs write them."""
        found = []
        if self.errno:
            found.append(rf"{_ERRNO}(?:{_any(self.errno)}){_END}")
        if numbers := self.winsock + self.windows:
            found.append(rf"{_WINSOCK}(?:{_any(numbers)}){_END}")
            found.append(rf"\b0x(?:8007)?(?:{'|'.join(f'{n:04x}' for n in numbers)})\b")
        if alone := [n for n in self.winsock if n not in _IBKRS_TOO]:
            found.append(rf"{_ANY_ERROR}(?:{_any(alone)}){_END}|\A\W*(?:{_any(alone)})\W*\Z")
        return tuple(found)


def _any(numbers: tuple[int, ...] | list[int]) -> str:
    return "|".join(str(n) for n in numbers)


def _names(*names: str) -> str:
    return rf"\b(?:{'|'.join(names)})\b"


SOCKETS: tuple[Symptom, ...] = (
    *RELAYS,
    symptom(
        "refused",
        "Nothing accepts connections on that port",
        "The connection was refused: TWS or IB Gateway is not running, not logged in yet, has its API switched off, or "
        "listens on another port than the program uses.",
        "app-not-running api-port-mismatch login-pending api-disabled container-not-ready",
        r"connection\s*refused|connect\s+call\s+failed|actively\s+refused",
        _names("(?:wsa)?econnrefused", r"connect\s?exception"),
        r"make\s+sure\s+api\s+port\s+on\s+tws/ibg\s+is\s+open",
        r"couldn'?t\s+connect\s+to\s+tws",
        *_Numbers(errno=(111, 61), winsock=(10061,), windows=(1225,)).patterns(),
        phrases=socket_texts.REFUSED_TEXTS,
    ),
    symptom(
        "name-unknown",
        "The host name means nothing",
        "The name of the machine with TWS could not be turned into an address.",
        "host-unresolvable",
        _names("enotfound", "eai_again", "eai_noname", "eai_nodata", "eai_fail", "gaierror", "unknownhostexception"),
        _names("hostnotfound", r"unknown\s?host", "wsahost_not_found", "wsano_data", "wsatry_again", "wsano_recovery"),
        r"getaddrinfo\s+failed|name\s+or\s+service\s+not\s+known|nodename\s+nor\s+servname",
        r"temporary\s+failure\s+in\s+name\s+resolution|no\s+such\s+host|could\s+not\s+resolve\s+host",
        *_Numbers(winsock=(11001, 11002, 11003, 11004)).patterns(),
        phrases=socket_texts.NAME_UNKNOWN,
    ),
    symptom(
        "network-down",
        "This computer’s network is down",
        "The system reports that the network of this computer is not working.",
        "network-down",
        _names("(?:wsa)?enetdown", "networkdown") + r"|network\s+is\s+down",
        *_Numbers(winsock=(10050,)).patterns(),
        phrases=socket_texts.NETWORK_DOWN_TEXTS,
    ),
    symptom(
        "no-route",
        "The machine with TWS cannot be reached",
        "There is no way through the network to the other machine, or a firewall drops the attempt.",
        "host-unreachable network-down",
        _names("(?:wsa)?e?host_?unreach(?:able)?", "(?:wsa)?enetunreach", "networkunreachable", "(?:wsa)?ehostdown"),
        _names("(?:wsa)?etimedout", "noroutetohostexception", "portunreachableexception"),
        r"no\s+route\s+to\s+host|(?:network|host)\s+is\s+(?:unreachable|down)|host\s+unreachable",
        *_Numbers(
            errno=(101, 110, 112, 113, 51, 60, 64, 65), winsock=(10051, 10060, 10064, 10065), windows=(121, 1231, 1232)
        ).patterns(),
        phrases=socket_texts.NO_ROUTE,
    ),
    symptom(
        "closed",
        "TWS closed the connection",
        "It ended without a reason. While it is being set up, TWS does that to addresses it does not trust and to a "
        "client ID that is in use; later, when it restarts, locks, or was sent too many messages.",
        "peer-not-trusted client-id-in-use scheduled-outage container-not-ready message-rate-exceeded",
        r"socket\s+(?:is\s+)?(?:either\s+)?(?:closed\s+or\s+broken|broken\s+or\s+closed)",
        r"peer\s+closed\s+connection",
        _names("(?:wsa)?econnreset", "(?:wsa)?econnaborted", "(?:wsa)?eshutdown", "epipe", "eofexception", "eoferror"),
        r"connection\s*(?:was\s+)?(?:forcibly\s+closed|closed\s+by\s+(?:the\s+)?(?:peer|remote|server))",
        r"connection\s*(?:was\s+)?(?:reset\s+by\s+peer|reset\b(?!\w)|reset\s*error|abort(?:ed)?\b|aborted\s*error)",
        r"an\s+existing\s+connection\s+was\s+forcibly\s+closed|established\s+connection\s+was\s+aborted",
        r"broken\s*pipe|end\s+of\s+stream\s+has\s+been\s+reached",
        r"unexpected\s*eof|incomplete\s*read\s*error|socket\s+disconnect\b",
        *_Numbers(
            errno=(104, 54, 32, 103, 53, 108, 58), winsock=(10052, 10053, 10054, 10058), windows=(64, 109, 233, 1236)
        ).patterns(),
        phrases=socket_texts.CLOSED,
    ),
    symptom(
        "not-connected",
        "The program used a connection that is gone",
        "The socket was closed before: by TWS, by the network, or by the program itself. What matters stands in the "
        "lines before this one.",
        "app-not-running client-id-in-use scheduled-outage",
        _names("(?:wsa)?enotconn", "(?:wsa)?enotsock", "notsocket", "closedchannelexception"),
        r"(?:transport\s+endpoint|socket)\s+is\s+not\s+connected|bad\s+file\s+descriptor|socket\s+(?:is\s+)?closed",
        r"\A\W*(?:\w*error\W+)?not\s+connected\W*\Z",
        r"use\s+of\s+closed\s+network\s+connection|cannot\s+access\s+a\s+disposed\s+object.{0,40}socket",
        *_Numbers(errno=(107, 57, 9, 88), winsock=(10057, 10038)).patterns(),
        phrases=socket_texts.NOT_A_SOCKET,
    ),
    symptom(
        "address-in-use",
        "The port is already taken",
        "A program wanted to listen on a port that is in use: another program has it, or a second TWS or IB Gateway "
        "has the same API port.",
        "api-port-taken several-apps",
        _names("(?:wsa)?eaddrinuse", "addressalreadyinuse", "addrinuse", "bindexception"),
        r"address\s+(?:is\s+)?already\s+in\s+use|port\s+(?:\d+\s+)?(?:is\s+)?already\s+(?:in\s+use|allocated)",
        *_Numbers(errno=(98, 48), winsock=(10048,)).patterns(),
        phrases=socket_texts.IN_USE,
    ),
    symptom(
        "address-not-here",
        "The address cannot be used from this computer",
        "The program asked for an address that this computer does not have, or that it cannot reach in this way, often "
        "because `localhost` means another one than meant.",
        "host-unreachable host-unresolvable",
        _names("(?:wsa)?eaddrnotavail", "addressnotavailable", "addrnotavailable"),
        r"cannot\s+assign\s+requested\s+address|can'?t\s+assign\s+requested\s+address",
        *_Numbers(errno=(99, 49), winsock=(10049, 10047)).patterns(),
        phrases=socket_texts.ADDRESS_NOT_HERE,
    ),
    symptom(
        "blocked",
        "Something on this computer blocks the connection",
        "The system does not let the program use this port: a firewall or virus scanner forbids it, or Windows has "
        "reserved the port, as Hyper-V and WSL make it do.",
        "",
        r"access\s+a\s+socket\s+in\s+a\s+way\s+forbidden",
        r"(?:connect|bind|socket)\w*\W.{0,60}\b(?:(?:wsa)?eacces|permission\s+denied)",
        r"\bwsaeacces\b|socketerror(?:code)?\W{1,4}accessdenied",
        *_Numbers(winsock=(10013,)).patterns(),
        phrases=socket_texts.DENIED,
        steps=(
            "Allow the program in the firewall and the virus scanner of this computer.",
            "On Windows, run `netsh interface ipv4 show excludedportrange protocol=tcp`, which lists reserved ports.",
            "If the API port is among them, choose another API port in TWS or IB Gateway and in your programs.",
        ),
    ),
    symptom(
        "no-room",
        "The program or the computer has too many open files or connections",
        "The system has no room for a further connection. Usually a program opens new ones without closing the old.",
        "too-many-clients api-wedged",
        _names("(?:wsa)?emfile", "enfile", "(?:wsa)?enobufs", "toomanyopensockets", "nobufferspaceavailable"),
        r"too\s+many\s+open\s+(?:files|sockets)|no\s+buffer\s+space\s+available",
        *_Numbers(errno=(24, 23, 105, 55), winsock=(10024, 10055)).patterns(),
        phrases=socket_texts.NO_ROOM,
        steps=(
            "Restart the program that wrote this line.",
            "If it happens again, look for connections or files that the program opens and never closes.",
        ),
    ),
    symptom(
        "nothing-yet",
        "No error: the connection has nothing to give yet",
        "Harmless: a program that does not wait for its connection is told to try again in a moment.",
        "",
        _names("(?:wsa)?ewouldblock", "(?:wsa)?einprogress", "wouldblock"),
        r"resource\s+temporarily\s+unavailable|non-?blocking\s+socket\s+operation\s+could\s+not\s+be\s+completed",
        *_Numbers(winsock=(10035, 10036)).patterns(),
        good=True,
    ),
)

"""The catalogue of faults of the simulated TWS, each with the symptom it imitates.

The faults here are seen on the wire. Those of the process (no listener, another port, restarts) are in
`process_faults.py`, which joins both as `FAULTS`.
"""

from dataclasses import dataclass

from agent.simulator.farms import KNOWN_FARMS, farm_names
from agent.simulator.notices import READ_ONLY_TEXTS
from agent.tws.farms import FarmKind


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault by name."""

    name: str
    """Kebab-case, as typed after `--fault`."""
    summary: str
    """One line for `--help`: the symptom."""
    parameter: str = ""
    """The meaning of the fault's value; empty when it takes none."""
    default: str = ""
    """The value used when none is given."""
    choices: tuple[str, ...] = ()
    """The only values allowed, where the list is closed."""
    several: bool = False
    """The value is one of `choices`, or several of them by comma."""
    one_shot: bool = False
    """The fault happens once; it is never among the faults in force."""
    numeric: tuple[int, int] | None = None
    """The least and the greatest value, where the value is a number: a whole one, unless it is `seconds`."""
    seconds: bool = False


def _farm_broken(kind: FarmKind, summary: str, farm: str) -> Fault:
    """The fault of farms of one kind; `farm`: which one, when none is given."""
    parameter = "farm, or farms by comma"
    return Fault(f"{kind.value}-farm-broken", summary, parameter, farm, choices=KNOWN_FARMS[kind], several=True)


_CLIENT_IDS = (0, 2**31 - 1)
PORTS = (1, 65535)
_SECONDS = (0, 3600)

WIRE_FAULTS: dict[str, Fault] = {
    fault.name: fault
    for fault in (
        Fault("accept-close", "accepts a connection and closes it before the handshake, as for a peer not trusted"),
        Fault("accept-reset", "accepts a connection and resets it, as a relay with nothing behind it"),
        Fault("silent", "accepts a connection and never answers, as behind an open prompt"),
        Fault("hello-hang", "answers the handshake, then nothing"),
        Fault("no-next-valid-id", "tells the accounts but never nextValidId: half initialised"),
        Fault(
            "start-refused",
            "answers the handshake, then says in a notice why no session starts, and closes",
            "notice",
            "10141",
            numeric=(1, 99999),
        ),
        Fault(
            "client-id-in-use",
            "answers 326 and closes, as if another program had the client ID",
            "client ID; every one when not given",
            numeric=_CLIENT_IDS,
        ),
        Fault(
            "too-many-clients",
            "all 32 client places are taken: new connections are closed, or never answered",
            "what becomes of client 33",
            "close",
            choices=("close", "ignore"),
        ),
        Fault("old-version", "speaks an old server version", "server version", "120", numeric=(100, 226)),
        Fault("read-only", "Read-Only API: refuses with 321 whatever has to do with orders, serves the rest"),
        Fault(
            "link-lost",
            "no link to IB’s servers: 1100 to running sessions, 2110 to new ones, no data",
            "notice that running sessions get",
            "1100",
            choices=("1100", "2110"),
        ),
        Fault("link-back-kept", "the link is back, data kept: 1102 with the list of farms", one_shot=True),
        Fault("link-back-unsaid", "the link is back and only the farms say so: OK for each, no 1102", one_shot=True),
        Fault("link-back-lost", "the link is back, data lost: 1101, subscriptions are gone", one_shot=True),
        _farm_broken(FarmKind.MARKET_DATA, "2103, no ticks; healed with 2104", "usfarm"),
        _farm_broken(FarmKind.HISTORICAL, "2105, no history; healed with 2106", "ushmds"),
        _farm_broken(FarmKind.SECURITY_DEFINITION, "2157, contracts are not found; healed with 2158", "secdefil"),
        Fault("competing-session", "the user is active elsewhere: 10197 for market data, 162 for history"),
        Fault("pacing", "pacing violation on history or real-time bars", "notice", "162", choices=("162", "420")),
        Fault(
            "message-rate",
            "100 for a client that sends more; the third time its session is closed",
            "messages per second",
            "50",
            numeric=(1, 10000),
        ),
        Fault(
            "limits",
            "enforces IB’s limits: 101, 309 or 10190 beyond the lines, 162 or 420 for pacing, 100 for the rate",
            "market data lines",
            "100",
            numeric=(1, 10000),
        ),
        Fault("lines-exhausted", "101: no market data line is left"),
        Fault("delayed", "10167: delayed market data instead of live"),
        Fault(
            "market-closed", "outside trading hours: the last prices once to who asks for frozen data, else the close"
        ),
        Fault(
            "not-subscribed",
            "market data is not subscribed",
            "notice",
            "354",
            choices=("354", "10089", "10090", "10168", "10186"),
        ),
        Fault("freeze", "stops answering in the middle of a session, the socket stays open; new ones are silent too"),
        Fault("slow", "answers late", "seconds", "4", numeric=_SECONDS, seconds=True),
        Fault("reset-sessions", "resets every session", one_shot=True),
        Fault("drop-sessions", "closes every session", one_shot=True),
        Fault("half-frame", "sends half a message, then nothing; to new connections half a handshake"),
        Fault("garbage", "sends random bytes, in sessions and as the handshake"),
        Fault("huge-prefix", "announces a message of 4 GB, in sessions and as the handshake"),
        Fault(
            "clock-off",
            "its clock is wrong",
            "seconds, negative when behind",
            "30",
            numeric=(-86400, 86400),
            seconds=True,
        ),
        Fault("precautions-on", "no API precaution is bypassed, as in a fresh installation"),
        Fault("auto-logoff", "is set to log off every day instead of restarting"),
        Fault(
            "config-refused",
            "refuses reqConfig and updateConfig",
            "notice",
            "10357",
            choices=("10357", "321"),
        ),
        Fault("config-silent", "never answers reqConfig and updateConfig, and changes nothing"),
        Fault("config-half", "sends half an answer to reqConfig and updateConfig, then nothing any more"),
        Fault("config-garbage", "answers reqConfig and updateConfig with random bytes"),
        Fault("config-huge", "answers reqConfig and updateConfig with 12 MB"),
        Fault("config-unknown-fields", "answers reqConfig and updateConfig with fields of a later version in between"),
        Fault("config-wrong-types", "answers reqConfig and updateConfig with every second field of a wrong type"),
        Fault("config-warnings", "updateConfig only changes something once its warning is accepted"),
        Fault(
            "read-only-notice",
            "321 about Read-Only, unasked; whether it is on is no longer among the settings it tells",
            "language of the text",
            "en",
            choices=tuple(READ_ONLY_TEXTS),
            one_shot=True,
        ),
        Fault(
            "port-changed",
            "1300: the socket port was changed in the settings; sessions are dropped, it listens on the new port",
            "new port; any free one when not given",
            one_shot=True,
            numeric=PORTS,
        ),
    )
}
"""The wire faults by name."""


def value_for(fault: Fault, value: str | None) -> str:
    """The value for a fault: the given one, else its default. ValueError, in one sentence, for an impossible one."""
    if not fault.parameter:
        if value:
            raise ValueError(f"{fault.name} takes no value")
        return ""
    given = (value or fault.default).strip()
    if fault.choices:
        chosen = farm_names(given) if fault.several else (given,)
        strange = [one for one in chosen if one not in fault.choices] if chosen else [given]
        if strange:
            which = "one or more" if fault.several else "one"
            raise ValueError(f"{fault.name} takes {which} of {', '.join(fault.choices)}, not “{strange[0]}”")
    if fault.numeric and given:
        least, most = fault.numeric
        try:
            number = float(given) if fault.seconds else int(given)
        except ValueError:
            kind = "a number" if fault.seconds else "a whole number"
            raise ValueError(f"{fault.name} takes {kind} ({fault.parameter}), not “{given}”") from None
        if not least <= number <= most:
            raise ValueError(f"{fault.name} takes {least:g} to {most:g} ({fault.parameter}), not {given}")
    return given

"""Words that several problems share: addresses, owners of ports, start times."""

import re
from dataclasses import dataclass

from agent.core.evidence.place import surroundings
from agent.core.evidence.words import app_name, appointment, clock
from agent.core.facts import Facts, Known, Listener, Process, SurroundingsKind
from agent.core.session_facts import Attempt
from agent.core.shown.calendar import SERVERS
from agent.core.text import shortened
from agent.tws.applications import TradingMode
from agent.tws.calendar import Outage, OutageKind

HOST_ROOM = 40
"""Characters of a host name that a title shows: an IPv6 address fits, a longer name is shortened."""

_FOLDERS = re.compile(r"(?<![\w.])(?:~|[A-Za-z]:)?[\\/](?=\S)[^:;,'\"“”()]*[\\/]")
"""The folders in front of a file name: they hold the user's name."""


def host_of(facts: Facts) -> str:
    """The host of the connection, short enough for a title."""
    return shortened(facts.connection.host, HOST_ROOM)


def owner_of(listener: Listener | None) -> str:
    """Who listens, like "docker-proxy (pid 771)"."""
    if listener is None or (listener.program is None and listener.pid is None):
        return "a program that this system does not name"
    name = shortened(listener.program or "a program", HOST_ROOM)
    return name if listener.pid is None else f"{name} (pid {listener.pid})"


def answer_began(attempt: Attempt) -> str:
    """The first characters of an answer that is not the TWS API's; empty where there are none."""
    return attempt.detail.removeprefix("answered with ").strip("“”")


def sentence(text: str) -> str:
    """The text with a capital letter in front, whatever it begins with."""
    return text[:1].upper() + text[1:]


def started_at(facts: Facts, process: Process) -> str:
    """When a process started, as local time for a sentence."""
    return appointment(facts, process.started)


def runs_since(facts: Facts, process: Process) -> str:
    """For the evidence: which process, and since when."""
    started = clock(facts, facts.now.monotonic - (facts.now.wall - process.started))
    return f"{process.label} has been running since {started}"


def listening(process: Process) -> str:
    """For the evidence: where a process listens."""
    if not process.api_ports:
        return f"{process.label} listens on no API port"
    ports = " and ".join(str(port) for port in process.api_ports)
    return f"{process.label} listens on {ports}"


def last_mode(process: Process) -> tuple[str, ...]:
    """For the evidence: the mode last selected on the log-in screen, where the settings files tell."""
    if not isinstance(process.hints, Known) or process.hints.value.trading_mode is TradingMode.UNKNOWN:
        return ()
    source = process.hints.value.source or "jts.ini"
    return (f"{source}: {process.hints.value.trading_mode.value} was selected last on the log-in screen",)


def outage_reason(facts: Facts, outage: Outage) -> str:
    """What is planned, like "the daily reset of IB's European servers"."""
    match outage.kind:
        case OutageKind.RESET:
            return f"the daily reset of IB’s {SERVERS[outage.region] if outage.region is not None else 'servers'}"
        case OutageKind.WEEKEND:
            return "the weekend maintenance of IB’s servers"
        case OutageKind.RESTART:
            return f"the daily restart of {app_name(facts)}"


def without_folders(text: str) -> str:
    """The text with every path cut down to its file name, on one line and without braces."""
    plain = " ".join(text.replace("{", "(").replace("}", ")").split())
    return _FOLDERS.sub("", plain)


@dataclass(frozen=True, slots=True)
class OuterComputer:
    """The computer around the one Gatelight runs in, in words."""

    inside: str
    """Where Gatelight runs: "WSL", "this container" or "a virtual machine (VMware)"."""
    outer: str
    """What is around it."""
    address: str
    """How it is reached from inside."""
    known: bool
    """Whether that is an address, not only words for one."""

    @property
    def line(self) -> str:
        """For the evidence."""
        way = f"; {self.outer} is {self.address} from there" if self.known else ""
        return f"Gatelight runs inside {self.inside}{way}"


_AROUND = {
    SurroundingsKind.WSL: ("WSL", "Windows"),
    SurroundingsKind.CONTAINER: ("this container", "the computer that runs the container"),
    SurroundingsKind.VIRTUAL_MACHINE: ("a virtual machine", "the computer that runs the virtual machine"),
}


def outside(facts: Facts) -> OuterComputer | None:
    """The computer around WSL, a container or a virtual machine; None where there is none, or it is not known."""
    around = surroundings(facts)
    if around is None:
        return None
    inside, outer = _AROUND[around.kind]
    inside = f"{inside} ({around.product})" if around.product else inside
    known = around.host_address
    address = shortened(known, HOST_ROOM) if known else f"the address of {outer}"
    return OuterComputer(inside, outer, address, known=bool(known))

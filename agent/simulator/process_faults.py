"""The faults that are seen from outside the wire: in the process table, in the socket table, on the port."""

from dataclasses import replace

from agent.simulator.faults import WIRE_FAULTS, Fault, FaultKind
from agent.simulator.launcher_log import ACCEPTED, RESTORING, TROUBLES, UNTRIED
from agent.tws.ports import CLIENT_PORTAL_PORT

FULL_HOUSE = 32
"""Clients that TWS and IB Gateway accept at the same time."""

PILE = 25
"""Dead sockets of a pile-up: more than any healthy application ever shows."""

SMALL_HEAP = 96
"""Megabytes of `-Xmx` for the fault `memory`: little more than a bare simulator needs."""

_MOST_CLIENTS = 500
"""More would only test this machine's limits."""


def _fault(
    name: str,
    summary: str,
    parameter: str = "",
    default: str = "",
    *,
    choices: tuple[str, ...] = (),
    one_shot: bool = False,
    numeric: tuple[float, float] | None = None,
) -> Fault:
    """A fault that is seen from outside the wire."""
    return Fault(name, summary, FaultKind.PROCESS, parameter, default, choices, one_shot, numeric)


_LOG_IN = "how far the log-in of IB Gateway has come, by its launcher.log"
_TROUBLES = tuple(name for name in TROUBLES if name != ACCEPTED)

_PORTS = (1, 65535)
_ANY_PORT = "port; any free one when not given"

PROCESS_FAULTS: dict[str, Fault] = {
    fault.name: fault
    for fault in (
        _fault("not-running", "the application is not running at all"),
        _fault("starting", "a new process that has not come as far as its log-in screen"),
        _fault(
            "login-pending",
            "the log-in screen waits: no API port, no link to IB's servers",
            _LOG_IN,
            UNTRIED,
            choices=_TROUBLES,
        ),
        _fault("no-listener", "logged in, but no API port: the API is switched off"),
        _fault("other-port", "the API listens on another port than asked for", _ANY_PORT, numeric=_PORTS),
        _fault(
            "restart",
            "ends and comes back on the same port",
            "seconds in between",
            "1",
            one_shot=True,
            numeric=(0, 600),
        ),
        _fault("restart-other-port", "ends and comes back on another port", _ANY_PORT, numeric=_PORTS),
        _fault(
            "restart-stuck",
            "comes back from an automatic restart, but never opens its port",
            _LOG_IN,
            RESTORING,
            choices=_TROUBLES,
        ),
        _fault(
            "close-wait",
            "dead clients pile up on the API port, and no handshake is answered",
            "number of dead clients",
            str(PILE),
            numeric=(1, _MOST_CLIENTS),
        ),
        replace(
            WIRE_FAULTS["too-many-clients"],
            kind=FaultKind.PROCESS,
            summary=f"another program has taken all {FULL_HOUSE} client places: new connections are closed, or ignored",
        ),
        _fault("port-taken", "a web server owns the API port; the application has none"),
        _fault(
            "several",
            "two applications of the same kind run",
            "port of the second",
            "other-port",
            choices=("other-port", "same-port"),
        ),
        _fault("wrong-application", "the other one of TWS and IB Gateway runs"),
        _fault("client-portal", "only the Client Portal Gateway runs", "port", str(CLIENT_PORTAL_PORT), numeric=_PORTS),
        _fault("container-not-ready", "a container's relay accepts, but nothing listens behind it"),
        _fault(
            "memory", "the memory of its Java is nearly full", "megabytes of -Xmx", str(SMALL_HEAP), numeric=(64, 4096)
        ),
    )
}

FAULTS: dict[str, Fault] = {**WIRE_FAULTS, **PROCESS_FAULTS}
"""All faults by name. Where one is on both sides, the process side carries it out and calls on the wire's."""


def split_fault(text: str) -> tuple[str, str | None]:
    """A fault as typed, `name` or `name=value`, taken apart. ValueError where there is no such fault."""
    name, equals, value = text.strip().partition("=")
    known(name)
    return name, value if equals else None


def known(name: str) -> Fault:
    """The fault of that name. ValueError, with the remedy, where there is none."""
    try:
        return FAULTS[name]
    except KeyError:
        raise ValueError(f'There is no fault "{name}"; `gatelight simulate --list-faults` names them all') from None

"""The faults that are seen from outside the wire: in the process table, in the socket table, on the port."""

from dataclasses import replace

from agent.simulator.faults import PORTS, WIRE_FAULTS, Fault
from agent.simulator.launcher_log import ACCEPTED, RESTORING, TROUBLES, UNTRIED
from agent.simulator.state import CLIENT_PLACES
from agent.tws.ports import CLIENT_PORTAL_PORT

PILE = 25
"""Dead sockets of a pile-up: more than a healthy application ever has."""

SMALL_HEAP = 96
"""Megabytes of `-Xmx` for the fault `memory`: a little more than the simulator itself needs."""

_MOST_CLIENTS = 500
"""The most dead clients; more would only test the limits of this machine."""


_LOG_IN = "how far the log-in of IB Gateway has come, by its launcher.log"
_TROUBLES = tuple(name for name in TROUBLES if name != ACCEPTED)
_ANY_PORT = "port; any free one when not given"

PROCESS_FAULTS: dict[str, Fault] = {
    fault.name: fault
    for fault in (
        Fault("not-running", "the application is not running at all"),
        Fault("starting", "a new process that has not come as far as its log-in screen"),
        Fault(
            "login-pending",
            "the log-in screen waits: no API port, no link to IB’s servers",
            _LOG_IN,
            UNTRIED,
            choices=_TROUBLES,
        ),
        Fault("no-listener", "logged in, but no API port: the API is switched off"),
        Fault("other-port", "the API listens on another port than asked for", _ANY_PORT, numeric=PORTS),
        Fault(
            "restart",
            "ends and comes back on the same port",
            "seconds in between",
            "1",
            one_shot=True,
            numeric=(0, 600),
            seconds=True,
        ),
        Fault("restart-other-port", "ends and comes back on another port", _ANY_PORT, numeric=PORTS),
        Fault(
            "updated",
            "ends and comes back as another version, as after an update overnight",
            "version",
            "10.50",
            choices=("10.50", "10.30"),
        ),
        Fault(
            "restart-stuck",
            "comes back from an automatic restart, but never opens its port",
            _LOG_IN,
            RESTORING,
            choices=_TROUBLES,
        ),
        Fault(
            "close-wait",
            "dead clients pile up on the API port, and no handshake is answered",
            "number of dead clients",
            str(PILE),
            numeric=(1, _MOST_CLIENTS),
        ),
        replace(
            WIRE_FAULTS["too-many-clients"],
            summary=f"another program has taken all {CLIENT_PLACES} client places: "
            "new connections are closed, or ignored",
        ),
        Fault("port-taken", "a web server owns the API port; the application has none"),
        Fault(
            "several",
            "two applications of the same kind run",
            "port of the second",
            "other-port",
            choices=("other-port", "same-port"),
        ),
        Fault("wrong-application", "the other one of TWS and IB Gateway runs"),
        Fault("client-portal", "only the Client Portal Gateway runs", "port", str(CLIENT_PORTAL_PORT), numeric=PORTS),
        Fault("container-not-ready", "a container’s relay accepts, but nothing listens behind it"),
        Fault(
            "memory", "the memory of its Java is nearly full", "megabytes of -Xmx", str(SMALL_HEAP), numeric=(64, 4096)
        ),
    )
}

FAULTS: dict[str, Fault] = {**WIRE_FAULTS, **PROCESS_FAULTS}
"""All faults by name. Where a fault has both sides, the process side carries it out and uses the wire side."""


def split_fault(text: str) -> tuple[str, str | None]:
    """Name and value of a fault typed as `name` or `name=value`. ValueError where there is no such fault."""
    name, equals, value = text.strip().partition("=")
    known(name)
    return name, value if equals else None


def known(name: str) -> Fault:
    """The fault of that name. ValueError, with the remedy, where there is none."""
    try:
        return FAULTS[name]
    except KeyError:
        raise ValueError(f"There is no fault “{name}”; `gatelight simulate --list-faults` names them all") from None

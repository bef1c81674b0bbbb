"""How far a connection to this machine gets: what runs, what listens on which port, and how it answered."""

from agent.core.evidence.place import surroundings
from agent.core.evidence.processes import (
    age,
    answered_unseen,
    applications,
    awaited,
    chosen,
    fits,
    full_house,
    helper_at,
    idle_by_wish,
    link_settled,
    listener_at,
    may_hide,
    mode_hint,
    outcome,
    owner_at,
    piled_up,
    port_of,
    relay_gone,
)
from agent.core.facts import (
    Facts,
    Known,
    Listener,
    Process,
    Processes,
    Purpose,
    Surroundings,
    SurroundingsKind,
    Unknown,
)
from agent.core.session_facts import NOT_ACCEPTED, Outcome
from agent.problems.shared.another_machine import bound_elsewhere, on_another_machine
from agent.problems.shared.login import awaits_user, not_logged_in
from agent.problems.shared.obstacles import (
    ApiOff,
    AtLogin,
    BoundElsewhere,
    LinkUnsettled,
    ListensElsewhere,
    NoAnswer,
    NoObstacle,
    NotInstalled,
    NotRunning,
    NotTheApi,
    NotTried,
    OtherKindRuns,
    OtherProductRuns,
    OuterMachine,
    PortClash,
    PortTaken,
    Reach,
    RelayCloses,
    RelayGone,
    Restarting,
    Silent,
    Starting,
    StuckAfterRestart,
    TurnedAway,
    Unseen,
    Wedged,
)
from agent.problems.shared.restart import (
    ANSWERED,
    allowance,
    going_down,
    is_automatic_restart,
    restart_now,
    restarts_out_of_sight,
)
from agent.tws.applications import ApplicationKind, TradingMode
from agent.tws.ports import default_ports

_TURNED_DOWN = frozenset({Outcome.CLOSED, Outcome.SILENT, Outcome.UNREACHABLE, Outcome.NOT_TWS})
"""Outcomes of an attempt at a program that listens, and that came to nothing. One that listens and is not reached takes
no more connections out of its queue."""

_BY_ATTEMPT = (TurnedAway, Silent, Wedged, NotTheApi)
"""What an attempt can tell of an application that listens here."""
_BY_ATTEMPT_RELAYED = (RelayCloses, TurnedAway, Silent, NotTheApi, PortTaken)
"""What an attempt can tell of a relay, or of a program without a name."""


def on_this_machine(facts: Facts) -> Reach:
    """The first obstacle, told by processes, sockets and the latest attempt."""
    processes, sockets = facts.machine.processes, facts.machine.sockets
    if isinstance(processes, Unknown) or isinstance(sockets, Unknown):
        return _half_blind(facts)
    port, found, result = port_of(facts), awaited(facts), outcome(facts)
    if found is None and facts.connection.pinned_pid is not None:
        # The connection is for one process: a listener on a port it may have used is another process.
        return _missing(facts, processes.value)
    owner = listener_at(facts.machine, port)
    if owner is None:
        seen_elsewhere = found is not None and port in found.api_ports
        answered = answered_unseen(facts) or (_answers_elsewhere(facts) and result not in (None, *NOT_ACCEPTED))
        return _nobody_listens(facts, found, processes.value) if seen_elsewhere or not answered else _unseen(facts)
    if result in NOT_ACCEPTED and not facts.connection.loopback:
        # It listens, and not on the address that the host means.
        return on_another_machine(facts)
    if result in ANSWERED:
        return NoObstacle()
    holder = owner_at(facts.machine, port)
    if holder is not None:
        if found is not None and port in found.api_ports:
            return _handshake(facts, found)
        return _nobody_listens(facts, found, processes.value)
    if helper_at(facts.machine, port) is not None:
        # IBC, or a part of Java, listens there: the port is wrong, and no other program has taken it.
        return _nobody_listens(facts, found, processes.value)
    product = next((p for p in processes.value.client_portal if p.pid == owner.pid or port in p.ports), None)
    if product is not None:
        if facts.connection.port == "auto":
            return _nobody_listens(facts, found, processes.value)
        return OtherProductRuns(product, owns_port=True)
    if result in (Outcome.REFUSED, Outcome.UNRESOLVABLE):
        if not owner.relay:
            return _nobody_listens(facts, found, processes.value)
        # A relay that listens and refuses listens on another address of this machine.
        return NoObstacle() if idle_by_wish(facts) or restarts_out_of_sight(facts) else NoAnswer()
    if _is_relay(facts, owner, found, processes.value):
        return _relayed(facts, owner, found, processes.value)
    return _foreign_owner(facts, owner, found, processes.value)


def _half_blind(facts: Facts) -> Reach:
    """Judge without the process table or without the sockets: by the handshake, as far as that goes."""
    processes, sockets = facts.machine.processes, facts.machine.sockets
    port, found, result = port_of(facts), chosen(facts), outcome(facts)
    blind = [fact for fact in (processes, sockets) if isinstance(fact, Unknown)]
    why = "; ".join(dict.fromkeys(fact.reason for fact in blind))
    unseen = Unseen(why, refused=facts.machine.taken > 0.0)
    if result in ANSWERED:
        return NoObstacle()
    if found is not None and port in found.api_ports:
        return _handshake(facts, found)
    if result is Outcome.SILENT:
        return Silent(None, listener_at(facts.machine, port))
    if result is Outcome.NOT_TWS:
        return NotTheApi(None, listener_at(facts.machine, port))
    if isinstance(processes, Known) and result is Outcome.REFUSED:
        if found is None:
            return _missing(facts, processes.value)
        if found.api_ports:
            return ListensElsewhere(found)
    return unseen


def _nobody_listens(facts: Facts, found: Process | None, processes: Processes) -> Reach:
    """No application or relay listens on the port: the state of the application tells why."""
    if found is None:
        return _missing(facts, processes)
    if found.api_ports:
        return ListensElsewhere(found) if port_of(facts) not in found.api_ports else _handshake(facts, found)
    return _without_listener(facts, found)


def _missing(facts: Facts, processes: Processes) -> Reach:
    """No application this connection could mean runs here."""
    gone = relay_gone(facts)
    if gone is not None:
        return RelayGone(gone)
    if restart_now(facts) is not None or idle_by_wish(facts):
        return NoObstacle()
    watching = facts.purpose is Purpose.WATCH
    if facts.connection.implicit and not facts.sight.ever and watching:
        return NoObstacle()
    elsewhere = bound_elsewhere(facts, at_home=_at_home_here(facts))
    if elsewhere is not None:
        return BoundElsewhere(elsewhere)
    hidden = may_hide(facts)
    if hidden is not None and processes.unseen is not None:
        # What runs instead, or is not installed, would rest on not seeing.
        return Unseen(hidden, refused=True)
    stranger = _of_other_kind(facts, processes)
    if stranger is not None:
        return OtherKindRuns(stranger)
    if processes.client_portal:
        return OtherProductRuns(processes.client_portal[0], owns_port=False)
    if hidden is not None:
        return Unseen(hidden, refused=True)
    if not _at_home_here(facts):
        outer = _outer_machine(facts)
        if outer is not None:
            return OuterMachine(outer)
        nothing_found = isinstance(facts.machine.installed, Known) and not processes.applications
        if nothing_found and facts.connection.implicit:
            return NotInstalled()
    return NotRunning()


def _without_listener(facts: Facts, process: Process) -> Reach:
    """The application runs and has no API port: where on its way to one it is."""
    if process.ports_withheld:
        return Unseen(f"the ports of {process.label} are not shown to this user", refused=True)
    if going_down(facts, process):
        return Restarting(process)
    lasted, settled, grace = age(facts, process), link_settled(facts, process), facts.timing.start_grace
    waits = awaits_user(facts, process)
    if is_automatic_restart(facts, process) and not _restart_long_over(facts, process):
        given = allowance(facts, process)
        return StuckAfterRestart(process) if waits or lasted >= given else Starting(process, given)
    if waits or (lasted >= grace and not_logged_in(facts, process)):
        # While the second factor is awaited, the connection to IB's servers stands, and proves no log-in.
        return AtLogin(process)
    clash = clash_of(facts, process)
    if clash is not None:
        return clash
    if settled and (lasted >= grace or facts.purpose is Purpose.DOCTOR):
        # A user who runs `doctor` is told at once; a notice waits until the application can no longer be starting.
        return ApiOff(process)
    if lasted < grace:
        return Starting(process, grace)
    return AtLogin(process) if process.upstream is None else LinkUnsettled(process)


def _handshake(facts: Facts, process: Process) -> Reach:
    """The application listens on the port: how it took the latest attempt."""
    if idle_by_wish(facts) or full_house(facts):
        return NoObstacle()
    if going_down(facts, process) and outcome(facts) in _TURNED_DOWN:
        return Restarting(process)
    match outcome(facts):
        case None:
            return NotTried(_BY_ATTEMPT)
        case Outcome.CLOSED:
            return TurnedAway(process)
        case Outcome.SILENT | Outcome.UNREACHABLE:
            port = port_of(facts)
            piled = dict(process.close_wait).get(port, 0)
            return Wedged(process, piled) if piled_up(process, port) else Silent(process, None)
        case Outcome.NOT_TWS:
            return NotTheApi(process, None)
        case _:
            return NoObstacle()


def _foreign_owner(facts: Facts, owner: Listener, found: Process | None, processes: Processes) -> Reach:
    """A program with a name, and neither an application nor a relay, listens on the port."""
    if facts.connection.port == "auto" and (found is None or not link_settled(facts, found)):
        # The port is only a guess as long as no application has tried to open its own.
        return _nobody_listens(facts, found, processes)
    if idle_by_wish(facts):
        return NoObstacle()
    return NotTried((PortTaken, RelayCloses)) if outcome(facts) is None else PortTaken(owner)


def _relayed(facts: Facts, owner: Listener, found: Process | None, processes: Processes) -> Reach:
    """A relay, or a program without a known name, listens on the port."""
    if idle_by_wish(facts) or full_house(facts) or restarts_out_of_sight(facts):
        return NoObstacle()
    match outcome(facts):
        case None:
            return NotTried(_BY_ATTEMPT_RELAYED)
        case Outcome.CLOSED if _perhaps_tws(owner, processes):
            return TurnedAway(None)
        case Outcome.CLOSED:
            return RelayCloses(owner)
        case Outcome.SILENT | Outcome.UNREACHABLE:
            return Silent(None, owner)
        case Outcome.NOT_TWS:
            # A program that does not speak the TWS API leads to no TWS, whatever its name. It is named where its name
            # is known.
            if owner.program is None or _perhaps_tws(owner, processes):
                return NotTheApi(None, owner)
            return _foreign_owner(facts, owner, found, processes)
        case _:
            return NoObstacle()


def _unseen(facts: Facts) -> Reach:
    """A port answers on which no program is seen to listen: how it took the latest attempt.

    Packet rules alone publish ports of containers, as nerdctl and k3s do; Windows answers through WSL's mirrored
    network; macOS does not show the programs of other users.
    """
    if _answers_elsewhere(facts):
        return on_another_machine(facts)
    if idle_by_wish(facts) or restarts_out_of_sight(facts):
        return NoObstacle()
    match outcome(facts):
        case Outcome.CLOSED:
            return RelayCloses(None)
        case Outcome.SILENT:
            return Silent(None, None)
        case Outcome.NOT_TWS:
            return NotTheApi(None, None)
        case _:
            return NoObstacle()


# ── parts of the decision ───────────────────────────────────────────────────────────────────────


def _is_relay(facts: Facts, owner: Listener, found: Process | None, processes: Processes) -> bool:
    """Whether the owner of a port is taken for a relay: by its name, by what it led to before, or by what it does.

    An owner without a name may be anything. An owner that may be TWS itself is not another program.
    """
    if owner.relay is not None or owner.program is None or _perhaps_tws(owner, processes):
        return True
    served = facts.served
    if served is not None and not served.application and served.program == owner.program:
        return True
    # A program that accepts and closes behaves like a relay with nothing behind it. Where the application runs here,
    # the program is in its way, relay or not.
    return outcome(facts) is Outcome.CLOSED and facts.connection.port != "auto" and found is None


def _perhaps_tws(owner: Listener, processes: Processes) -> bool:
    """Whether the owner of a port may be an application that is not shown, or not shown for what it is."""
    if owner.pid is None:
        return owner.program is None and processes.unseen is not None
    return owner.pid in {p.pid for p in processes.unreadable}


def _of_other_kind(facts: Facts, processes: Processes) -> Process | None:
    """An application of the kind that is not wanted, which no other connection accounts for."""
    if facts.connection.pinned_pid is not None:
        return None
    for process in processes.applications:
        meant_elsewhere = any(other.local and fits(other, process) for other in facts.other_connections)
        if not fits(facts.connection, process) and not meant_elsewhere:
            return process
    return None


def _at_home_here(facts: Facts) -> bool:
    """Whether the application is known to belong on this machine: it ran here, is installed, or can be started."""
    installed = facts.machine.installed
    found = isinstance(installed, Known) and bool(installed.value)
    return found or facts.sight.ever or bool(facts.connection.start_command)


def _outer_machine(facts: Facts) -> Surroundings | None:
    """Where the agent runs, if that is WSL or a container: TWS is likelier outside. A virtual machine is like any other
    computer, and may be all there is."""
    around = surroundings(facts)
    return None if around is None or around.kind is SurroundingsKind.VIRTUAL_MACHINE else around


def _answers_elsewhere(facts: Facts) -> bool:
    """Whether a port may answer because a program listens where the look does not go.

    With WSL's mirrored network that is Windows; under another address than loopback, this address alone.
    """
    outer = _outer_machine(facts)
    in_wsl = outer is not None and outer.kind is SurroundingsKind.WSL
    return in_wsl or not facts.connection.loopback


def _restart_long_over(facts: Facts, process: Process) -> bool:
    """Whether a TWS that restarted long ago, before Gatelight watched it, is logged in: then its API is off.

    IB Gateway cannot switch its API off.
    """
    watched_it = facts.sight.replaced_at is not None and facts.sight.last_pid == process.pid
    lasted = age(facts, process)
    return (
        not watched_it
        and process.kind is ApplicationKind.TWS
        and lasted >= facts.timing.restart_forgotten
        and link_settled(facts, process)
    )


def clash_of(facts: Facts, loser: Process) -> PortClash | None:
    """Which other application owns the API port that a logged-in application without one would open."""
    if loser.api_ports or loser.ports_withheld or not link_settled(facts, loser):
        return None
    mode = mode_hint(loser)
    if mode is TradingMode.UNKNOWN and loser.kind is not ApplicationKind.GATEWAY:
        # A TWS may have its API switched off; only IB Gateway always wants a port.
        return None
    wanted = default_ports(loser.kind, mode)
    if isinstance(facts.connection.port, int):
        wanted = (*wanted, facts.connection.port)
    for owner in applications(facts.machine):
        port = next((p for p in owner.api_ports if p in wanted), None)
        if owner.pid != loser.pid and port is not None:
            return PortClash(owner, loser, port)
    return None

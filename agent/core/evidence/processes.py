"""Reading the facts of one connection: which process is meant, which port, who owns it."""

from collections.abc import Iterable

from agent.core.facts import ApiClient, Facts, Known, Listener, MachineFacts, Process, Purpose, Sight, Unknown
from agent.core.memory import Served
from agent.core.session_facts import NOT_ACCEPTED, Outcome
from agent.core.settings import ConnectionSettings, WantedApplication, WantedMode
from agent.tws.applications import ApplicationKind, TradingMode
from agent.tws.limits import API_CLIENTS
from agent.tws.ports import IBC_COMMAND_PORT, default_ports, port_in
from agent.tws.relays import RelayKind


def fits(connection: ConnectionSettings, process: Process) -> bool:
    """Whether a process is of the kind the connection is meant for (an unknown kind fits any)."""
    if connection.pinned_pid is not None and process.pid != connection.pinned_pid:
        return False
    wanted = connection.application
    return wanted is WantedApplication.ANY or process.kind in (ApplicationKind(wanted.value), ApplicationKind.UNKNOWN)


def applications(machine: MachineFacts) -> tuple[Process, ...]:
    """Every TWS and IB Gateway seen; empty when the process table could not be read."""
    return machine.processes.value.applications if isinstance(machine.processes, Known) else ()


def may_hide(facts: Facts) -> str | None:
    """Why the application may run here and not be seen; None where it would be.

    One that was seen before would be seen again.
    """
    processes = facts.machine.processes
    if isinstance(processes, Unknown) or facts.sight.ever:
        return None
    if processes.value.unseen is not None:
        return processes.value.unseen
    hidden = next(iter(processes.value.unreadable), None)
    return None if hidden is None else f"{hidden.name} (pid {hidden.pid}) does not show what it is"


def mode_hint(process: Process) -> TradingMode:
    """What the command line, else the settings files, suggest about the mode."""
    if process.application.mode_hint is not TradingMode.UNKNOWN:
        return process.application.mode_hint
    return process.hints.value.trading_mode if isinstance(process.hints, Known) else TradingMode.UNKNOWN


def candidates(
    connection: ConnectionSettings, machine: MachineFacts, others: tuple[ConnectionSettings, ...] = ()
) -> tuple[Process, ...]:
    """The processes a connection may mean, likeliest first.

    Of several, one that listens on the configured port comes first, then one of this user unless it is seen to be in
    the other mode: any user can start what looks like one. Then comes one whose mode fits, then one that is not on the
    default port of the other mode, then one on a default port, then the youngest; one that listens on the fixed port of
    another connection is that connection's.
    """
    running = applications(machine)
    if not running:
        return ()
    found = [p for p in running if fits(connection, p)]
    if any(p.api_ports and connection.port not in p.api_ports for p in found):
        claimed = {other.port for other in others if other.local and isinstance(other.port, int)}
        found = [p for p in found if connection.port in p.api_ports or not claimed.intersection(p.api_ports)]
    if isinstance(connection.port, int) and leads_elsewhere(machine, connection.port):
        found = [p for p in found if connection.port in p.api_ports]
    if len(found) < 2:
        return tuple(found)

    def rank(process: Process) -> tuple[bool, bool, bool, bool, bool, bool, bool, float]:
        wanted = connection.trading_mode
        return (
            connection.port not in process.api_ports,
            mode_hint(process) is _OTHER_MODE.get(wanted),
            process.foreign,
            wanted is not WantedMode.ANY and mode_hint(process).value != wanted.value,
            not process.api_ports,
            on_port_of_other_mode(wanted, process),
            not set(default_ports(process.kind, None)).intersection(process.api_ports),
            -process.started,
        )

    return tuple(sorted(found, key=rank))


def candidates_of(facts: Facts) -> tuple[Process, ...]:
    """The processes that the connection of these facts may mean, likeliest first; found once, since many ask."""
    if not facts.meant:
        facts.meant.append(candidates(facts.connection, facts.machine, facts.other_connections))
    return facts.meant[0]


_OTHER_MODE = {WantedMode.LIVE: TradingMode.PAPER, WantedMode.PAPER: TradingMode.LIVE}


def on_port_of_other_mode(wanted: WantedMode, process: Process) -> bool:
    """Whether a process listens on the default port of the mode that is not wanted. That is no proof; of two processes
    alike it makes this one the less likely."""
    other = _OTHER_MODE.get(wanted)
    return other is not None and bool(set(default_ports(process.kind, other)).intersection(process.api_ports))


def likeliest(connection: ConnectionSettings, found: Iterable[Process]) -> list[Process]:
    """The listening applications that the connection may mean equally well, in their order. Being of this user singles
    some of them out; so does a mode that fits, and not being on the default port of the other mode.
    """
    wanted = connection.trading_mode
    listening = [p for p in found if p.api_ports]
    left = [p for p in listening if not p.foreign and mode_hint(p) is not _OTHER_MODE.get(wanted)] or listening
    if wanted is WantedMode.ANY:
        return left
    left = [p for p in left if mode_hint(p).value == wanted.value] or left
    return [p for p in left if not on_port_of_other_mode(wanted, p)] or left


def chosen(facts: Facts) -> Process | None:
    """The process this connection means, None when there is none or the connection is remote."""
    if not facts.connection.local:
        return None
    found = candidates_of(facts)
    return found[0] if found else None


def awaited(facts: Facts) -> Process | None:
    """The process whose API port is wanted: the one that listens on a fixed port, else one that may open it."""
    process, port = chosen(facts), facts.connection.port
    if process is None or port == "auto" or port in process.api_ports:
        return process
    # Of a live and a paper application, the missing port belongs to the one that does not listen yet.
    found = candidates_of(facts)
    return next((p for p in found if not p.api_ports), process)


def last_port(connection: ConnectionSettings, sight: Sight, served_listener: str) -> int | None:
    """The API port on which the application of this connection was seen last, else the one of the latest session."""
    wanted = connection.application
    if sight.port is not None and (wanted is WantedApplication.ANY or sight.kind == wanted.value):
        return sight.port
    return port_in(served_listener.split("/")[0]) if connection.local else None


def target_port(
    connection: ConnectionSettings,
    machine: MachineFacts,
    others: tuple[ConnectionSettings, ...] = (),
    last: int | None = None,
) -> int:
    """The API port to use: the configured one; for "auto" what the application listens on, else what it listened on
    last (`last_port`), else its default."""
    if connection.port != "auto":
        return connection.port
    kind = None if connection.application is WantedApplication.ANY else ApplicationKind(connection.application.value)
    mode = None if connection.trading_mode is WantedMode.ANY else TradingMode(connection.trading_mode.value)
    if connection.local:
        for process in candidates(connection, machine, others):
            if process.api_ports:
                return process.api_ports[0]
        for port in default_ports(kind, mode):
            owner = listener_at(machine, port)
            if owner is not None and (owner.relay or owner.pid is None):
                return port
        for process in candidates(connection, machine, others):
            guess = mode_hint(process) if mode is None else mode
            if last is None or guess is not TradingMode.UNKNOWN:
                return default_ports(process.kind, guess)[0]
            break
    return default_ports(kind, mode)[0] if last is None else last


def port_of(facts: Facts) -> int:
    """`target_port` of these facts."""
    last = last_port(facts.connection, facts.sight, facts.session.served_listener)
    return target_port(facts.connection, facts.machine, facts.other_connections, last)


def listener_at(machine: MachineFacts, port: int) -> Listener | None:
    """Who listens on a port of this machine; None when the port is free or the sockets could not be read."""
    if isinstance(machine.sockets, Unknown):
        return None
    return next((x for x in machine.sockets.value.listeners if x.port == port), None)


def listener_elsewhere(machine: MachineFacts, port: int) -> Listener | None:
    """Who listens on a port at another address of this machine alone, where nothing on it is reached at 127.0.0.1."""
    if isinstance(machine.sockets, Unknown):
        return None
    return next((x for x in machine.sockets.value.elsewhere if x.port == port), None)


def known_free(facts: Facts, port: int) -> bool:
    """Whether it is certain that nothing listens on a port of this machine: the system shows all listeners, or an
    attempt there was refused."""
    sockets = facts.machine.sockets
    if isinstance(sockets, Unknown) or listener_at(facts.machine, port) is not None:
        return False
    if listener_elsewhere(facts.machine, port) is not None:
        return False
    return sockets.value.unseen is None or (port == port_of(facts) and outcome(facts) is Outcome.REFUSED)


def leads_elsewhere(machine: MachineFacts, port: int) -> bool:
    """Whether a program listens on a port that is known to lead out of this machine, by its name."""
    listener = listener_at(machine, port)
    return listener is not None and listener.relay not in (None, RelayKind.RELAY)


def owner_at(machine: MachineFacts, port: int) -> Process | None:
    """The application whose API port this is."""
    return next((p for p in applications(machine) if port in p.api_ports), None)


def helper_at(machine: MachineFacts, port: int) -> Process | None:
    """The application that listens on a port which is not its API: IBC's command server, or a part of Java."""
    listener = listener_at(machine, port)
    if listener is None or listener.pid is None or owner_at(machine, port) is not None:
        return None
    return next((p for p in applications(machine) if p.pid == listener.pid), None)


def is_command_port(process: Process, port: int) -> bool:
    """Whether IBC's command server listens on this port of an application."""
    return port == IBC_COMMAND_PORT or port == process.command_port


def serving(machine: MachineFacts, port: int) -> Served | None:
    """Who is behind a port of this machine that serves a session; None where the sockets could not be read."""
    if isinstance(machine.sockets, Unknown):
        return None
    owner, listener = owner_at(machine, port), listener_at(machine, port)
    if listener is None:
        return Served(port, application=owner is not None)
    return Served(port, listener.program, listener.pid, application=owner is not None)


def relay_gone(facts: Facts) -> Served | None:
    """The relay or tunnel that served the latest session and is gone; None where an application served it, or nothing
    is gone."""
    served, port = facts.served, port_of(facts)
    if served is None or served.application or served.port != port or idle_by_wish(facts):
        return None
    if not facts.connection.local or chosen(facts) is not None or not known_free(facts, port):
        return None
    return served if outcome(facts) in (None, *NOT_ACCEPTED) else None


def listener_key_at(connection: ConnectionSettings, machine: MachineFacts, port: int) -> str:
    """Identity of what a connection reaches on a port; see `core.state_machine.connection.Target.listener_key`."""
    if not connection.local:
        return f"{connection.host}:{port}"
    owner = owner_at(machine, port)
    if owner is not None:
        crowd = "full" if places_taken(machine, port) else "piled" if piled_up(owner, port) else ""
        return f"{port}/{owner.pid}/{owner.started}/{crowd}"
    listener = listener_at(machine, port)
    return f"{port}/{listener.pid if listener is not None else '-'}"


def is_key_of(listener_key: str, process: Process) -> bool:
    """Whether a listener key is one of this application, whatever its port."""
    return listener_key.split("/")[1:3] == [str(process.pid), str(process.started)]


def same_listener(one: str, other: str) -> bool:
    """Whether two listener keys are those of the same application on the same port, however crowded it is."""
    return one.split("/")[:3] == other.split("/")[:3]


def owner_in(listener_key: str) -> tuple[int, float] | None:
    """The process a listener key names, and when it started (epoch seconds); None where it names none."""
    parts = listener_key.split("/")
    try:
        return int(parts[1]), float(parts[2])
    except (ValueError, IndexError):
        return None


def clients_of(facts: Facts) -> tuple[ApiClient, ...]:
    """The programs connected to this connection's API port, Gatelight itself left out."""
    if isinstance(facts.machine.sockets, Unknown) or not facts.connection.local:
        return ()
    port = facts.session.port if facts.session.port is not None else port_of(facts)
    return tuple(c for c in facts.machine.sockets.value.clients if c.port == port and not c.own)


def outcome(facts: Facts) -> Outcome | None:
    """How the latest attempt on the port in question ended; None when there was none."""
    attempt = facts.session.attempt
    return attempt.outcome if attempt is not None and attempt.port == port_of(facts) else None


def answered_unseen(facts: Facts) -> bool:
    """Whether the latest attempt was answered on a port where no program is seen to listen: that outweighs the look."""
    attempt = facts.session.attempt
    return attempt is not None and attempt.unseen and outcome(facts) not in (None, *NOT_ACCEPTED)


def looked_since_failure(facts: Facts) -> bool:
    """Whether the look is newer than the latest failed attempt.

    The owner and the clients of the port are half of the evidence, and must not be older than the attempt.
    """
    attempt = facts.session.attempt
    if attempt is None or attempt.outcome is Outcome.READY or not facts.connection.local:
        return True
    return facts.machine.taken >= attempt.at


def client_count(facts: Facts) -> int | None:
    """How many API clients stand on this connection's port, Gatelight included; None where that cannot be seen."""
    sockets = facts.machine.sockets
    if isinstance(sockets, Unknown) or not facts.connection.local:
        return None
    return _connections_to(facts.machine, port_of(facts))


def _connections_to(machine: MachineFacts, port: int) -> int:
    if isinstance(machine.sockets, Unknown):
        return 0
    return sum(c.connections for c in machine.sockets.value.clients if c.port == port)


def places_taken(machine: MachineFacts, port: int, more: int = 0) -> bool:
    """Whether as many clients as an application serves are seen on a port of this machine; `more` came since then."""
    return _connections_to(machine, port) + more >= API_CLIENTS


WEDGED_AFTER = 5
"""Sockets in CLOSE_WAIT on the API port from which on they are suspected of blocking it; a cautious guess."""


def piled_up(process: Process, port: int) -> bool:
    """Whether sockets of clients that are gone have piled up on an application's port."""
    return dict(process.close_wait).get(port, 0) >= WEDGED_AFTER


_TURNED_AWAY = frozenset({Outcome.CLOSED, Outcome.SILENT, Outcome.NOT_READY})
"""How an attempt may end when every client place is taken: IBKR does not document which of these it is."""


def full_house(facts: Facts) -> bool:
    """Whether the latest attempt failed because every client place is taken."""
    count = client_count(facts)
    return count is not None and count >= API_CLIENTS and outcome(facts) in _TURNED_AWAY


def idle_by_wish(facts: Facts) -> bool:
    """Whether the user wants no connection, so that an old attempt or a missing application means nothing."""
    return not facts.session.wanted and facts.purpose is Purpose.WATCH


def standing_outcome(facts: Facts) -> Outcome | None:
    """`outcome`, as long as it still tells about now: not once the user wants no connection or the port is closed."""
    if idle_by_wish(facts):
        return None
    if facts.connection.pinned_pid is not None and chosen(facts) is None:
        return None
    sockets_seen = facts.connection.local and isinstance(facts.machine.sockets, Known)
    if sockets_seen and listener_at(facts.machine, port_of(facts)) is None and not answered_unseen(facts):
        return None
    return outcome(facts)


def age(facts: Facts, process: Process) -> float:
    """Seconds since a process started; never negative."""
    return max(0.0, facts.now.wall - process.started)


def link_settled(facts: Facts, process: Process) -> bool:
    """Whether its connection to IB's servers has stood long enough to prove a log-in."""
    since = process.upstream_since
    return since is not None and facts.now.monotonic - since >= facts.timing.settled_link

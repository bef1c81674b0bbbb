"""Scenes to judge: short ways of saying what a machine, an application and a session look like."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from agent.core.clock import Moment
from agent.core.facts import (
    Abilities,
    ApiClient,
    Fact,
    Facts,
    Installation,
    Known,
    Listener,
    MachineFacts,
    OtherProcess,
    Process,
    Processes,
    Purpose,
    RelaySeen,
    SettingsHints,
    SettingsTold,
    Sight,
    Sockets,
    Surroundings,
    Unknown,
    VirtualNetwork,
)
from agent.core.relay_facts import LimitUse, RelayCounts, RelayProgram
from agent.core.session_facts import Attempt, NoticeSeen, Outcome, Phase, ServerLink, SessionFacts, Way
from agent.core.settings import Auto, ConnectionSettings, Intent, WantedApplication, WantedMode
from agent.core.timing import Timing
from agent.tws.api_settings import ConfigResponse, Configuration
from agent.tws.applications import Application, ApplicationKind, Launcher, TradingMode
from agent.tws.calendar import Expectation
from agent.tws.launcher_log import LoginStage, LoginTold
from agent.tws.relays import relay_kind

NOW = Moment(monotonic=100_000.0, wall=datetime(2026, 11, 23, 14, 0, tzinfo=UTC).timestamp())
"""A Monday afternoon, long after the machine was started."""


def connection(
    name: str = "Paper Gateway",
    *,
    application: WantedApplication = WantedApplication.GATEWAY,
    trading_mode: WantedMode = WantedMode.ANY,
    host: str = "127.0.0.1",
    port: int | Auto = "auto",
    client_id: int | Auto = "auto",
    intent: Intent = Intent.TRADE,
    implicit: bool = False,
    pinned_pid: int | None = None,
    here: bool = False,
) -> ConnectionSettings:
    """A connection as configured."""
    return ConnectionSettings(
        name=name,
        application=application,
        trading_mode=trading_mode,
        host=host,
        port=port,
        client_id=client_id,
        intent=intent,
        implicit=implicit,
        pinned_pid=pinned_pid,
        here=here,
    )


def process(
    kind: ApplicationKind = ApplicationKind.GATEWAY,
    *,
    pid: int = 3117,
    age: float = 7200.0,
    ports: tuple[int, ...] = (4002,),
    link_for: float | None = 7000.0,
    version: str | None = "10.45",
    restarted: bool = False,
    mode: TradingMode = TradingMode.UNKNOWN,
    launched_by: Launcher = Launcher.ITSELF,
    heap_limit: int | None = None,
    memory: int | None = None,
    memory_peak: int | None = None,
    memory_growth: float | None = None,
    cpu: float | None = None,
    close_wait: tuple[tuple[int, int], ...] = (),
    hints: Fact[SettingsHints] | None = None,
    login: LoginTold | None = None,
) -> Process:
    """An application that runs since `age` seconds and has a connection to IB's servers since `link_for`."""
    return Process(
        pid=pid,
        application=Application(
            kind=kind,
            version=version,
            launched_by=launched_by,
            mode_hint=mode,
            restarted=restarted,
            heap_limit=heap_limit,
        ),
        started=NOW.wall - age,
        api_ports=ports,
        upstream=None if link_for is None else "198.51.100.7:4001",
        upstream_since=None if link_for is None else NOW.monotonic - link_for,
        close_wait=close_wait,
        memory=memory,
        memory_peak=memory_peak,
        memory_growth=memory_growth,
        cpu=cpu,
        hints=Unknown("settings files not read") if hints is None else hints,
        login=Unknown("launcher.log not read") if login is None else Known(login),
    )


def gateway(**looks: object) -> Process:
    """`process` for IB Gateway."""
    return process(ApplicationKind.GATEWAY, **looks)  # type: ignore[arg-type]


def tws(**looks: object) -> Process:
    """`process` for TWS; listens on 7497 unless told otherwise."""
    return process(ApplicationKind.TWS, **{"ports": (7497,), "pid": 2020, **looks})  # type: ignore[arg-type]


def relay(port: int = 4002, program: str = "docker-proxy", pid: int | None = 771) -> Listener:
    """The listener of a container's or tunnel's relay."""
    return Listener(port=port, pid=pid, program=program, relay=relay_kind(program))


def foreign(port: int = 4002, program: str | None = "mailserver", pid: int | None = 505) -> Listener:
    """The listener of a program that has nothing to do with TWS."""
    return Listener(port=port, pid=pid, program=program)


def machine(
    *running: Process,
    listeners: tuple[Listener, ...] = (),
    clients: tuple[ApiClient, ...] = (),
    client_portal: tuple[OtherProcess, ...] = (),
    unreadable: tuple[OtherProcess, ...] = (),
    processes: Fact[Processes] | None = None,
    elsewhere: tuple[Listener, ...] = (),
    sockets: Fact[Sockets] | None = None,
    network: Fact[bool] | None = None,
    installed: Fact[tuple[Installation, ...]] | None = None,
    surroundings: Fact[Surroundings] | None = None,
    own_names: Fact[frozenset[str]] | None = None,
    virtual_networks: tuple[VirtualNetwork, ...] = (),
    relays: Fact[tuple[RelaySeen, ...]] | None = None,
) -> MachineFacts:
    """A machine on which these applications run, each owning the listeners of its API ports."""
    own = tuple(Listener(port=port, pid=p.pid, program="java") for p in running for port in p.api_ports)
    table = Known(Processes(applications=running, client_portal=client_portal, unreadable=unreadable))
    return MachineFacts(
        processes=table if processes is None else processes,
        sockets=Known(Sockets(own + listeners, clients, elsewhere)) if sockets is None else sockets,
        network=Known(True) if network is None else network,
        installed=Known((Installation(ApplicationKind.GATEWAY, "10.45", "Jts/ibgateway/1045"),))
        if installed is None
        else installed,
        surroundings=Known(Surroundings()) if surroundings is None else surroundings,
        taken=NOW.monotonic,
        own_names=Known(frozenset()) if own_names is None else own_names,
        virtual_networks=virtual_networks,
        relays=Known(()) if relays is None else relays,
    )


NO_LINES, NO_HISTORY = LimitUse(0, 100), LimitUse(0, 60)


def counted(
    *programs: RelayProgram,
    lines: LimitUse = NO_LINES,
    history: LimitUse = NO_HISTORY,
    ago: float = 1.0,
    safe_in: float = 0.0,
) -> RelayCounts:
    """What a relay counted `ago` seconds ago."""
    return RelayCounts(NOW.wall - ago, programs, lines, history, NOW.wall + safe_in)


def through_relay(
    name: str | None = "quantower", pid: int | None = 991, *, since: float = 3600.0, port: int = 50001, **counts: Any
) -> RelayProgram:
    """A program that connected to a relay `since` seconds ago."""
    return RelayProgram(f"127.0.0.1:{port}", NOW.wall - since, pid, name, **counts)


def relay_seen(
    counts: RelayCounts | Unknown | None = None, *, name: str = "Paper relay", port: int = 5002, to: int = 4002
) -> RelaySeen:
    """A relay of Gatelight in front of an API port of this machine."""
    told = counts if isinstance(counts, Unknown) else Known(counted() if counts is None else counts)
    return RelaySeen(name, 880, port, "127.0.0.1", to, told)


def attempt(
    outcome: Outcome,
    port: int = 4002,
    *,
    ago: float = 1.0,
    failing_for: float = 60.0,
    elapsed: float = 0.004,
    server_version: int | None = None,
    accounts_came: bool = False,
    detail: str = "",
) -> Attempt:
    """The latest attempt to reach the API port, `ago` seconds old."""
    return Attempt(
        outcome=outcome,
        at=NOW.monotonic - ago,
        port=port,
        elapsed=elapsed,
        server_version=server_version,
        accounts_came=accounts_came,
        detail=detail,
        first_failed=None if outcome is Outcome.READY else NOW.monotonic - failing_for,
    )


def backing_off(
    outcome: Outcome | None = None,
    port: int = 4002,
    *,
    elapsed: float = 0.004,
    detail: str = "",
    ways: tuple[Way, ...] = (),
) -> SessionFacts:
    """A session that waits for its next attempt; `outcome` is what came of the latest."""
    return SessionFacts(
        phase=Phase.BACKING_OFF,
        since=NOW.monotonic - 1.0,
        attempt=None if outcome is None else attempt(outcome, port, elapsed=elapsed, detail=detail),
        ways=ways,
    )


def refused(*notices: NoticeSeen) -> SessionFacts:
    """An attempt that was answered, with these notices, and did not become a session."""
    tried = replace(attempt(Outcome.NOT_READY, elapsed=4.0), notices=notices)
    return SessionFacts(phase=Phase.BACKING_OFF, attempt=tried)


def connected(
    port: int = 4002,
    *,
    since: float = 3600.0,
    client_id: int = 7341,
    server_version: int = 178,
    accounts: tuple[str, ...] = ("DU1234567",),
    server_link: ServerLink = ServerLink.UP,
    notices: tuple[NoticeSeen, ...] = (),
) -> SessionFacts:
    """A session that stands since `since` seconds; change the rest with `dataclasses.replace`."""
    return SessionFacts(
        phase=Phase.CONNECTED,
        since=NOW.monotonic - since,
        port=port,
        client_id=client_id,
        server_version=server_version,
        accounts=accounts,
        latency=0.0012,
        server_link=server_link,
        link_since=NOW.monotonic - since,
        notices=notices,
        attempt=replace(attempt(Outcome.READY, port, ago=since, server_version=server_version), accounts_came=True),
    )


def login(
    stage: LoginStage, *, ago: float = 60.0, heard: float = 5.0, left: float | None = None, push: bool = True
) -> LoginTold:
    """What launcher.log has told for `ago` seconds, with its latest line `heard` seconds ago; `left` of a lock."""
    since = NOW.wall - ago
    until = None if left is None else NOW.wall + left
    asked = since - 180.0 if stage is LoginStage.UNANSWERED else None
    return LoginTold(stage, since, NOW.wall - heard, until, push, asked)


def notice(code: int, text: str = "", *, ago: float = 5.0, request_id: int = -1, count: int = 1) -> NoticeSeen:
    """A notice that came `ago` seconds ago."""
    at = NOW.monotonic - ago
    return NoticeSeen(code=code, text=text, at=at, request_id=request_id, count=count, first=at)


def told(configuration: Configuration | None, *, ago: float = 60.0, server_version: int = 223) -> SettingsTold:
    """The API settings as they were told `ago` seconds ago; None: by an application too old to tell."""
    if configuration is None:
        return SettingsTold(Unknown("server version 178 does not tell its settings"), NOW.monotonic - ago, 178)
    response = ConfigResponse(configuration.settings, configuration.precautions, configuration.lock_and_exit)
    return SettingsTold(Known(response), NOW.monotonic - ago, server_version)


def facts(
    around: MachineFacts | None = None,
    session: SessionFacts | None = None,
    *,
    wants: ConnectionSettings | None = None,
    expected: Expectation | None = None,
    timing: Timing | None = None,
    doctor: bool = False,
    sight: Sight | None = None,
    config_error: str | None = None,
    others: tuple[ConnectionSettings, ...] = (),
    settings: SettingsTold | Configuration | None = None,
    abilities: Abilities | None = None,
) -> Facts:
    """What is known at `NOW`; without arguments a healthy, connected IB Gateway."""
    return Facts(
        now=NOW,
        connection=connection() if wants is None else wants,
        machine=machine(gateway()) if around is None else around,
        session=connected() if session is None else session,
        expected=Expectation() if expected is None else expected,
        timing=Timing() if timing is None else timing,
        purpose=Purpose.DOCTOR if doctor else Purpose.WATCH,
        sight=Sight(last_pid=3117, ever=True) if sight is None else sight,
        config_error=config_error,
        other_connections=others,
        api_settings=settings if isinstance(settings, SettingsTold) else told(settings),
        abilities=Abilities() if abilities is None else abilities,
    )

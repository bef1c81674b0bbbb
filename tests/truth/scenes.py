"""What can befall a connection, one act each: played alone and in pairs, on the stage."""

from collections.abc import Callable
from dataclasses import replace

from agent.core.events import ConfigRejected, UserAsked, Woke
from agent.core.facts import Known, Listener, OtherProcess
from agent.core.session_facts import Outcome
from agent.core.settings import ConnectionSettings, WantedApplication, WantedMode
from agent.core.shown.display import Connect, Disconnect, Pause, Snooze
from tests.journeys.day import PAPER
from tests.truth.stage import Stage

Act = Callable[[Stage], None]

CONFIGURATIONS: dict[str, ConnectionSettings] = {
    "gateway": PAPER,
    "any": replace(PAPER, application=WantedApplication.ANY),
    "fixed-id": replace(PAPER, client_id=7),
    "live": replace(PAPER, trading_mode=WantedMode.LIVE),
    "remote": replace(PAPER, host="192.0.2.7"),
}
"""By name; acts are played with the one their name begins with, else with the first."""

ACTS: dict[str, Act] = {}


def act(name: str) -> Callable[[Act], Act]:
    """Enter an act under a name."""

    def enter(play: Act) -> Act:
        ACTS[name] = play
        return play

    return enter


def _healthy(stage: Stage) -> None:
    if not stage.apps:
        stage.gateway()
    stage.run(60.0)


def _notices(*codes_and_texts: tuple[int, str], request: int = -1) -> Act:
    def play(stage: Stage) -> None:
        _healthy(stage)
        for code, text in codes_and_texts:
            stage.notice(code, text, request)
            stage.run(1.0)

    return play


LOST = (1100, "Connectivity between IB and Trader Workstation has been lost.")
KEPT = (1102, "Connectivity between IB and Trader Workstation has been restored - data maintained.")
GONE = (1101, "Connectivity between IB and TWS has been restored- data lost.")


@act("nothing is installed")
def _not_installed(stage: Stage) -> None:
    stage.so.installed = False


@act("nothing runs")
def _nothing(stage: Stage) -> None:
    del stage


@act("all is well")
def _well(stage: Stage) -> None:
    _healthy(stage)


@act("a program is connected")
def _with_program(stage: Stage) -> None:
    _healthy(stage)
    stage.client("Quantower", 991)


@act("TWS runs instead")
def _other_kind(stage: Stage) -> None:
    stage.tws(7497)


@act("the Client Portal Gateway runs")
def _portal(stage: Stage) -> None:
    stage.so.client_portal.append(OtherProcess(880, "java", (5000,)))


@act("it is starting")
def _starting(stage: Stage) -> None:
    stage.gateway(None, linked=False, age=1.0)


@act("it waits for the log-in")
def _log_in(stage: Stage) -> None:
    stage.gateway(None, linked=False)


@act("it waits for the log-in after a restart")
def _restarted(stage: Stage) -> None:
    stage.gateway(None, linked=False, restarted=True)


@act("its API is off")
def _api_off(stage: Stage) -> None:
    stage.gateway(None)


@act("it listens on another port")
def _other_port(stage: Stage) -> None:
    stage.gateway(4001)


@act("another program holds the port")
def _taken(stage: Stage) -> None:
    stage.so.others.append(Listener(4002, 990, "nginx"))


@act("two of them run")
def _two(stage: Stage) -> None:
    stage.gateway()
    stage.gateway(4001)


@act("any: TWS and IB Gateway run")
def _both(stage: Stage) -> None:
    stage.gateway()
    stage.tws()


def _outcome(outcome: Outcome) -> Act:
    def play(stage: Stage) -> None:
        app = stage.apps[0] if stage.apps else stage.gateway()
        app.outcome = outcome
        stage.cut()

    return play


for _name, _met in {
    "it says nothing": Outcome.SILENT,
    "it hangs up": Outcome.CLOSED,
    "it speaks another language": Outcome.NOT_TWS,
    "it is too old": Outcome.OUTDATED,
    "it never gets ready": Outcome.NOT_READY,
}.items():
    ACTS[_name] = _outcome(_met)
ACTS["fixed-id: the client ID is in use"] = _outcome(Outcome.ID_IN_USE)


@act("32 programs are connected")
def _full(stage: Stage) -> None:
    _outcome(Outcome.SILENT)(stage)
    for number in range(32):
        stage.client(f"bot{number}", 2000 + number)


@act("sockets cannot be read")
def _no_sockets(stage: Stage) -> None:
    stage.sockets_readable = False


@act("processes cannot be read")
def _no_processes(stage: Stage) -> None:
    stage.so.processes_readable = False


@act("nothing can be read, and it runs")
def _blind(stage: Stage) -> None:
    stage.gateway()
    stage.so.processes_readable = stage.sockets_readable = False


@act("the network is gone")
def _no_network(stage: Stage) -> None:
    stage.network = Known(False)


for _name, _met in {
    "remote: the name means nothing": Outcome.UNRESOLVABLE,
    "remote: no answer": Outcome.UNREACHABLE,
    "remote: refused": Outcome.REFUSED,
    "remote: it hangs up": Outcome.CLOSED,
    "remote: it says nothing": Outcome.SILENT,
    "remote: it answers as something else": Outcome.NOT_TWS,
    "remote: all is well": Outcome.READY,
}.items():

    def _far(stage: Stage, met: Outcome = _met) -> None:
        stage.so.remote = met
        stage.cut()
        # Another machine is tried once a minute at most.
        stage.run(65.0)

    ACTS[_name] = _far


@act("the link to IB is lost")
def _link_lost(stage: Stage) -> None:
    _notices(LOST)(stage)


@act("the link to IB was lost and is back")
def _link_back(stage: Stage) -> None:
    _notices(LOST)(stage)
    stage.run(30.0)
    stage.notice(*KEPT)


@act("the link is back, data is lost")
def _data_lost(stage: Stage) -> None:
    _notices(LOST, GONE)(stage)


@act("the link is back, data is lost, a program is connected")
def _data_lost_with_program(stage: Stage) -> None:
    _with_program(stage)
    stage.run(20.0)
    _data_lost(stage)


@act("it has no link when it is met")
def _no_link(stage: Stage) -> None:
    for app in stage.apps or [stage.gateway()]:
        app.link_up = False
    stage.so.link_down = True
    stage.cut()


@act("a farm breaks")
def _farm(stage: Stage) -> None:
    _notices((2103, "Market data farm connection is broken:usfarm"))(stage)
    stage.so.farms_down.add("usfarm")


@act("a farm breaks for a moment")
def _farm_back(stage: Stage) -> None:
    _notices(
        (2103, "Market data farm connection is broken:usfarm"), (2104, "Market data farm connection is OK:usfarm")
    )(stage)
    stage.so.farms_down.discard("usfarm")


@act("the historical farm breaks")
def _history_farm(stage: Stage) -> None:
    _notices((2105, "HMDS data farm connection is broken:ushmds"))(stage)
    stage.so.farms_down.add("ushmds")


@act("the contract farm breaks")
def _contract_farm(stage: Stage) -> None:
    _notices((2157, "Sec-def data farm connection is broken:secdefnj"))(stage)
    stage.so.farms_down.add("secdefnj")


for _name, _code, _text in (
    ("data is not subscribed", 354, "Requested market data is not subscribed."),
    ("data is delayed", 10167, "Requested market data is not subscribed. Displaying delayed market data."),
    ("another session has the data", 10197, "No market data during competing live session"),
    (
        "pacing is violated",
        162,
        "error message:API historical data query pacing violation",
    ),
    ("another address has the data", 162, "Trading TWS session is connected from a different IP address"),
    ("messages come too fast", 100, "Max rate of messages per second has been exceeded"),
    ("lines are used up", 101, "Max number of tickers has been reached"),
    ("it is read-only", 321, "Error validating request: API interface is currently in Read-Only mode."),
    ("it says what means nothing", 99999, "Something of tomorrow"),
    ("a farm sleeps", 2108, "Market data farm connection is inactive but should be available upon demand.usfuture"),
):
    ACTS[_name] = _notices((_code, _text), request=5 if _code < 2000 or _code > 10000 else -1)


@act("the port was reset")
def _port_reset(stage: Stage) -> None:
    _notices((1300, "TWS socket port has been reset and this connection is being dropped. 4003"))(stage)
    stage.cut()


@act("it freezes")
def _freezes(stage: Stage) -> None:
    _healthy(stage)
    for app in stage.apps:
        app.answers_after = None


@act("it froze and is back")
def _thaws(stage: Stage) -> None:
    _freezes(stage)
    stage.run(60.0)
    for app in stage.apps:
        app.answers_after = 0.001


@act("its clock is off")
def _clock(stage: Stage) -> None:
    for app in stage.apps or [stage.gateway()]:
        app.clock_off = 40.0


@act("it answers slowly")
def _slow(stage: Stage) -> None:
    for app in stage.apps or [stage.gateway()]:
        app.answers_after = 3.0


@act("it ends")
def _ends(stage: Stage) -> None:
    _healthy(stage)
    for app in tuple(stage.apps):
        stage.end(app)


@act("it ended and is back")
def _returns(stage: Stage) -> None:
    _ends(stage)
    stage.run(60.0)
    stage.gateway(age=0.0)


@act("the session was reset")
def _reset(stage: Stage) -> None:
    _healthy(stage)
    stage.cut()


@act("the session is reset again and again")
def _unstable(stage: Stage) -> None:
    _healthy(stage)
    for _ in range(4):
        stage.cut()
        stage.run(20.0)


@act("live: it is a paper account")
def _paper_for_live(stage: Stage) -> None:
    _healthy(stage)


@act("the user stops watching")
def _stopped(stage: Stage) -> None:
    _healthy(stage)
    stage.tell(UserAsked(Disconnect("")))


@act("the user stopped watching and goes on")
def _resumed(stage: Stage) -> None:
    _stopped(stage)
    stage.run(30.0)
    stage.tell(UserAsked(Connect("")))


@act("notices are paused")
def _paused(stage: Stage) -> None:
    stage.tell(UserAsked(Pause(7200.0)))


@act("one problem is snoozed")
def _snoozed(stage: Stage) -> None:
    stage.tell(UserAsked(Snooze("app-not-running", "", 7200.0)))


@act("the configuration is rejected")
def _rejected(stage: Stage) -> None:
    stage.tell(ConfigRejected('config.toml, line 3: port = "x" is no port'))


@act("the machine slept")
def _slept(stage: Stage) -> None:
    _healthy(stage)
    stage.sleep(7200.0)
    stage.tell(Woke(7200.0))


@act("it slept and the network is away")
def _slept_without_network(stage: Stage) -> None:
    _slept(stage)
    stage.network = Known(False)


@act("the network was away")
def _network_back(stage: Stage) -> None:
    stage.network = Known(False)
    stage.run(90.0)
    stage.network = Known(True)


@act("the link is lost and it ends")
def _lost_and_ends(stage: Stage) -> None:
    _link_lost(stage)
    stage.run(60.0)
    for app in tuple(stage.apps):
        stage.end(app)


@act("a farm breaks and it ends")
def _farm_and_ends(stage: Stage) -> None:
    _farm(stage)
    stage.run(90.0)
    for app in tuple(stage.apps):
        stage.end(app)


@act("it freezes and ends")
def _freezes_and_ends(stage: Stage) -> None:
    _freezes(stage)
    stage.run(60.0)
    for app in tuple(stage.apps):
        stage.end(app)

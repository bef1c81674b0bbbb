"""The steps of the set-up in TWS or IB Gateway: from the application on disk to a session of the right mode.

Each is judged by the problems that stand in its way first: a step never shows done while one of those is there.
"""

from collections.abc import Callable
from dataclasses import replace

from agent.core.clock import took
from agent.core.evidence.api_settings import as_told, asked, settings_of, version_case, why_unknown
from agent.core.evidence.processes import applications, link_settled, port_of
from agent.core.evidence.words import app_name, listed
from agent.core.facts import Facts, Installation, Known, SettingsHints, Unknown
from agent.core.guide import fill
from agent.core.settings import Intent, WantedMode
from agent.core.setup.answers import edit_lines
from agent.core.setup.extras import at_login, configuration, count_programs, look_for_updates, market_data, notice_test
from agent.core.setup.program import program_connects
from agent.core.setup.setup import DownloadPage, Setup, SetupScene, SetupStep, StepAct, StepState
from agent.tws.api_settings_table import PRECAUTIONS
from agent.tws.applications import ApplicationKind, TradingMode
from agent.tws.privacy import mask_account

_Judge = Callable[[SetupScene, tuple[SetupStep, ...]], SetupStep | None]
"""Judges one step, given the scene and the steps before it; None where there is no such step here."""

DOWNLOAD_PAGES = {
    ApplicationKind.TWS: "https://www.interactivebrokers.com/en/trading/tws-offline-stable.php",
    ApplicationKind.GATEWAY: "https://www.interactivebrokers.com/en/trading/ibgateway-stable.php",
}
"""Where IBKR offers the stable, offline versions. Text only: nothing is ever fetched from there."""

_APPLICATION = "Install {app}"
_RUNNING = "Start {app}"
_LOGGED_IN = "Log in to {app}"
_IB_API = "Choose IB API on the log-in screen"
_SOCKETS = "Let programs connect to {app}"
_PORT = "Use the same API port"
_READ_ONLY = "Let programs send orders"
_PRECAUTIONS = "Look at the precautions"
_CONNECT = "Connect Gatelight"
_MODE = "Check live or paper"

NOT_STARTED = ("app-not-running", "wrong-application", "wrong-product")
AT_LOGIN = ("app-starting", "login-pending", "restart-stuck")
WRONG_PORT = ("api-port-mismatch", "api-port-taken", "several-apps")
_NO_SESSION = (
    "network-down",
    "container-not-ready",
    "host-unresolvable",
    "host-unreachable",
    "peer-not-trusted",
    "api-wedged",
    "api-silent",
    "not-tws",
    "session-not-ready",
    "client-id-in-use",
    "too-many-clients",
    "app-outdated",
    "app-frozen",
    "connection-unstable",
    "scheduled-outage",
    "server-link-lost",
)
"""What keeps a session from coming about, or from being of use."""


def waiting(id: str, title: str, earlier: tuple[SetupStep, ...], text: str = "") -> SetupStep:
    """A step that cannot be judged before another one is done: the first that is open, else the session."""
    first = next((s for s in earlier if not s.state.good and s.id in _NEEDED_FIRST), None)
    return SetupStep(id, title, StepState.WAITING, text=text, waits_for="connect" if first is None else first.id)


_NEEDED_FIRST = frozenset({"application", "running", "logged-in", "ib-api", "socket-clients", "port", "connect"})
"""Steps that others wait for."""


def _application(scene: SetupScene, _: tuple[SetupStep, ...]) -> SetupStep:
    step = SetupStep("application", _APPLICATION, StepState.DONE)
    connection, process = scene.facts.connection, scene.process
    if not connection.local:
        return replace(step, state=StepState.NOT_NEEDED, text=f"It runs on another computer, {connection.host}.")
    if process is not None:
        return replace(step, seen=(f"{process.label} runs",))
    if scene.connected and "wrong-application" not in scene.found:
        return replace(step, seen=(_answers(scene.facts),))
    installed = scene.facts.machine.installed
    if isinstance(installed, Unknown):
        return replace(step, state=StepState.UNKNOWN, text=f"It is not known what is installed: {installed.reason}.")
    kind = scene.wanted_kind
    fitting = [i for i in installed.value if kind in (ApplicationKind.UNKNOWN, i.kind)]
    if fitting:
        return replace(step, seen=tuple(dict.fromkeys(f"{_name(i)} is installed" for i in fitting)))
    others = tuple(
        dict.fromkeys(f"{_name(i)} is installed, which is not the one that is meant" for i in installed.value)
    )
    pages = DOWNLOAD_PAGES.items()
    links = tuple(
        DownloadPage(f"Download {k.title}", page) for k, page in pages if kind in (ApplicationKind.UNKNOWN, k)
    )
    if (wrong := scene.in_the_way("application", _APPLICATION, ("wrong-application",))) is not None:
        # What runs tells more than what is not installed.
        return replace(wrong, links=links, acts=(StepAct.CHANGE_ANSWERS,))
    what = "Neither TWS nor IB Gateway was" if kind is ApplicationKind.UNKNOWN else f"{kind.title} was not"
    return replace(
        step,
        state=StepState.TO_DO,
        text=f"{what} found on this computer.",
        links=links,
        seen=others or ("neither TWS nor IB Gateway was found in the usual folders",),
        steps=scene.guide("app-not-installed", {}, kind),
        problem="app-not-installed",
        acts=(StepAct.CHANGE_ANSWERS,) if others else (),
    )


def _name(installation: Installation) -> str:
    return f"{installation.kind.title} {installation.version or ''}".strip()


def _answers(facts: Facts) -> str:
    port = facts.session.port if facts.session.port is not None else port_of(facts)
    return f"the TWS API answers on port {port}"


def _running(scene: SetupScene, earlier: tuple[SetupStep, ...]) -> SetupStep:
    step = SetupStep("running", _RUNNING, StepState.DONE)
    if not scene.facts.connection.local:
        return replace(step, state=StepState.NOT_NEEDED, text="What runs on another computer cannot be seen from here.")
    if (blocked := scene.in_the_way("running", _RUNNING, NOT_STARTED)) is not None:
        if _missing(earlier):
            return waiting("running", _RUNNING, earlier)
        return replace(blocked, acts=(StepAct.CHANGE_ANSWERS,)) if blocked.problem == "wrong-application" else blocked
    if scene.process is not None:
        return replace(step, seen=(f"{scene.process.label} runs",))
    if scene.connected:
        return replace(step, seen=(_answers(scene.facts),))
    processes = scene.facts.machine.processes
    if isinstance(processes, Unknown):
        return replace(step, state=StepState.UNKNOWN, text=f"It is not known what runs here: {processes.reason}.")
    if _missing(earlier):
        return waiting("running", _RUNNING, earlier)
    name = app_name(scene.facts)
    args = {"app": name, "port": str(port_of(scene.facts))}
    others = tuple(f"{p.label} runs" for p in applications(scene.facts.machine))
    return replace(
        step,
        state=StepState.TO_DO,
        text=f"No running {name} is seen on this computer.",
        seen=others or ("no process of TWS or IB Gateway is seen",),
        steps=scene.guide("app-not-running", args),
        problem="app-not-running",
    )


def _missing(earlier: tuple[SetupStep, ...]) -> bool:
    """Whether there is nothing that could be started."""
    return any(s.id == "application" and s.state is StepState.TO_DO for s in earlier)


def _logged_in(scene: SetupScene, earlier: tuple[SetupStep, ...]) -> SetupStep:
    step = SetupStep("logged-in", _LOGGED_IN, StepState.DONE)
    process = scene.process
    if (blocked := scene.in_the_way("logged-in", _LOGGED_IN, AT_LOGIN)) is not None:
        return blocked
    if scene.connected and "wrong-application" not in scene.found:
        return replace(step, seen=(_answers(scene.facts),))
    if not scene.facts.connection.local:
        return replace(step, state=StepState.NOT_NEEDED, text="The session tells, once it stands.")
    if process is None:
        return waiting("logged-in", _LOGGED_IN, earlier)
    if process.api_ports:
        return replace(step, seen=(f"{process.label} listens on {_ports(process.api_ports)}",))
    if link_settled(scene.facts, process):
        return replace(step, seen=(f"{process.label} stands connected to IB’s servers",))
    return replace(
        step,
        state=StepState.UNKNOWN,
        text=f"Gatelight watches whether {process.kind.title} stays connected to IB’s servers, half a minute.",
    )


def _ports(ports: tuple[int, ...]) -> str:
    return " and ".join(str(port) for port in ports)


def _ib_api(scene: SetupScene, earlier: tuple[SetupStep, ...]) -> SetupStep:
    step = SetupStep("ib-api", _IB_API, StepState.DONE)
    if scene.kind is ApplicationKind.TWS:
        return replace(step, state=StepState.NOT_NEEDED, text="Only IB Gateway asks for it; TWS has no such choice.")
    if scene.kind is ApplicationKind.GATEWAY and (off := scene.in_the_way("ib-api", _IB_API, ("api-disabled",))):
        return off
    process = scene.process
    if process is not None and process.api_ports:
        return replace(step, seen=(f"{process.label} listens on {_ports(process.api_ports)}: IB API is chosen",))
    if scene.connected and "wrong-application" not in scene.found:
        return replace(step, seen=(_answers(scene.facts),))
    hints = process.hints.value if process is not None and isinstance(process.hints, Known) else SettingsHints()
    if hints.api_only is False:
        return replace(
            step,
            state=StepState.TO_DO,
            text="FIX CTCI was chosen last on the log-in screen: with it there is no API for programs.",
            seen=(f"{hints.source or 'jts.ini'}: FIX CTCI was chosen last",),
            steps=scene.guide("api-disabled", {"app": app_name(scene.facts), "cause": "FIX CTCI is chosen"}),
            problem="api-disabled",
        )
    text = "Select IB API, not FIX CTCI, on the log-in screen." if process is not None else ""
    return waiting("ib-api", _IB_API, earlier, text)


def _socket_clients(scene: SetupScene, earlier: tuple[SetupStep, ...]) -> SetupStep:
    step = SetupStep("socket-clients", _SOCKETS, StepState.DONE)
    if scene.kind is ApplicationKind.GATEWAY:
        text = "IB Gateway has no such box: with IB API chosen, its API is always on."
        return replace(step, state=StepState.NOT_NEEDED, text=text)
    if (off := scene.in_the_way("socket-clients", _SOCKETS, ("api-disabled",))) is not None:
        return off
    process = scene.process
    if process is not None and process.api_ports:
        return replace(step, seen=(f"{process.label} listens on {_ports(process.api_ports)}",))
    if scene.connected and "wrong-application" not in scene.found:
        return replace(step, seen=(_answers(scene.facts),))
    return waiting("socket-clients", _SOCKETS, earlier)


def _port(scene: SetupScene, earlier: tuple[SetupStep, ...]) -> SetupStep:
    step = SetupStep("port", _PORT, StepState.DONE)
    process = scene.process
    if (blocked := scene.in_the_way("port", _PORT, WRONG_PORT)) is not None:
        actual = process.api_ports[0] if process is not None and process.api_ports else None
        if blocked.problem != "api-port-mismatch" or actual is None:
            return blocked
        return replace(blocked, acts=(StepAct.USE_PORT,), value=str(actual))
    if scene.connected and "wrong-application" not in scene.found:
        return replace(step, seen=(_answers(scene.facts),))
    if not scene.facts.connection.local:
        return replace(step, state=StepState.NOT_NEEDED, text=f"Port {port_of(scene.facts)} is tried from here.")
    if process is not None and port_of(scene.facts) in process.api_ports:
        return replace(step, seen=(f"{process.label} listens on {_ports(process.api_ports)}",))
    return waiting("port", _PORT, earlier)


def _read_only(scene: SetupScene, earlier: tuple[SetupStep, ...]) -> SetupStep:
    step = SetupStep("read-only", _READ_ONLY, StepState.DONE)
    facts, looked = scene.facts, "read-only" in scene.beside.answers.looked
    name = app_name(facts)
    if facts.connection.intent is Intent.DATA:
        text = "Your programs only read data: Read-Only API may stay on, and protects you from orders."
        return replace(step, state=StepState.NOT_NEEDED, text=text)
    if "wrong-application" in scene.found:
        return waiting("read-only", _READ_ONLY, earlier)
    if (on := scene.in_the_way("read-only", _READ_ONLY, ("read-only-api",))) is not None:
        return on
    if not scene.connected:
        return waiting("read-only", _READ_ONLY, earlier, f"It is read from {name} once there is a session.")
    known = settings_of(facts)
    if known is not None and known.settings.read_only_api is False:
        return replace(step, seen=(f"“Read-Only API” is not ticked, {as_told(facts)}",))
    if not asked(facts):
        return replace(step, state=StepState.UNKNOWN, text=f"Gatelight is asking {name} for its settings.")
    if looked:
        return replace(step, seen=("you have looked: “Read-Only API” is not ticked",))
    case, if_older = version_case(facts)
    return replace(
        step,
        state=StepState.UNKNOWN,
        text=f"{name} does not tell whether Read-Only API is ticked ({why_unknown(facts)}). Look at it yourself: while "
        "it is ticked, your programs cannot send orders.",
        steps=scene.guide("read-only-api", {"app": name, "if_older": if_older}, case=case),
        problem="read-only-api",
        acts=(StepAct.LOOKED,),
    )


def _precautions(scene: SetupScene, earlier: tuple[SetupStep, ...]) -> SetupStep:
    step = SetupStep("precautions", _PRECAUTIONS, StepState.NOT_NEEDED)
    facts = scene.facts
    if facts.connection.intent is Intent.DATA:
        return replace(step, text="Your programs only read data: the precautions concern orders alone.")
    if not scene.connected or "wrong-application" in scene.found:
        return waiting("precautions", _PRECAUTIONS, earlier)
    known = settings_of(facts)
    reported = [p for p in PRECAUTIONS if known is not None and known.value(p) is not None]
    if known is None or not reported:
        text = f"They are not known ({why_unknown(facts)}), and nothing needs doing: keeping them is a choice."
        return replace(step, text=text)
    kept = [p for p in reported if known.value(p) is False]
    if not kept:
        return replace(step, state=StepState.DONE, seen=(f"every one of them is bypassed, {as_told(facts)}",))
    args = {
        "app": app_name(facts),
        "count": "One API precaution is" if len(kept) == 1 else f"{len(kept)} API precautions are",
        "boxes": "; ".join(p.title for p in kept),
    }
    return replace(
        step,
        text=f"{args['count']} on, and nothing needs doing: each is a safety prompt that holds an unusual order until "
        "you answer it. Only a program that trades unattended may need some of them bypassed.",
        seen=tuple(f"{p.named}: ticking it gives up a safety prompt: {p.given_up}" for p in kept),
        steps=scene.guide("precautions-on", args),
        problem="precautions-on",
    )


def _connect(scene: SetupScene, earlier: tuple[SetupStep, ...]) -> SetupStep:
    step = SetupStep("connect", _CONNECT, StepState.DONE)
    facts, session = scene.facts, scene.facts.session
    wrong = "wrong-application" in scene.found
    if not wrong and (blocked := scene.in_the_way("connect", _CONNECT, _NO_SESSION)) is not None:
        return blocked
    if scene.connected and not wrong:
        answers = f", answers in {took(session.latency)}" if session.latency is not None else ""
        client = f"client ID {session.client_id}, server version {session.server_version}"
        return replace(step, seen=(f"connected to port {session.port}, {client}{answers}",))
    if any(not s.state.good for s in earlier if s.id in _NEEDED_FIRST):
        return waiting("connect", _CONNECT, earlier)
    if not scene.beside.watched:
        text = "Gatelight connects as soon as this connection is saved."
        return replace(
            step, state=StepState.TO_DO, text=text, seen=edit_lines(scene.beside.edits), acts=(StepAct.WRITE,)
        )
    if not session.wanted:
        text = "It is not watched, as you asked."
        return replace(step, state=StepState.TO_DO, text=text, acts=(StepAct.CONNECT,))
    return replace(
        step,
        state=StepState.UNKNOWN,
        text=f"Gatelight is connecting to {app_name(facts)} on port {port_of(facts)}.",
    )


EITHER = "it is meant for either of them"


def _mode(scene: SetupScene, earlier: tuple[SetupStep, ...]) -> SetupStep:
    step = SetupStep("mode", _MODE, StepState.DONE)
    facts, session = scene.facts, scene.facts.session
    if not scene.connected or "wrong-application" in scene.found:
        return waiting("mode", _MODE, earlier)
    if (blocked := scene.in_the_way("mode", _MODE, ("trading-mode-mismatch",))) is not None:
        return replace(blocked, acts=(StepAct.CHANGE_ANSWERS,))
    actual, wanted = session.trading_mode, facts.connection.trading_mode
    accounts = listed((mask_account(a) for a in session.accounts), room=80)
    seen = (f"account {accounts}: {actual.value} trading",) if accounts else ()
    if actual is TradingMode.UNKNOWN:
        if wanted is WantedMode.ANY:
            return replace(step, seen=(*seen, EITHER))
        text = "The session has both live and paper accounts." if accounts else "The session has told no account yet."
        return replace(step, state=StepState.UNKNOWN, text=text)
    return replace(step, seen=(*seen, EITHER) if wanted is WantedMode.ANY else seen)


JUDGES: tuple[_Judge, ...] = (
    _application,
    _running,
    _logged_in,
    _ib_api,
    _socket_clients,
    _port,
    _connect,
    _mode,
    _read_only,
    configuration,
    program_connects,
    _precautions,
    market_data,
    notice_test,
    at_login,
    look_for_updates,
    count_programs,
)
"""In the order in which they are shown."""

OPTIONAL = frozenset({"precautions", "market-data", "test-notice", "at-login", "updates", "relay"})
"""Steps that the connection works without."""


def judge_steps(scene: SetupScene) -> Setup:
    """Judge every step, in order."""
    steps: list[SetupStep] = []
    for judge in JUDGES:
        step = judge(scene, tuple(steps))
        if step is None:
            continue
        app = scene.wanted_kind if step.id in ("application", "running") else scene.kind
        steps.append(replace(step, title=fill(step.title, {"app": app.title}), optional=step.id in OPTIONAL))
    return Setup(tuple(steps), scene.beside.answers.skipped)

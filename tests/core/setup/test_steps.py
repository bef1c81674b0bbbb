"""The steps of the set-up in TWS or IB Gateway, each in every state."""

from dataclasses import replace

import pytest

from agent.core.facts import Facts, Installation, Known, MachineFacts, SettingsHints, SettingsTold, Sight, Unknown
from agent.core.session_facts import Outcome, Phase, ServerLink, SessionFacts
from agent.core.settings import Intent, WantedMode
from agent.core.setup.answers import Answers
from agent.core.setup.setup import DownloadPage, SetupResult, StepAct, StepState
from agent.core.setup.steps import DOWNLOAD_PAGES, JUDGES
from agent.page.endpoints.guide import LINKS
from agent.tws.api_settings import Precautions
from agent.tws.applications import ApplicationKind
from tests.core.setup_scene import ANY, PAPER, STEP_IDS, TWS, judged, silent, states, step, told, wants
from tests.problems.scene import backing_off, connected, facts, gateway, machine, relay, tws

DONE, TO_DO, UNKNOWN, NOT_NEEDED, WAITING = (
    StepState.DONE,
    StepState.TO_DO,
    StepState.UNKNOWN,
    StepState.NOT_NEEDED,
    StepState.WAITING,
)
IDLE = SessionFacts(phase=Phase.IDLE)
NEVER = Sight()


def alone(around: MachineFacts, session: SessionFacts = IDLE, *, wanted: object = PAPER, sight: Sight = NEVER) -> Facts:
    return facts(around, session, wants=wanted, sight=sight)  # type: ignore[arg-type]


NOTHING = alone(machine(installed=Known(())))
INSTALLED = alone(machine())
AT_LOGIN = alone(machine(gateway(age=200.0, ports=(), link_for=None)))
STARTING = alone(machine(gateway(age=5.0, ports=(), link_for=None)))
SETTLING = alone(machine(gateway(age=200.0, ports=(), link_for=10.0)))
FIX = alone(machine(gateway(age=200.0, ports=(), link_for=100.0)))
TWS_OFF = alone(machine(tws(age=200.0, ports=(), link_for=100.0)), wanted=TWS)
LISTENING = alone(machine(gateway()), backing_off())
ELSEWHERE = alone(machine(gateway(ports=(4002,))), wanted=wants(port=4001))
OTHER_RUNS = alone(machine(tws()), wanted=PAPER)
REMOTE = alone(machine(), wanted=wants(host="gate.example", port=4002))
BLIND = alone(
    machine(processes=Unknown("access denied"), sockets=Unknown("access denied"), installed=Unknown("no rights"))
)
CLOSED = alone(machine(gateway()), backing_off(Outcome.CLOSED))
GREEN = told(facts(wants=PAPER), read_only=False)
WRONG_MODE = facts(session=connected(accounts=("U1234567",)), wants=PAPER)


def test_the_steps_come_in_their_order() -> None:
    # Two are offered only where there is such a choice.
    assert len(JUDGES) == len(STEP_IDS) + 2
    assert tuple(one.id for one in judged().steps) == STEP_IDS


@pytest.mark.parametrize(
    ("id", "given", "state"),
    [
        ("application", NOTHING, TO_DO),
        ("application", INSTALLED, DONE),
        ("application", AT_LOGIN, DONE),
        ("application", BLIND, UNKNOWN),
        ("application", REMOTE, NOT_NEEDED),
        ("application", GREEN, DONE),
        ("running", NOTHING, WAITING),
        ("running", INSTALLED, TO_DO),
        ("running", OTHER_RUNS, TO_DO),
        ("running", AT_LOGIN, DONE),
        ("running", BLIND, UNKNOWN),
        ("running", REMOTE, NOT_NEEDED),
        ("running", alone(machine(listeners=(relay(),)), connected()), DONE),
        ("logged-in", INSTALLED, WAITING),
        ("logged-in", STARTING, TO_DO),
        ("logged-in", AT_LOGIN, TO_DO),
        ("logged-in", SETTLING, UNKNOWN),
        ("logged-in", FIX, DONE),
        ("logged-in", LISTENING, DONE),
        ("logged-in", REMOTE, NOT_NEEDED),
        ("ib-api", INSTALLED, WAITING),
        ("ib-api", AT_LOGIN, WAITING),
        ("ib-api", FIX, TO_DO),
        ("ib-api", LISTENING, DONE),
        ("ib-api", TWS_OFF, NOT_NEEDED),
        ("socket-clients", TWS_OFF, TO_DO),
        ("socket-clients", alone(machine(tws()), backing_off(), wanted=TWS), DONE),
        ("socket-clients", LISTENING, NOT_NEEDED),
        ("socket-clients", alone(machine(), wanted=TWS), WAITING),
        ("port", AT_LOGIN, WAITING),
        ("port", ELSEWHERE, TO_DO),
        ("port", LISTENING, DONE),
        ("port", GREEN, DONE),
        ("port", REMOTE, NOT_NEEDED),
        ("read-only", LISTENING, WAITING),
        ("read-only", facts(wants=PAPER), UNKNOWN),
        ("read-only", silent(facts(wants=PAPER)), UNKNOWN),
        ("read-only", GREEN, DONE),
        ("read-only", told(facts(wants=PAPER), read_only=True), TO_DO),
        ("read-only", told(facts(wants=wants(intent=Intent.DATA)), read_only=True), NOT_NEEDED),
        ("precautions", LISTENING, WAITING),
        ("precautions", facts(wants=PAPER), NOT_NEEDED),
        ("precautions", told(facts(wants=PAPER), precautions=Precautions(bypass_order_precautions=False)), NOT_NEEDED),
        ("precautions", told(facts(wants=PAPER), precautions=Precautions(bypass_order_precautions=True)), DONE),
        ("precautions", facts(wants=wants(intent=Intent.DATA)), NOT_NEEDED),
        ("connect", AT_LOGIN, WAITING),
        ("connect", OTHER_RUNS, WAITING),
        ("connect", CLOSED, TO_DO),
        ("connect", LISTENING, UNKNOWN),
        ("connect", replace(LISTENING, session=replace(IDLE, wanted=False)), TO_DO),
        ("connect", GREEN, DONE),
        ("connect", facts(session=replace(connected(), heartbeat_unanswered=2), wants=PAPER), TO_DO),
        ("connect", facts(session=connected(server_link=ServerLink.DOWN), wants=PAPER), TO_DO),
        ("mode", LISTENING, WAITING),
        ("mode", GREEN, DONE),
        ("mode", WRONG_MODE, TO_DO),
        ("mode", facts(session=connected(accounts=("U1234567", "DU1234567")), wants=PAPER), UNKNOWN),
        ("mode", facts(session=connected(accounts=()), wants=PAPER), UNKNOWN),
        ("mode", facts(session=connected(accounts=("U1234567",)), wants=wants(trading_mode=WantedMode.ANY)), DONE),
    ],
)  # fmt: skip
def test_a_step_stands_as_what_was_seen_says(id: str, given: Facts, state: StepState) -> None:
    found = step(id, given)

    assert found.state is state, found
    if state is DONE:
        assert found.seen
    if state in (UNKNOWN, NOT_NEEDED):
        assert found.text.endswith(".")
    if state is TO_DO:
        assert found.text
        assert found.steps or found.acts
    if state is WAITING:
        assert found.waits_for in STEP_IDS
        assert not judged(given).step(found.waits_for).state.good


def test_every_step_of_the_application_is_tried_in_every_state_it_can_have() -> None:
    cases = next(
        mark.args[1]
        for mark in test_a_step_stands_as_what_was_seen_says.pytestmark  # type: ignore[attr-defined]
        if mark.name == "parametrize"
    )
    tried: dict[str, set[StepState]] = {}
    for id, _, state in cases:
        tried.setdefault(id, set()).add(state)

    assert set(tried) == {*STEP_IDS[:9], "precautions"}
    assert tried["running"] == set(StepState)
    assert tried["logged-in"] == set(StepState)
    assert tried["read-only"] == set(StepState)


@pytest.mark.parametrize(
    ("id", "given", "problem"),
    [
        ("application", NOTHING, "app-not-installed"),
        ("running", INSTALLED, "app-not-running"),
        ("running", OTHER_RUNS, "wrong-application"),
        ("logged-in", STARTING, "app-starting"),
        ("logged-in", AT_LOGIN, "login-pending"),
        ("ib-api", FIX, "api-disabled"),
        ("socket-clients", TWS_OFF, "api-disabled"),
        ("port", ELSEWHERE, "api-port-mismatch"),
        ("connect", CLOSED, "peer-not-trusted"),
        ("mode", WRONG_MODE, "trading-mode-mismatch"),
    ],
)
def test_what_is_in_the_way_is_the_problem_that_the_agent_would_show(id: str, given: Facts, problem: str) -> None:
    found = step(id, given)

    assert found.problem == problem
    assert found.steps
    assert not [line for line in (*found.steps, *found.seen, found.text) if "{" in line]


def test_where_to_get_the_application_is_said_for_the_one_that_is_meant() -> None:
    gateway_only = step("application", NOTHING)
    either = step("application", alone(machine(installed=Known(())), wanted=ANY))

    assert gateway_only.links == (DownloadPage("Download IB Gateway", DOWNLOAD_PAGES[ApplicationKind.GATEWAY]),)
    assert [link.address for link in either.links] == list(DOWNLOAD_PAGES.values())
    assert set(DOWNLOAD_PAGES.values()) <= {address for _, address in LINKS.values()}


def test_the_other_application_on_disk_is_no_help_but_a_reason_to_think_again() -> None:
    other = Installation(ApplicationKind.TWS, "10.45", "Jts/1045")
    found = step("application", alone(machine(installed=Known((other,)))))

    assert found.state is TO_DO
    assert found.seen == ("TWS 10.45 is installed, which is not the one that is meant",)
    assert found.acts == (StepAct.CHANGE_ANSWERS,)


def test_a_session_with_the_wrong_application_counts_for_nothing() -> None:
    setup = judged(facts(machine(tws()), connected(7497), wants=PAPER))

    assert setup.step("running").problem == "wrong-application"
    assert setup.step("running").acts == (StepAct.CHANGE_ANSWERS,)
    assert {setup.step(id).state for id in ("logged-in", "port", "connect", "mode", "read-only", "program")} == {
        WAITING
    }
    assert setup.current is setup.step("running")


def test_what_runs_tells_more_than_what_is_not_installed() -> None:
    found = step("application", alone(machine(tws(), installed=Known(()))))

    assert (found.state, found.problem, found.acts) == (TO_DO, "wrong-application", (StepAct.CHANGE_ANSWERS,))
    assert [link.label for link in found.links] == ["Download IB Gateway"]


def test_a_wrong_port_offers_the_right_one() -> None:
    found = step("port", ELSEWHERE)

    assert (found.acts, found.value) == ((StepAct.USE_PORT,), "4002")


def test_fix_ctci_on_the_log_in_screen_is_said_before_the_log_in() -> None:
    hints = Known(SettingsHints(api_only=False, source="jts.ini"))
    found = step("ib-api", alone(machine(gateway(age=200.0, ports=(), link_for=None, hints=hints))))

    assert found.state is TO_DO
    assert found.seen == ("jts.ini: FIX CTCI was chosen last",)


def test_read_only_that_is_not_told_may_be_looked_at() -> None:
    old = step("read-only", silent(facts(wants=PAPER)))
    looked = step("read-only", silent(facts(wants=PAPER)), Answers(looked=frozenset({"read-only"})))
    proven = step("read-only", told(facts(wants=PAPER), read_only=True), Answers(looked=frozenset({"read-only"})))

    asked_soon = step("read-only", replace(facts(wants=PAPER), api_settings=SettingsTold()))

    assert (asked_soon.state, asked_soon.acts) == (UNKNOWN, ())
    assert old.acts == (StepAct.LOOKED,)
    assert "does not tell its settings" in old.text
    assert any("Read-Only API" in line for line in old.steps)
    assert looked.state is DONE
    assert proven.state is TO_DO


def test_precautions_say_what_each_gives_up_and_are_never_urged() -> None:
    kept = Precautions(bypass_order_precautions=False, bypass_bond_warning=True)
    found = step("precautions", told(facts(wants=PAPER), precautions=kept))

    assert found.state is NOT_NEEDED
    assert "nothing needs doing" in found.text
    (line,) = found.seen
    assert line.startswith("“Bypass Order Precautions for API Orders”: ticking it gives up a safety prompt:")


def test_accounts_are_masked() -> None:
    assert step("mode", GREEN).seen == ("account DU•••567: paper trading",)


def test_the_way_from_nothing_to_green() -> None:
    way = [NOTHING, INSTALLED, STARTING, AT_LOGIN, SETTLING, LISTENING, GREEN]
    current = [judged(given).current for given in way]

    assert [one.id if one else None for one in current] == [
        "application",
        "running",
        "logged-in",
        "logged-in",
        "logged-in",
        "connect",
        "program",
    ]
    assert judged(GREEN).result is SetupResult.ALL_BUT_PROGRAM
    assert {judged(given).result for given in way[:-1]} == {SetupResult.NOT_YET}
    assert states(judged(GREEN))["connect"] is DONE


def test_a_connected_relay_needs_no_process() -> None:
    setup = judged(told(alone(machine(listeners=(relay(),)), connected()), read_only=False))

    assert setup.result is SetupResult.ALL_BUT_PROGRAM
    assert setup.step("running").seen == ("the TWS API answers on port 4002",)


def test_how_long_the_answer_takes_is_seen() -> None:
    (line,) = step("connect", GREEN).seen

    assert line == "connected to port 4002, client ID 7341, server version 178, answers in 1.2 ms"


def test_each_title_is_a_task_in_the_application_that_is_meant() -> None:
    titles = [one.title for one in judged(AT_LOGIN).steps]

    assert titles[:3] == ["Install IB Gateway", "Start IB Gateway", "Log in to IB Gateway"]
    assert step("logged-in", TWS_OFF).title == "Log in to TWS"
    assert step("application", alone(machine(), wanted=ANY)).title == "Install TWS or IB Gateway"
    assert not [title for title in titles if "{" in title or "…" in title]


def test_what_is_not_watched_yet_is_connected_once_it_is_saved() -> None:
    wanted = (("connections.Second.name", "Second"),)
    found = step("connect", LISTENING, watched=False, edits=wanted)

    assert (found.state, found.acts) == (TO_DO, (StepAct.WRITE,))
    assert found.seen == ("a new connection: “Second”",)

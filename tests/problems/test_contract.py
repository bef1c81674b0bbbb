"""What is promised of every problem: file, list and guide agree, codes last, and the words fit."""

import re
from importlib import import_module, resources

import pytest

from agent.core.guide import Guide, placeholders
from agent.core.problem import Problem, Severity
from agent.guides import load_guides
from agent.problems import PROBLEMS
from agent.tws.applications import ApplicationKind
from tests.problems.conftest import TEXT_LIMIT, TITLE_LIMIT

CODES = """
agent-cannot-see api-disabled api-flooding api-port-mismatch api-port-taken api-silent api-wedged app-frozen
app-memory-low app-not-installed app-not-running app-outdated app-starting client-id-in-use clock-off
competing-session config-invalid connection-unstable container-not-ready data-delayed data-farm-broken
data-lines-exhausted data-lost data-not-subscribed host-unreachable host-unresolvable login-due login-pending
message-rate-exceeded network-down not-tws pacing-violation peer-not-trusted precautions-on read-only-api
restart-at-risk restart-stuck scheduled-outage server-link-lost session-not-ready several-apps too-many-clients
trading-mode-mismatch wrong-application wrong-product
"""
PUBLISHED = frozenset(CODES.split())
"""Codes that scripts, snoozes and configurations of users name: none of them may go. A release adds its own."""


LABELS = {
    # Menu paths and keys
    "File > Global Configuration...",
    "Edit > Global Configuration...",
    "Configure > Settings",
    "API > Settings",
    "API > Precautions",
    "Lock and Exit",
    "General",
    "Ctrl-Alt-=",
    "Ctrl-Alt-F",
    "Ctrl-Alt-R",
    # API > Settings
    "Enable ActiveX and Socket Clients",
    "Read-Only API",
    "Socket port",
    "Master API client ID",
    "Reject messages above maximum allowed message rate vs applying pacing",
    "Allow connections from localhost only",
    "Trusted IPs",
    "Create",
    "Apply",
    "OK",
    # Lock and Exit, General, the log-in screen, windows that ask
    "Auto logoff",
    "Auto restart",
    "Set Auto Restart Time (HH:MM)",
    "Never lock Trader Workstation",
    "Memory Allocation",
    "IB API",
    "FIX CTCI",
    "Use SSL",
    "Use SSL encryption",
    "Reconnect using SSL",
    "I understand and accept",
    "Yes",
    # Client Portal
    "Settings > Market Data Subscriptions",
    "Settings > Users & Access Rights",
    "Quote Booster",
    # Operating systems
    "Run as administrator",
    "Force Quit",
    "Set time and date automatically",
    "Settings > Time & language > Date & time",
    "System Settings > General > Date & Time",
    "Sync now",
    # Not labels, but emphasis
    "D",
    "offline",
    "stable",
}
"""Everything a guide may print in bold: the labels exactly as the programs show them."""

MENU = {
    ApplicationKind.TWS: ("**File > Global Configuration...**", "**Edit > Global Configuration...**"),
    ApplicationKind.GATEWAY: ("**Configure > Settings**",),
}

EVERY = pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.code)


def guide_of(problem: Problem) -> Guide:
    return load_guides()[problem.code]


def words_of(guide: Guide) -> str:
    steps = (step for found in (*guide.steps.values(), *guide.cases.values()) for step in found)
    return "\n".join([guide.title, guide.meaning, *steps, guide.more])


def test_every_problem_is_listed_once_and_no_published_code_is_gone() -> None:
    codes = [p.code for p in PROBLEMS]

    assert len(set(codes)) == len(codes)
    assert set(codes) >= PUBLISHED


def test_only_a_wrong_trading_mode_breaks_quiet_hours() -> None:
    assert [p.code for p in PROBLEMS if p.never_silenced] == ["trading-mode-mismatch"]


def test_files_guides_and_list_agree() -> None:
    files = {f.name for f in resources.files("agent.problems").iterdir() if f.name.endswith(".py")}
    codes = {f.removesuffix(".py").replace("_", "-") for f in files if f != "__init__.py"}

    assert codes == {p.code for p in PROBLEMS}
    assert set(load_guides()) == codes


@EVERY
def test_the_constant_is_named_like_the_code(problem: Problem) -> None:
    name = problem.code.replace("-", "_")

    assert getattr(import_module(f"agent.problems.{name}"), name.upper()) is problem


@EVERY
def test_what_is_planned_or_only_asked_for_is_no_alarm(problem: Problem) -> None:
    assert problem.severity is Severity.INFO or not (problem.expected or problem.doctor_only)


@EVERY
def test_causes_stand_before_it(problem: Problem) -> None:
    before = PROBLEMS[: PROBLEMS.index(problem)]

    assert all(cause in before for cause in problem.hidden_by)


@EVERY
def test_title_and_text_are_sentences_for_people(problem: Problem) -> None:
    fixed_title = re.sub(r"\{[a-z_]+\}", "", problem.title)
    fixed_text = re.sub(r"\{[a-z_]+\}", "", problem.text)

    assert not problem.title.endswith(".")
    assert problem.title[0].isupper() or problem.title[0] == "{"
    assert problem.text.endswith((".", "}"))
    assert len(fixed_title) <= TITLE_LIMIT
    assert len(fixed_text) <= TEXT_LIMIT
    assert "simply" not in problem.text.lower()


@EVERY
def test_its_guide_has_steps_for_both_applications(problem: Problem) -> None:
    guide = guide_of(problem)

    assert guide.code == problem.code
    assert not guide.title.endswith(".")
    for kind in (ApplicationKind.TWS, ApplicationKind.GATEWAY):
        assert guide.steps[kind]
        assert all(step[0].isupper() or step.startswith("{") for step in guide.steps[kind])
        assert all(step.endswith((".", "}", "?")) for step in guide.steps[kind])
    for case, steps in guide.cases.items():
        assert steps, case
        assert all(step[0].isupper() and step.endswith(".") for step in steps)


@EVERY
def test_its_guide_quotes_labels_exactly(problem: Problem) -> None:
    quoted = set(re.findall(r"\*\*(.+?)\*\*", " ".join(words_of(guide_of(problem)).split())))

    assert quoted <= LABELS


@EVERY
def test_its_guide_leads_through_the_menus_of_each_application(problem: Problem) -> None:
    guide = guide_of(problem)
    if guide.steps[ApplicationKind.TWS] == guide.steps[ApplicationKind.GATEWAY]:
        return
    for kind, other in ((ApplicationKind.TWS, ApplicationKind.GATEWAY), (ApplicationKind.GATEWAY, ApplicationKind.TWS)):
        steps = "\n".join(guide.steps[kind])
        named = [menu in steps for menu in MENU[kind]]

        assert all(named) or not any(named), "TWS has two layouts: name the menu of both"
        assert not any(menu in steps for menu in MENU[other])
        if "**API > Settings**" in steps:
            assert all(named)


@EVERY
def test_the_box_that_only_tws_has_is_not_looked_for_in_ib_gateway(problem: Problem) -> None:
    assert "ActiveX" not in "\n".join(guide_of(problem).steps[ApplicationKind.GATEWAY])


@EVERY
def test_its_guide_spreads_no_folklore(problem: Problem) -> None:
    words = words_of(guide_of(problem))

    assert "/24" not in words
    assert "subnet" not in words.lower()
    assert "EnableApi" not in words
    assert "SocketPort=" not in words
    assert not re.search(r"(edit|open|change)[^.]*jts\.ini", words, re.IGNORECASE)


@EVERY
def test_its_placeholders_are_lower_case_words(problem: Problem) -> None:
    braces = re.findall(r"\{[^}]*\}", problem.title + problem.text + words_of(guide_of(problem)))

    assert len(placeholders("".join(braces))) == len(set(braces))

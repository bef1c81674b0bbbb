"""What is promised of every problem: file, list, guide and the promised table agree, and the words fit."""

import re
from importlib import import_module, resources

import pytest

from agent.core.guide import Guide, placeholders
from agent.core.problem import Problem
from agent.guides import load_guides
from agent.problems import PROBLEMS
from agent.tws.applications import ApplicationKind
from tests.problems.conftest import TEXT_LIMIT, TITLE_LIMIT

PROMISED: dict[str, tuple[str, tuple[str, ...], str | None]] = {
    "config-invalid": ("error", (), None),
    "agent-cannot-see": ("warning", (), None),
    "network-down": ("error", (), None),
    "app-not-installed": ("info", (), "open-download-page"),
    "app-not-running": ("error", (), "start-app"),
    "wrong-application": ("error", (), "use-application"),
    "wrong-product": ("error", (), None),
    "app-starting": ("info", (), None),
    "login-pending": ("warning", ("app-starting",), "focus-app"),
    "restart-stuck": ("error", (), "start-app"),
    "api-disabled": ("error", ("login-pending",), "enable-api"),
    "api-port-mismatch": ("error", (), "use-port"),
    "api-port-taken": ("error", (), None),
    "several-apps": ("warning", (), "choose-app"),
    "container-not-ready": ("error", (), None),
    "host-unresolvable": ("error", ("network-down",), None),
    "host-unreachable": ("error", ("network-down",), None),
    "peer-not-trusted": ("error", (), "copy-address"),
    "api-silent": ("error", (), "focus-app"),
    "api-wedged": ("error", (), None),
    "not-tws": ("error", (), None),
    "session-not-ready": ("error", (), None),
    "client-id-in-use": ("warning", (), "use-client-id"),
    "too-many-clients": ("error", (), None),
    "app-outdated": ("error", (), None),
    "read-only-api": ("error", (), None),
    "precautions-on": ("info", (), "set-precautions"),
    "trading-mode-mismatch": ("error", (), None),
    "api-flooding": ("warning", (), None),
    "app-frozen": ("error", ("api-flooding",), "focus-app"),
    "server-link-lost": ("error", ("network-down", "scheduled-outage"), "reconnect-account"),
    "data-lost": ("warning", (), None),
    "data-farm-broken": ("warning", ("server-link-lost",), "reconnect-data"),
    "competing-session": ("error", (), None),
    "data-not-subscribed": ("warning", ("server-link-lost",), None),
    "data-delayed": ("info", ("server-link-lost",), None),
    "pacing-violation": ("warning", (), None),
    "message-rate-exceeded": ("warning", (), None),
    "data-lines-exhausted": ("warning", (), None),
    "app-memory-low": ("warning", (), None),
    "connection-unstable": ("warning", (), None),
    "clock-off": ("warning", (), None),
    "scheduled-outage": ("info", (), None),
    "login-due": ("info", (), None),
    "restart-at-risk": ("info", (), "set-auto-restart"),
}
"""Severity, what hides it, and the fix: the table of promised problems."""

DOCTOR_ONLY = {"app-not-installed"}
NEVER_SILENCED = {"trading-mode-mismatch"}
PLANNED = {"scheduled-outage"}

SHARED_MODULES = {
    "__init__",
    "another_machine",
    "connected",
    "obstacles",
    "patience",
    "reach",
    "restart",
    "this_machine",
    "words",
}
"""Modules of `agent.problems` that are not a problem themselves."""

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
    steps = (step for found in guide.steps.values() for step in found)
    return "\n".join([guide.title, guide.meaning, *steps, guide.more])


def test_every_promised_problem_is_listed_once() -> None:
    codes = [p.code for p in PROBLEMS]

    assert sorted(codes) == sorted(PROMISED)
    assert len(set(codes)) == len(codes)


def test_files_guides_and_list_agree() -> None:
    files = {f.name for f in resources.files("agent.problems").iterdir() if f.name.endswith(".py")}
    codes = {f.removesuffix(".py").replace("_", "-") for f in files if f.removesuffix(".py") not in SHARED_MODULES}

    assert codes == {p.code for p in PROBLEMS}
    assert set(load_guides()) == codes


@EVERY
def test_the_constant_is_named_like_the_code(problem: Problem) -> None:
    name = problem.code.replace("-", "_")

    assert getattr(import_module(f"agent.problems.{name}"), name.upper()) is problem


@EVERY
def test_it_is_declared_as_promised(problem: Problem) -> None:
    hidden_by = tuple(cause.code for cause in problem.hidden_by)

    assert (problem.severity.value, hidden_by, problem.fix) == PROMISED[problem.code]
    assert problem.doctor_only is (problem.code in DOCTOR_ONLY)
    assert problem.never_silenced is (problem.code in NEVER_SILENCED)
    assert problem.expected is (problem.code in PLANNED)


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

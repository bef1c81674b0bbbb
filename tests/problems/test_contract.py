"""What is promised of every problem: file, list and guide agree, codes last, and the words fit."""

import re
from dataclasses import replace
from importlib import import_module, resources
from pathlib import Path

import pytest

from agent.core.alerts.ending import ending_of
from agent.core.facts import Known, MachineFacts, Sight
from agent.core.guide import Guide, fill, placeholders
from agent.core.problem import Problem, Severity
from agent.core.relay_facts import LimitUse
from agent.core.session_facts import SessionFacts
from agent.core.settings import WantedMode
from agent.core.told_steps import told_step
from agent.guides import in_general, load_guides
from agent.page.endpoints.guide import OWN_FIELDS
from agent.problems import PROBLEMS
from agent.tws.api_settings import ApiSettings, Configuration, LockAndExit, Precautions
from agent.tws.api_settings_table import PRECAUTIONS
from agent.tws.applications import ApplicationKind
from agent.tws.calendar import Expectation
from agent.tws.farms import Farm, FarmKind, FarmStatus
from tests.problems.conftest import TEXT_LIMIT, TITLE_LIMIT
from tests.problems.scene import (
    NOW,
    connected,
    connection,
    counted,
    facts,
    gateway,
    machine,
    relay_seen,
    through_relay,
    told,
)

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
    # Gatelight's Settings
    *OWN_FIELDS,
    # Not labels, but emphasis
    "D",
    "offline",
}
"""Everything a guide may print in bold: the labels exactly as the programs show them."""

MENU = {
    ApplicationKind.TWS: ("**File > Global Configuration...**", "**Edit > Global Configuration...**"),
    ApplicationKind.GATEWAY: ("**Configure > Settings**",),
}

TESTS = Path(__file__).parent
FILES = {f.name.removesuffix(".py") for f in resources.files("agent.problems").iterdir() if f.name.endswith(".py")}
CODES_OF_FILES = {name.replace("_", "-") for name in FILES - {"__init__"}}
CODES_LISTED = {problem.code for problem in PROBLEMS}

EVERY = pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.code)
EVERY_GUIDED = pytest.mark.parametrize(
    "problem", [p for p in PROBLEMS if p.code in load_guides()], ids=lambda p: p.code
)
"""One without a guide is named once."""


def guide_of(problem: Problem) -> Guide:
    return load_guides()[problem.code]


def words_of(guide: Guide) -> str:
    steps = (step for found in (*guide.steps.values(), *guide.cases.values()) for step in found)
    return "\n".join([guide.title, guide.meaning, *steps, guide.more])


def test_every_problem_is_listed_once_and_no_published_code_is_gone() -> None:
    codes = [p.code for p in PROBLEMS]

    assert len(set(codes)) == len(codes), f"agent/problems/__init__.py lists twice: {doubles(codes)}"
    assert set(codes) >= PUBLISHED, f"scripts and snoozes of users name these: {sorted(PUBLISHED - set(codes))}"


def doubles(codes: list[str]) -> list[str]:
    return sorted({code for code in codes if codes.count(code) > 1})


def test_only_a_wrong_trading_mode_breaks_quiet_hours() -> None:
    assert [p.code for p in PROBLEMS if p.never_silenced] == ["trading-mode-mismatch"]


@pytest.mark.parametrize("code", sorted(CODES_OF_FILES | CODES_LISTED | set(load_guides())))
def test_a_problem_has_its_file_its_line_in_the_list_its_guide_and_its_test(code: str) -> None:
    name = code.replace("-", "_")
    missing = []
    if code not in CODES_OF_FILES:
        missing.append(f"agent/problems/{name}.py: a pure _check, and {name.upper()} = Problem(code={code!r}, …)")
    if code not in CODES_LISTED:
        missing.append(f"agent/problems/__init__.py: {name.upper()} in PROBLEMS, after everything that hides it")
    if code not in load_guides():
        missing.append(
            f"agent/guides/{code}.md: “# Title”, what it means, “## Steps”; see parse_guide, agent/core/guide.py"
        )
    if not judged_present(TESTS / f"test_{name}.py", name.upper()):
        missing.append(f"tests/problems/test_{name}.py: a test in which judge({name.upper()}, …) answers Present")

    assert missing == [], f"still to be written for {code}:\n" + "\n".join(missing)


def judged_present(file: Path, constant: str) -> bool:
    """Whether a test file asks the problem through `judge`, which holds what is Present to the contract."""
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    return all(re.search(words, text) for words in (rf"judge\(\s*{constant}\b", r"\b[Pp]resents?\b", r"def test_"))


@EVERY
def test_the_constant_is_named_like_the_code(problem: Problem) -> None:
    name = problem.code.replace("-", "_")

    assert getattr(import_module(f"agent.problems.{name}"), name.upper(), None) is problem, (
        f"agent/problems/{name}.py: its one Problem is named {name.upper()}"
    )


@EVERY
def test_what_is_planned_or_only_asked_for_is_no_alarm(problem: Problem) -> None:
    assert problem.severity is Severity.INFO or not (problem.expected or problem.doctor_only)


@EVERY
def test_causes_stand_before_it(problem: Problem) -> None:
    before = PROBLEMS[: PROBLEMS.index(problem)]
    behind = [cause.code for cause in problem.hidden_by if cause not in before]

    assert behind == [], (
        f"agent/problems/__init__.py, PROBLEMS: list {problem.code} after {', '.join(behind)}, its cause"
    )


@EVERY
def test_title_and_text_are_sentences_for_people(problem: Problem) -> None:
    fixed_title = re.sub(r"\{[a-z_]+\}", "", problem.title)
    fixed_text = re.sub(r"\{[a-z_]+\}", "", problem.text)

    assert not problem.title.endswith("."), f"the title of {problem.code} ends without a full stop"
    assert problem.title[0].isupper() or problem.title[0] == "{", f"the title of {problem.code} begins with a capital"
    assert problem.text.endswith((".", "}")), f"the text of {problem.code} is sentences: it ends with a full stop"
    assert len(fixed_title) <= TITLE_LIMIT, f"the title of {problem.code} is too long for a notice of Windows"
    assert len(fixed_text) <= TEXT_LIMIT, f"the text of {problem.code} is too long for a notice of Windows"
    assert "simply" not in problem.text.lower()


LONGEST_WORDS = {
    "app": "TWS or IB Gateway",
    "port": "65535",
    "host": "h" * 40,
    "client_id": "2147483647",
    "kind": FarmKind.HISTORICAL.title,
    "programs": "p" * 45,
    "mode": "paper",
    "shown_by": "as live market data shows",
    "lasted": "at least 365 days 23 h",
}
"""The longest of what fills the words about an end."""
NOTHING_KNOWN = facts(MachineFacts(), SessionFacts(), sight=Sight())


@EVERY
def test_its_end_says_what_is_true_then(problem: Problem) -> None:
    where = f"agent/problems/{problem.code.replace('-', '_')}.py"
    assert problem.over, (
        f"{where}: say what is true once it is over, as over=(GoodNews(title, text, when(holds)),): the title like "
        "“{app} is connected to IB again”, the text like “The link was gone for {lasted}.”, and what it stands on "
        "(agent/problems/shared/ends.py); where only notices tell it, over=(unheard(title),)"
    )
    for news in problem.over:
        assert placeholders(news.title + news.text) <= set(LONGEST_WORDS), (
            f"{where}: “{news.title}” has a placeholder whose longest value tests/problems/test_contract.py, "
            "LONGEST_WORDS, does not know"
        )
        assert re.fullmatch(r"(?!Over\b)[A-Z{].*[^.]", news.title), f"{where}: “{news.title}” is no title"
        assert news.title != problem.title, f"{where}: “{news.title}” is the problem, not its end"
        assert re.search(r"\{lasted\}.*\.$", news.text), (
            f"{where}: the text tells how long, in a sentence: “{news.text}”"
        )
        assert "'" not in news.title + news.text, f"{where}: apostrophes are curly (’): “{news.title}”"
        assert len(fill(news.title, LONGEST_WORDS)) <= TITLE_LIMIT, f"{where}: “{news.title}” is too long for Windows"
        assert len(fill(news.text, LONGEST_WORDS)) <= TEXT_LIMIT, f"{where}: “{news.text}” is too long for Windows"


@EVERY
def test_its_end_claims_nothing_where_nothing_is_known(problem: Problem) -> None:
    claimed = [news.title for news in problem.over if news.known(NOTHING_KNOWN, "market-data") is not None]

    if problem.fades:
        assert all("reported" in title for title in claimed), "nothing was heard: that alone may be said"
    elif not problem.of_program:
        assert claimed == [], f"agent/problems/{problem.code.replace('-', '_')}.py: no fact tells that this is so"


WELL = facts(
    machine(
        gateway(memory=2**29, heap_limit=2**30),
        relays=Known((relay_seen(counted(through_relay(rate=LimitUse(1, 50)))),)),
    ),
    replace(connected(), clock_offset=0.0, farms=(Farm("usfarm", FarmKind.MARKET_DATA, FarmStatus.OK, 0.0),)),
    wants=connection(trading_mode=WantedMode.PAPER),
    settings=told(
        Configuration(
            ApiSettings(read_only_api=False),
            Precautions(**{p.name: True for p in PRECAUTIONS}),
            LockAndExit(auto_logoff_time="11:45", auto_logoff_period="PM", auto_logoff_type="restart"),
        )
    ),
    expected=Expectation(login_due=NOW.wall + 6 * 86400.0),
)
"""Nothing is wrong, and everything is known."""


@EVERY
def test_its_end_is_told_where_all_is_well(problem: Problem) -> None:
    instance = "4002" if problem.code.endswith("-near") else ""
    news = ending_of(problem, "market-data" if problem.code == "data-farm-broken" else instance, WELL)

    assert news is not None, f"agent/problems/{problem.code.replace('-', '_')}.py: nothing is said though all is well"
    assert "…" not in news.title + news.after("13 s"), f"{problem.code}: a placeholder has no value"


@EVERY_GUIDED
def test_its_guide_has_steps_for_both_applications(problem: Problem) -> None:
    guide = guide_of(problem)

    where = f"agent/guides/{problem.code}.md"
    assert not guide.title.endswith("."), f"{where}: its title ends without a full stop"
    for kind in (ApplicationKind.TWS, ApplicationKind.GATEWAY):
        assert guide.steps[kind], f"{where}: no steps for {kind.title}"
        for step in (told_step(step).text for step in guide.steps[kind]):
            assert step[0].isupper() or step.startswith("{"), f"{where}: a step begins with a capital: {step}"
            assert step.endswith((".", "}", "?")), f"{where}: a step is a sentence, with its full stop: {step}"
    for case, steps in guide.cases.items():
        assert steps, f"{where}: no steps for the case {case}"
        for step in steps:
            assert step[0].isupper(), f"{where}: a step begins with a capital: {step}"
            assert step.endswith("."), f"{where}: a step is a sentence, with its full stop: {step}"


@EVERY_GUIDED
def test_its_guide_can_be_told_without_a_case(problem: Problem) -> None:
    texts = words_of(in_general(guide_of(problem))).splitlines()
    gaps = [line for line in texts if "…" in line]

    assert gaps == [], (
        f"agent/guides/{problem.code}.md: under “## In general” say what stands in place of each piece with a "
        "placeholder, like “- at {since} → some time ago”; without it there is a gap in:\n" + "\n".join(gaps)
    )


@EVERY_GUIDED
def test_its_guide_quotes_labels_exactly(problem: Problem) -> None:
    quoted = set(re.findall(r"\*\*(.+?)\*\*", " ".join(words_of(guide_of(problem)).split())))

    assert sorted(quoted - LABELS) == [], (
        f"agent/guides/{problem.code}.md: bold is for labels as the programs show them; a new one goes into LABELS "
        "(tests/problems/test_contract.py)"
    )


@EVERY_GUIDED
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


@EVERY_GUIDED
def test_the_box_that_only_tws_has_is_not_looked_for_in_ib_gateway(problem: Problem) -> None:
    assert "ActiveX" not in "\n".join(guide_of(problem).steps[ApplicationKind.GATEWAY])


@EVERY_GUIDED
def test_its_guide_spreads_no_folklore(problem: Problem) -> None:
    words = words_of(guide_of(problem))

    assert "/24" not in words
    assert "subnet" not in words.lower()
    assert "EnableApi" not in words
    assert "SocketPort=" not in words
    assert not re.search(r"(edit|open|change)[^.]*jts\.ini", words, re.IGNORECASE)


@EVERY_GUIDED
def test_its_placeholders_are_lower_case_words(problem: Problem) -> None:
    braces = re.findall(r"\{[^}]*\}", problem.title + problem.text + words_of(guide_of(problem)))

    assert len(placeholders("".join(braces))) == len(set(braces))

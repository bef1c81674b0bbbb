from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.clock import next_morning
from agent.core.fix import Asker
from agent.core.memory import Stopped
from agent.core.shown.display import (
    SEPARATOR,
    TOOLTIP_LIMIT,
    Action,
    Connect,
    Disconnect,
    DoFix,
    IconState,
    LookNow,
    MenuEntry,
    OpenLog,
    OpenPage,
    OpenRelease,
    Pause,
    Quit,
    Resume,
    ShowSteps,
    Snooze,
    StartAtLogin,
)
from agent.core.shown.menu import LINE_WIDTH, MOST_LISTED, STATE_WORDS, display, headline, headline_since, tooltip
from agent.core.shown.status import ShownConnection, ShownProblem, Status
from agent.core.told_steps import plain
from agent.core.updates import Release
from agent.guides import load_guides
from agent.tws.time_zone import TimeZone
from tests.core.shown.test_status import AT, BARE, FULL, STATUS
from tests.core.test_fix import OFFER

SILENT = ShownProblem(
    code="api-silent",
    severity="error",
    title="The API of IB Gateway does not answer",
    text="IB Gateway accepts connections on port 4002 and then never answers. A window may wait for an answer.",
    evidence=("IB Gateway 10.45 (pid 3117) listens on 4002", "no answer within 5 s"),
    steps=("Open **Configure** → **Settings** and look for `Socket port`.", "Look again."),
    since=AT,
    visible=True,
    fixes=(OFFER,),
)
NOW = AT + 3600.0
TROUBLED = replace(FULL, overall=IconState.PROBLEM, phase="blocked", problems=(SILENT,))


def of(*connections: ShownConnection) -> Status:
    return replace(STATUS, connections=connections)


def lines(entries: tuple[MenuEntry, ...]) -> list[str]:
    return [e.label for e in entries if not e.separator]


def everything(entries: tuple[MenuEntry, ...]) -> Iterator[MenuEntry]:
    for entry in entries:
        yield entry
        yield from everything(entry.children)


def submenu(entries: Iterable[MenuEntry], label: str) -> tuple[MenuEntry, ...]:
    return next(e.children for e in entries if e.label == label)


def clicks(entries: tuple[MenuEntry, ...]) -> dict[str, Action]:
    return {e.label: e.action for e in entries if e.action is not None}


def test_a_healthy_connection_is_told_with_state_application_and_link() -> None:
    healthy = replace(FULL, problems=())
    shown = display(of(healthy), NOW, TimeZone(3600.0))

    assert shown.icon is IconState.CONNECTED
    assert shown.tooltip == "Paper Gateway: connected"
    assert lines(shown.menu) == [
        "✓ Paper Gateway: connected",
        "IB Gateway 10.45, API port 4002",
        "Connected since 15:00, paper",
        "Link to IB’s servers: connected",
        "Stop watching Paper Gateway",
        "Pause notices",
        "Check now",
        "Open log",
        f"Gatelight {STATUS.version}",
        "Quit Gatelight",
    ]


def test_a_link_that_no_notice_told_of_says_what_shows_it() -> None:
    shown = display(
        of(replace(FULL, problems=(), link_words="connected, as the data farms show")), NOW, TimeZone(3600.0)
    )

    assert "Link to IB’s servers: connected, as the data farms show" in lines(shown.menu)


def test_what_is_wrong_with_gatelight_itself_is_no_headline_of_a_connection() -> None:
    own = replace(
        TROUBLED.problems[0], code="config-invalid", title="The configuration cannot be used", of_program=True
    )
    shown = display(of(replace(FULL, problems=(own,))), NOW, TimeZone(3600.0))

    assert shown.icon is IconState.PROBLEM
    assert shown.tooltip == "Gatelight: The configuration cannot be used\nPaper Gateway: connected"
    assert lines(shown.menu)[0] == "✓ Paper Gateway: connected"
    assert "✗ The configuration cannot be used" in [e.label for e in shown.menu]


def test_a_problem_is_told_with_cause_beginning_and_what_can_be_done() -> None:
    shown = display(of(TROUBLED), NOW, TimeZone(), page=True)
    problem = submenu(shown.menu, f"✗ {SILENT.title}")

    assert shown.tooltip == "Paper Gateway: The API of IB Gateway does not answer"
    sentence = len(lines(problem)) - 4
    assert " ".join(lines(problem)[:sentence]) == SILENT.text
    assert lines(problem)[sentence:] == ["Since 14:00", "Show steps", "Use port 4002…", "Snooze"]


def test_where_there_is_no_page_the_menu_has_evidence_and_steps() -> None:
    problem = submenu(display(of(TROUBLED), NOW, TimeZone()).menu, f"✗ {SILENT.title}")

    assert lines(problem)[-9:] == [
        "What was seen:",
        "   IB Gateway 10.45 (pid 3117) listens on 4002",
        "   no answer within 5 s",
        "What to do:",
        "1. Open “Configure” → “Settings” and look for Socket port.",
        "2. Look again.",
        "Show steps",
        "Use port 4002…",
        "Snooze",
    ]


def test_every_click_asks_for_what_it_says() -> None:
    menu = display(of(TROUBLED), NOW, TimeZone(), page=True).menu
    snooze, stop, pause = (
        clicks(submenu(everything(menu), label)) for label in ("Snooze", "Stop watching Paper Gateway", "Pause notices")
    )

    assert snooze == {
        "For 1 hour": Snooze("api-silent", "Paper Gateway", 3600.0),
        "For 1 day": Snooze("api-silent", "Paper Gateway", 86400.0),
    }
    assert stop == {
        "For 1 hour": Disconnect("Paper Gateway", seconds=3600.0),
        "Until tomorrow 06:00": Disconnect("Paper Gateway", until=next_morning(NOW, TimeZone())),
        "Until I choose “Watch”": Disconnect("Paper Gateway"),
    }
    assert pause == {"For 1 hour": Pause(3600.0), "For 1 day": Pause(86400.0), "Until I resume": Pause(None)}
    assert clicks(menu) | clicks(submenu(menu, f"✗ {SILENT.title}")) == {
        "Open Gatelight page": OpenPage(),
        "Show steps": ShowSteps("Paper Gateway", "api-silent"),
        "Check now": LookNow(),
        "Set up": OpenPage("setup"),
        "Settings": OpenPage("settings"),
        "Open log": OpenLog(),
        f"About Gatelight {STATUS.version}": OpenPage("about"),
        "Quit Gatelight": Quit(),
    }


def test_the_question_of_a_fix_is_read_before_the_yes_can_be_clicked() -> None:
    (fix,) = [e for e in everything(display(of(TROUBLED), NOW, TimeZone()).menu) if e.label == "Use port 4002…"]

    assert fix.action is None
    assert lines(fix.children) == [*OFFER.question.lines, "Yes, do it"]
    assert clicks(fix.children) == {"Yes, do it": DoFix("use-port", "Paper", OFFER.digest, Asker.MENU)}


def test_what_is_not_watched_can_be_watched_again() -> None:
    shown = display(of(replace(BARE, wanted=False, overall=IconState.PAUSED)), NOW, TimeZone())

    assert MenuEntry("Watch TWS", Connect("TWS")) in shown.menu
    assert not any("Stop watching" in line for line in lines(shown.menu))
    assert shown.tooltip.endswith("not watched, as you asked")


@pytest.mark.parametrize(
    ("stopped", "told"),
    [
        (Stopped("TWS", AT), "Not watched since 14:00, until you choose “Watch”"),
        (Stopped("TWS", AT - 86400, AT + 16 * 3600), "Not watched since yesterday 14:00, until tomorrow 06:00"),
        (Stopped("TWS", None, AT + 7200), "Not watched, until 16:00"),
    ],
)
def test_until_when_it_is_not_watched_is_told(stopped: Stopped, told: str) -> None:
    idle = replace(BARE, wanted=False, overall=IconState.PAUSED, stopped=stopped)

    assert told in lines(display(of(idle), NOW, TimeZone()).menu)


def test_where_nothing_is_there_nothing_is_to_be_stopped() -> None:
    assert BARE.overall is IconState.WAITING
    assert not any("atch" in line.replace("Gatelight", "") for line in lines(display(of(BARE), NOW, TimeZone()).menu))


def test_a_time_of_another_day_has_its_day() -> None:
    later = display(of(replace(FULL, problems=())), NOW + 86400, TimeZone())

    assert "Connected since yesterday 14:00, paper" in lines(later.menu)


def test_a_pause_can_be_ended() -> None:
    assert (
        MenuEntry("Resume notices (paused until 14:00)", Resume())
        in display(replace(of(FULL), paused_until=AT), NOW, TimeZone()).menu
    )
    assert (
        MenuEntry("Resume notices", Resume())
        in display(replace(of(FULL), paused_until=float("inf")), NOW, TimeZone()).menu
    )


def test_a_snoozed_problem_tells_until_when() -> None:
    snoozed = replace(TROUBLED, problems=(replace(SILENT, snoozed_until=AT + 60),))
    problem = submenu(display(of(snoozed), NOW, TimeZone()).menu, f"✗ {SILENT.title}")

    assert "Snoozed until 14:01" in lines(problem)
    assert "Snooze" not in lines(problem)


def test_a_notice_nobody_took_is_admitted() -> None:
    untold = replace(TROUBLED, problems=(replace(SILENT, told=False),))

    assert any("did not take" in e.label for e in everything(display(of(untold), NOW, TimeZone()).menu))
    assert not any("did not take" in e.label for e in everything(display(of(TROUBLED), NOW, TimeZone()).menu))


def test_what_is_not_visible_yet_is_not_in_the_menu() -> None:
    young = replace(TROUBLED, overall=IconState.CONNECTING, problems=(replace(SILENT, visible=False),))

    assert not any(SILENT.title in e.label for e in everything(display(of(young), NOW, TimeZone()).menu))
    assert headline(young) == "connecting"


def test_several_connections_have_a_submenu_each_the_worst_first() -> None:
    warned = replace(BARE, overall=IconState.WARNING)
    shown = display(of(replace(FULL, problems=()), warned, replace(TROUBLED, name="Live TWS")), NOW, TimeZone())

    assert [e.label for e in shown.menu[:3]] == [
        "✗ Live TWS: The API of IB Gateway does not answer",
        "! TWS: warning",
        "✓ Paper Gateway: connected",
    ]
    assert "Stop watching Live TWS" in lines(shown.menu[0].children)
    assert "Stop watching Paper Gateway" in lines(shown.menu[2].children)
    assert shown.tooltip.splitlines()[1].startswith("Live TWS")


def test_each_problem_has_the_mark_of_its_severity() -> None:
    three = [replace(SILENT, title=severity, severity=severity) for severity in ("error", "warning", "info")]
    menu = display(of(replace(TROUBLED, problems=tuple(three))), NOW, TimeZone()).menu

    assert [e.label for e in menu if e.label in {"✗ error", "! warning", "· info"}] == [
        "✗ error",
        "! warning",
        "· info",
    ]


def test_the_headline_is_the_worst_problem() -> None:
    warning = replace(SILENT, code="several-apps", severity="warning", title="Two run")
    info = replace(SILENT, code="login-due", severity="info", title="Log in soon")

    assert headline(replace(TROUBLED, problems=(info, warning, SILENT))) == SILENT.title
    assert headline(replace(TROUBLED, problems=(info, warning))) == "Two run"
    assert headline(replace(FULL, problems=(info,))) == "connected"


def test_an_expected_outage_is_told_by_its_name_and_its_end() -> None:
    outage = replace(SILENT, code="scheduled-outage", severity="info", title="IB’s nightly reset")
    shown = display(
        of(replace(FULL, overall=IconState.MAINTENANCE, problems=(outage,), outage_ends=AT)), NOW, TimeZone()
    )

    assert shown.tooltip == "Paper Gateway: IB’s nightly reset"
    assert "Should be back by 14:00" in lines(shown.menu)


@pytest.mark.parametrize("at_login", [True, False])
def test_starting_at_log_in_can_be_chosen_where_it_is_possible(at_login: bool) -> None:
    entry = MenuEntry("Start at log-in", StartAtLogin(not at_login), checked=at_login)

    assert entry in display(STATUS, NOW, TimeZone(), at_login).menu
    assert not any(isinstance(e.action, StartAtLogin) for e in display(STATUS, NOW, TimeZone()).menu)


def test_a_click_on_the_icon_opens_the_page_or_where_there_is_none_the_menu() -> None:
    with_page, without = (display(of(TROUBLED), NOW, TimeZone(), page=page).menu for page in (True, False))

    assert [e.action for e in everything(with_page) if e.default] == [OpenPage()]
    assert not any(e.default for e in everything(without))


def test_a_link_that_was_lost_a_moment_ago_is_told_although_it_is_no_problem_yet() -> None:
    young = replace(FULL, overall=IconState.WARNING, problems=(), server_link="down")

    assert headline(young) == "no link to IB’s servers at the moment"
    assert display(of(young), NOW, TimeZone()).menu[0].label == "! Paper Gateway: no link to IB’s servers at the moment"


def test_a_disconnection_that_was_asked_for_and_a_pause_are_told_apart() -> None:
    paused = replace(FULL, overall=IconState.PAUSED, problems=())
    apart = replace(paused, phase="idle", wanted=False)

    assert headline(paused) == "connected, notices paused"
    assert headline(apart) == "not watched, as you asked"
    assert display(of(apart), NOW, TimeZone()).menu[0].label == "· Paper Gateway: not watched, as you asked"


def test_what_is_never_silenced_offers_no_snooze() -> None:
    mismatch = replace(SILENT, code="trading-mode-mismatch", can_be_snoozed=False)
    entries = list(everything(display(of(replace(TROUBLED, problems=(mismatch,))), NOW, TimeZone()).menu))

    assert not any(isinstance(e.action, Snooze) for e in entries)
    assert any("cannot be snoozed" in e.label for e in entries)


def test_every_state_has_words() -> None:
    assert set(STATE_WORDS) == set(IconState)
    assert len(set(STATE_WORDS.values())) == len(IconState)


TROUBLE = [
    replace(TROUBLED, name="VPS", label="VPS (live)"),
    replace(FULL, name="Home", label="Home (paper)", problems=()),
    replace(BARE, name="Spare"),
]


def test_of_several_connections_the_tooltip_counts_those_that_are_connected_and_tells_the_bad_ones_worst_first() -> (
    None
):
    assert tooltip(of(*TROUBLE)).split("\n") == [
        "1 of 3 connected",
        "VPS (live): The API of IB Gateway does not answer",
        "Spare: waiting for TWS or IB Gateway",
    ]


def test_of_several_connections_that_are_well_each_is_named() -> None:
    well = [replace(TROUBLE[1], name=name, label=f"{name} (live)") for name in ("VPS", "Home")]

    assert tooltip(of(*well)) == "2 of 2 connected\nVPS (live): connected\nHome (live): connected"


def test_what_a_tooltip_has_no_room_for_is_counted_and_no_line_is_cut() -> None:
    many = [replace(TROUBLED, name=f"Server {n}", label="") for n in range(5)]

    assert tooltip(of(*many)).split("\n") == [
        "0 of 5 connected",
        "Server 0: The API of IB Gateway does not answer",
        "Server 1: The API of IB Gateway does not answer",
        "and 3 more",
    ]


def test_that_there_are_more_is_said_even_where_a_line_must_be_cut_for_it() -> None:
    lost = replace(SILENT, title="IB Gateway has lost its link to IB’s servers")
    silent = replace(SILENT, title="The API of TWS does not answer")
    many = [
        replace(TROUBLED, name="VPS (live)", problems=(silent,)),
        replace(TROUBLED, name="Home server (paper)", problems=(lost,)),
    ]

    assert tooltip(of(*many, replace(BARE, name="Spare"))).split("\n") == [
        "0 of 3 connected",
        "VPS (live): The API of TWS does not answer",
        "Home server (paper): IB Gateway has lost its link to…",
        "and 1 more",
    ]


def test_a_session_that_is_lost_to_ib_or_not_answered_counts_as_no_connection() -> None:
    down = replace(FULL, overall=IconState.WARNING, problems=(), server_link="down")
    frozen = replace(FULL, overall=IconState.PROBLEM, problems=(SILENT,), server_link="unknown")
    read_only = replace(FULL, overall=IconState.PROBLEM, problems=(replace(SILENT, title="Read-Only API is on"),))

    assert tooltip(of(down, frozen, read_only)).startswith("1 of 3 connected\n")


def test_a_name_that_the_sentence_says_already_is_not_said_twice() -> None:
    waiting = replace(BARE, name="TWS or IB Gateway")

    assert tooltip(of(waiting)) == "Waiting for TWS or IB Gateway"
    assert tooltip(of(replace(BARE, name="VPS", waits_for="TWS"))) == "VPS: waiting for TWS"
    assert tooltip(of(replace(waiting, label="TWS (paper)"))) == "TWS (paper): waiting for TWS or IB Gateway"


def test_the_menu_says_live_or_paper() -> None:
    menu = display(of(*TROUBLE), NOW, TimeZone()).menu

    assert "✗ VPS (live): The API of IB Gateway does not answer" in lines(menu)
    assert "✓ Home (paper): connected" in [e.label for e in everything(menu)]


@given(st.lists(st.text(min_size=1, max_size=60), max_size=8), st.sampled_from(IconState))
def test_the_tooltip_always_fits(names: list[str], overall: IconState) -> None:
    text = tooltip(of(*(replace(TROUBLED, name=name, overall=overall) for name in names)))

    assert text
    assert len(text.encode("utf-16-le", "surrogatepass")) // 2 <= TOOLTIP_LIMIT


def test_no_step_of_any_guide_shows_a_mark_of_markdown() -> None:
    steps = [step for guide in load_guides().values() for kind in guide.steps.values() for step in kind]

    assert steps
    assert not [s for s in map(plain, steps) if "**" in s or "`" in s or "](" in s]


def test_no_line_is_wider_than_a_menu_bears() -> None:
    long = replace(SILENT, text="word " * 60, evidence=("word " * 60,), steps=("word " * 60,))
    entries = list(everything(display(of(replace(TROUBLED, problems=(long,))), NOW, TimeZone()).menu))

    assert max(len(e.label) for e in entries) <= LINE_WIDTH + 4


def test_no_account_is_in_the_menu() -> None:
    assert not any(a in str(display(STATUS, NOW, TimeZone())) for a in FULL.accounts)


def test_since_belongs_to_the_headline() -> None:
    problem = replace(SILENT, since=AT + 60)

    assert headline_since(replace(FULL, problems=())) == ("Connected since", AT)
    assert headline_since(replace(FULL, problems=(problem,))) == ("Since", AT + 60)
    assert headline_since(replace(FULL, problems=(replace(problem, began=False),))) == ("Seen since", AT + 60)
    for state in (IconState.WAITING, IconState.MAINTENANCE, IconState.CONNECTING, IconState.UNKNOWN):
        assert headline_since(replace(FULL, phase="idle", overall=state, problems=())) is None
    assert headline_since(replace(FULL, overall=IconState.WARNING, problems=())) is None


def test_a_link_that_sockets_show_is_told_without_a_session() -> None:
    off = replace(FULL, phase="idle", problems=(), server_link="up", link_words="connected, as its sockets show")
    unknown = replace(off, server_link="unknown", link_words="not known")

    assert "Link to IB’s servers: connected, as its sockets show" in lines(display(of(off), NOW, TimeZone()).menu)
    assert not any(line.startswith("Link") for line in lines(display(of(unknown), NOW, TimeZone()).menu))


@pytest.mark.parametrize("page", [True, False])
def test_a_newer_version_is_a_line_that_opens_the_page_which_offers_it(page: bool) -> None:
    status = replace(STATUS, update=Release("0.3.0", "https://example.org/gatelight/"))
    without, with_it = (
        [(e.label, e.action) for e in display(one, NOW, TimeZone(), page=page).menu] for one in (STATUS, status)
    )
    (line,) = [entry for entry in with_it if entry not in without]

    assert line == ("Version 0.3.0 can be had", OpenRelease("https://example.org/gatelight/"))
    about = next(n for n, (label, _) in enumerate(with_it) if label.endswith(f"Gatelight {STATUS.version}"))
    assert with_it.index(line) == about - 1
    # It is no problem: tooltip and icon stay as they were.
    assert display(status, NOW, TimeZone()).tooltip == display(STATUS, NOW, TimeZone()).tooltip


def test_of_a_hundred_connections_the_menu_has_the_worst_and_says_how_many_more_there_are() -> None:
    hundred = [replace(FULL, name=f"gw-{n:03}", label="", problems=(), overall=IconState.CONNECTED) for n in range(100)]
    hundred[70] = replace(TROUBLED, name="gw-070", label="")
    shown = display(of(*hundred), AT, TimeZone(), page=True)
    lines = [e for e in shown.menu if "gw-" in e.label or "more" in e.label]

    assert len(lines) == MOST_LISTED + 1
    assert "gw-070" in lines[0].label
    assert lines[-1] == MenuEntry("… and 90 more, all connected", OpenPage())
    assert shown.tooltip.startswith("99 of 100 connected\n")
    without_page = [e for e in display(of(*hundred), AT, TimeZone()).menu if "more" in e.label]
    assert [e.action for e in without_page] == [None]


def test_of_many_that_are_all_well_the_tooltip_is_their_number() -> None:
    many = [replace(FULL, name=f"gw-{n:03}", label="", problems=(), overall=IconState.CONNECTED) for n in range(50)]

    assert tooltip(of(*many)) == "50 of 50 connected"


def test_what_is_left_out_is_said_to_be_bad_where_it_is() -> None:
    many = [replace(FULL, name=f"gw-{n:03}", problems=(SILENT,), overall=IconState.PROBLEM) for n in range(50)]
    labels = [e.label for e in display(of(*many), AT, TimeZone(), page=True).menu]

    assert "… and 40 more with a problem" in labels


def in_groups(*ill: str) -> list[ShownConnection]:
    """Sixty in three places, of which these are not well."""
    names = [f"{place}-{n:02}" for place in ("lon", "nyc", "ams") for n in range(1, 21)]
    well = replace(FULL, label="", problems=(), overall=IconState.CONNECTED)
    return [replace(TROUBLED if name in ill else well, name=name, label="") for name in names]


def test_many_connections_are_groups_below_the_bad_ones() -> None:
    menu = display(of(*in_groups("nyc-07")), AT, TimeZone(), page=True).menu
    groups = [entry for entry in menu if entry.label[2:5] in ("lon", "nyc", "ams") and "-" not in entry.label]

    assert menu[2].label.startswith("✗ nyc-07: ")
    assert menu[3] == SEPARATOR
    assert [group.label for group in groups] == [
        "✗ nyc: 1 with a problem, 19 connected",
        "✓ lon: all 20 connected",
        "✓ ams: all 20 connected",
    ]
    assert [len(group.children) for group in groups] == [MOST_LISTED + 1] * 3
    assert groups[0].children[0].label.startswith("✗ nyc-07: ")
    assert groups[0].children[-1] == MenuEntry("… and 10 more, all connected", OpenPage())


def test_where_all_are_bad_the_menu_stays_short_and_where_all_are_well_it_is_groups_alone() -> None:
    every = [one.name for one in in_groups()]
    bad = [entry for entry in display(of(*in_groups(*every)), AT, TimeZone(), page=True).menu if "✗" in entry.label]
    assert [entry.label.partition(":")[0] for entry in bad] == ["✗ lon", "✗ nyc", "✗ ams"]
    assert bad[0].label.startswith("✗ lon: all 20 with a problem; ")
    # Each of a crowd has its steps and fixes in its group.
    assert [member.label.partition(":")[0] for member in bad[0].children[:2]] == ["✗ lon-01", "✗ lon-02"]
    assert any("does not answer" in entry.label and entry.children for entry in bad[0].children[0].children)
    assert bad[0].children[-1].label == "… and 10 more with a problem"
    well = [entry.label for entry in display(of(*in_groups()), AT, TimeZone()).menu]
    assert well[:3] == ["✓ lon: all 20 connected", "✓ nyc: all 20 connected", "✓ ams: all 20 connected"]

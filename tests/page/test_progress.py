"""How far somebody is with the steps: only what changed counts, and what was done stays done."""

from dataclasses import replace
from typing import Any

import pytest

from agent.core.shown.display import IconState
from agent.core.shown.status import ShownApplication, ShownConnection, ShownProblem, ShownSettings, Status
from agent.core.told_steps import told_step
from agent.guides import load_guides
from agent.page.progress import MOST_ENDED, Followed, Progress, follow, point_of, steps_done
from agent.tws.api_settings import ApiSettings, Configuration, Source
from agent.tws.applications import ApplicationKind

RUNS = ShownApplication("tws", "10.45", 3117, 0.0, ())
OPEN = replace(RUNS, listening=(7496,))


def problem(code: str, *steps: str, visible: bool = True) -> ShownProblem:
    return ShownProblem(code, "error", f"title of {code}", "", (), steps, 50.0, visible)


def connection(application: ShownApplication | None, *problems: ShownProblem, **more: Any) -> ShownConnection:
    return ShownConnection(
        "TWS", "127.0.0.1", 7496, IconState.PROBLEM, "idle", 0.0, application=application, problems=problems, **more
    )


def status(*connections: ShownConnection) -> Status:
    return Status("0", 1, 0.0, connections)


def known(**settings: Any) -> ShownSettings:
    return ShownSettings(Source.API, 0.0, Configuration(settings=ApiSettings(**settings)))


API_OFF = problem(
    "api-disabled",
    "In Mosaic, open **File > Global Configuration...**; in Classic, open **Edit > Global Configuration...**.",
    "On the left, open **API > Settings**.",
    "Tick **Enable ActiveX and Socket Clients**.",
    "Check that **Socket port** is the port your programs use.",
    "Click **Apply**.",
)


def test_only_the_step_that_is_seen_is_done() -> None:
    progress = follow(Progress(), status(connection(RUNS, API_OFF)), 60.0)
    later = follow(progress, status(connection(OPEN, API_OFF)), 70.0)

    assert progress.done == {("TWS", "api-disabled"): ()}
    assert later.done == {("TWS", "api-disabled"): (3,)}


def test_what_was_so_from_the_beginning_is_no_step_done() -> None:
    progress = follow(Progress(), status(connection(OPEN, API_OFF)), 60.0)

    assert follow(progress, status(connection(OPEN, API_OFF)), 70.0).done == {("TWS", "api-disabled"): ()}


def test_what_was_done_stays_done() -> None:
    progress = follow(Progress(), status(connection(RUNS, API_OFF)), 60.0)
    progress = follow(progress, status(connection(OPEN, API_OFF)), 70.0)

    assert follow(progress, status(connection(RUNS, API_OFF)), 80.0).done == {("TWS", "api-disabled"): (3,)}


@pytest.mark.parametrize(
    ("step", "before", "after", "done"),
    [
        ("Start TWS.", connection(None), connection(RUNS), True),
        ("TWS: Start TWS.", connection(None), connection(RUNS), True),
        ("Start TWS.", connection(RUNS), connection(RUNS), False),
        ("Start TWS.", connection(RUNS), connection(None), False),
        ("Start TWS and log in.", connection(None), connection(RUNS), False),
        ("Start TWS and log in.", connection(None), connection(OPEN), True),
        ("Log in.", connection(RUNS), connection(OPEN), True),
        ("Log in.", connection(OPEN), connection(OPEN), False),
        ("Confirm the two-factor push on your phone.", connection(RUNS), connection(OPEN), True),
        ("Close TWS. If it does not close, end it.", connection(RUNS), connection(None), True),
        ("Log out of IB Gateway.", connection(RUNS), connection(replace(RUNS, pid=9)), False),
        ("Log out of TWS.", connection(RUNS), connection(replace(RUNS, pid=9)), True),
        ("IB Gateway: Log in.", connection(RUNS), connection(OPEN), False),
        ("TWS: Log in.", connection(RUNS), connection(OPEN), True),
        ("Start IB Gateway.", connection(None), connection(RUNS), False),
        ("Close TWS.", connection(RUNS), connection(None, unseen="no rights"), False),
        ("Start TWS.", connection(None, unseen="no rights"), connection(RUNS), False),
        ("Log in.", connection(replace(RUNS, listening=None)), connection(OPEN), False),
        ("Tick **Enable ActiveX and Socket Clients**.", connection(None), connection(OPEN), False),
        (
            "Untick **Read-Only API**.",
            connection(OPEN),
            connection(OPEN, api_settings=known(read_only_api=False)),
            False,
        ),
        ("Set **Socket port** to 7496.", connection(replace(RUNS, listening=(4001,))), connection(OPEN), True),
        ("Set **Socket port** to 7497.", connection(replace(RUNS, listening=(4001,))), connection(OPEN), False),
        ("If TWS says so, log in again.", connection(RUNS), connection(OPEN), False),
        ("IB Gateway: If it hangs, close IB Gateway.", connection(RUNS), connection(None), False),
        ("Drink a coffee.", connection(None), connection(OPEN), False),
        (
            "Untick **Read-Only API**.",
            connection(OPEN, api_settings=known(read_only_api=True)),
            connection(OPEN, api_settings=known(read_only_api=False)),
            True,
        ),
        (
            "Untick **Read-Only API**.",
            connection(OPEN, api_settings=known(read_only_api=False)),
            connection(OPEN, api_settings=known(read_only_api=True)),
            False,
        ),
        ("Untick **Read-Only API**.", connection(OPEN), connection(OPEN), False),
        ("Untick **No such box**.", connection(OPEN), connection(OPEN), False),
    ],
)
def test_each_kind_of_step_is_seen_as_it_can_be(
    step: str, before: ShownConnection, after: ShownConnection, done: bool
) -> None:
    assert steps_done((step,), point_of(before), point_of(after)) == (frozenset({step}) if done else frozenset())


@pytest.mark.parametrize("kind", [ApplicationKind.TWS, ApplicationKind.GATEWAY])
@pytest.mark.parametrize("code", load_guides())
def test_no_step_of_any_guide_is_done_before_anything_changed(code: str, kind: ApplicationKind) -> None:
    guide = load_guides()[code]
    steps = guide.steps_for(kind, {"port": "7496", "actual": "7496"})
    for now in (connection(None), connection(RUNS), connection(OPEN, api_settings=known(read_only_api=False))):
        assert steps_done(steps, point_of(now), point_of(now)) == frozenset()


NOT_RUNNING = problem("app-not-running", "Start TWS.", "Log in.", "Wait until the main window is open.")


@pytest.mark.parametrize("stage", [problem("app-starting"), problem("login-pending"), None])
def test_a_start_is_no_end_of_a_problem_but_the_way_there(stage: ShownProblem | None) -> None:
    shown = () if stage is None else (stage,)
    starting = replace(connection(RUNS, *shown), overall=IconState.CONNECTING)
    progress = follow(Progress(), status(connection(None, NOT_RUNNING)), 60.0)
    progress = follow(progress, status(starting), 70.0)
    (followed,) = [f for f in progress.followed if f.code == "app-not-running"]
    over = follow(progress, status(replace(connection(OPEN), phase="connected")), 90.0)

    assert (followed.under_way, followed.done) == (True, (1,))
    assert progress.ended == ()
    assert "app-not-running" in {e.code for e in over.ended}
    assert over.followed == ()


def test_another_problem_is_an_end_of_the_first() -> None:
    progress = follow(Progress(), status(connection(None, NOT_RUNNING)), 60.0)
    progress = follow(progress, status(connection(OPEN, problem("api-silent"))), 70.0)

    assert [e.code for e in progress.ended] == ["app-not-running"]


def test_a_session_shows_the_log_in_before_a_look_shows_the_port() -> None:
    log_in = problem("login-pending", "Log in by hand and confirm the two-factor push on your phone.")
    progress = follow(Progress(), status(connection(RUNS, log_in)), 60.0)
    up = replace(connection(RUNS), phase="connected", overall=IconState.CONNECTED)
    (ended,) = follow(progress, status(up), 70.0).ended

    assert (ended.code, ended.done) == ("login-pending", (1,))


def test_a_problem_that_is_only_called_by_another_name_is_not_over() -> None:
    progress = follow(Progress(), status(connection(None, NOT_RUNNING)), 60.0)
    progress = follow(progress, status(connection(None, problem("wrong-product"))), 70.0)

    assert [e.code for e in progress.ended] == []
    assert [f.code for f in progress.followed] == ["wrong-product"]


def test_a_wish_to_be_disconnected_is_an_end() -> None:
    progress = follow(Progress(), status(connection(None, NOT_RUNNING)), 60.0)
    unwanted = replace(connection(None), overall=IconState.PAUSED, wanted=False)

    assert follow(progress, status(unwanted), 70.0).followed == ()


def real(code: str, kind: ApplicationKind, **args: str) -> ShownProblem:
    """A problem with the very steps of its guide."""
    return problem(code, *load_guides()[code].steps_for(kind, args))


MISMATCH = real("api-port-mismatch", ApplicationKind.TWS, app="TWS", actual="7496", port="7497")
ON_7497 = replace(connection(OPEN, MISMATCH), port=7497)


def test_a_problem_that_ends_otherwise_ticks_nothing_and_leaves_nothing() -> None:
    progress = follow(Progress(), status(ON_7497), 60.0)
    (ended,) = follow(progress, status(replace(ON_7497, problems=())), 70.0).ended

    assert (ended.done, ended.left) == ((), ())


def test_of_two_ways_the_one_that_was_gone_is_ticked_and_its_reminder_stays() -> None:
    progress = follow(Progress(), status(ON_7497), 60.0)
    (by_fix,) = follow(progress, status(replace(ON_7497, port=7496, problems=())), 70.0).ended
    (by_hand,) = follow(
        progress, status(replace(ON_7497, application=replace(OPEN, listening=(7497,)), problems=())), 70.0
    ).ended

    ways = [told_step(MISMATCH.steps[number - 1]).way for number in (*by_fix.done, *by_hand.done)]
    assert ways == ["Either keep TWS as it is", "Or keep port 7497"]
    assert by_fix.left == ("Set the port in your own programs to 7496 as well.",)
    assert by_hand.left == ()


STUCK = real("restart-stuck", ApplicationKind.TWS, app="TWS")


def test_once_one_way_is_gone_no_step_of_the_other_is_ticked() -> None:
    progress = follow(Progress(), status(connection(RUNS, STUCK)), 60.0)
    closed = follow(progress, status(connection(None, STUCK)), 70.0)
    started = follow(closed, status(connection(replace(RUNS, pid=9), STUCK)), 80.0)
    logged_in = follow(started, status(connection(replace(OPEN, pid=9), STUCK)), 90.0)
    ways = [told_step(STUCK.steps[number - 1]).way for number in logged_in.done[("TWS", "restart-stuck")]]

    assert closed.done != progress.done
    assert set(ways) == {"Or it does not react"}
    assert len(ways) > 1


def test_what_could_have_been_either_way_is_neither() -> None:
    steps = ("Either ask: Log in.", "Or tell: Log in by hand.", "Then: Log in.")
    progress = follow(Progress(), status(connection(RUNS, problem("login-pending", *steps))), 60.0)

    assert [e.done for e in follow(progress, status(connection(OPEN)), 70.0).ended] == [(3,)]


@pytest.mark.parametrize(("ran", "does"), [("tws", "gateway"), ("gateway", "tws")])
def test_an_application_that_is_now_meant_is_no_log_in_to_the_other(ran: str, does: str) -> None:
    names = {kind.value: kind.title for kind in ApplicationKind}
    wrong = real("wrong-application", ApplicationKind.UNKNOWN, wanted=names[ran], other=names[does])
    progress = follow(Progress(), status(connection(None, wrong)), 60.0)
    (ended,) = follow(progress, status(connection(replace(OPEN, kind=does))), 70.0).ended

    assert [told_step(wrong.steps[n - 1]).way for n in ended.done] == [f"Or use {names[does]}"]
    assert ended.left == (f"Set the port in your own programs to the one {names[does]} listens on.",)


def test_what_is_left_in_a_users_own_programs_is_named_for_these_steps_and_no_others() -> None:
    left = set()
    for code, guide in load_guides().items():
        steps = tuple(dict.fromkeys(step for listed in guide.steps.values() for step in listed))
        followed = Followed("TWS", code, "", 0.0, point_of(connection(None)), steps, frozenset(steps))
        left |= {(code, step.replace("IB Gateway", "TWS")) for step in followed.left}

    assert left == {
        ("api-port-mismatch", "Set the port in your own programs to {actual} as well."),
        ("api-port-taken", "Set the port in your own programs to the same one."),
        ("app-outdated", "Check that your shortcuts and start scripts start the new version and not the old one."),
        ("competing-session", "Let your programs ask for their data again."),
        ("not-tws", "Set the port in your own programs to the same one."),
        ("read-only-api", "Let your programs connect again, or restart them."),
        ("trading-mode-mismatch", "Start your programs again."),
        ("wrong-application", "Set the port in your own programs to the one {other} listens on."),
        (
            "wrong-product",
            "Set the port in your own programs to that of TWS: usually 7496 for live, 7497 for paper.",
        ),
        (
            "wrong-product",
            "Set the port in your own programs to that of TWS: usually 4001 for live, 4002 for paper.",
        ),
    }


def test_what_a_cause_hides_or_nobody_watches_has_not_ended() -> None:
    progress = follow(Progress(), status(connection(OPEN, MISMATCH)), 60.0)
    hidden = follow(progress, status(connection(OPEN, set_aside=("api-port-mismatch",))), 70.0)
    unwanted = follow(progress, status(connection(OPEN, wanted=False)), 70.0)
    back = follow(hidden, status(connection(OPEN, MISMATCH)), 80.0)

    assert ([f.set_aside for f in hidden.followed], hidden.ended) == ([True], ())
    assert ([f.set_aside for f in back.followed], back.ended) == ([False], ())
    assert unwanted == follow(progress, status(), 70.0) == Progress()


def test_an_end_is_remembered_with_its_times_and_a_return_takes_it_back() -> None:
    progress = follow(Progress(), status(connection(RUNS, API_OFF)), 60.0)
    over = follow(progress, status(connection(OPEN)), 90.0)
    back = follow(over, status(connection(RUNS, API_OFF)), 100.0)

    assert [(e.code, e.title, e.since, e.until) for e in over.ended] == [
        ("api-disabled", "title of api-disabled", 50.0, 90.0)
    ]
    assert over.done == {}
    assert over.ended[0].done == (3,)
    assert back.ended == ()


def test_a_problem_nobody_has_heard_of_yet_is_not_followed() -> None:
    hidden = problem("api-disabled", visible=False)
    progress = follow(Progress(), status(connection(RUNS, hidden)), 60.0)

    assert progress == Progress()


def test_only_so_many_ends_are_kept() -> None:
    progress = Progress()
    for number in range(MOST_ENDED + 5):
        progress = follow(progress, status(connection(RUNS, problem(f"code-{number}"))), number)
        progress = follow(progress, status(connection(RUNS)), number)

    assert len(progress.ended) == MOST_ENDED
    assert progress.ended[-1].code == f"code-{MOST_ENDED + 4}"


@pytest.mark.parametrize("began", [True, False])
def test_an_end_tells_whether_the_beginning_was_seen(began: bool) -> None:
    stands = replace(problem("app-frozen"), began=began)
    progress = follow(Progress(), status(connection(OPEN, stands)), 60.0)
    (ended,) = follow(progress, status(connection(OPEN)), 70.0).ended

    assert ended.first_seen is not began

"""What is counted from one status to the next."""

from dataclasses import replace

from agent.core.clock import Moment
from agent.core.shown.display import IconState
from agent.core.shown.status import ShownApplication
from agent.metrics.counts import BUCKETS, MOST_KEPT_NAMES, ConnectionCounts, Counts, cumulative
from tests.metrics.made_up import HEALTHY, NOW, OF_CONNECTIONS, problem, status, with_problems

AWAY = replace(HEALTHY, phase="backing-off", overall=IconState.CONNECTING, latency=None)


def counted(counts: Counts, now: Moment, name: str = HEALTHY.name) -> ConnectionCounts:
    found = counts.of(name, now)
    assert found is not None
    return found


def test_a_problem_counts_when_it_begins_to_be_shown_and_not_while_it_lasts() -> None:
    counts = Counts(NOW)
    sick, code = with_problems(HEALTHY, OF_CONNECTIONS[0]), OF_CONNECTIONS[0].code
    for shown in (HEALTHY, sick, sick, HEALTHY, sick):
        counts.take(status(shown), NOW)

    assert counted(counts, NOW).problems == {code: 2}


def test_a_problem_that_is_not_shown_yet_does_not_count() -> None:
    counts = Counts(NOW)
    counts.take(status(replace(HEALTHY, problems=(replace(problem("app-frozen"), visible=False),))), NOW)

    assert counted(counts, NOW).problems.total() == 0


def test_a_problem_of_gatelight_counts_for_no_connection() -> None:
    counts = Counts(NOW)
    counts.take(status(replace(HEALTHY, problems=(problem("config-invalid"),))), NOW)

    assert counts.own == {"config-invalid": 1}
    assert counted(counts, NOW).problems.total() == 0


def test_each_state_gets_its_time_up_to_now() -> None:
    counts = Counts(NOW)
    counts.take(status(), NOW)
    counts.take(status(AWAY), NOW.later(10.0))

    assert counted(counts, NOW.later(13.0)).seconds == {IconState.CONNECTED: 10.0, IconState.CONNECTING: 3.0}
    assert counted(counts, NOW.later(14.0)).seconds[IconState.CONNECTING] == 4.0, "a copy must not have counted"


def test_a_connection_that_is_away_gets_no_time_and_keeps_its_counts() -> None:
    counts = Counts(NOW)
    counts.take(status(), NOW)
    counts.take(status(replace(HEALTHY, name="other")), NOW.later(5.0))
    counts.take(status(), NOW.later(100.0))

    assert counted(counts, NOW.later(101.0)).seconds == {IconState.CONNECTED: 6.0}
    assert counted(counts, NOW.later(101.0)).sessions == 2


def test_sessions_and_losses() -> None:
    counts = Counts(NOW)
    for shown in (AWAY, HEALTHY, AWAY, HEALTHY, replace(AWAY, wanted=False)):
        counts.take(status(shown), NOW)

    found = counted(counts, NOW)
    assert (found.sessions, found.lost) == (2, 1), "the user ended the last one"


def test_a_start_counts_once_and_only_while_gatelight_watches() -> None:
    counts = Counts(NOW)
    application = HEALTHY.application
    assert application is not None
    started: tuple[ShownApplication, ...] = (
        application,
        replace(application, pid=78, started=NOW.wall + 5.0),
        # Another process of earlier, as where several run.
        application,
        replace(application, pid=78, started=NOW.wall + 5.0),
        replace(application, pid=79, started=NOW.wall + 9.0),
    )
    for one in started:
        counts.take(status(replace(HEALTHY, application=one)), NOW)

    assert counted(counts, NOW).starts == 2


def test_a_latency_counts_once_in_its_bucket() -> None:
    counts = Counts(NOW)
    for latency in (0.001, 0.001, 0.0011, 99.0):
        counts.take(status(replace(HEALTHY, latency=latency)), NOW)

    found = counted(counts, NOW)
    assert cumulative(found.buckets) == [1] + [2] * (len(BUCKETS) - 1) + [3]
    assert found.latencies == 0.001 + 0.0011 + 99.0


def test_names_that_come_and_go_are_not_kept_without_end() -> None:
    counts = Counts(NOW)
    for number in range(MOST_KEPT_NAMES * 2):
        counts.take(status(replace(HEALTHY, name=f"n{number}")), NOW)

    assert counts.of("n0", NOW) is None
    assert counts.of(f"n{MOST_KEPT_NAMES * 2 - 1}", NOW) is not None

"""What the end of IB Gateway's launcher.log tells of a log-in, and what it does not tell."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.tws.launcher_log import LoginStage, LoginTold, read_launcher_log

STARTED = datetime(2026, 8, 29, 5, 30, 0, tzinfo=UTC).timestamp()
"""22:30 in Los Angeles, where these lines were written."""

BANNER = "------------------------------- IB GATEWAY RESTART --------------------------------"
ATTEMPT = "LauncherLoginThread.runLoginWithUI()[hotBackupStrategy=ON,loginAttempt={},socketDelay=20000]."
ROUND = " NS_AUTH_START version=52 pwd=1 soft=0 token(s)=[token=5, suffix=a[{}]] initialTokenType=PWD"
SAVED = " NS_AUTH_START version=52 pwd=0 soft=1 token(s)=[abc] initialTokenType={} authenticationType=M"
WARM = "Running in auto-restart mode: restoring session token and session ID [userDirname=abc]"
CHALLENGE = "Received CHALLENGE"
SUPPRESSED = "Authorization failed: SUPPRESS_MESSAGE_BOX. MessageType: null. FailReason: 2147483647"
DONE = "### onAuthenticationCompleted tokenProtocol=5; authenticated={}"


def log(*messages: str, begins: bool = True, zone: float = -7 * 3600.0, every: float = 2.0, tag: str = "") -> str:
    """A log with a line every two seconds, its first one at the start of the process."""
    head = [BANNER, "Started on 20260829-05:30:03"] if begins else []
    lines = []
    for n, message in enumerate([*head, *messages]):
        at = datetime.fromtimestamp(STARTED + zone + n * every, UTC)
        lines.append(f"{at:%Y-%m-%d %H:%M:%S}.112 {tag}INFO  [JTS-Login-{n}] - {message}")
    return "\n".join(lines) + "\n"


def told(text: str, started: float = STARTED, written: float = 0.0) -> LoginTold | None:
    return read_launcher_log(text, started=started, written=written)


def stage(*messages: str) -> LoginStage | None:
    found = told(log(*messages))
    return None if found is None else found.stage


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ((), LoginStage.UNTRIED),
        ((ATTEMPT.format(1),), LoginStage.UNDER_WAY),
        ((ATTEMPT.format(1), ROUND.format("IB Key")), LoginStage.UNDER_WAY),
        ((ATTEMPT.format(1), ROUND.format("IB Key"), CHALLENGE), LoginStage.AWAITED),
        ((ATTEMPT.format(1), ROUND.format("IB Key"), CHALLENGE, SUPPRESSED), LoginStage.UNANSWERED),
        ((ATTEMPT.format(1), ROUND.format("IB Key"), SUPPRESSED), LoginStage.REFUSED),
        ((ATTEMPT.format(1), "AUTH_RESULT indicates wrong password"), LoginStage.PASSWORD_REFUSED),
        (
            (
                "AUTH_RESULT indicates wrong password",
                "Authorization failed: Invalid username or password for u. MessageType: null.",
                DONE.format("false"),
            ),
            LoginStage.PASSWORD_REFUSED,
        ),
        (("Authorization failed: This version is no longer supported.",), LoginStage.REFUSED),
        (
            ("Authorization failed: The security tokens associated with your login credentials have expired (x)",),
            LoginStage.EXPIRED,
        ),
        (("Login failed - Soft token=0 received instead of expected permanent for zdc1",), LoginStage.EXPIRED),
        ((WARM,), LoginStage.RESTORING),
        ((WARM, ATTEMPT.format(1), SAVED.format("SOFT")), LoginStage.RESTORING),
        ((WARM, ATTEMPT.format(1), SAVED.format("TST")), LoginStage.RESTORING),
        ((WARM, ATTEMPT.format(1), ROUND.format("IB Key")), LoginStage.EXPIRED),
        ((WARM, ATTEMPT.format(1), ROUND.format("IB Key"), CHALLENGE), LoginStage.AWAITED),
        (("SPLASH Attempt 13: network error, will retry in seconds",), LoginStage.NO_WAY),
        (("SPLASH Attempt 1: server error, will retry in seconds",), LoginStage.NO_WAY),
        (("Authentication timeout",), LoginStage.NO_ANSWER),
        (("Authentication timed out",), LoginStage.NO_ANSWER),
        (("AuthTimeoutMonitor-CCP: Timeout!",), LoginStage.NO_ANSWER),
        ((CHALLENGE, DONE.format("true")), LoginStage.ACCEPTED),
        ((CHALLENGE, DONE.format("true"), "Switching to a new encrypted log..."), LoginStage.ACCEPTED),
        ((ATTEMPT.format(1), DONE.format("false")), LoginStage.REFUSED),
    ],
)
def test_the_latest_line_that_tells_says_how_far_the_log_in_has_come(
    messages: tuple[str, ...], expected: LoginStage
) -> None:
    assert stage(*messages) is expected
    assert stage(*messages, "instance of control is not created yet", "[10.1.2.3] whatever else") is expected


def test_a_new_attempt_makes_an_earlier_one_say_nothing() -> None:
    assert stage("AUTH_RESULT indicates wrong password", ATTEMPT.format(1)) is LoginStage.UNDER_WAY
    assert stage("Authentication timeout", ATTEMPT.format(1)) is LoginStage.UNDER_WAY


def test_the_next_try_of_the_same_log_in_is_kept_from_its_goal_by_the_same_until_it_gets_farther() -> None:
    error = "SPLASH Attempt {}: network error, will retry in seconds"
    found = told(log(error.format(1), ATTEMPT.format(2), error.format(2), ATTEMPT.format(3)))

    assert found is not None
    assert (found.stage, found.since) == (LoginStage.NO_WAY, STARTED + 4.112)
    assert stage(error.format(1), ATTEMPT.format(2), ROUND.format("IB Key")) is LoginStage.UNDER_WAY


def test_the_second_factor_is_a_push_or_a_code() -> None:
    for factor, push in (("IB Key", True), ("Security Code Card", False)):
        found = told(log(ATTEMPT.format(1), ROUND.format(factor), CHALLENGE))

        assert found is not None
        assert (found.push, found.asked) == (push, found.since)


@pytest.mark.parametrize(
    ("wait", "seconds"),
    [("4 minutes & 55 seconds", 295), ("55 seconds", 55), ("1 hours & 2 minutes & 3 seconds", 3723), ("1 minute", 60)],
)
def test_a_lock_ends_when_the_line_says(wait: str, seconds: int) -> None:
    found = told(log(f"Too many failed login attempts. Please wait {wait} before attempting to re-login again."))

    assert found is not None
    assert found.stage is LoginStage.LOCKED
    assert found.until == pytest.approx(found.since + seconds)


@pytest.mark.parametrize("zone", [-7 * 3600.0, 0.0, 5.75 * 3600.0, 14 * 3600.0])
def test_times_are_told_whatever_the_time_zone_of_the_lines(zone: float) -> None:
    found = told(log(CHALLENGE, zone=zone))

    assert found is not None
    assert found.since == pytest.approx(STARTED + 4.112)


@pytest.mark.parametrize(
    "anchor",
    [
        "SocketTracker[address=1.2.3.4,lastReadTimestamp={ms}]",
        "### startLogin startTime={ms}",
        "Sent NS_HEART_BEAT:#%#%0000MISC51;531;20260829-05:30:02;",
    ],
)
def test_every_line_with_a_second_time_tells_the_zone(anchor: str) -> None:
    text = log(BANNER, anchor.format(ms=int(STARTED * 1000) + 2000), CHALLENGE, begins=False, zone=3600.0)
    found = told(text)

    assert found is not None
    assert found.since == pytest.approx(STARTED + 4.112)


def test_without_one_the_time_of_writing_tells_it_or_nothing_does() -> None:
    text = log(BANNER, CHALLENGE, begins=False, zone=3600.0)

    found = told(text, written=STARTED + 3.0)
    assert found is not None
    assert found.since == pytest.approx(STARTED + 2.112)
    assert told(text, written=STARTED + 400.0) is None
    assert told(text, written=STARTED - 10 * 86_400.0) is None


def test_a_clock_that_is_set_within_the_log_changes_the_zone_from_there_on() -> None:
    before = log(CHALLENGE, zone=3600.0)
    after = log(
        "Sent NS_HEART_BEAT:#%#%0000MISC51;531;20260829-05:30:00;", "Authentication timeout", begins=False, zone=0
    )
    found = told(before + after)

    assert found is not None
    assert found.since == pytest.approx(STARTED + 2.112)


def test_lines_of_another_process_tell_nothing() -> None:
    text = log(CHALLENGE)

    assert told(text, started=STARTED + 3600.0) is None, "written before the process began"
    assert told(text, started=STARTED - 3600.0) is None, "a later process began in the same file"
    assert told(text, started=STARTED - 60.0) is not None, "a slow machine"
    assert told(log(CHALLENGE, "x", begins=False), started=STARTED + 60.0, written=STARTED + 2.0) is None


def test_only_what_follows_the_latest_beginning_counts() -> None:
    found = told(log("AUTH_RESULT indicates wrong password", BANNER, "Started on 20260829-05:30:08"))

    assert found is not None
    assert found.stage is LoginStage.UNTRIED


def test_a_log_whose_beginning_is_not_there_does_not_say_that_nobody_has_tried() -> None:
    assert told(log("Started on 20260829-05:30:03", "instance of control is not created yet", begins=False)) is None
    assert told(log("Started on 20260829-05:30:03", CHALLENGE, begins=False)) is not None


def test_older_builds_put_two_letters_behind_the_time() -> None:
    for tag in ("[AB] ", "AB "):
        found = told(log(CHALLENGE, tag=tag))

        assert found is not None
        assert found.stage is LoginStage.AWAITED


@pytest.mark.parametrize(
    "text",
    ["", "\n\n", "no line of a log", "2026-99-99 25:61:61.000 INFO  [x] - Received CHALLENGE\n", "\x00" * 100],
)
def test_what_is_no_such_log_tells_nothing(text: str) -> None:
    assert told(text) is None


def test_a_line_that_only_speaks_of_one_of_the_messages_is_not_one() -> None:
    assert stage("He said: Received CHALLENGE", "x Authorization failed: SUPPRESS_MESSAGE_BOX") is LoginStage.UNTRIED


@pytest.mark.parametrize(
    ("messages", "lasts"),
    [
        ((CHALLENGE,), 90.0),
        ((), 420.0),
        (("AUTH_RESULT indicates wrong password",), 420.0),
        ((DONE.format("true"),), None),
    ],
)
def test_silence_makes_it_stale_unless_the_log_in_was_accepted(messages: tuple[str, ...], lasts: float | None) -> None:
    found = told(log(*messages))

    assert found is not None
    assert found.stands(found.heard + (lasts or 1e9))
    assert lasts is None or not found.stands(found.heard + lasts + 0.1)


LOCK = "Too many failed login attempts. Please wait 9999 hours & 9 minutes & 9 seconds before"
PIECES = st.sampled_from(
    [BANNER, ATTEMPT, ROUND, WARM, CHALLENGE, SUPPRESSED, DONE, LOCK, "startTime=9999999999999", " ", ";", "failed"]
)
HEADS = st.sampled_from(["2026-08-28 22:30:02.112 INFO  [x] - ", "0001-01-01 00:00:00.000 INFO  [x] - ", "9999-12-31"])
MESSAGES = st.lists(PIECES, max_size=3).map("".join)


@given(st.lists(st.tuples(HEADS, st.one_of(MESSAGES, st.text(max_size=40))), max_size=8))
def test_no_text_whatever_makes_it_fail(lines: list[tuple[str, str]]) -> None:
    found = told("\n".join(head + message for head, message in lines), written=STARTED)

    assert found is None or isinstance(found.stage, LoginStage)


@pytest.mark.parametrize("filler", [" ", "x", "- ", "security token ", "loginAttempt=1", "Authorization failed "])
def test_lines_of_any_length_are_read_in_no_time(filler: str) -> None:
    long = log("Authorization failed: " + filler * 20_000, filler * 20_000)

    assert told(long) is not None

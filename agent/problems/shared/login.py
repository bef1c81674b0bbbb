"""Which log-in is awaited: the one cause that IB Gateway's launcher.log tells, in words, with its times."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from agent.core.clock import time_of_day
from agent.core.evidence.words import appointment
from agent.core.facts import Facts, Known, Process
from agent.problems.shared.words import outage_reason
from agent.tws.calendar import Outage, OutageKind, next_login
from agent.tws.launcher_log import AWAITS_USER, RETRIES, LoginStage, LoginTold

PUSH_VALID = 180.0
"""Seconds for which IB waits for the confirmation on the phone (the window of IB Gateway stays for three minutes)."""
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class LoginCause:
    """Why no user is logged in."""

    case: str
    """As the guides name it; empty: they have no steps of its own."""
    brief: str
    """For a title, at most 34 characters with the colon in front."""
    sentence: str
    """For a text, at most 145 characters."""
    args: Mapping[str, str] = field(default_factory=dict)
    """For the steps."""


def standing_login(facts: Facts, process: Process) -> LoginTold | None:
    """What launcher.log tells of the log-in of a process, as long as it says something about now."""
    login = process.login
    return login.value if isinstance(login, Known) and login.value.stands(facts.now.wall) else None


def not_logged_in(facts: Facts, process: Process) -> bool:
    """Whether launcher.log proves that no user is logged in, whatever connections the process has."""
    told = standing_login(facts, process)
    return told is not None and told.stage is not LoginStage.ACCEPTED


def awaits_user(facts: Facts, process: Process) -> bool:
    """Whether the log-in does not go on without the user, so that patience brings nothing."""
    told = standing_login(facts, process)
    return told is not None and told.stage in AWAITS_USER


def kept_off(facts: Facts, process: Process) -> Outage | None:
    """IB's own outage that keeps a log-in off, where launcher.log shows that IB's servers cannot be had."""
    told = standing_login(facts, process)
    return own_outage(facts) if told is not None and told.stage in RETRIES else None


def own_outage(facts: Facts) -> Outage | None:
    """IB's outage that is under way and meets this log-in: one of the servers of another region may not."""
    outage = facts.expected.outage
    elsewhere = outage is not None and outage.kind is OutageKind.RESET and outage.region is None
    return None if elsewhere else outage


def weekly_expiry(facts: Facts, process: Process) -> float | None:
    """When IB ended all log-ins (epoch seconds), where a process began within the day after: its first restart."""
    if facts.expected.login_due is None:
        return None
    # The one before the next: a week earlier, give or take the hour of a change to summer time.
    expired = next_login(facts.expected.login_due - 7.5 * _DAY)
    return expired if 0.0 <= process.started - expired < _DAY else None


def login_cause(facts: Facts, process: Process) -> LoginCause | None:
    """The cause that launcher.log tells; one in the past tense, with no title of its own, where the log has fallen
    silent; None where it tells none."""
    told = standing_login(facts, process)
    if told is None:
        return _told_last(facts, process)
    since = appointment(facts, told.since)
    match told.stage:
        case LoginStage.AWAITED:
            return _awaited(facts, told, since)
        case LoginStage.UNANSWERED:
            asked = appointment(facts, told.asked) if told.asked is not None else since
            what = "The push of" if told.push else "The security code asked for at"
            sentence = f"{what} {asked} was not answered in time: IB ended the log-in at {since}. Start it again, once."
            brief = ": the push was not answered" if told.push else ": no code was entered"
            return LoginCause("unanswered", brief, sentence)
        case LoginStage.PASSWORD_REFUSED:
            return LoginCause(
                "password-refused",
                ": password refused",
                f"IB refused the user name or the password at {since}. Log in once, by hand: several failures lock it.",
            )
        case LoginStage.EXPIRED:
            return _expired(facts, process, since)
        case LoginStage.LOCKED:
            return _locked(facts, told, since)
        case LoginStage.NO_WAY | LoginStage.NO_ANSWER:
            return _retries(facts, told, since)
        case LoginStage.REFUSED:
            sentence = f"IB ended the log-in at {since}; its window says why. Read that, then log in once, by hand."
            return LoginCause("refused", ": IB refused it", sentence)
        case LoginStage.UNTRIED:
            return LoginCause("untried", ": no log-in was tried yet", "No log-in was tried since it started.")
        case LoginStage.RESTORING:
            sentence = f"It has been restoring its saved session since {since}, and may ask for the password next."
            return LoginCause("under-way", ": restoring the saved one", sentence)
        case LoginStage.UNDER_WAY:
            sentence = f"A log-in has been under way since {since}, and IB has not decided on it yet."
            return LoginCause("under-way", ": one is under way", sentence)
        case LoginStage.ACCEPTED:
            return None


def _told_last(facts: Facts, process: Process) -> LoginCause | None:
    """What happened last, by a launcher.log that has fallen silent: that is no news of now, and happened all the same.

    What IB Gateway tried by itself then may have come to an end since.
    """
    if not isinstance(process.login, Known):
        return None
    told = process.login.value
    at = appointment(facts, told.since)
    match told.stage:
        case LoginStage.AWAITED if told.push:
            text = f"A push was sent at {at}. If you missed it, start the log-in again, once."
            return LoginCause("unanswered", "", text)
        case LoginStage.UNANSWERED:
            what = "the push" if told.push else "the security code"
            text = f"IB ended a log-in at {at}, since {what} had not come. Start the log-in again, once."
            return LoginCause("unanswered", "", text)
        case LoginStage.PASSWORD_REFUSED:
            text = f"IB refused the user name or the password at {at}. Log in once, by hand: several failures lock it."
            return LoginCause("password-refused", "", text)
        case LoginStage.EXPIRED:
            text = f"IB did not accept the saved session any more at {at}. Log in by hand, with the push."
            return LoginCause("expired", "", text)
        case LoginStage.LOCKED:
            return replace(_locked(facts, told, at), brief="")
        case LoginStage.REFUSED:
            text = f"IB ended a log-in at {at}; its window said why. Read that, then log in once, by hand."
            return LoginCause("refused", "", text)
        case _:
            return None


def login_evidence(facts: Facts, process: Process) -> tuple[str, ...]:
    """For the evidence: what launcher.log tells, with its times; nothing of its lines."""
    if not isinstance(process.login, Known):
        return ()
    told = process.login.value
    at = _to_the_second(facts, told.since)
    line = f"launcher.log: {_IN_EVIDENCE[told.stage]} at {at}"
    if told.until is not None:
        line += f", until {_to_the_second(facts, told.until)}"
    if not told.stands(facts.now.wall):
        line += f"; silent since {_to_the_second(facts, told.heard)}, so that it says nothing about now"
    return (line,)


def reset_evidence(facts: Facts) -> tuple[str, ...]:
    """For the evidence: IB's outage that is under way, during which a log-in may fail."""
    outage = own_outage(facts)
    if outage is None:
        return ()
    until = appointment(facts, outage.ends)
    return (f"{outage_reason(facts, outage)} lasts until {until}: a log-in may fail until then",)


_IN_EVIDENCE = {
    LoginStage.UNTRIED: "the process began",
    LoginStage.UNDER_WAY: "a log-in began",
    LoginStage.RESTORING: "the saved session began to be restored",
    LoginStage.AWAITED: "IB asked for the two-factor confirmation",
    LoginStage.UNANSWERED: "IB ended a log-in without the two-factor confirmation",
    LoginStage.PASSWORD_REFUSED: "user name or password was refused",
    LoginStage.EXPIRED: "the saved session was not accepted any more",
    LoginStage.LOCKED: "log-ins were locked",
    LoginStage.NO_WAY: "IB’s servers were first not reached",
    LoginStage.NO_ANSWER: "IB first did not answer in time",
    LoginStage.REFUSED: "IB refused or ended a log-in",
    LoginStage.ACCEPTED: "IB accepted a log-in",
}


def _to_the_second(facts: Facts, wall: float) -> str:
    return facts.machine.zone.local(wall).strftime("%H:%M:%S")


def _awaited(facts: Facts, told: LoginTold, since: str) -> LoginCause:
    if not told.push:
        sentence = f"IB has been waiting since {since} for the security code. Enter it in its window."
        return LoginCause("code", ": enter the security code", sentence)
    ends = told.since + PUSH_VALID
    until = appointment(facts, ends)
    if facts.now.wall >= ends:
        sentence = f"The push sent at {since} ran out at {until}, unanswered. Start the log-in again, once."
        return LoginCause("unanswered", ": the push has run out", sentence)
    sentence = f"IB has been waiting since {since} for your confirmation on the phone; the push runs out at {until}."
    return LoginCause("awaited", ": confirm it on your phone", sentence, {"until": until})


def _expired(facts: Facts, process: Process, since: str) -> LoginCause:
    weekly = weekly_expiry(facts, process) is not None
    brief = ": the weekly log-in is due" if weekly else ": a full log-in is due"
    cause = "The weekly log-in is due" if weekly else "A full log-in is due"
    sentence = f"{cause}: since {since} IB does not accept the saved session any more. Log in by hand, with the push."
    return LoginCause("expired", brief, sentence)


def _locked(facts: Facts, told: LoginTold, since: str) -> LoginCause:
    ends = told.until if told.until is not None else told.since
    # The end is named by its minute, and only once that has begun it is over.
    until = appointment(facts, ends + 59.0)
    if facts.now.wall < ends:
        sentence = f"Too many log-ins failed: it is locked until {until}. Trying earlier makes it take longer."
        return LoginCause("locked", f": locked until {until}", sentence, {"until": until})
    sentence = f"Too many log-ins had failed by {since}; the lock was over at {until}. Log in once, by hand."
    return LoginCause("lock-over", ": the lock is over", sentence)


def _retries(facts: Facts, told: LoginTold, since: str) -> LoginCause:
    no_way = told.stage is LoginStage.NO_WAY
    what = "It has found no way to IB’s servers" if no_way else "IB has not answered its log-in"
    brief = ": no way to IB’s servers" if no_way else ": IB does not answer"
    outage = own_outage(facts)
    if outage is None:
        case = "no-way" if no_way else "no-answer"
        return LoginCause(case, brief, f"{what} since {since}, and tries again by itself.")
    until = time_of_day(outage.ends, facts.machine.zone)
    sentence = f"{what} since {since}: {outage_reason(facts, outage)} lasts until {until}. It tries again by itself."
    return LoginCause("reset", brief, sentence, {"until": appointment(facts, outage.ends)})

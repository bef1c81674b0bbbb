"""Turns changes of one connection into notices to send, notices to withdraw, and log lines."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from agent.core.alerts.announce import QuietRules, Say, Silence, decide, keep_quiet, severity_of, text_of, title_of
from agent.core.alerts.ending import Ending, ending_of, not_seen
from agent.core.alerts.ledger import Appeared, Change, Changed, Cleared, Entry, Hidden, Ledger
from agent.core.clock import Moment, lasting
from agent.core.effects import Announce, Effect, Happened, MarkKind, Record, Withdraw
from agent.core.facts import Facts
from agent.core.fix import Offer
from agent.core.memory import PROGRAM, Memory, ShownBefore, Told
from agent.core.problem import Present, Problem, Severity
from agent.core.shown.display import TEXT_LIMIT, TITLE_LIMIT, AskFix, MenuEntry, Notice, ShowSteps, Snooze, put_aside
from agent.core.text import shortened
from agent.core.told_steps import is_heading, text_lines

RECALLED = "it was shown before Gatelight was started, and has not been seen to be over"
"""The evidence of a recalled problem: what was seen then may have changed since."""

SEEN_OVER = "over"
GAVE_WAY = "another problem came in its place"
NO_LONGER_SEEN = "no longer seen"
BEHIND_CAUSE = "its cause was found"
"""How a problem ended, in the history."""

SNOOZE_SECONDS = 3600.0
"""How long the button of a notice keeps quiet, as the first choice in the menu."""


def notice_key(connection: str, key: str) -> str:
    """The key under which a problem of a connection is announced, replaced and withdrawn."""
    return f"{connection}/{key}"


def said_of(about: str, text: str) -> str:
    """A text with the connection in front, unless the text names it already, or `about` is empty."""
    return text if not about or about in text else f"{about}: {text}"


def _about(connection: str) -> str:
    """What a line of the log says it is about."""
    return "Gatelight" if connection == PROGRAM else connection


def recall(ledger: Ledger, before: Ledger, connection: str, memory: Memory, now: Moment) -> Ledger:
    """Give new entries what an earlier run of the agent announced about them, so that nothing is announced twice."""
    told = {t.key: t for t in memory.told if t.connection == connection}
    entries = dict(ledger.entries)
    for key, entry in ledger.entries.items():
        known = told.get(key)
        if key in before.entries or known is None:
            continue
        entries[key] = replace(
            entry,
            since=Moment(now.monotonic - max(0.0, now.wall - known.since), known.since),
            announced=True,
            announced_at=now.monotonic - max(0.0, now.wall - known.at),
            announced_wall=known.at,
            repeats=known.repeats,
            unshown=known.unshown,
            taken_back=known.taken_back,
            began=known.began,
        )
    return replace(ledger, entries=entries)


def recall_shown(connection: str, memory: Memory, problems: Sequence[Problem], now: Moment) -> Ledger:
    """The problems of a connection that an earlier run showed and did not see end."""
    known = {p.code: p for p in problems}
    entries: dict[str, Entry] = {}
    for kept in memory.shown:
        code, _, instance = kept.key.partition(":")
        if kept.connection != connection or code not in known:
            continue
        since = Moment(now.monotonic - max(0.0, now.wall - kept.since), kept.since)
        args = dict(zip(kept.names, kept.values, strict=True))
        present = Present(args, (RECALLED,), instance=instance, severity=Severity(kept.severity))
        entries[kept.key] = Entry(
            known[code], present, since, now.monotonic, visible=True, recalled=True, began=kept.began
        )
    return recall(Ledger(entries), Ledger(), connection, memory, now)


def shown_of(connection: str, ledger: Ledger) -> tuple[ShownBefore, ...]:
    """The shown problems of this connection, those that are only information left out."""
    return tuple(
        ShownBefore(
            connection,
            e.key,
            e.since.wall,
            severity_of(e).value,
            tuple(e.present.args),
            tuple(e.present.args.values()),
            began=e.began,
        )
        for e in ledger.entries.values()
        if e.shown and severity_of(e) is not Severity.INFO
    )


def speak(
    connection: str,
    ledger: Ledger,
    changes: tuple[Change, ...],
    steps: dict[str, tuple[str, ...]],
    rules: QuietRules,
    now: Moment,
    fixes: Mapping[str, tuple[Offer, ...]] | None = None,
    *,
    about: str = "",
) -> tuple[Ledger, tuple[Effect, ...]]:
    """Announce what the rules of silence let through. `steps` and `fixes` hold what can be done, by problem code.

    `about`: what a notice calls the connection; empty where there is only one, and nothing that tells it from another.
    """
    effects: list[Effect] = []
    for change in changes:
        effects.extend(_on_change(connection, change, rules, now, about))
    entries = dict(ledger.entries)
    for key, entry in ledger.entries.items():
        decision = decide(entry, rules, now)
        if isinstance(decision, Say):
            code = entry.problem.code
            notice = _notice(connection, entry, steps.get(code, ()), (fixes or {}).get(code, ()))
            notice = replace(notice, text=said_of(about, notice.text))
            effects.append(Announce(replace(notice, once_more=decision.once_more, again=decision.again)))
            if decision.once_more:
                entries[key] = replace(entry, tried_at=now.monotonic, taken_back=False, back_since=None)
            else:
                repeats = entry.repeats + 1 if decision.again else entry.repeats
                told = replace(entry, announced=True, announced_at=now.monotonic, announced_wall=now.wall)
                entries[key] = replace(told, repeats=repeats, taken_back=False, back_since=None)
    return replace(ledger, entries=entries), tuple(effects)


def _notice(connection: str, entry: Entry, steps: tuple[str, ...], fixes: tuple[Offer, ...]) -> Notice:
    return Notice(
        key=notice_key(connection, entry.key),
        severity=severity_of(entry),
        title=title_of(entry),
        text=text_of(entry),
        steps=steps,
        offers=_actions(connection, entry, fixes),
    )


def steps_told(
    connection: str, entry: Entry, steps: tuple[str, ...], fixes: tuple[Offer, ...], about: str = ""
) -> Announce:
    """The notice about a problem once more, with its steps as the text: there is no page to show them."""
    return Announce(replace(_notice(connection, entry, (), fixes), text=_steps_text(steps, about)))


def nothing_to_do(connection: str, code: str, about: str = "") -> Announce:
    """The notice in place of the steps of a problem that is not shown any more."""
    text = said_of(about or connection, "This problem is not shown any more.")
    return Announce(Notice(notice_key(connection, code), Severity.INFO, "Nothing to do now", text))


def _steps_text(steps: tuple[str, ...], about: str) -> str:
    """As many steps as a notice has room for, and where all of them are."""
    lines = [f"{about}:"] if about else []
    lines += text_lines(steps)
    if len("\n".join(lines)) <= TEXT_LIMIT:
        return "\n".join(lines)
    where = "In a terminal, “gatelight status” prints all steps."
    while lines and (len("\n".join([*lines, where])) > TEXT_LIMIT or is_heading(lines[-1])):
        lines.pop()
    return "\n".join([*lines, where])


def _actions(connection: str, entry: Entry, fixes: tuple[Offer, ...]) -> tuple[MenuEntry, ...]:
    """What can be clicked on the notice about a problem: the steps first, since that changes nothing."""
    problem = entry.problem
    clicks = [MenuEntry("Show steps", ShowSteps(connection, problem.code))]
    # The button asks; what it would change is read before the yes.
    clicks += [MenuEntry(f"{offer.label}…", AskFix(offer.fix, connection)) for offer in fixes]
    clicks += put_aside(connection, entry.present.programs, until_seen=problem.until_seen)
    if not problem.never_silenced:
        clicks.append(MenuEntry("Snooze for 1 hour", Snooze(problem.code, connection, SNOOZE_SECONDS)))
    return tuple(clicks)


def _record(severity: Severity, connection: str, entry: Entry, line: str) -> Record:
    return Record(severity, line, connection=connection, code=entry.problem.code)


def _on_change(connection: str, change: Change, rules: QuietRules, now: Moment, about: str) -> list[Effect]:
    entry = change.entry
    key, its = notice_key(connection, entry.key), _about(connection)
    match change:
        case Appeared():
            decision = decide(entry, rules, now)
            evidence = "; ".join(entry.present.evidence)
            line = f"{its}: {title_of(entry)} ({entry.key}): {evidence}"
            if not isinstance(decision, Silence):
                return [_record(severity_of(entry), connection, entry, line)]
            silent = Happened(MarkKind.SILENT, connection, entry.problem.code, decision.reason.value)
            line = f"{line} [not announced: {decision.reason.value}]"
            return [_record(severity_of(entry), connection, entry, line), silent]
        case Changed():
            line = f"{its}: {entry.key} now: {'; '.join(entry.present.evidence)}"
            return [_record(Severity.INFO, connection, entry, line)]
        case Hidden():
            hidden = Happened(MarkKind.ENDED, connection, entry.problem.code, BEHIND_CAUSE)
            return [hidden, Withdraw(key)] if entry.announced else [hidden]
        case Cleared():
            return _cleared(connection, change, rules, now, about)


def _cleared(connection: str, change: Cleared, rules: QuietRules, now: Moment, about: str) -> list[Effect]:
    entry = change.entry
    key = notice_key(connection, entry.key)
    if not entry.visible:
        return []
    how = GAVE_WAY if change.gave_way else SEEN_OVER if change.ending is not None else NO_LONGER_SEEN
    effects: list[Effect] = [
        _record(
            Severity.INFO,
            connection,
            entry,
            f"{_about(connection)}: over after {_lasted(entry, now)}: {title_of(entry)}",
        ),
        Happened(MarkKind.ENDED, connection, entry.problem.code, how),
    ]
    if not entry.announced:
        return effects
    effects.append(Withdraw(key))
    if not change.gave_way and keep_quiet(entry, rules, now) is None:
        effects.append(Announce(end_of(connection, change, now, about)))
    return effects


def end_of(connection: str, change: Cleared, now: Moment, about: str) -> Notice:
    """The notice that a problem is over."""
    entry, ending = change.entry, change.ending
    lasted = _lasted(entry, now)
    # A problem that was there when the agent first looked may have lasted longer.
    lasted = lasted if entry.began else f"at least {lasted}"
    text = f"“{title_of(entry)}” was shown for {lasted}." if ending is None else ending.after(lasted)
    if entry.recalled:
        # The problem ended while no agent looked: how long it lasted is not known.
        text = _told_earlier(title_of(entry))
    ended = title_of(entry)
    return _end(notice_key(connection, entry.key), ended, ending, text, about, unshown=entry.unshown).notice


def _lasted(entry: Entry, now: Moment) -> str:
    return lasting(round(max(0.0, now.wall - entry.since.wall)))


def _end(key: str, ended: str, ending: Ending | None, text: str, about: str, *, unshown: bool) -> Announce:
    """The notice of an end: what is true now, or that nothing more is known.

    On a desktop that did not show the beginning, the end is no news.
    """
    title = not_seen(ended) if ending is None else shortened(ending.title, TITLE_LIMIT)
    text = said_of(about, text)
    end = Notice(key, Severity.INFO, title, text, over=True, ended=ended, no_news=ending is None)
    return Announce(replace(end, beside_desktop=unshown))


def belated_end(told: Told, problems: Sequence[Problem], facts: Facts, about: str) -> Announce:
    """The end of something that was told before the agent was restarted, and was over when it came back.

    `facts` are those of its connection as they are now.
    """
    code, _, instance = told.key.partition(":")
    problem = next((p for p in problems if p.code == code), None)
    ending = None if problem is None else ending_of(problem, instance, facts)
    key, text = notice_key(told.connection, told.key), _told_earlier(told.title)
    return _end(key, told.title, ending, text, about, unshown=told.unshown)


def _told_earlier(title: str) -> str:
    return f"{f'“{title}”' if title else 'It'} was told before Gatelight was started again."


def delivered(ledger: Ledger, connection: str, key: str, *, shown: bool) -> Ledger:
    """The ledger once a notice with this key was shown by a service, or by none; the same one where it is about none
    of its problems."""
    entry = next((e for e in ledger.entries.values() if notice_key(connection, e.key) == key), None)
    if entry is None or entry.unshown is not shown:
        return ledger
    return replace(ledger, entries={**ledger.entries, entry.key: replace(entry, unshown=not shown)})


def told_of(connection: str, ledger: Ledger) -> tuple[Told, ...]:
    """The problems of this connection that were announced and are not over."""
    return tuple(
        Told(
            connection,
            e.key,
            e.since.wall,
            e.announced_wall,
            e.repeats,
            title_of(e),
            unshown=e.unshown,
            began=e.began,
            taken_back=e.taken_back,
        )
        for e in ledger.entries.values()
        if e.announced
    )

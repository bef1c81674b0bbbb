"""How an application was when its connection was last well, and what is not so any more.

What changed is told until the user has seen it. It stands beside what was known before: a port that moved and moved
back has not changed.
"""

from collections.abc import Mapping
from dataclasses import replace

from agent.core.effects import Happened, MarkKind
from agent.core.evidence.api_settings import settings_of
from agent.core.evidence.processes import candidates_of
from agent.core.facts import Facts, Process, Purpose
from agent.core.memory import ChangeKept, WellKept
from agent.core.session_facts import Phase, ServerLink
from agent.tws.api_settings import SettingValue, Source
from agent.tws.applications import ApplicationKind, TradingMode
from agent.tws.privacy import mask_account

VERSION, PORT, MODE, ACCOUNTS = "version", "port", "mode", "accounts"
MOST_ACCOUNTS = 20
"""Accounts of one log-in that are compared."""
MOST_KINDS = 2
"""Applications of one connection that are remembered: TWS and IB Gateway may take turns."""


def _found(facts: Facts) -> tuple[Process, ...]:
    """The running applications that this connection may mean; only one that is alone can be compared."""
    return candidates_of(facts) if facts.connection.local else ()


def _kind(kept: tuple[WellKept, ...], found: tuple[Process, ...], facts: Facts) -> str:
    """Which application this is about: the one that runs, else the one that was compared last, else the one meant."""
    if found:
        return found[0].kind.value
    wanted = facts.connection.application.value
    return kept[0].kind if kept else ApplicationKind.UNKNOWN.value if wanted == "any" else wanted


def known_now(facts: Facts) -> Mapping[str, str]:
    """What is known now of all that is compared, in words."""
    known: dict[str, str] = {}
    session, found = facts.session, _found(facts)
    if len(found) > 1 and facts.connection.port == "auto":
        # The connection may mean now one and now another of them.
        return known
    if len(found) == 1 and found[0].application.version is not None:
        known[VERSION] = found[0].application.version
    if session.phase is not Phase.CONNECTED or session.frozen:
        return known
    if session.port is not None:
        known[PORT] = str(session.port)
    if session.trading_mode is not TradingMode.UNKNOWN:
        known[MODE] = session.trading_mode.value
    if session.accounts:
        told = sorted(mask_account(a) for a in session.accounts[:MOST_ACCOUNTS])
        more = len(session.accounts) - len(told) + session.accounts_more
        known[ACCOUNTS] = ", ".join(told) + (f" and {more} more" if more else "")
    settings = settings_of(facts)
    if settings is not None and settings.source is Source.API:
        for field in settings.present:
            value = settings.value(field)
            if value is not None and field.name != "socket_port":
                known[f"{field.group.value}.{field.name}"] = _in_words(value)
    return known


def _in_words(value: SettingValue) -> str:
    if isinstance(value, bool):
        return "ticked" if value else "not ticked"
    return ", ".join(sorted(value)) if isinstance(value, tuple) else str(value)


def changes_of(kept: WellKept, known: Mapping[str, str], wall: float) -> tuple[ChangeKept, ...]:
    """What is not as it was when the user last saw it, the oldest change first. `wall`: epoch seconds."""
    earlier = {change.what: change for change in kept.changes}
    was = {change.what: change.now for change in kept.changes}
    found = []
    for what, value in {**dict(zip(kept.names, kept.values, strict=True)), **was}.items():
        told = earlier.get(what)
        before, last = (value, value) if told is None else (told.before, told.now)
        now = known.get(what, last)
        if now != before:
            found.append(told if told is not None and now == last else ChangeKept(what, before, now, wall))
    return tuple(sorted(found, key=lambda c: c.at))


def is_well(facts: Facts, *, troubled: bool) -> bool:
    """Whether a connection is well, and has been for long enough to have told what it tells by itself.

    `troubled`: an error is shown.
    """
    session = facts.session
    if troubled or session.phase is not Phase.CONNECTED or session.frozen or session.server_link is ServerLink.DOWN:
        return False
    return facts.now.monotonic - session.since >= facts.timing.young_session


def take_stock(
    kept: tuple[WellKept, ...], facts: Facts, *, well: bool, followed: bool
) -> tuple[tuple[WellKept, ...], tuple[ChangeKept, ...], tuple[Happened, ...]]:
    """What is kept after one more decision, the changes that the user has not seen, and marks for the history.

    `followed`: the user follows steps that change settings, and needs not be told of them.
    """
    if facts.purpose is not Purpose.WATCH:
        return kept, (), ()
    kind, known = _kind(kept, _found(facts), facts), known_now(facts)
    mine = next((k for k in kept if k.kind == kind), None)
    if mine is None:
        if PORT not in known:
            return kept, (), ()
        # The first time there is nothing that it could differ from.
        well = True
        mine = WellKept(facts.connection.name, kind)
    before = dict(zip(mine.names, mine.values, strict=True))
    if followed:
        own = {what: now for what, now in known.items() if "." in what and before.get(what, now) != now}
        mine = _adopted(mine, own, tuple(c for c in mine.changes if c.what not in own))
    changes = changes_of(mine, known, facts.now.wall)
    marks: tuple[Happened, ...] = ()
    if well:
        new = [c for c in changes if before.get(c.what, c.now) != c.now]
        marks = tuple(Happened(MarkKind.CHANGED, mine.connection, c.what, f"{c.before} → {c.now}") for c in new)
        mine = _adopted(mine, known, changes)
    elif changes != mine.changes:
        left = {c.what for c in changes}
        # What is again as it was before is so from now on.
        mine = _adopted(mine, {c.what: c.before for c in mine.changes if c.what not in left}, changes)
    others = [k for k in kept if k.kind != kind]
    after = (mine, *others[: MOST_KINDS - 1])
    return kept if after == kept else after, changes, marks


def all_seen_by_user(kept: tuple[WellKept, ...], changes: tuple[ChangeKept, ...]) -> tuple[WellKept, ...]:
    """What is kept once the user has seen these changes of the application that is first among them."""
    if not kept:
        return kept
    mine = replace(kept[0], changes=())
    return (_adopted(mine, {c.what: c.now for c in changes}, ()), *(replace(k, changes=()) for k in kept[1:]))


def _adopted(kept: WellKept, known: Mapping[str, str], changes: tuple[ChangeKept, ...]) -> WellKept:
    before = dict(zip(kept.names, kept.values, strict=True))
    now = {**before, **known}
    if now == before and changes == kept.changes:
        return kept
    return replace(kept, names=tuple(now), values=tuple(now.values()), changes=changes)

"""Version, port, account or a setting of the application is not as it was when the connection was last well.

That is information. Where programs of the user are cut off by it, because the API port moved, it is a warning.
"""

from agent.core.evidence.words import app_name, appointment, listed
from agent.core.facts import Facts
from agent.core.memory import ChangeKept
from agent.core.problem import Absent, GoodNews, Present, Problem, Severity, Verdict
from agent.core.settings import Intent
from agent.problems.api_port_mismatch import API_PORT_MISMATCH
from agent.problems.shared.ends import answers, when
from agent.problems.shared.programs import cut_off_by_move, last_seen
from agent.problems.trading_mode_mismatch import TRADING_MODE_MISMATCH
from agent.tws.api_settings_table import FIELDS, Group, SettingField

_TITLE_ROOM, _TEXT_ROOM = 30, 130
"""Characters that what changed may take."""
_WHAT = {"version": "version", "port": "API port", "mode": "live or paper", "accounts": "account"}
_SETTINGS = {f"{field.group.value}.{field.name}": field for field in FIELDS}


def _check(facts: Facts) -> Verdict:
    told = [change for change in facts.changes if not _told_elsewhere(facts, change)]
    if not told:
        return Absent()
    cut_off = cut_off_by_move(facts)
    settings = [change for change in told if change.what in _SETTINGS]
    what = [_WHAT[change.what] for change in told if change.what in _WHAT]
    if settings:
        what.append("a setting" if len(settings) == 1 else f"{len(settings)} settings")
    names = tuple(m.label for m in cut_off)
    if names:
        then = f"Still at the old port, and cut off: {listed(names, room=50)}."
    else:
        then = "Nothing needs doing if you meant it so."
    evidence = [f"{_named(c)}: {c.before} before, {c.now} since {appointment(facts, c.at)}" for c in told]
    first = min(change.at for change in told)
    return Present(
        {
            "app": app_name(facts),
            "what": listed(what, room=_TITLE_ROOM),
            "changes": listed([f"{_named(c)} {c.before} → {c.now}" for c in told], room=_TEXT_ROOM),
            "then": then,
            "port": next((c.now for c in told if c.what == "port"), ""),
            "programs": listed(names, room=70) if names else "your programs",
        },
        (*evidence, *(last_seen(facts, m) for m in cut_off)),
        case="cut-off" if names else "",
        severity=Severity.WARNING if names else None,
        since=facts.now.monotonic - (facts.now.wall - first),
    )


def _named(change: ChangeKept) -> str:
    """What changed, in words."""
    field = _SETTINGS.get(change.what)
    return field.title if field is not None else _WHAT.get(change.what, change.what)


def _told_elsewhere(facts: Facts, change: ChangeKept) -> bool:
    """Whether how it is or was is a problem whose begin or end is told: Read-Only API, a precaution, a log-off."""
    field = _SETTINGS.get(change.what)
    return field is not None and any(_is_a_problem(field, how, facts) for how in (change.before, change.now))


def _is_a_problem(field: SettingField, now: str, facts: Facts) -> bool:
    if field.group is Group.PRECAUTIONS:
        return facts.connection.intent is Intent.TRADE and now == "not ticked"
    if field.group is Group.LOCK_AND_EXIT:
        return "restart" not in now.lower() and field.name == "auto_logoff_type"
    return field.name == "read_only_api" and now == "ticked"


def _nothing_changed(facts: Facts) -> bool:
    return answers(facts) and not facts.changes


APP_CHANGED = Problem(
    code="app-changed",
    title="{app} has changed: {what}",
    text="Since all was well last: {changes}. {then}",
    severity=Severity.INFO,
    check=_check,
    hidden_by=(TRADING_MODE_MISMATCH, API_PORT_MISMATCH),
    over=(GoodNews("{app} is as it was before", "A change was shown for {lasted}.", when(_nothing_changed)),),
    until_seen=True,
)

"""The set-up guide as a checklist: each setting of TWS or IB Gateway that a connection needs, wanted and found.

Every connection guide asks for these boxes; here each says what is wanted, what was found, and how it was found out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from agent.core.evidence.api_settings import as_told, daily_time, settings_of, why_unknown
from agent.core.evidence.notices import live
from agent.core.evidence.processes import chosen, link_settled, listener_at, port_of
from agent.core.evidence.words import listed
from agent.core.facts import Facts, Known, Process, SettingsHints
from agent.core.settings import Intent, WantedApplication
from agent.tws.api_settings import ConfigResponse, SettingValue, Source
from agent.tws.api_settings_table import FIELDS, PRECAUTIONS, SettingField
from agent.tws.applications import ApplicationKind


class RowState(StrEnum):
    """How a setting stands against what is wanted."""

    OK = "ok"
    DIFFERS = "differs"
    CHOICE = "choice"
    """Differs from what guides ask for, and is the user's to decide."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the checklist, in words."""

    place: str
    """Where it is set, like "API > Settings"."""
    label: str
    """As the application shows it."""
    wanted: str
    found: str
    how: str
    """How it was found out, or why it is not known."""
    state: RowState


_SETTINGS, _PRECAUTIONS, _LOCK, _LOGIN = "API > Settings", "API > Precautions", "Lock and Exit", "log-in screen"
_BY_NAME = {s.name: s for s in FIELDS}


def checklist(facts: Facts) -> tuple[Row, ...]:
    """The whole list for one connection, in the order of the guides."""
    known = settings_of(facts)
    reported = known if known is not None else ConfigResponse(source=Source.UNKNOWN)
    return tuple(_rows(facts, reported))


def _rows(facts: Facts, told: ConfigResponse) -> Iterator[Row]:
    process = chosen(facts)
    yield from _api_on(facts, process)
    yield _read_only(facts, told)
    yield _socket_port(facts, told, process)
    yield _localhost_only(facts, told)
    yield _trusted(facts, told)
    for precaution in PRECAUTIONS:
        yield _precaution(facts, told, precaution)
    yield _auto_restart(facts, told)


def _api_on(facts: Facts, process: Process | None) -> Iterator[Row]:
    """TWS has a box for the API; IB Gateway asks for it at the log-in."""
    wanted = facts.connection.application
    kind = process.kind if process is not None else ApplicationKind.UNKNOWN
    if kind is ApplicationKind.TWS or (kind is ApplicationKind.UNKNOWN and wanted is WantedApplication.TWS):
        place, label, on, off = _SETTINGS, "Enable ActiveX and Socket Clients", "ticked", "not ticked"
    elif kind is ApplicationKind.GATEWAY or wanted is WantedApplication.GATEWAY:
        place, label, on, off = _LOGIN, "IB API", "selected", "FIX CTCI selected"
    else:
        return
    hints = _hints(process)
    if live(facts):
        yield Row(place, label, on, on, "the API answers", RowState.OK)
    elif process is not None and process.api_ports:
        how = f"{process.label} listens on {process.api_ports[0]}"
        yield Row(place, label, on, on, how, RowState.OK)
    elif place == _LOGIN and hints is not None and hints.api_only is False:
        yield Row(place, label, on, off, "as the settings file says", RowState.DIFFERS)
    elif process is not None and link_settled(facts, process):
        yield _without_port(facts, process, Row(place, label, on, f"most likely {off}", "", RowState.DIFFERS))
    elif process is not None:
        yield Row(place, label, on, "not known", f"no log-in to {process.label} is seen", RowState.UNKNOWN)
    else:
        yield Row(place, label, on, "not known", "no API answers that could show it", RowState.UNKNOWN)


def _without_port(facts: Facts, process: Process, off: Row) -> Row:
    """What the user chose where a logged-in application has no API port: off only where nothing else explains it."""
    seen = f"{process.label} is logged in and has no API port"
    owner = listener_at(facts.machine, port_of(facts))
    if owner is not None:
        seen += f"; another program listens on {owner.port}"
    elif process.kind is not ApplicationKind.GATEWAY:
        return replace(off, how=seen)
    else:
        seen += ": it hangs, or FIX CTCI was chosen"
    return replace(off, found="not known", how=seen, state=RowState.UNKNOWN)


def _read_only(facts: Facts, told: ConfigResponse) -> Row:
    box, value = _BY_NAME["read_only_api"], told.settings.read_only_api
    trades = facts.connection.intent is Intent.TRADE
    wanted = "not ticked" if trades else "either, for data only"
    if value is None:
        return _unknown(facts, _SETTINGS, box, wanted)
    how = "a request was refused (notice 321)" if told.source is Source.INFERRED else as_told(facts)
    state = RowState.DIFFERS if value and trades else RowState.OK
    return Row(_SETTINGS, box.title, wanted, _tick(value), how, state)


def _socket_port(facts: Facts, told: ConfigResponse, process: Process | None) -> Row:
    box, asked = _BY_NAME["socket_port"], facts.connection.port
    wanted = "any, for Gatelight" if asked == "auto" else str(asked)
    ports = process.api_ports if process is not None else ()
    if told.settings.socket_port is not None:
        found, how = told.settings.socket_port, as_told(facts)
    elif ports:
        assert process is not None
        found = port_of(facts) if port_of(facts) in ports else ports[0]
        how = f"{process.label} listens on it"
    elif live(facts):
        found, how = port_of(facts), "the API answers there"
    else:
        return _unknown(facts, _SETTINGS, box, wanted)
    # Behind a container's relay the port inside is another than the one outside.
    same = asked in ("auto", found) or process is None
    return Row(_SETTINGS, box.title, wanted, str(found), how, RowState.OK if same else RowState.DIFFERS)


def _localhost_only(facts: Facts, told: ConfigResponse) -> Row:
    box, value = _BY_NAME["allow_localhost_only"], told.settings.allow_localhost_only
    near = facts.connection.local
    wanted = "ticked, unless programs connect from elsewhere" if near else "not ticked"
    if value is None:
        return _unknown(facts, _SETTINGS, box, wanted)
    if live(facts) or near:
        state = RowState.OK if value or not near else RowState.CHOICE
    else:
        state = RowState.DIFFERS if value else RowState.OK
    return Row(_SETTINGS, box.title, wanted, _tick(value), as_told(facts), state)


def _trusted(facts: Facts, told: ConfigResponse) -> Row:
    box, value = _BY_NAME["trusted_ips"], told.settings.trusted_ips
    wanted = "every address programs connect from"
    if live(facts) and value is None:
        # The API reports an empty list like one it does not report.
        how = "Gatelight’s own connection was accepted; the list itself was not reported"
        return Row(_SETTINGS, box.title, wanted, "includes this computer", how, RowState.OK)
    if value is None:
        return _unknown(facts, _SETTINGS, box, wanted)
    return Row(_SETTINGS, box.title, wanted, listed(value, room=120), as_told(facts), RowState.OK)


def _precaution(facts: Facts, told: ConfigResponse, box: SettingField) -> Row:
    trades = facts.connection.intent is Intent.TRADE
    wanted = "ticked, if no order may wait for a click" if trades else "either, for data only"
    value = told.value(box)
    if not isinstance(value, bool):
        return _unknown(facts, _PRECAUTIONS, box, wanted)
    state = RowState.OK if value or not trades else RowState.CHOICE
    return Row(_PRECAUTIONS, box.title, wanted, _tick(value), as_told(facts), state)


def _auto_restart(facts: Facts, told: ConfigResponse) -> Row:
    lock = told.lock_and_exit
    label, wanted = "Auto logoff / Auto restart", "Auto restart"
    if lock.restarts is not None:
        time = daily_time(lock)
        found = f"{'Auto restart' if lock.restarts else 'Auto logoff'}{f' at {time}' if time else ''}"
        state = RowState.OK if lock.restarts else RowState.CHOICE
        return Row(_LOCK, label, wanted, found, as_told(facts), state)
    hints = _hints(chosen(facts))
    if hints is not None and (hints.auto_restart_time is not None or hints.auto_logoff_time is not None):
        restarts = hints.auto_restart_time is not None
        found = "Auto restart" if restarts else "Auto logoff"
        state = RowState.OK if restarts else RowState.CHOICE
        return Row(_LOCK, label, wanted, found, "as its settings files say", state)
    return _unknown(facts, _LOCK, _BY_NAME["auto_logoff_type"], wanted)


def _unknown(facts: Facts, place: str, box: SettingField, wanted: str) -> Row:
    return Row(place, box.title, wanted, "not known", why_unknown(facts), RowState.UNKNOWN)


def _tick(value: SettingValue) -> str:
    return "ticked" if value else "not ticked"


def _hints(process: Process | None) -> SettingsHints | None:
    return process.hints.value if process is not None and isinstance(process.hints, Known) else None

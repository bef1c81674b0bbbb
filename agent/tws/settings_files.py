"""Reads the texts of jts.ini and of IBC's config.ini.

Never keeps a password: of IBC's configuration only the keys listed here are read.
"""

import re
from dataclasses import dataclass

from agent.tws.applications import TradingMode
from agent.tws.ports import port_in
from agent.tws.reset_windows import Region

_REGION_OF_SERVER = {
    "gdc1": Region.AMERICA,
    "ndc1": Region.AMERICA,
    "cdc1": Region.AMERICA,
    "zdc1": Region.EUROPE,
    "hdc1": Region.ASIA,
    "mcgw1": Region.ASIA,
}
"""First label of IB's server names, without the `_hb1` of their backups (IBKR's article 2816)."""

_SERVER_DOMAINS = ("ibllc.com", "ibllc.com.cn")

_MODE_LETTERS = {"p": TradingMode.PAPER, "l": TradingMode.LIVE}


@dataclass(frozen=True, slots=True)
class JtsIni:
    """What jts.ini tells; None or UNKNOWN where it does not."""

    trading_mode: TradingMode = TradingMode.UNKNOWN
    """The mode last selected on the log-in screen."""
    region: Region | None = None
    api_only: bool | None = None
    use_ssl: bool | None = None
    auto_restart_time: int | None = None
    """Minutes after local midnight; current builds keep it in an encrypted file instead."""
    auto_logoff_time: int | None = None
    """Minutes after local midnight; see there."""


@dataclass(frozen=True, slots=True)
class IbcConfig:
    """What IBC's config.ini tells; None or UNKNOWN where it does not."""

    trading_mode: TradingMode = TradingMode.UNKNOWN
    auto_restart_time: int | None = None
    """Minutes after local midnight."""
    auto_logoff_time: int | None = None
    """Minutes after local midnight."""
    closes_at: int | None = None
    """`ClosedownAt`: when IBC closes the application, minutes after local midnight."""
    closes_on: int | None = None
    """The day of the week named there, Monday 0; None: every day."""
    command_server_port: int | None = None
    settings_folder: str | None = None
    """`IbDir`: a settings folder of its own."""


def sections(text: str) -> dict[str, dict[str, str]]:
    """An INI-like text by section and key, both in lower case; values may hold anything, `:` `;` and `=` included."""
    found: dict[str, dict[str, str]] = {}
    current = found.setdefault("", {})
    for raw in text.removeprefix("\ufeff").splitlines():
        line = raw.strip()
        if line.startswith("[") and line.endswith("]"):
            current = found.setdefault(line[1:-1].strip().lower(), {})
        elif "=" in line and not line.startswith(("#", ";")):
            key, _, value = line.partition("=")
            current[key.strip().lower()] = value.strip()
    return found


def read_jts_ini(text: str) -> JtsIni:
    """The hints in the text of a jts.ini."""
    parts = sections(text)
    logon = parts.get("logon", {})
    gateway = parts.get("ibgateway", {})
    peer = parts.get("communication", {}).get("peer", "")
    region = region_of_server(peer) or region_of_server(gateway.get("remotehostorderrouting", ""))
    return JtsIni(
        trading_mode=_MODE_LETTERS.get(logon.get("tradingmode", "").lower()[:1], TradingMode.UNKNOWN),
        region=region,
        api_only=_boolean(gateway.get("apionly")),
        use_ssl=_boolean(logon.get("usessl")),
        auto_restart_time=_time_in(parts, "autorestarttime"),
        auto_logoff_time=_time_in(parts, "autologofftime"),
    )


def region_of_server(server: str) -> Region | None:
    """The region of one of IB's servers, by its name with or without port; None for any other name."""
    label, _, domain = server.strip().lower().partition(":")[0].partition(".")
    return _REGION_OF_SERVER.get(label.removesuffix("_hb1")) if domain in _SERVER_DOMAINS else None


def read_ibc_config(text: str) -> IbcConfig:
    """The hints in the text of IBC's config.ini."""
    wanted = {"tradingmode", "autorestarttime", "autologofftime", "closedownat", "commandserverport", "ibdir"}
    found: dict[str, str] = {}
    for raw in text.removeprefix("\ufeff").splitlines():
        key, equals, value = raw.strip().partition("=")
        key = key.strip().lower()
        if equals and key in wanted:
            found[key] = value.strip()
    mode = found.get("tradingmode", "").lower()
    closes_on, closes_at = _closedown(found.get("closedownat", ""))
    return IbcConfig(
        trading_mode=TradingMode(mode) if mode in ("live", "paper") else TradingMode.UNKNOWN,
        auto_restart_time=minutes_of(found.get("autorestarttime", "")),
        auto_logoff_time=minutes_of(found.get("autologofftime", "")),
        closes_at=closes_at,
        closes_on=closes_on,
        command_server_port=port_in(found.get("commandserverport", "")),
        settings_folder=found.get("ibdir", "").replace("\\\\", "\\") or None,
    )


_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _closedown(value: str) -> tuple[int | None, int | None]:
    """Day and minute of IBC's `ClosedownAt`, "22:00" or "Friday 22:00"; a day in another language tells nothing."""
    day, _, time = value.rpartition(" ")
    day = day.strip().lower()
    if day and day not in _DAYS:
        return None, None
    return (_DAYS.index(day) if day else None), minutes_of(time)


def _time_in(parts: dict[str, dict[str, str]], key: str) -> int | None:
    """A time of day under a key, whatever the section."""
    return next((minutes_of(section[key]) for section in parts.values() if key in section), None)


_TIME = re.compile(r"(\d{1,2}):(\d{2})\s*([AP])?\.?M?\.?", re.IGNORECASE)


def minutes_of(time: str) -> int | None:
    """Minutes after midnight of "11:45 PM" or "23:45"; None for anything else."""
    found = _TIME.fullmatch(time.strip())
    if found is None:
        return None
    return minute_of_day(int(found[1]), int(found[2]), (found[3] or "").upper())


def minute_of_day(hour: int, minute: int, half: str) -> int | None:
    """Minutes after midnight; `half` is "A" or "P", empty on the 24-hour clock. None where there is no such time."""
    if minute > 59 or hour > 23 or (half and not 1 <= hour <= 12):
        return None
    if half:
        hour = hour % 12 + (12 if half == "P" else 0)
    return hour * 60 + minute


def _boolean(value: str | None) -> bool | None:
    return {"true": True, "yes": True, "false": False, "no": False}.get((value or "").strip().lower())

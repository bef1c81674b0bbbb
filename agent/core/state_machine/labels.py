"""What users read as the name of a connection: with live or paper wherever that is known."""

import re
from collections.abc import Sequence
from functools import lru_cache

from agent.core.settings import WantedApplication, WantedMode
from agent.core.state_machine.watched import Watched
from agent.tws.applications import ApplicationKind, TradingMode


def mode_of(watched: Watched) -> TradingMode:
    """Live or paper: as the accounts of its application told last, else as the configuration declares it."""
    if watched.mode is not TradingMode.UNKNOWN:
        return watched.mode
    declared = watched.settings.trading_mode
    return TradingMode.UNKNOWN if declared is WantedMode.ANY else TradingMode(declared.value)


def labels(watched: Sequence[Watched]) -> tuple[str, ...]:
    """The name of each connection with its mode. Of those that no configuration names, the mode alone tells two apart.

    A name that says the mode itself stays as it is.
    """
    return tuple(label_of(watched, one) for one in watched)


def about(watched: Sequence[Watched], name: str) -> str:
    """What a notice calls the connection of this name; empty where there is one only, and its mode is not known."""
    if len(watched) == 1 and mode_of(watched[0]) is TradingMode.UNKNOWN:
        return ""
    return next((label_of(watched, one) for one in watched if one.settings.name == name), "")


def label_of(watched: Sequence[Watched], one: Watched) -> str:
    """The name of one of these connections with its mode."""
    brief = _short(one)
    if brief and [_short(w) for w in watched].count(brief) == 1:
        return brief
    return _with_mode(one.settings.name, mode_of(one))


def _short(watched: Watched) -> str:
    """The application and the mode, for a connection that no configuration names; empty where they are not known."""
    settings, mode = watched.settings, mode_of(watched)
    if not settings.implicit or settings.application is WantedApplication.ANY or mode is TradingMode.UNKNOWN:
        return ""
    return f"{ApplicationKind(settings.application.value).title} ({mode.value})"


@lru_cache(maxsize=1024)
def _with_mode(name: str, mode: TradingMode) -> str:
    words = set(re.findall(r"[a-z]+", name.lower())) & {TradingMode.LIVE.value, TradingMode.PAPER.value}
    if mode is TradingMode.UNKNOWN or words == {mode.value}:
        return name
    return f"{name[:-1]}, {mode.value})" if name.endswith(")") else f"{name} ({mode.value})"

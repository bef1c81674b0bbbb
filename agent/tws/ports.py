"""Default API ports, and ports that are not the API."""

from functools import lru_cache

from agent.tws.applications import ApplicationKind, TradingMode

DEFAULT_API_PORTS: dict[tuple[ApplicationKind, TradingMode], int] = {
    (ApplicationKind.TWS, TradingMode.LIVE): 7496,
    (ApplicationKind.TWS, TradingMode.PAPER): 7497,
    (ApplicationKind.GATEWAY, TradingMode.LIVE): 4001,
    (ApplicationKind.GATEWAY, TradingMode.PAPER): 4002,
}
"""IBKR's defaults (text of its client's error 502). A port proves no trading mode: users change it."""

IB_SERVER_PORTS = frozenset({4000, 4001})
"""Remote ports of IB's servers (4001 with SSL). An outgoing connection to one is the link to IB, never the API."""

IBC_COMMAND_PORT = 7462
"""Usual port of IBC's command server, which is off unless configured."""

CLIENT_PORTAL_PORT = 5000
"""Default port of the Client Portal Gateway, another product, without a socket API."""

OTHER_PORTS = frozenset({IBC_COMMAND_PORT, 5900, 3389, 6080})
"""Ports on which these processes or their containers listen besides the API (IBC, VNC, RDP)."""


_HIGHEST_PORT = 65535


def port_in(text: str) -> int | None:
    """The port that a text from outside is; None where it is none, also where it has thousands of digits."""
    plain = text.isascii() and text.isdecimal() and len(text) <= len(str(_HIGHEST_PORT))
    return int(text) if plain and 0 < int(text) <= _HIGHEST_PORT else None


@lru_cache(maxsize=64)
def default_ports(kind: ApplicationKind | None, mode: TradingMode | None) -> tuple[int, ...]:
    """Default API ports for a kind and mode, likeliest first; None or UNKNOWN stands for every kind or mode."""
    return tuple(
        port
        for (k, m), port in DEFAULT_API_PORTS.items()
        if (kind in (None, ApplicationKind.UNKNOWN) or k is kind) and (mode in (None, TradingMode.UNKNOWN) or m is mode)
    )

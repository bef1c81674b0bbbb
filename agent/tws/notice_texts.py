"""IBKR's English sentences, which identify a notice where a program logged it without its number.

Each sentence belongs to one number. Texts change between builds and are translated, so this is the last resort.
"""

from collections.abc import Iterable

TEXTS: tuple[tuple[str, int], ...] = (
    ("paper trading disclaimer must first be accepted", 10141),
    ("real paper-trading has not been acknowledged", 2139),
    ("unable to connect as the client id is already in use", 326),
    ("no market data during competing", 10197),
    ("displaying delayed market data", 10167),
    ("delayed market data is not enabled", 10168),
    ("requires additional subscription for api", 10089),
    ("requested market data is not subscribed", 354),
    ("not subscribed to requested market data", 354),
    ("no market data permissions", 354),
    ("need additional market data permissions", 2152),
    ("max rate of messages per second has been exceeded", 100),
    ("max number of tickers has been reached", 101),
    ("of market depth requests has been reached", 309),
    ("number of tick-by-tick requests has been reached", 10190),
    ("historical market data service error message", 162),
    ("historical market data service query message", 165),
    ("failed to request historical ticks", 10187),
    ("failed to request tick-by-tick data", 10189),
    ("failed to request live updates", 10182),
    ("no security definition has been found", 200),
    ("tws socket port has been reset", 1300),
    ("error validating request", 321),
    ("error reading request", 320),
    ("duplicate ticker id", 102),
    ("duplicate order id", 103),
    ("does not conform to the minimum price variation", 110),
    ("order rejected - reason", 201),
    ("order canceled - reason", 202),
    ("order cancelled - reason", 202),
    ("not immediately available for short sale", 404),
    ("market data farm is connecting", 2119),
    ("new account data requested from tws", 2100),
    ("cross side warning", 2137),
    ("that needs to be cancelled is not found", 10147),
    ("that needs to be cancelled can not be cancelled", 10148),
    ("that needs to be cancelled cannot be cancelled", 10148),
    ("order tif was set to", 10349),
)
"""In lower case, the specific ones before the general ones."""


def codes_told(line: str) -> Iterable[tuple[int, int]]:
    """The number of the first notice whose sentence is in a line, and where the sentence ends; nothing if none is."""
    lowered = line.lower()
    for text, code in TEXTS:
        if (place := lowered.find(text)) >= 0:
            yield code, place + len(text)
            return

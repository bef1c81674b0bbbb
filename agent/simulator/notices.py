"""The texts of the notices as a TWS in English words them, and a few translations."""

from collections.abc import Sequence

from agent.tws.farms import FarmKind

_READ_ONLY = "Error validating request:-'bN' : cause - The API interface is currently in Read-Only mode."
_NOT_SUBSCRIBED = "Requested market data is not subscribed. Delayed market data is not enabled."

DIFFERENT_ADDRESS = (
    "Historical Market Data Service error message:Trading TWS session is connected from a different IP address"
)
"""Text of 162 during a competing session."""

PACING = "Historical Market Data Service error message:Historical data request pacing violation"
"""Text of 162 after too many history requests."""

NO_DATA = "Historical Market Data Service error message:HMDS query returned no data: {}"
"""Text of 162 while there is no history."""

AMBIGUOUS = "The contract description specified for {} is ambiguous."
"""Text of 200 where several contracts fit a request for data."""

READ_ONLY_TEXTS = {
    "en": _READ_ONLY,
    "de": "Fehler bei der Prüfung der Anfrage:-'bN' : Ursache - Die API-Schnittstelle ist derzeit schreibgeschützt.",
    "fr": "Erreur lors de la validation de la requête:-'bN' : cause - L'interface API est en mode lecture seule.",
    "es": "Error al validar la solicitud:-'bN' : causa - La interfaz API está en modo de solo lectura.",
    "ja": "リクエストの検証エラー:-'bN' : 原因 - APIインターフェースは現在読み取り専用モードです。",
    "zh": "验证请求时出错:-'bN' : 原因 - API接口当前处于只读模式。",
}
"""Text of 321 by language. The translations are our own: the words of a real TWS are not known."""

_TEXTS = {
    100: "Max rate of messages per second has been exceeded:max=50 rec=51 (1)",
    101: "Max number of tickers has been reached",
    162: DIFFERENT_ADDRESS,
    200: "No security definition has been found for the request",
    300: "Can't find EId with tickerId:{}",
    309: "Max number ({}) of market depth requests has been reached",
    320: "Error reading request:-'bN' : cause - Unable to parse data",
    321: _READ_ONLY,
    322: "Error processing request.-'bN' : cause - The request is not supported here",
    326: "Unable to connect as the client id is already in use. Retry with a unique client id.",
    354: "Requested market data is not subscribed.Delayed market data is available.",
    366: "No historical data query found for ticker id:{}",
    420: "Invalid Real-time Query:Historical data request pacing violation",
    502: "Couldn't connect to TWS.",
    1100: "Connectivity between IBKR and Trader Workstation has been lost.",
    1101: "Connectivity between IBKR and Trader Workstation has been restored - data lost.",
    1102: "Connectivity between IBKR and Trader Workstation has been restored - data maintained.",
    1300: "TWS socket port has been reset and this connection is being dropped. Please reconnect on the new port -{}",
    2100: "API client has been unsubscribed from account data.",
    2103: "Market data farm connection is broken:{}",
    2104: "Market data farm connection is OK:{}",
    2105: "HMDS data farm connection is broken:{}",
    2106: "HMDS data farm connection is OK:{}",
    2107: "HMDS data farm connection is inactive but should be available upon demand.{}",
    2108: "Market data farm connection is inactive but should be available upon demand.{}",
    2110: "Connectivity between Trader Workstation and server is broken. It will be restored automatically.",
    2119: "Market data farm is connecting:{}",
    2157: "Sec-def data farm connection is broken:{}",
    2158: "Sec-def data farm connection is OK:{}",
    10089: "Requested market data requires additional subscription for API. See link in 'Market Data Connections'"
    " dialog for more details.Delayed market data is available.",
    10090: "Part of requested market data is not subscribed. Subscription-independent ticks are still active."
    "Delayed market data is available.",
    10141: "Paper trading disclaimer must first be accepted for API connection.",
    10147: "OrderId {} that needs to be cancelled is not found.",
    10167: "Requested market data is not subscribed. Displaying delayed market data.",
    10168: _NOT_SUBSCRIBED,
    10186: _NOT_SUBSCRIBED,
    10187: "Failed to request historical ticks:No market data permissions",
    10189: "Failed to request tick-by-tick data:No market data permissions",
    10190: "Max number of tick-by-tick requests has been reached",
    10197: "No market data during competing live session",
    10357: "Configuration access via API is not available. Please refer to the application interface to view or update"
    " your settings.",
    10358: "Fundamentals data is not allowed.",
}
"""English text by code; `{}` stands for the subject of the notice."""

BROKEN = {FarmKind.MARKET_DATA: 2103, FarmKind.HISTORICAL: 2105, FarmKind.SECURITY_DEFINITION: 2157}
"""The code for a broken farm, by kind."""

OK = {FarmKind.MARKET_DATA: 2104, FarmKind.HISTORICAL: 2106, FarmKind.SECURITY_DEFINITION: 2158}
"""The code for a connected farm, by kind."""

_DEFAULT_SUBJECT = {
    **dict.fromkeys((2103, 2104, 2108, 2119), "usfarm"),
    **dict.fromkeys((2105, 2106, 2107), "ushmds"),
    **dict.fromkeys((2157, 2158), "secdefil"),
    309: "3",
}


def simulated_text(code: int, subject: object = "") -> str:
    """The text of a notice, with its subject where the text names one."""
    template = _TEXTS.get(code, f"Notice {code}")
    return template.format(subject or _DEFAULT_SUBJECT.get(code, "")) if "{}" in template else template


def link_back(connected: Sequence[str], broken: Sequence[str]) -> str:
    """The text of 1102 with its lists of farms."""
    if not broken:
        return f"{_TEXTS[1102]} All data farms are connected: {'; '.join(connected)}."
    return (
        f"{_TEXTS[1102]} The following farms are connected: {'; '.join(connected)}."
        f" The following farms are not connected: {'; '.join(broken)}."
    )


def said_unasked(fault: str, value: str) -> tuple[tuple[int, str], ...]:
    """The notices that every session gets while a fault is in force, so that a monitor without requests sees it too.

    A real TWS sends these to the client that made a request. The one of Read-Only is what a client gets that binds
    manual orders when it connects.
    """
    match fault:
        case "competing-session":
            return (10197, simulated_text(10197)), (162, DIFFERENT_ADDRESS)
        case "pacing":
            return ((int(value), PACING if value == "162" else simulated_text(int(value))),)
        case "not-subscribed":
            return ((int(value), simulated_text(int(value))),)
        case "lines-exhausted":
            return ((101, simulated_text(101)),)
        case "delayed":
            return ((10167, simulated_text(10167)),)
        case "message-rate":
            return ((100, simulated_text(100)),)
        case "read-only":
            return ((321, READ_ONLY_TEXTS["en"]),)
        case _:
            return ()

"""Windows of TWS and IB Gateway that wait for a click, as IBC, IBAutomater and TWS itself log them.

Sources: the window handlers of IBC 3.24 and IBAutomater.
"""

from agent.tws.symptoms.shapes import Symptom, symptom

WINDOWS: tuple[Symptom, ...] = (
    symptom(
        "existing-session",
        "The same user is logged in elsewhere",
        "IB allows one trading session per user name. TWS or IB Gateway asks which of the two goes on.",
        "competing-session login-pending",
        r"existing\s+session\s+detected",
        r"trading\s+login\s+handoff",
        r"connected\s+from\s+a\s+different\s+ip\s+address",
        r"competing\s+live\s+session",
    ),
    symptom(
        "re-log-in",
        "A new log-in is required",
        "The session ended, because the same user logged in elsewhere or the token of the automatic restart is no "
        "longer valid. TWS or IB Gateway waits for a log-in.",
        "login-pending competing-session restart-stuck login-due",
        r"re-?login\s+is\s+required",
    ),
    symptom(
        "incoming-connection",
        "TWS asks whether to accept a program’s connection",
        "The program comes from an address that is not among the trusted ones. TWS shows a window and does not answer "
        "the program before you click.",
        "api-silent peer-not-trusted",
        r"accept\s+incoming\s+connection",
    ),
    symptom(
        "request-ignored",
        "TWS ignores a program that it has not accepted",
        "The program comes from an address that is not among the trusted ones, and its connection was not accepted. "
        "TWS throws away what it sends.",
        "peer-not-trusted api-silent",
        r"ignoring\s+api\s+request.{0,80}not\s+accepted",
    ),
    symptom(
        "write-access",
        "A program wants more than Read-Only API allows",
        "TWS asks whether the program may have write access, and holds the request until you click.",
        "read-only-api",
        r"api\s+client\s+needs\s+write\s+access",
    ),
    symptom(
        "paper-disclaimer",
        "The paper trading disclaimer waits for a click",
        "Before the window “This is not a brokerage account” is accepted, no program gets a session.",
        "api-silent session-not-ready",
        r"(?:this\s+is\s+)?not\s+a\s+brokerage\s+account",
        r"non-?\s?brokerage\s+account",
    ),
    symptom(
        "ssl-dialog",
        "The log-in waits for “Use SSL encryption”",
        "TWS or IB Gateway asks whether to connect to IB’s servers with SSL, and does not go on without an answer.",
        "login-pending",
        r"use\s+ssl\s+encryption",
        steps=("Choose “Reconnect using SSL” in that window.",),
    ),
    symptom(
        "version-refused",
        "IB no longer accepts this version",
        "This version of TWS or IB Gateway is too old for IB’s servers.",
        "app-outdated",
        r"is\s+no\s+longer\s+supported.{0,60}(?:upgrade|version|install)|minimum\s+supported\s+version",
        r"will\s+be\s+desupported\s+on|entitled\W*(?:unsupported|newer)\s+version",
    ),
    symptom(
        "api-not-for-account",
        "The account may not use the API",
        "Accounts of IBKR Lite (free trading) have no API.",
        "",
        r"api\s+support\s+is\s+not\s+available",
        steps=("Change the account to IBKR Pro in Client Portal, or ask IB.",),
    ),
    symptom(
        "exit-or-restart",
        "TWS is about to log off or restart for the day",
        "TWS or IB Gateway has to log off or restart once a day, and announces it with this window.",
        "restart-at-risk scheduled-outage",
        r"(?:entitled|title)\W*(?:exit\s+session\s+setting|auto\s?restart|restart\s+confirmation)",
    ),
    symptom(
        "ibc-clicks",
        "IBC clicks a button by itself",
        "Harmless: IBC answers a window of TWS or IB Gateway, as it is set to.",
        "",
        r"ibc:\s*click\s+button",
        good=True,
    ),
    symptom(
        "message-window",
        "TWS shows a window of its own",
        "IBC closes windows of this kind by itself; without IBC it waits for a click and disturbs no program.",
        "",
        r"(?:entitled|title)\W*(?:tip\s+of\s+the\s+day|login\s+messages|password\s+notice|nse\s+compliance)",
        r"(?:entitled|title)\W*(?:bid,?\s+ask\s+and\s+last\s+size|trader\s+workstation\s+configuration|.{0,12}gateway\s"
        r"+configuration)",
        good=True,
    ),
)
"""In the order they are tried."""

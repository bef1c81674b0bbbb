"""What programs and API libraries report themselves: versions that do not fit, sessions that do not begin.

Sources: ibapi, ib_insync, ib_async, NautilusTrader, Lean, Quantower and NinjaTrader, as reports quote them.
"""

from agent.tws.symptoms.shapes import Symptom, symptom

_CALLBACKS = r"(?:error|make_msg|orderStatus|\w*wrapper\.\w+|commission\w*|tick\w+|historicalData\w*)"

PROGRAMS: tuple[Symptom, ...] = (
    symptom(
        "server-version",
        "TWS or IB Gateway is too old for the program",
        "The program’s API library needs a newer TWS or IB Gateway than the one that answered.",
        "app-outdated",
        r"(?:tws|gateway)\s+version\s+must\s+be",
        r"tws\s+is\s+out\s+of\s+date\s+and\s+must\s+be\s+upgraded",
    ),
    symptom(
        "library-mismatch",
        "The program does not fit the API library it was started with",
        "The API library (ibapi, or IB’s library for Java or .NET) is newer or older than the one the program was "
        "written for. TWS and the connection are not to blame.",
        "",
        rf"typeerror.{{0,30}}\b{_CALLBACKS}\(\)\s+(?:missing\s+\d|takes\s|got\s+an\s+unexpected)",
        r"'(?:EClient|EWrapper|IB|Contract|Order|Client|OrderCancel)'\s+object\s+has\s+no\s+attribute",
        r"cannot\s+import\s+name\s+\S+\s+from\s+'(?:ibapi|ib_insync|ib_async)|module\s+'ibapi\S*'\s+has\s+no\s+attribute",
        r"no\s+module\s+named\s+'?(?:ibapi|ib_insync|ib_async)",
        r"incompatible\s+protobuf\s+gencode|protobuf.{0,60}version\w*\s*error|generated\s+code\s+is\s+out\s+of\s+date",
        r"(?:nosuchmethod|noclassdeffound|abstractmethod)error.{0,20}com[./]ib[./]",
        r"(?:missingmethod|typeload)exception.{0,80}ibapi",
        steps=(
            "Install the version of the API library that the program names in its documentation.",
            "Or update the program, so that it fits the library.",
        ),
    ),
    symptom(
        "event-loop",
        "The program starts the API library in a place where it cannot run",
        "asyncio already runs there, or does not, as in a notebook, a web server or another thread. The connection is "
        "not concerned.",
        "",
        r"event\s+loop\s+is\s+already\s+running|no\s+(?:current|running)\s+event\s+loop",
        steps=(
            "In a notebook, call `util.startLoop()` of ib_async or ib_insync first.",
            "In a thread, create an event loop of its own before the library is imported.",
        ),
    ),
    symptom(
        "dde",
        "Excel’s DDE link has no other side",
        "DDE is the old spreadsheet link, not the socket API that Gatelight watches. It needs a 32-bit TWS on the same "
        "Windows, with DDE switched on in the API settings.",
        "",
        r"remote\s+data\s+not\s+accessible|\bdde\s+(?:server|link|channel)\b.{0,40}(?:not|fail|error)",
        steps=(
            "In TWS, tick “Enable DDE Clients” in the API settings, and start TWS before the spreadsheet.",
            "Better, use the ActiveX or RTD spreadsheet of the API package, which use the API port.",
        ),
    ),
    symptom(
        "id-in-use",
        "TWS closed the connection while it was being set up",
        "The API library guesses that the client ID is in use. That is the commonest reason, but it says the same when "
        "TWS closes the connection for another one.",
        "client-id-in-use peer-not-trusted session-not-ready container-not-ready",
        r"client\s*id\s+\d*\s*(?:is\s+)?(?:already\s+)?in\s+use",
    ),
    symptom(
        "read-only",
        "The API is in read-only mode",
        "Read-Only API is on: TWS refuses orders, and the list of open orders as well.",
        "read-only-api",
        r"api\s+interface\s+is\s+currently\s+in\s+read-?\s?only\s+mode",
        r"API\s+in\s+Read-Only\s+mode:\s*true",
    ),
    symptom(
        "orders-timed-out",
        "TWS did not answer a request for orders",
        "With Read-Only API on, TWS refuses the list of orders and the API library waits in vain. Else TWS is very "
        "slow or has stopped answering.",
        "read-only-api app-frozen",
        r"(?:open|completed)\s+orders\s+request\s+timed\s+out",
    ),
    symptom(
        "request-timed-out",
        "TWS did not answer a request",
        "The connection stands, but a request of the start-up stayed unanswered: TWS is slow, or has stopped "
        "answering.",
        "app-frozen session-not-ready",
        r"(?:positions|account\s+updates|executions)\s+.{0,20}request\s+timed\s+out",
        r"account\s+updates(?:\s+for\s+\S+)?\s+timed\s+out",
    ),
    symptom(
        "no-next-id",
        "The API session does not begin",
        "TWS or IB Gateway answered, but did not send the accounts or the next order ID, for which every program "
        "waits.",
        "session-not-ready api-silent",
        r"(?:tim(?:ed|e)\s?-?out|waiting|no|without|never\s+received)\W+.{0,30}(?:next_?valid_?(?:order_?)?id|managed_?"
        r"accounts)",
    ),
    symptom(
        "not-this-protocol",
        "What answers on the port does not speak the TWS API",
        "The program sent its hello and got the answer of another kind of program, or expected HTTP or TLS of TWS.",
        "not-tws api-port-taken wrong-product",
        r"wrong[\s_]version[\s_]number",
        r"ssl\W{0,3}(?:handshake|record_layer)",
        r"invalid\s+http\s+(?:response|status)|bad\s+status\s*line",
    ),
    symptom(
        "http-unanswered",
        "The program spoke HTTP to a port that does not answer in HTTP",
        "If it is the API port of TWS or IB Gateway: that is no web API, and a browser or curl gets nothing from it. "
        "The web API is that of the Client Portal Gateway, another product.",
        "wrong-product api-port-mismatch",
        r"empty\s+reply\s+from\s+server|remote\s*disconnected|closed\s+connection\s+without\s+response",
    ),
    symptom(
        "web-api-not-logged-in",
        "The Client Portal Gateway is not logged in",
        "This is IB’s web API, another product than TWS and IB Gateway. It wants a log-in in a browser; programs "
        "made for the TWS API cannot use it.",
        "wrong-product",
        r"session\s+active\s+but\s+not\s+authenticated|no\s+active\s+gateway\s+session",
        r"\bibeam\b.{0,80}(?:authenticat|login)\w*\s+(?:failed|unsuccessful)",
        steps=("Open https://localhost:5000 in a browser, unless you changed the port, and log in.",),
    ),
    symptom(
        "rtd-disconnected",
        "Excel’s RTD server lost its connection to TWS",
        "TWS closes the connection of a spreadsheet that sends more than 50 messages a second, a cell or a "
        "cancellation each. A restart of TWS ends it too.",
        "message-rate-exceeded scheduled-outage app-not-running",
        r"rtd\s*server\W.{0,40}disconnects?\b",
    ),
    symptom(
        "not-running",
        "The program found no TWS or IB Gateway",
        "Quantower and Excel’s RTD server say this for TWS and for IB Gateway alike. It is not running, not logged in "
        "yet, has its API switched off, or listens on another port than the program uses.",
        "app-not-running login-pending api-disabled api-port-mismatch",
        r"trader\s+workstation\s+is\s+not\s+running",
        r"(?:tws|ib\s+gateway)\s+is\s+not\s+running",
        r"(?:can'?t|can\s?not)\s+connect\s+to\s+(?:tws|trader\s+workstation|(?:the\s+)?ib\s+gateway)",
    ),
    symptom(
        "wrong-parameters",
        "The program’s connection settings do not fit TWS or IB Gateway",
        "Quantower says this when it reaches nothing it can use: check the kind of application first, then the port.",
        "api-port-mismatch wrong-application trading-mode-mismatch api-disabled client-id-in-use",
        r"wrong\s+connection\s+param(?:eter|etr)s?",
    ),
)
"""In the order they are tried."""

"""The keys of what Gatelight does for programs: hooks, relays, the dead-man ping, metrics. See `agent.config.keys`."""

from agent.config.key import Key, KeyTable
from agent.config.kinds import (
    ADDRESSES,
    HIGHEST_PORT,
    HOOK_COMMAND,
    HOOK_NAME,
    OCCASIONS,
    OWN_ADDRESS,
    PING_URL,
    RELAY_NAME,
    RELAY_TARGET,
    TOKEN,
    flag,
    time_span,
    whole_number,
)
from agent.core.settings import HookSettings, MetricsSettings, PingSettings, RelaySettings
from agent.tws.hosts import is_loopback

_MOST_DATA_LINES = 100_000

HOOKS = KeyTable(
    "hooks",
    "Hook",
    HookSettings,
    (
        Key(
            "name",
            HOOK_NAME,
            "names it in the log and in notices",
            "Name",
            "Names it in the log and in notices.",
            example="restart my bot",
        ),
        Key(
            "command",
            HOOK_COMMAND,
            "runs on a change, without a shell: the program and its arguments; the change is told as JSON on its "
            "standard input",
            "Command",
            "Runs on a change. The program is on the first line, each argument on a line of its own.",
            example="/home/me/restart-bot.sh",
            guarded=True,
        ),
        Key(
            "on",
            OCCASIONS,
            "when: a problem begins to be shown or is over, the API session is back, or any of these",
            "When",
            "The codes of problems, connected for the return of the API session, or any.",
            example="connected",
        ),
        Key(
            "limit",
            time_span(1, 3600, "30s"),
            "how long the command may take; then it is ended, with what it has started",
            "Time limit",
            "A command that takes longer is ended.",
            durations=("10s", "30s", "1m", "5m"),
        ),
    ),
    repeated=True,
)

PING = KeyTable(
    "ping",
    "Dead-man ping",
    PingSettings,
    (
        Key(
            "url",
            PING_URL,
            "asked for regularly, by the protocol of healthchecks.io, so that silence of the whole machine is noticed",
            "Dead-man ping",
            "An address of healthchecks.io, or of a service like it, which tells you when nothing comes any more.",
            example="https://hc-ping.com/your-uuid-here",
            guarded=True,
            secret=True,
            advanced=True,
        ),
        Key(
            "every",
            time_span(10, 86400, "5m"),
            "how often",
            "Dead-man ping every",
            "Give the service a longer time than this before it tells you.",
            durations=("1m", "5m", "15m", "1h"),
            advanced=True,
        ),
    ),
)


def _open_to_others(metrics: MetricsSettings) -> tuple[str, str] | None:
    if metrics.token or is_loopback(metrics.address):
        return None
    return "address", 'loopback, such as "127.0.0.1", while metrics.token is empty'


METRICS = KeyTable(
    "metrics",
    "Prometheus",
    MetricsSettings,
    (
        Key(
            "port",
            whole_number(0, HIGHEST_PORT),
            "serves /metrics, /healthz and /readyz for Prometheus and for probes; 0: none",
            "Port for Prometheus",
            "Where Prometheus reads what Gatelight knows, at /metrics. Empty: nowhere.",
            example="9464",
            empty="0",
            advanced=True,
        ),
        Key(
            "address",
            OWN_ADDRESS,
            "where it listens; any but loopback needs `metrics.token`",
            "Address for Prometheus",
            "127.0.0.1 is for programs on this computer alone. Any other address needs a token, which comes first.",
            example="127.0.0.1",
            guarded=True,
            advanced=True,
        ),
        Key(
            "token",
            TOKEN,
            "the bearer token that each request must then have",
            "Token for Prometheus",
            "If there is one, each request must have it, as a bearer token: 16 characters or more.",
            example="c2VjcmV0LW9mLW1pbmU",
            guarded=True,
            secret=True,
            advanced=True,
        ),
    ),
    together=_open_to_others,
)

RELAYS_TABLE = KeyTable(
    "relays",
    "Relay",
    RelaySettings,
    (
        Key(
            "name",
            RELAY_NAME,
            "what `gatelight relay` calls it",
            "Name",
            "What it is called here, in notices, and after gatelight relay in a terminal.",
            example="Paper relay",
        ),
        Key(
            "listen",
            whole_number(1, HIGHEST_PORT),
            "the port to which programs connect instead of that of TWS",
            "Port for programs",
            "Programs connect to it instead of the port of TWS. It must be a port that no other program uses.",
            example="5002",
            guarded=True,
        ),
        Key(
            "to",
            RELAY_TARGET,
            "where TWS or IB Gateway listens: a connection’s name, or host:port",
            "Leads to",
            "Where TWS or IB Gateway listens: the name of a connection, or a host and a port.",
            example="Paper Gateway",
            guarded=True,
        ),
        Key(
            "allow",
            ADDRESSES,
            "computers beside this one that may connect; with none of them it listens on this computer alone",
            "Other computers",
            "Computers, or networks, that may connect beside this one. Empty: none.",
            example="172.17.0.0/16\n192.168.1.20",
            guarded=True,
        ),
        Key(
            "lines",
            whole_number(1, _MOST_DATA_LINES),
            "market data lines of this user; fewer count once TWS has refused one",
            "Market data lines",
            "How many this user has; Ctrl-Alt-= in TWS shows it.",
            example="100",
        ),
        Key(
            "start",
            flag(),
            "starts it with Gatelight, and again should it end; it goes on when Gatelight ends. Else "
            "`gatelight relay NAME` does",
            "Starts with Gatelight",
            "Gatelight starts it, and again should it end. It goes on when Gatelight ends.",
            guarded=True,
        ),
    ),
    repeated=True,
)

"""Programs that connect to the TWS API: by which processes each is known, and where in it host, port and ID are typed.

The words are those of each program's own documentation, named beside it. A program whose words are not documented is
left out; `OTHER` stands for it.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClientProgram:
    """One program, or one library that programs are written with."""

    id: str
    title: str
    steps: tuple[str, ...]
    """Where to type it, as Markdown; `{host}`, `{port}`, `{client_id}` and `{second_id}` are filled in."""
    processes: tuple[str, ...] = ()
    """Names of its process, lower case, without ".exe"; none where its process has the name of something else."""
    on_port: tuple[str, ...] = ()
    """Names that other programs may have as well, so that they tell only of a process that is on an API port."""
    asks_id: bool = True
    """Whether it asks for a client ID."""

    @property
    def yours(self) -> str:
        """The user's own, at the beginning of a sentence."""
        article, _, rest = self.title.partition(" ")
        return f"Your {rest}" if article in ("a", "an") else "Your program" if self is OTHER else self.title

    def steps_for(self, host: str, port: int, client_id: int, second_id: int) -> tuple[str, ...]:
        """The steps with everything filled in; the IDs are two different ones."""
        values = {"host": host, "port": str(port), "client_id": str(client_id), "second_id": str(second_id)}
        return tuple(_PLACE.sub(lambda found: values[found[1]], step) for step in self.steps)


_PLACE = re.compile(r"\{(host|port|client_id|second_id)\}")

OTHER = ClientProgram(
    "other",
    "another program",
    (
        "Open your program’s settings for the connection to TWS or IB Gateway.",
        "Type host {host}, port {port} and client ID {client_id} there, and let it connect.",
    ),
)

CLIENT_PROGRAMS = (
    # Quantower's knowledge base (github.com/Quantower/QuantowerKB), "Connection to Interactive Brokers": Connections
    # Manager, Connection Settings, connection port type, Custom, Port Value. Its dialog has a host and no client ID.
    ClientProgram(
        "quantower",
        "Quantower",
        (
            "In Quantower, open the **Connections Manager**, choose **Interactive Brokers** and open its "
            "**Connection Settings**.",
            "Host: {host}.",
            "Connection port type: **Custom**, and **Port Value** {port}. (The other two, **Trader Workstation** and "
            "**IB Gateway**, are for an application that has its default port.)",
            "Click **Connect**.",
        ),
        ("quantower",),
        # As its users find it in the process table (Get-Process -Name Starter).
        ("starter",),
        asks_id=False,
    ),
    # NinjaTrader's help guide, "Connecting to your Account" (version 7), and "Connection Status" (version 8: the
    # Connections menu of the Control Center). IBKR's "Ninja Trader Integration with TWS - FAQs": only with the offline
    # TWS, with IB Gateway from version 8 on. What the fields of this provider are called is not in either.
    ClientProgram(
        "ninjatrader",
        "NinjaTrader",
        (
            "In NinjaTrader’s **Control Center**, open the **Connections** menu; in NinjaTrader 7, **Tools > Account "
            "Connections…**, then **Add…**.",
            "Choose **Interactive Brokers**, and type host {host}, port {port} and client ID {client_id} where it asks "
            "for them.",
            "Connect. NinjaTrader works with the offline version of TWS only, and with IB Gateway from NinjaTrader 8 "
            "on.",
        ),
        ("ninjatrader",),
    ),
    # MultiCharts' wiki, "Broker Profiles Overview": data feed and broker are separate connections; the data provider is
    # set up in QuoteManager, the broker in a Broker Profile on the Trade Bar, of which Interactive Brokers is one.
    ClientProgram(
        "multicharts",
        "MultiCharts",
        (
            "For orders: open the **Interactive Brokers** broker profile on MultiCharts’ **Trade Bar**, and type host "
            "{host}, port {port} and client ID {client_id}.",
            "For charts: open the data source Interactive Brokers in **QuoteManager**, and type the same host and "
            "port. It is a connection of its own: give it client ID {second_id}.",
        ),
        ("multicharts", "multicharts64"),
    ),
    # AmiBroker User's Guide, "How to use AmiBroker with Interactive Brokers TWS".
    ClientProgram(
        "amibroker",
        "AmiBroker",
        (
            "In AmiBroker, choose **File > Database Settings**; for a new database, **File > New database**.",
            "Data source: **InteractiveBrokers(r) data Plug-in**.",
            "Click **Configure**, and type host {host}, port {port} and client ID {client_id} where it asks for them.",
        ),
        ("amibroker",),
    ),
    # IBKR Campus, "Excel RTD", Connection Parameters and Complex Syntax Strings.
    ClientProgram(
        "excel",
        "Excel (IB’s RTD server)",
        (
            "Put these at the end of each formula, before its closing bracket: "
            '`,"host={host}","port={port}","clientid={client_id}"`.',
            'Without them IB’s `=RTD("Tws.TwsRtdServerCtrl",…)` asks 127.0.0.1 on port 7496.',
        ),
        ("excel",),
    ),
    # ib_async's README, "Connection Patterns"; ib_insync's call is the same.
    ClientProgram(
        "ib_async",
        "a Python program with ib_async or ib_insync",
        ("In your program: `ib.connect('{host}', {port}, clientId={client_id})`", "Start your program."),
    ),
    # IBKR's TWS API documentation, "Connectivity".
    ClientProgram(
        "ibapi",
        "a program with IB’s own API (ibapi)",
        (
            'In Python: `app.connect("{host}", {port}, clientId={client_id})`. In Java, C# and C++: '
            '`eConnect("{host}", {port}, {client_id})`.',
            "Start your program.",
        ),
    ),
    # NautilusTrader's documentation, "Interactive Brokers". Before its Rust adapter the names began with ibg_.
    ClientProgram(
        "nautilus",
        "NautilusTrader",
        (
            'In `InteractiveBrokersDataClientConfig`: `host="{host}", port={port}, client_id={client_id}`; in versions '
            "before its Rust adapter `ibg_host`, `ibg_port`, `ibg_client_id`.",
            "The same in `InteractiveBrokersExecClientConfig`.",
            "Start your node.",
        ),
    ),
    # The manual of the R package IBrokers, twsConnect.
    ClientProgram(
        "ibrokers",
        "an R program with IBrokers",
        (
            "In your program: `twsConnect(clientId = {client_id}, host = '{host}', port = {port})`.",
            "Start your program.",
        ),
    ),
    OTHER,
)
"""In the order in which they are offered."""

_BY_ID = {program.id: program for program in CLIENT_PROGRAMS}
_BY_PROCESS = {name: program for program in CLIENT_PROGRAMS for name in (*program.processes, *program.on_port)}
_ENDING = re.compile(r"\.(?:exe|bin)$", re.IGNORECASE)
PROCESS_NAMES = frozenset(
    name + ending for program in CLIENT_PROGRAMS for name in program.processes for ending in ("", ".exe")
)
"""Names of processes that tell which program runs, lower case, as each system has them."""


def program_of(id: str | None) -> ClientProgram:
    """The program of that ID; `OTHER` for an unknown one."""
    return _BY_ID.get(id or "", OTHER)


def program_named(process: str) -> ClientProgram | None:
    """The program that a process of this name on an API port is; None for a name that says nothing."""
    return _BY_PROCESS.get(plain_name(process).lower())


def plain_name(process: str) -> str:
    """The name of a process without the ending of its file."""
    return _ENDING.sub("", process)

"""The command `gatelight simulate`: runs a simulated TWS or IB Gateway until it is told to stop."""

import argparse
import asyncio
import contextlib
import os
import signal
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from agent.errors import GatelightError, UsageError
from agent.platforms.consoles import is_console
from agent.platforms.folders import temporary_folder
from agent.simulator.child import PortInUse
from agent.simulator.control import control_socket, perform
from agent.simulator.faults import value_for
from agent.simulator.process_faults import FAULTS, known, split_fault
from agent.simulator.settings_folder import IbcChoices
from agent.simulator.shapes import Shape
from agent.simulator.state import NEWEST_SERVER_VERSION, OLDEST_SIMULATED_VERSION
from agent.simulator.world import SimulatedApplication
from agent.tws.applications import ApplicationKind, TradingMode
from agent.tws.ports import DEFAULT_API_PORTS

_Say = Callable[[str], None]

_VERSION_PARTS = 2

WORDS = """Type the name of a fault, or name=value, to put it in force; and besides:
  heal [FAULT]         take one fault, or all, out of force
  notice CODE [TEXT]   send a notice to the connected clients
  log-in, log-out      open the API port, or go back to the log-in screen
  restart, kill        start anew, or end the application
  state                what it is doing now
  faults               the names of all faults
  quit                 end"""
"""Tells what the user can type while the simulation runs."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `gatelight simulate`."""
    parser.add_argument("--port", type=int, metavar="N", help="API port (default: the one of application and mode)")
    parser.add_argument("--application", choices=["tws", "gateway"], default="gateway", help="default: gateway")
    parser.add_argument("--mode", choices=["live", "paper"], default="paper", help="default: paper")
    parser.add_argument(
        "--app-version", dest="application_version", default="10.45", metavar="V", help="default: 10.45"
    )
    parser.add_argument(
        "--server-version",
        type=int,
        default=NEWEST_SERVER_VERSION,
        metavar="N",
        help=f"newest protocol it speaks, {OLDEST_SIMULATED_VERSION} to {NEWEST_SERVER_VERSION} (default)",
    )
    parser.add_argument(
        "--shape", choices=[shape.value for shape in Shape], default=Shape.ITSELF.value, help="how it was started"
    )
    parser.add_argument(
        "--command-server",
        type=int,
        default=0,
        metavar="N",
        help="with --shape ibc: port of IBC’s command server (default: off; IBC’s usual one is 7462)",
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        dest="faults",
        metavar="FAULT[=VALUE]",
        help="can be given several times",
    )
    parser.add_argument("--control", type=Path, metavar="PATH", help="take orders as JSON lines on a socket there")
    parser.add_argument("--list-faults", action="store_true", help="name all faults and end")


def command(arguments: argparse.Namespace, say: _Say) -> int:
    """Simulate until Ctrl-C, SIGTERM or `quit`; returns the exit status. UsageError for impossible arguments."""
    if arguments.list_faults:
        say(fault_list())
        return 0
    _check(arguments)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_simulate(arguments, say))
    return 0


def fault_list() -> str:
    """All faults, one per line, with their parameters."""
    width = max(map(len, FAULTS))
    lines = []
    for name, fault in sorted(FAULTS.items()):
        takes = ""
        if fault.parameter:
            values = f": {', '.join(fault.choices)}" if fault.choices else ""
            default = f"; default {fault.default}" if fault.default else ""
            takes = f" [={fault.parameter}{values}{default}]"
        lines.append(f"{name:<{width}}  {fault.summary}{takes}")
    return "\n".join(lines)


def _check(arguments: argparse.Namespace) -> None:
    if arguments.port is not None and not 1 <= arguments.port <= 65535:
        raise UsageError(f"--port takes a number from 1 to 65535, not {arguments.port}.")
    if not OLDEST_SIMULATED_VERSION <= arguments.server_version <= NEWEST_SERVER_VERSION:
        raise UsageError(
            f"--server-version takes a number from {OLDEST_SIMULATED_VERSION} to {NEWEST_SERVER_VERSION}, "
            f"not {arguments.server_version}."
        )
    if not 0 <= arguments.command_server <= 65535:
        raise UsageError(f"--command-server takes a number from 1 to 65535, not {arguments.command_server}.")
    if arguments.command_server and arguments.shape != Shape.IBC:
        raise UsageError("--command-server needs --shape ibc: it is IBC that has one.")
    parts = arguments.application_version.split(".")
    if len(parts) != _VERSION_PARTS or not all(part.isdecimal() for part in parts):
        raise UsageError(f"--app-version takes a version like 10.45, not “{arguments.application_version}”.")
    for fault in arguments.faults:
        try:
            name, value = split_fault(fault)
            value_for(known(name), value)
        except ValueError as error:
            raise UsageError(f"{error}.") from None


async def _simulate(arguments: argparse.Namespace, say: _Say) -> None:
    stop = asyncio.Event()
    _stop_on_signals(stop)
    kind, mode = ApplicationKind(arguments.application), TradingMode(arguments.mode)
    port = arguments.port or DEFAULT_API_PORTS[kind, mode]
    # On Windows the relay of a stopped container may hold the folder for a moment longer.
    with temporary_folder("gatelight-simulate") as folder:
        try:
            application = await SimulatedApplication.start(
                folder,
                kind=kind,
                mode=mode,
                port=port,
                version=arguments.application_version,
                server_version=arguments.server_version,
                shape=arguments.shape,
                faults=arguments.faults,
                ibc=IbcChoices(command_server_port=arguments.command_server),
                say=say,
            )
        except PortInUse as error:
            raise PortInUse(str(error).replace("choose another port", "choose another one with --port")) from error
        except ValueError as error:
            raise UsageError(f"{error}.") from None
        async with application, contextlib.AsyncExitStack() as stack:
            if arguments.control is not None:
                await stack.enter_async_context(control_socket(arguments.control, application))
            say(_introduction(arguments, application))
            if _can_be_typed_at():
                if sys.stdin.isatty():
                    say(WORDS)
                stack.enter_context(_typed(application, say, stop))
            await stop.wait()
    say("The simulation has ended.")


def _introduction(arguments: argparse.Namespace, application: SimulatedApplication) -> str:
    started = {
        Shape.ITSELF: "",
        Shape.IBC: ", started by IBC",
        Shape.CONTAINER: ", in a container behind a relay",
    }[Shape(arguments.shape)]
    title = ApplicationKind(arguments.application).title
    process = f" (pid {application.pid})" if application.running else " (not running)"
    text = (
        f"Simulating {title} {arguments.application_version}, {arguments.mode} trading{started}{process}, "
        f"on port {application.port} of this machine; server version {arguments.server_version}."
    )
    if faults := _faults_in_force(application):
        text += f" Faults in force: {faults}."
    return f"{text} Ctrl-C ends it."


def _faults_in_force(application: SimulatedApplication) -> str:
    return ", ".join(f"{name}={value}" if value else name for name, value in application.faults.items())


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))


def _can_be_typed_at() -> bool:
    """Whether standard input is a terminal, a pipe or a socket, so that a user or a program can write to it."""
    try:
        number = sys.stdin.fileno()
        mode = os.fstat(number).st_mode
    except (OSError, ValueError, AttributeError):
        return False
    return (os.isatty(number) and is_console(number)) or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


@contextlib.contextmanager
def _typed(application: SimulatedApplication, say: _Say, stop: asyncio.Event) -> Iterator[None]:
    """Carry out typed lines until the block ends."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str] = asyncio.Queue()
    number = sys.stdin.fileno()

    def read() -> None:
        # os.read instead of sys.stdin: a thread that waits in its buffer makes the interpreter crash at its end.
        rest = b""
        with contextlib.suppress(OSError, RuntimeError):
            while chunk := os.read(number, 4096):
                *whole, rest = (rest + chunk).split(b"\n")
                for line in whole:
                    loop.call_soon_threadsafe(lines.put_nowait, line.decode(errors="replace"))

    async def obey() -> None:
        while True:
            if answer := await typed_order(application, await lines.get(), stop):
                say(answer)

    threading.Thread(target=read, daemon=True).start()
    task = loop.create_task(obey())
    try:
        yield
    finally:
        task.cancel()


async def typed_order(application: SimulatedApplication, line: str, stop: asyncio.Event) -> str:
    """Carry out one typed line; returns the answer."""
    word, _, rest = line.strip().partition(" ")
    rest = rest.strip()
    match word:
        case "":
            return ""
        case "quit" | "exit":
            stop.set()
            return ""
        case "help" | "?":
            return WORDS
        case "faults":
            return fault_list()
    try:
        await perform(application, _order(word, rest))
    except (ValueError, GatelightError) as error:
        return f"{str(error).rstrip('.')}."
    where = f"pid {application.pid}, port {application.port}" if application.running else "not running"
    return f"Now {where}; faults in force: {_faults_in_force(application) or 'none'}."


def _order(word: str, rest: str) -> dict[str, object]:
    match word:
        case "heal":
            return {"do": "heal", "name": rest or None}
        case "notice":
            code, _, text = rest.partition(" ")
            if not code.isdecimal():
                raise ValueError("A notice needs its code: notice 1100")
            return {"do": "notify", "code": int(code), "text": text.strip() or None}
        case "log-in" | "log-out" | "kill" | "state":
            return {"do": word}
        case "restart" if not rest:
            return {"do": "restart"}
    name, value = split_fault(
        "=".join(part.strip() for part in (f"{word} {rest}".strip()).replace("=", " ", 1).split(None, 1))
    )
    return {"do": "fault", "name": name, "value": value}

"""What the user types: commands, options, exit statuses. Imports only what a command needs."""

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from agent import __version__
from agent.errors import GatelightError, UsageError

_BROKEN_OFF = 130
"""The shells' own exit status for Ctrl-C."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    try:
        status = _obey(arguments)
    except GatelightError as fault:
        tell(str(fault))
        status = fault.exit_status
    except KeyboardInterrupt:
        status = _BROKEN_OFF
    except BrokenPipeError:
        status = 0
    except SystemExit as end:
        # argparse ends the program after its help and after an error.
        status = end.code if isinstance(end.code, int) else 0
    _let_go_of_output()
    return status


def _obey(arguments: Sequence[str] | None) -> int:
    for stream in (sys.stdout, sys.stderr):
        # A Windows console or a pipe may know fewer characters than the texts use.
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    parser = _parser()
    # An option counts before and after the command; a default of argparse would undo the one given before it.
    options = parser.parse_args(
        _words_apart(arguments), argparse.Namespace(config=None, data_dir=None, verbose_before=0, verbose_after=0)
    )
    options.verbose = options.verbose_before + options.verbose_after
    return int((options.do if options.command is not None else _page)(options))


def _words_apart(arguments: Sequence[str] | None) -> list[str]:
    given = list(sys.argv[1:] if arguments is None else arguments)
    if "explain" not in given:
        return given
    from agent.cli.explain import words_apart

    return words_apart(given)


def _let_go_of_output() -> None:
    """Write out what is left, without an error where the reader has gone, as `| head` has."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream.fileno())
                os.close(nowhere)


def out(text: str) -> None:
    """Print a result, the only way to do so; the terminal takes nothing in it for a command."""
    from agent.tws.printable import printable

    try:
        print(printable(text), flush=True)
    except BrokenPipeError:
        raise
    except OSError as fault:
        raise GatelightError(f"The result could not be written ({fault.strerror}).") from None


def tell(text: str) -> None:
    """A message for people, beside the result."""
    from agent.tws.printable import printable

    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            print(printable(text), file=sys.stderr, flush=True)


# ── commands ────────────────────────────────────────────────────────────────────────────────────


def _page(options: argparse.Namespace) -> int:
    """`gatelight` alone: the page of the running agent."""
    from agent.platforms.opening import has_browser, open_address

    printed = options.print_url or not has_browser()
    address = _ask(options, {"command": "page", "printed": printed})["url"]
    if not printed:
        try:
            open_address(address)
        except OSError:
            tell("No browser could be opened: open this address within a minute.")
        else:
            return 0
    elif not options.print_url:
        port = address.split(":")[2].split("/")[0]
        tell(
            "There is no browser here: open this address within ten minutes. From another computer, first run there "
            f"`ssh -L {port}:127.0.0.1:{port} THIS-COMPUTER` and keep it running."
        )
    out(address)
    return 0


def _run(options: argparse.Namespace) -> int:
    import threading

    from agent.runtime import stop_signals

    # A signal in the first half second, while the agent is still being loaded, counts as well.
    asked = threading.Event()
    stop_signals.listen(asked.set)
    from agent.cli.run import command

    try:
        return command(
            _places(options),
            tray=not options.no_tray,
            verbosity=options.verbose,
            say=tell,
            autostarted=options.autostart,
            asked_to_stop=asked,
        )
    finally:
        stop_signals.ignore()


def _fix(options: argparse.Namespace) -> int:
    from agent.cli.fix import command

    return command(
        _places(options), options.id, options.connection, yes=options.yes, verbosity=options.verbose, say=tell, out=out
    )


def _setup(options: argparse.Namespace) -> int:
    from agent.cli.setup import command
    from agent.runtime.logs import set_up_logs

    with set_up_logs(None, options.verbose):
        return command(_places(options), options.name or "", say=out, no_input=options.no_input)


def _autostart(options: argparse.Namespace) -> int:
    from agent.cli.autostart import command

    out(command(_places(options), options.what))
    return 0


def _status(options: argparse.Namespace) -> int:
    answer = _ask(options, {"command": "status", "show_accounts": options.show_accounts})
    with contextlib.suppress(BrokenPipeError):
        _print_status(answer["status"], options.json, thorough=False)
    return 1 if answer["shows_problem"] else 0


def _doctor(options: argparse.Namespace) -> int:
    from agent.cli.doctor import examine, exit_status
    from agent.core.shown.status import status_to_json
    from agent.runtime.logs import set_up_logs

    with set_up_logs(None, options.verbose):
        status = examine(_places(options), options.name, tell)
    # A reader that stops early, as `| head` does, changes nothing about what was found.
    with contextlib.suppress(BrokenPipeError):
        _print_status(
            status_to_json(status, show_accounts=options.show_accounts, thorough=True), options.json, thorough=True
        )
    return exit_status(status)


def _print_status(status: dict[str, Any], as_json: bool, *, thorough: bool) -> None:
    if as_json:
        import json

        # Where the stream does not speak UTF-8, as a pipe on Windows, every other character is escaped.
        utf8 = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"
        out(json.dumps(status, ensure_ascii=not utf8, indent=1))
    else:
        from agent.cli.report import render

        out(render(status, thorough=thorough))


def _explain(options: argparse.Namespace) -> int:
    from agent.cli.explain import command

    return command(options.words, out, tell)


def _demo(options: argparse.Namespace) -> int:
    from agent.cli.demo import play

    return play(options.scenario, tray=not options.no_tray, verbosity=options.verbose, say=out)


def _simulate(options: argparse.Namespace) -> int:
    from agent.simulator.command import command

    return command(options, out)


def _connect(options: argparse.Namespace) -> int:
    if not _kept(_ask(options, {"command": options.command, "name": options.name})):
        return 1
    which = options.name or "every connection"
    tell(
        f"Told: {options.command} {which}."
        + (" It stays so until `gatelight connect`." * (options.command != "connect"))
    )
    return 0


def _kept(answer: dict[str, Any]) -> bool:
    """Whether a restart of the agent remembers what was asked; says why not."""
    if "not_kept" in answer:
        tell(answer["not_kept"])
    return "not_kept" not in answer


def _pause(options: argparse.Namespace) -> int:
    return 0 if _kept(_ask(options, {"command": "pause", "seconds": _seconds(options.duration)})) else 1


def _resume(options: argparse.Namespace) -> int:
    return 0 if _kept(_ask(options, {"command": "resume"})) else 1


def _snooze(options: argparse.Namespace) -> int:
    asked = {"command": "snooze", "code": options.code, "seconds": _seconds(options.duration)}
    return 0 if _kept(_ask(options, asked)) else 1


def _config(options: argparse.Namespace) -> int:
    from agent.config.reading import check, load
    from agent.config.showing import show

    places = _places(options)
    match options.what:
        case "path":
            out(str(places.config))
        case "show":
            out(show(load(places.config, named=places.config_named)).rstrip("\n"))
        case "check":
            faults = check(places.config, named=places.config_named)
            for fault in faults:
                tell(fault)
            if faults:
                return 2
            out(
                f"{places.config} is in order."
                if places.config.exists()
                else "No configuration file: the defaults are used."
            )
        case _:
            # tomlkit takes a tenth of a second to import, and only this needs it.
            from agent.config.editing import set_value

            set_value(places.config, options.key, options.value)
    return 0


# ── options ─────────────────────────────────────────────────────────────────────────────────────


def _places(options: argparse.Namespace) -> Any:
    from agent.runtime.paths import find_places

    return find_places(options.config, options.data_dir)


def _ask(options: argparse.Namespace, request: dict[str, Any]) -> dict[str, Any]:
    from agent.runtime.control.channel import request as send

    answer = send(_places(options), request)
    if "error" in answer:
        raise UsageError(answer["error"])
    return answer


def _seconds(text: str) -> float:
    from agent.config.text import parse_duration

    try:
        seconds = parse_duration(text)
    except ValueError:
        seconds = 0.0
    if seconds <= 0:
        raise UsageError(f"“{text}” is not a duration: write a number and a unit, like 30m, 2h or 1d.")
    return seconds


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence with the remedy, as all of ours are."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[:1].upper()}{message[1:]} (see `{self.prog} --help`).")


def _parser() -> argparse.ArgumentParser:
    common = _common("verbose_after")
    parser = _Parser(
        prog="gatelight",
        description="Watches the link to Trader Workstation and IB Gateway, and says what is wrong with it.",
        epilog="Without a command: opens the page of the running agent in the browser.",
        parents=[_common("verbose_before")],
    )
    parser.add_argument("--print-url", action="store_true", help="print the page's address instead of opening it")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    def command(name: str, do: Any, text: str) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text, parents=[common])
        added.set_defaults(do=do)
        return added

    run = command("run", _run, "the agent, until told to stop")
    run.add_argument("--no-tray", action="store_true", help="without icon; notices are shown all the same")
    run.add_argument("--autostart", action="store_true", help="as at log-in: wait for desktop and network")
    for name, do, text in (
        ("status", _status, "what the running agent shows"),
        ("doctor", _doctor, "one thorough look, without a running agent"),
    ):
        added = command(name, do, text)
        added.add_argument("--json", action="store_true", help="one JSON object on standard output")
        added.add_argument("--show-accounts", action="store_true", help="do not mask account numbers")
        if name == "doctor":
            added.add_argument("name", nargs="?", metavar="NAME", help="only this connection")
    explain = command("explain", _explain, "what a problem code, a notice number or a log line means, and what to do")
    explain.add_argument("words", nargs="+", metavar="WORDS", help="as they are; - reads them from standard input")
    demo = command("demo", _demo, "the whole program against a simulated IB Gateway, in a temporary folder")
    demo.add_argument("--scenario", metavar="NAME", default="day", help="which one (default: day)")
    demo.add_argument("--no-tray", action="store_true", help="without icon")
    _add_simulate(command)
    for name, text in (("connect", "connect, and keep it so"), ("disconnect", "disconnect, and leave it so")):
        added = command(name, _connect, text)
        added.add_argument("name", nargs="?", metavar="NAME", help="only this connection")
    pause = command("pause", _pause, "say nothing for a while")
    pause.add_argument("duration", metavar="DURATION", help="like 30m, 2h or 1d")
    command("resume", _resume, "end a pause")
    snooze = command("snooze", _snooze, "say nothing about one problem for a while")
    snooze.add_argument("code", metavar="CODE")
    snooze.add_argument("duration", metavar="DURATION", help="like 30m, 2h or 1d")
    fix = command("fix", _fix, "do one of the fixes that status or doctor offered; asks first")
    fix.add_argument("id", metavar="ID")
    fix.add_argument("--connection", metavar="NAME", help="where it is offered for several")
    fix.add_argument("--yes", action="store_true", help="do it without asking; what it changes is shown all the same")
    setup = command("setup", _setup, "set a connection up, step by step; each step checks itself")
    setup.add_argument("name", nargs="?", metavar="NAME", help="this connection (default: the first one, or a new one)")
    setup.add_argument("--no-input", action="store_true", help="ask nothing: print the steps once as they stand")
    autostart = command("autostart", _autostart, "start at log-in, for this user")
    autostart.add_argument("what", choices=("on", "off", "status"))
    _add_config(command, common)
    return parser


def _common(verbose: str) -> _Parser:
    common = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--config", metavar="FILE", help="the configuration file")
    common.add_argument("--data-dir", metavar="DIR", help="the folder for log, lock and memory")
    common.add_argument(
        "-v", "--verbose", action="count", dest=verbose, help="say more on standard error; twice: everything"
    )
    common.add_argument("--version", action="version", version=f"gatelight {__version__}")
    return common


def _add_simulate(command: Any) -> None:
    added = command("simulate", _simulate, "the simulated TWS alone")
    if "simulate" in sys.argv:
        # Its options come with the simulator, which no other command needs.
        from agent.simulator.command import add_arguments

        add_arguments(added)


def _add_config(command: Any, common: argparse.ArgumentParser) -> None:
    config = command("config", _config, "the configuration: where it is, what it says, whether it is right; change it")
    what = config.add_subparsers(dest="what", metavar="path|show|check|set", required=True)
    what.add_parser("path", parents=[common], help="where the configuration file is")
    what.add_parser("show", parents=[common], help="the configuration in force, defaults included")
    what.add_parser("check", parents=[common], help="whether it can be used")
    setting = what.add_parser("set", parents=[common], help="change one value; comments are kept")
    setting.add_argument("key", metavar="KEY", help="like checks.look_every or connections.NAME.port")
    setting.add_argument("value", metavar="VALUE")

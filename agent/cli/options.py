"""The command line: the options of each command, and its help.

Help, shell completion and the man page are made from this parser.
"""

import argparse
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

from agent import __version__
from agent.cli.commands import GROUPS, TYPED_COMMANDS, About
from agent.cli.terminal import out
from agent.errors import UsageError

_DURATION = "like 30m, 2h or 1d"


class CommandParser(argparse.ArgumentParser):
    """A parser whose errors are one sentence with the remedy, as all of ours are."""

    def error(self, message: str) -> NoReturn:
        """Refuse the command line; an unknown word is told with the one that was probably meant."""
        raise UsageError(f"{message[:1].upper()}{message[1:]} (see `{self.prog} --help`).")

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        # argparse itself says "invalid int value".
        try:
            return int(arg_string) if action.type is int else super()._get_value(action, arg_string)
        except ValueError:
            raise argparse.ArgumentError(action, f"“{arg_string}” is not a whole number") from None

    def _print_message(self, message: str, file: Any = None) -> None:
        # Help and version are results like any other; argparse itself would show a traceback where a disk is full.
        out(message.rstrip("\n"))

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        # argparse itself lists every choice, and says nothing about what was meant.
        if action.choices is not None and value not in action.choices:
            what = "command" if action.dest == "command" else "choice"
            known = list(TYPED_COMMANDS) if what == "command" else [str(choice) for choice in action.choices]
            otherwise = f": choose {_either(known)}" if what == "choice" else f" (see `{self.prog} --help`)"
            raise UsageError(f"There is no {what} “{value}”{did_you_mean(str(value), known) or f'{otherwise}.'}")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does; an unknown option is refused by the command it was given to, which knows those it has."""
        found, rest = super().parse_known_args(args, namespace)
        unknown = next((word for word in rest if word.startswith("-") and len(word) > 1), None)
        if unknown is not None:
            known = [option for action in self._actions for option in action.option_strings]
            hint = did_you_mean(unknown.partition("=")[0], known)
            raise UsageError(f"There is no option “{unknown}” here{hint or f' (see `{self.prog} --help`).'}")
        if rest and self._subparsers is None:
            self.error(f"“{rest[0]}” is one word too many; put one of several words between quotation marks")
        return found, rest


class _MainParser(CommandParser):
    """The parser of `gatelight` itself, whose help begins with the commands in their groups."""

    def format_help(self) -> str:
        """The overview: how it is called, the commands, the options, and what an exit status means."""
        formatter = self._get_formatter()
        formatter.add_usage(self.usage, self._actions, self._mutually_exclusive_groups)
        formatter.add_text(_overview(self.prog, self.description or ""))
        for group in self._action_groups:
            formatter.start_section(group.title)
            # The overview has the commands.
            formatter.add_arguments(action for action in group._group_actions if action.option_strings)
            formatter.end_section()
        formatter.add_text(_STATUSES)
        return formatter.format_help()


_STATUSES = """exit status:
  0 done, or all is well
  1 a problem, or it failed
  2 wrong usage or configuration
  3 no agent runs, or for `run` another one
  4 could not find out"""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The word that was probably meant, as a question that goes on with the sentence; empty where none is alike."""
    # Imported late, as all that only help or a mistake needs: a command must be quick.
    import difflib

    alike = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return f": did you mean “{alike[0]}”?" if alike else ""


def _either(known: Sequence[str]) -> str:
    return ", ".join(known[:-1]) + f" or {known[-1]}" if len(known) > 1 else known[0]


def build_parser(prog: str = "gatelight", only: Iterable[str] | None = None) -> CommandParser:
    """The parser of the command line; `prog` is the command as the user called it.

    `only`: words of the command line; commands that are not among them are not made, which takes time.
    """
    parser = _MainParser(
        prog=prog,
        description="Watches the link to Trader Workstation and IB Gateway, and says what is wrong with it.",
        parents=[_common("verbose_before")],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage=f"{prog} [COMMAND] [OPTIONS]",
    )
    parser.add_argument("--print-url", action="store_true", help="print the page’s address instead of opening it")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", help="what to do", parser_class=CommandParser)
    common = _common("verbose_after")
    for name in TYPED_COMMANDS if only is None else TYPED_COMMANDS.keys() & set(only):
        about = TYPED_COMMANDS[name]
        made = commands.add_parser(
            name,
            prog=f"{prog} {name}",
            help=about.text,
            description=f"{about.text[:1].upper()}{about.text[1:]}.",
            epilog=_epilog(prog, about),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            parents=[common],
        )
        if name in _OPTIONS:
            _OPTIONS[name](made)
    return parser


def _common(verbose: str) -> CommandParser:
    common = CommandParser(add_help=False, argument_default=argparse.SUPPRESS)
    group = common.add_argument_group("everywhere")
    group.add_argument("--config", metavar="FILE", help="the configuration file")
    group.add_argument("--data-dir", metavar="DIR", help="the folder for log, lock and memory")
    group.add_argument(
        "-v", "--verbose", action="count", dest=verbose, help="say more on standard error; twice: everything"
    )
    group.add_argument("--version", action="version", version=f"gatelight {__version__}")
    return common


def _overview(prog: str, description: str) -> str:
    import shutil

    width = max(40, shutil.get_terminal_size().columns - 2)
    lines = [*_fitted(description, "", width), ""]
    lines += _fitted(f"Without a command it opens the page of the agent. `{prog} help COMMAND` tells more.", "", width)
    for title, group in GROUPS.items():
        lines += ["", f"{title}:"]
        for name, about in group.items():
            lines += _fitted(f"  {name:<11} {about.text}", " " * 14, width)
    return "\n".join(lines)


def _fitted(text: str, further: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width, subsequent_indent=further, break_long_words=False, break_on_hyphens=False)


def _epilog(prog: str, about: About) -> str:
    lines = ["exit status:", *(f"  {status}" for status in about.statuses)]
    if about.examples:
        shown = (example.replace("gatelight", prog, 1) for example in about.examples)
        lines = ["examples:", *(f"  {example}" for example in shown), "", *lines]
    return "\n".join(lines)


_WHICH = "only this connection, or those that fit a pattern such as 'prod-*'"


def _add_shown(parser: CommandParser) -> None:
    _add_status(parser)
    parser.add_argument("name", nargs="?", metavar="NAME", help=_WHICH)


def _add_status(parser: CommandParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--show-accounts", action="store_true", help="do not mask account numbers")


def _add_doctor(parser: CommandParser) -> None:
    _add_status(parser)
    parser.add_argument("--settings", action="store_true", help="list every setting that was looked at")
    parser.add_argument("name", nargs="?", metavar="NAME", help=_WHICH)


def _add_explain(parser: CommandParser) -> None:
    parser.add_argument("words", nargs="+", metavar="WORDS", help="as they are; - reads them from standard input")


def _add_fix(parser: CommandParser) -> None:
    parser.add_argument("id", metavar="ID", help="of the fix, as status or doctor shows it")
    parser.add_argument("--connection", metavar="NAME", help="where it is offered for several")
    parser.add_argument(
        "--yes", action="store_true", help="do it without asking; what it changes is shown all the same"
    )


def _add_history(parser: CommandParser) -> None:
    parser.add_argument("--days", type=_days, default=7, metavar="N", help="how many, today among them (default: 7)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="a row for each problem, for a spreadsheet")
    form.add_argument("--json", action="store_true", help="one JSON object on standard output")


def _add_bundle(parser: CommandParser) -> None:
    parser.add_argument("--out", metavar="FILE", help="where it is written (default: in this folder)")
    parser.add_argument("--yes", action="store_true", help="write it without asking; it is listed all the same")


def _add_replay(parser: CommandParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a bundle, or the recording in it")


def _days(word: str) -> int:
    if not word.isdecimal() or not 1 <= int(word) <= 3650:
        raise argparse.ArgumentTypeError("give a number of days from 1 to 3650")
    return int(word)


def _add_logs(parser: CommandParser) -> None:
    parser.add_argument("-f", "--follow", action="store_true", help="go on with new lines until Ctrl-C")


def _add_run(parser: CommandParser) -> None:
    parser.add_argument("--no-tray", action="store_true", help="without icon; notices are shown all the same")
    parser.add_argument("--autostart", action="store_true", help="as at log-in: wait for desktop and network")
    parser.add_argument(
        "--log-format",
        choices=("text", "json"),
        default="text",
        help="of the log and of what -v says; json: an object a line (default: text)",
    )


def _add_autostart(parser: CommandParser) -> None:
    parser.add_argument("what", nargs="?", choices=("on", "off", "status"), default="status")


def _add_setup(parser: CommandParser) -> None:
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="this connection (default: the first, or you are asked)"
    )
    parser.add_argument("--no-input", action="store_true", help="ask nothing: print the steps once as they stand")


def _add_config(parser: CommandParser) -> None:
    what = parser.add_subparsers(dest="what", metavar="path|show|check|set|secret", required=True)
    common = _common("verbose_after")
    for name, text in (
        ("path", "where the configuration file is"),
        ("show", "the configuration in force, defaults included"),
        ("check", "whether it can be used"),
    ):
        what.add_parser(name, parents=[common], help=text)
    setting = what.add_parser("set", parents=[common], help="change one value; comments are kept")
    setting.add_argument("key", metavar="KEY", help="like checks.look_every or connections.NAME.port")
    setting.add_argument("value", metavar="VALUE")
    secret = what.add_parser(
        "secret", parents=[common], help="keep an address, which is asked for, in the key store of the system"
    )
    secret.add_argument("name", metavar="NAME", help="then keyring:NAME stands for it in the configuration")
    secret.add_argument("--delete", action="store_true", help="delete it there")


def _add_connect(parser: CommandParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help=_WHICH)


def _add_disconnect(parser: CommandParser) -> None:
    _add_connect(parser)
    parser.add_argument("--for", dest="duration", metavar="DURATION", help=f"only so long, {_DURATION}")


def _add_pause(parser: CommandParser) -> None:
    parser.add_argument("duration", nargs="?", metavar="DURATION", help=f"{_DURATION}; default: until resume")


def _add_snooze(parser: CommandParser) -> None:
    parser.add_argument("code", metavar="CODE", help="of the problem, as status shows it")
    parser.add_argument("duration", metavar="DURATION", help=_DURATION)


def _add_ignore(parser: CommandParser) -> None:
    parser.add_argument("program", metavar="PROGRAM", help="as status or the notice names it")
    parser.add_argument("--connection", metavar="NAME", help="only at this connection")
    parser.add_argument("--undo", action="store_true", help="miss it again")


def _add_demo(parser: CommandParser) -> None:
    parser.add_argument("--scenario", metavar="NAME", default="day", help="which one (default: day)")
    parser.add_argument("--no-tray", action="store_true", help="without icon")


def _add_simulate(parser: CommandParser) -> None:
    # Its options come with the simulator, which no other command needs.
    from agent.simulator.command import add_arguments

    add_arguments(parser)


def _add_help(parser: CommandParser) -> None:
    parser.add_argument("topic", nargs="?", metavar="COMMAND", choices=list(TYPED_COMMANDS))


def _add_completion(parser: CommandParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh", "fish", "man"))


def _add_relay(parser: CommandParser) -> None:
    parser.add_argument("name", metavar="NAME", help="of the relay, in the configuration; or status, or stop")
    parser.add_argument("which", nargs="?", metavar="NAME", help="with stop: the relay to end")
    parser.add_argument("--all", action="store_true", help="with stop: every relay")
    parser.add_argument("--json", action="store_true", help="with status: one JSON object on standard output")


_OPTIONS: dict[str, Callable[[CommandParser], None]] = {
    "status": _add_shown,
    "doctor": _add_doctor,
    "explain": _add_explain,
    "fix": _add_fix,
    "history": _add_history,
    "bundle": _add_bundle,
    "replay": _add_replay,
    "logs": _add_logs,
    "run": _add_run,
    "autostart": _add_autostart,
    "relay": _add_relay,
    "setup": _add_setup,
    "config": _add_config,
    "connect": _add_connect,
    "disconnect": _add_disconnect,
    "pause": _add_pause,
    "snooze": _add_snooze,
    "seen": _add_connect,
    "ignore": _add_ignore,
    "demo": _add_demo,
    "simulate": _add_simulate,
    "help": _add_help,
    "completion": _add_completion,
}
"""What adds the options of a command that has some."""

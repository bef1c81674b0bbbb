"""What the user types: each command, and its exit status. Imports only what a command needs."""

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from agent.cli.terminal import can_ask, json_text, out, print_text, show_every_text, tell
from agent.errors import AgentNotRunning, AgentUnreachable, GatelightError
from agent.platforms.called import called_as

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
    from agent.cli.options import build_parser

    show_every_text()
    words = _words_apart(arguments)
    # An option counts before and after the command; a default of argparse would undo the one given before it.
    options = build_parser(called_as(), words).parse_args(
        words, argparse.Namespace(config=None, data_dir=None, verbose_before=0, verbose_after=0)
    )
    options.verbose = options.verbose_before + options.verbose_after
    return _COMMANDS[options.command](options)


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


def _places(options: argparse.Namespace) -> Any:
    from agent.runtime.paths import find_places

    return find_places(options.config, options.data_dir)


# ── the agent ───────────────────────────────────────────────────────────────────────────────────


def _page(options: argparse.Namespace) -> int:
    """`gatelight` alone: the page of the running agent, which is started where the user wants that."""
    from agent.cli.asked import ask
    from agent.platforms.opening import has_browser, open_address

    places = _places(options)
    printed = options.print_url or not has_browser()
    message = {"command": "page", "printed": printed}
    if can_ask():
        from agent.cli.life import offer_replacement, offer_start

        try:
            offer_replacement(places)
        except AgentUnreachable:
            raise
        except AgentNotRunning as fault:
            if not offer_start(places):
                return fault.exit_status
    address = ask(places, message)["url"]
    from agent.page.guard import is_invitation

    if not is_invitation(address):
        # An administrator may have asked in the folder of another user, whose program may say anything.
        raise AgentUnreachable(f"What answers for the data folder {places.data} names no page of Gatelight.")
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

    from agent.runtime import garbage, stop_signals

    garbage.loading_begins()
    places = _places(options)
    if can_ask() and not options.autostart:
        from agent.cli.life import offer_replacement

        with contextlib.suppress(AgentNotRunning):
            offer_replacement(places, start_again=False)
    # A signal in the first half second, while the agent is still being loaded, counts as well.
    asked = threading.Event()
    stop_signals.listen(asked.set)
    from agent.cli.run import command

    try:
        return command(
            places,
            tray=not options.no_tray,
            verbosity=options.verbose,
            say=tell,
            autostarted=options.autostart,
            json_log=options.log_format == "json",
            asked_to_stop=asked,
        )
    finally:
        stop_signals.ignore()


def _stop(options: argparse.Namespace) -> int:
    from agent.cli.life import stop_alone

    stop_alone(_places(options))
    return 0


def _logs(options: argparse.Namespace) -> int:
    from agent.cli.log import command

    return command(_places(options).log_file, out, follow=options.follow)


def _autostart(options: argparse.Namespace) -> int:
    from agent.cli.autostart import command

    print_text(command(_places(options), options.what))
    return 0


def _relay(options: argparse.Namespace) -> int:
    from agent.cli.relay import command

    as_json = _as_json if options.json else None
    return command(_places(options), options.name, options.which, tell, as_json, print_text, every=options.all)


def _told(options: argparse.Namespace) -> int:
    from agent.cli.asked import command

    return command(_places(options), options)


# ── what is wrong ───────────────────────────────────────────────────────────────────────────────


def _status(options: argparse.Namespace) -> int:
    from agent.cli.asked import ask, of_those

    answer = ask(_places(options), {"command": "status", "show_accounts": options.show_accounts})
    status, ill = of_those(answer, options.name)
    with contextlib.suppress(BrokenPipeError):
        if options.json:
            _as_json(status)
        else:
            from agent.cli.report import render

            print_text(render(status, every=bool(options.verbose), named=options.name or ""))
    return 1 if ill else 0


def _doctor(options: argparse.Namespace) -> int:
    from agent.cli.doctor import examine, exit_status
    from agent.core.shown.status import status_to_json
    from agent.runtime.logs import set_up_logs

    with set_up_logs(None, options.verbose):
        status = examine(_places(options), options.name, tell, live=not options.json and not options.verbose)
    found = exit_status(status)
    as_json = status_to_json(status, show_accounts=options.show_accounts, thorough=True)
    # A reader that stops early, as `| head` does, changes nothing about what was found.
    with contextlib.suppress(BrokenPipeError):
        if options.json:
            _as_json(as_json)
        else:
            from agent.cli.report import render

            print_text(render(as_json, thorough=True, settings=options.settings, found=found))
    return found


def _as_json(status: dict[str, Any]) -> None:
    out(json_text(status))


def _explain(options: argparse.Namespace) -> int:
    from agent.cli.explain import command

    def connections() -> list[dict[str, Any]]:
        from agent.cli.asked import ask

        shown: list[dict[str, Any]] = ask(_places(options), {"command": "status"})["status"]["connections"]
        return shown

    return command(options.words, connections, print_text, tell)


def _fix(options: argparse.Namespace) -> int:
    from agent.cli.fix import command

    return command(
        _places(options),
        options.id,
        options.connection,
        yes=options.yes,
        verbosity=options.verbose,
        say=tell,
        out=print_text,
    )


# ── set-up ──────────────────────────────────────────────────────────────────────────────────────


def _setup(options: argparse.Namespace) -> int:
    from agent.cli.setup import command
    from agent.runtime.logs import set_up_logs

    with set_up_logs(None, options.verbose):
        return command(_places(options), options.name or "", say=print_text, no_input=options.no_input)


def _config(options: argparse.Namespace) -> int:
    from agent.cli.configuration import do_config

    return do_config(options, _places(options))


def _history(options: argparse.Namespace) -> int:
    from agent.cli.history import command

    return command(
        _places(options), back=options.days, as_csv=options.csv, as_json=options.json, out=out, say=print_text
    )


def _bundle(options: argparse.Namespace) -> int:
    from agent.cli.bundle import command
    from agent.runtime.logs import set_up_logs

    with set_up_logs(None, options.verbose):
        return command(_places(options), options.out, yes=options.yes, out=out, say=tell)


def _replay(options: argparse.Namespace) -> int:
    from agent.cli.replay import command

    return command(options.file, out, tell)


# ── to try, and about the command itself ────────────────────────────────────────────────────────


def _demo(options: argparse.Namespace) -> int:
    from agent.cli.demo import play

    return play(options.scenario, tray=not options.no_tray, verbosity=options.verbose, say=out)


def _simulate(options: argparse.Namespace) -> int:
    from agent.simulator.command import command

    return command(options, out)


def _help(options: argparse.Namespace) -> int:
    from agent.cli.options import build_parser

    build_parser(called_as()).parse_args([options.topic, "--help"] if options.topic else ["--help"])
    return 0


def _version(options: argparse.Namespace) -> int:
    from agent import __version__
    from agent.cli.life import running_version

    out(f"gatelight {__version__}")
    with contextlib.suppress(AgentNotRunning):
        running = running_version(_places(options))
        if running is not None:
            out(f"running agent {running}")
    return 0


def _completion(options: argparse.Namespace) -> int:
    from agent.cli.completion import written_for

    out(written_for(options.shell).rstrip("\n"))
    return 0


_COMMANDS: dict[str | None, Callable[[argparse.Namespace], int]] = {
    None: _page,
    "run": _run,
    "stop": _stop,
    "logs": _logs,
    "autostart": _autostart,
    "connect": _told,
    "disconnect": _told,
    "pause": _told,
    "resume": _told,
    "snooze": _told,
    "seen": _told,
    "ignore": _told,
    "status": _status,
    "doctor": _doctor,
    "explain": _explain,
    "history": _history,
    "bundle": _bundle,
    "replay": _replay,
    "fix": _fix,
    "relay": _relay,
    "setup": _setup,
    "config": _config,
    "demo": _demo,
    "simulate": _simulate,
    "help": _help,
    "version": _version,
    "completion": _completion,
}

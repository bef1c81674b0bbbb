"""Completion for shells, and the man page: both made from the parser, so that they say what the command does."""

import argparse

import shtab

from agent.cli.commands import GROUPS
from agent.cli.options import build_parser

INSTALLED = {
    "bash": "bash-completion/completions/gatelight",
    "zsh": "zsh/site-functions/_gatelight",
    "fish": "fish/vendor_completions.d/gatelight.fish",
    "man": "man/man1/gatelight.1",
}
"""Where a system looks for each of them, below its folder `share`."""


def written_for(what: str) -> str:
    """The completion script for bash, zsh or fish, or with "man" the man page."""
    parser = build_parser()
    return _man(parser) if what == "man" else str(shtab.complete(parser, what))


def _man(parser: argparse.ArgumentParser) -> str:
    """The man page, in the language of man(7)."""
    made = _parsers(parser)
    lines = [
        '.TH GATELIGHT 1 "" "Gatelight" "User Commands"',
        ".SH NAME",
        "gatelight \\- watches the link to Trader Workstation and IB Gateway",
        ".SH SYNOPSIS",
        ".B gatelight",
        "[\\fICOMMAND\\fR] [\\fIOPTIONS\\fR]",
        ".SH DESCRIPTION",
        _escaped(parser.description or ""),
        "Without a command it opens the page of the running agent.",
    ]
    for title, group in GROUPS.items():
        lines.append(f".SH {title.upper()}")
        for name, about in group.items():
            words = " ".join(_usage(action) for action in made[name]._actions if _is_shown(action))
            lines += [".SS " + _escaped(f"gatelight {name} {words}".rstrip()), _escaped(f"{about.text}.")]
            for action in made[name]._actions:
                if _is_shown(action) and action.help:
                    lines += [".TP", f".B {_escaped(_usage(action, whole=True))}", _escaped(action.help)]
            lines += [".PP", _escaped("Exit status: " + "; ".join(about.statuses) + ".")]
            for example in about.examples:
                lines += [".PP", ".RS", _escaped(example), ".RE"]
    lines += [".SH OPTIONS OF EVERY COMMAND"]
    for action in parser._actions:
        if action.option_strings and action.help:
            lines += [".TP", f".B {_escaped(_usage(action, whole=True))}", _escaped(action.help)]
    lines += [
        ".SH ENVIRONMENT",
        ".TP\n.B GATELIGHT_CONFIG\nThe configuration file.",
        ".TP\n.B GATELIGHT_DATA_DIR\nThe folder for log, lock and memory.",
        ".TP\n.B NO_COLOR\nWhere it is set, nothing is printed in colour.",
    ]
    return "\n".join(lines) + "\n"


_EVERYWHERE = frozenset({"config", "data_dir", "verbose_after", "verbose_before", "version", "help"})


def _is_shown(action: argparse.Action) -> bool:
    return action.dest not in _EVERYWHERE


def _usage(action: argparse.Action, *, whole: bool = False) -> str:
    """How an argument is typed; `whole`: an option with all its spellings."""
    value = action.metavar or ("|".join(map(str, action.choices)) if action.choices else action.dest.upper())
    if not action.option_strings:
        return str(value) if action.required and not whole else f"[{value}]" if not whole else str(value)
    takes = "" if action.nargs == 0 else f" {value}"
    spelled = ", ".join(action.option_strings) + takes
    return spelled if whole else f"[{action.option_strings[0]}{takes}]"


def _parsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def _escaped(text: str) -> str:
    """A text that groff takes for nothing but text."""
    safe = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{safe}" if safe.startswith((".", "'")) else safe

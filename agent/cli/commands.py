"""Every command of the command line: in which group it stands, what it does, examples and exit statuses."""

from typing import NamedTuple

_NO_AGENT = "3 no agent runs"


class About(NamedTuple):
    """What the help says about a command besides its options."""

    text: str
    examples: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ("0 done",)


GROUPS: dict[str, dict[str, About]] = {
    "See what is wrong": {
        "status": About(
            "what the running agent shows",
            ("gatelight status", "gatelight status --json"),
            ("0 all well, or as expected", "1 a problem is shown", _NO_AGENT),
        ),
        "doctor": About(
            "one thorough look; needs no running agent",
            ("gatelight doctor", 'gatelight doctor "Paper Gateway" --settings'),
            ("0 healthy", "1 a problem was found", "2 wrong usage or configuration", "4 could not find out"),
        ),
        "explain": About(
            "what a problem, a notice number or a log line means, and what to do",
            ("gatelight explain 1100", "tail bot.log | gatelight explain -"),
            ("0 known", "1 unknown"),
        ),
        "fix": About(
            "do one of the fixes that status or doctor offered; asks first",
            ("gatelight fix use-port",),
            ("0 done", "1 failed or not wanted", "2 not offered"),
        ),
        "history": About(
            "what happened, day by day, what took the time, and what comes in the next week",
            ("gatelight history --days 30", "gatelight history --csv > history.csv"),
            ("0 shown", "1 it cannot be read"),
        ),
        "bundle": About(
            "a diagnostics archive for others, without anything private; lists its content first",
            ("gatelight bundle", "gatelight bundle --out bundle.zip"),
            ("0 written, or not wanted", "1 it could not be written"),
        ),
        "replay": About(
            "what is decided now about a recording, from a bundle of a bad day",
            ("gatelight replay bundle.zip",),
            ("0 replayed", "2 not a recording"),
        ),
        "logs": About(
            "the agent’s log", ("gatelight logs", "gatelight logs -f"), ("0 shown", "3 there is none: no agent ran yet")
        ),
    },
    "Run": {
        "run": About(
            "the agent, until told to stop",
            ("gatelight run", "gatelight run --no-tray"),
            ("0 stopped on request", "2 wrong configuration", "3 another one already runs"),
        ),
        "stop": About("stop the running agent", ("gatelight stop",), ("0 stopped", _NO_AGENT)),
        "autostart": About(
            "start at log-in, for this user; alone: whether it does",
            ("gatelight autostart", "gatelight autostart on"),
        ),
    },
    "Between programs and TWS": {
        "relay": About(
            "pass programs’ connections on to TWS, as a [[relays]] entry says; status: what they use of its limits; "
            "stop: end one, or all",
            (
                "gatelight relay paper",
                "gatelight relay status --json",
                "gatelight relay stop paper",
                "gatelight relay stop --all",
            ),
            ("0 stopped on request, or shown", "2 wrong configuration, or the port is taken", "3 no relay runs"),
        ),
    },
    "Set up": {
        "setup": About(
            "set a connection up, step by step; each step checks itself",
            ("gatelight setup", 'gatelight setup "Paper Gateway"'),
            ("0 all is done, and a program of yours is connected", "1 something is left"),
        ),
        "config": About(
            "the configuration: where it is, what it says, whether it is right; change it",
            (
                "gatelight config check",
                "gatelight config set checks.look_every 10s",
                "gatelight config secret my-phone",
            ),
            ("0 done", "2 the configuration cannot be used"),
        ),
    },
    "Tell the agent": {
        "pause": About(
            "no notices for a while, or until `gatelight resume`",
            ("gatelight pause", "gatelight pause 2h"),
            ("0 done", _NO_AGENT),
        ),
        "resume": About("end a pause", ("gatelight resume",), ("0 done", _NO_AGENT)),
        "snooze": About(
            "no notices about one problem for a while",
            ("gatelight snooze data-lost 1h",),
            ("0 done", _NO_AGENT),
        ),
        "seen": About(
            "what changed about TWS or IB Gateway was seen: show it no more",
            ("gatelight seen", 'gatelight seen "Paper Gateway"'),
            ("0 done", _NO_AGENT),
        ),
        "ignore": About(
            "do not miss one of your programs when it is not connected",
            ("gatelight ignore quantower", "gatelight ignore --undo quantower"),
            ("0 done", _NO_AGENT),
        ),
        "connect": About(
            "watch a connection again",
            ("gatelight connect", 'gatelight connect "Paper Gateway"'),
            ("0 done", _NO_AGENT),
        ),
        "disconnect": About(
            "stop watching a connection",
            ("gatelight disconnect", 'gatelight disconnect "Paper Gateway" --for 1h'),
            ("0 done", _NO_AGENT),
        ),
    },
    "Try it": {
        "demo": About(
            "the whole program against a simulated IB Gateway, in a temporary folder",
            ("gatelight demo", "gatelight demo --scenario freeze"),
        ),
        "simulate": About(
            "the simulated TWS alone", ("gatelight simulate --port 4002", "gatelight simulate --list-faults")
        ),
    },
    "More": {
        "help": About("this overview, or all about one command", ("gatelight help doctor",)),
        "version": About("the version of this command and of the running agent"),
        "completion": About(
            "completion for a shell, or the man page",
            ("gatelight completion bash > ~/.local/share/bash-completion/completions/gatelight",),
        ),
    },
}
"""Every command, in the order of the overview."""
TYPED_COMMANDS: dict[str, About] = {name: about for group in GROUPS.values() for name, about in group.items()}


def commands_table() -> str:
    """Every command as a Markdown table, for `agent/cli/README.md`."""
    rows = ["| command | does | for example | exit status |", "|---|---|---|---|"]
    for name, about in TYPED_COMMANDS.items():
        examples = "<br>".join(f"`{example}`" for example in about.examples)
        cells = (f"`{name}`", about.text, examples, "; ".join(about.statuses))
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"

"""The overview, the help of each command, and what is said about a mistake."""

import argparse
import shlex

import pytest

from agent.cli.commands import GROUPS, TYPED_COMMANDS
from agent.cli.options import build_parser
from agent.errors import UsageError


def made() -> dict[str, argparse.ArgumentParser]:
    (commands,) = (a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction))
    return dict(commands.choices)


def test_the_overview_has_every_command_in_its_group_and_what_the_exit_statuses_mean() -> None:
    overview = build_parser().format_help()

    for title, group in GROUPS.items():
        assert f"\n{title}:\n" in overview
        assert all(f"\n  {name} " in overview for name in group)
    assert "exit status:\n  0 done" in overview


@pytest.mark.parametrize("name", TYPED_COMMANDS)
def test_the_help_of_a_command_has_its_exit_statuses_and_examples_that_can_be_typed(name: str) -> None:
    text = made()[name].format_help()

    assert "exit status:\n  0 " in text
    for example in TYPED_COMMANDS[name].examples:
        assert f"\n  {example}\n" in text
        typed = shlex.split(example.split("|")[-1].split(">")[0])
        assert typed[0] == "gatelight"
        build_parser().parse_args(typed[1:])


@pytest.mark.parametrize("columns", ["60", "80", "120"])
def test_help_fits_the_terminal(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)

    assert max(map(len, build_parser().format_help().splitlines())) <= int(columns)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["statsu"], "status"),
        (["Doctor"], "doctor"),
        (["autostart", "onn"], "on"),
        (["status", "--jsn"], "--json"),
        (["status", "--data-dri", "x"], "--data-dir"),
        (["disconnect", "--form", "1h"], "--for"),
        (["config", "chek"], "check"),
        (["help", "setpu"], "setup"),
    ],
)
@pytest.mark.parametrize("quick", [True, False])
def test_a_mistake_is_told_with_what_was_probably_meant(typed: list[str], meant: str, quick: bool) -> None:
    with pytest.raises(UsageError) as refused:
        build_parser(only=typed if quick else None).parse_args(typed)

    assert str(refused.value).endswith(f": did you mean “{meant}”?")


@pytest.mark.parametrize("typed", [["sell"], ["status", "--x"], ["autostart", "zzz"]])
def test_what_is_like_nothing_is_refused_with_what_there_is(typed: list[str]) -> None:
    with pytest.raises(UsageError) as refused:
        build_parser().parse_args(typed)

    assert "did you mean" not in str(refused.value)
    assert "--help" in str(refused.value) or "on, off or status" in str(refused.value)


def test_only_the_commands_that_were_typed_are_made() -> None:
    (commands,) = (a for a in build_parser(only=["x", "status"])._actions if isinstance(a, argparse._SubParsersAction))

    assert list(commands.choices) == ["status"]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (
            ["simulate", "--port", "many"],
            "Argument --port: “many” is not a whole number (see `gatelight simulate --help`).",
        ),
        (["history", "--days", "²"], "Argument --days: give a number of days from 1 to 3650"),
        (["run", "now"], "“now” is one word too many; put one of several words between quotation marks"),
        (["status", "Paper", "Gateway"], "“Gateway” is one word too many"),
    ],
)
def test_a_mistake_is_told_in_words_of_the_command_it_was_made_in(typed: list[str], told: str) -> None:
    with pytest.raises(UsageError) as refused:
        build_parser().parse_args(typed)

    assert str(refused.value).startswith(told)
    assert f"`gatelight {typed[0]} --help`" in str(refused.value)

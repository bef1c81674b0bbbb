"""`gatelight fix`: the question is shown whole, a yes is wanted, and what comes of it decides the exit status."""

import asyncio
from typing import Any

import pytest

from agent import fix_command
from agent.errors import NotRunning, UsageError
from agent.fix_command import command
from agent.runtime.paths import find_places

OFFER = {
    "id": "set-precautions",
    "connection": "Paper",
    "label": "Bypass 1",
    "title": "Bypass it?",
    "changes": ["A box changes"],
    "given_up": ["A prompt"],
    "remark": "It can be undone.",
    "digest": "d1",
}
MORE = {**OFFER, "title": "Really?", "given_up": [], "remark": "", "digest": "d2"}
DONE = {"done": True, "text": "It was changed.", "now": "Paper: connected", "by_hand": ""}
WARNED = {"done": False, "text": "It warns.", "now": "Paper: connected", "by_hand": "", "again": MORE}


class Terminal:
    """The agent's answers in order, and what is typed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: dict[str, Any], typed: str | None = None) -> None:
        self.asked: list[dict[str, Any]] = []
        self.said: list[str] = []
        self.out: list[str] = []
        self._answers = list(answers)
        self._typed = None if typed is None else [f"{line}\n" for line in typed.split(",")]
        monkeypatch.setattr(fix_command, "request", self._request)
        monkeypatch.setattr(fix_command, "_read", lambda _: self._typed.pop(0) if self._typed else "")
        monkeypatch.setattr("sys.stdin.isatty", lambda: typed is not None, raising=False)

    def _request(self, places: object, message: dict[str, Any], timeout: float) -> dict[str, Any]:
        self.asked.append(message)
        return self._answers.pop(0)

    def run(self, *, yes: bool = False) -> int:
        return command(
            find_places(), "set-precautions", None, yes=yes, verbosity=0, say=self.said.append, out=self.out.append
        )

    @property
    def digests(self) -> list[str]:
        return [m["digest"] for m in self.asked if "digest" in m]


def test_a_typed_yes_does_it_after_the_whole_question(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(monkeypatch, OFFER, DONE, typed="y")

    assert terminal.run() == 0
    assert terminal.said == [
        "Bypass it?",
        "  - A box changes",
        "Given up by it:",
        "  - A prompt",
        "It can be undone.",
    ]
    assert terminal.out == ["It was changed.", "Now: Paper: connected."]
    assert terminal.digests == ["d1"]


@pytest.mark.parametrize("typed", ["", "n", "maybe", "yes please"])
def test_anything_but_a_yes_changes_nothing(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    terminal = Terminal(monkeypatch, OFFER, typed=typed)

    assert terminal.run() == 1
    assert terminal.digests == []
    assert terminal.said[-1] == "Nothing was changed."


def test_without_a_terminal_a_yes_has_to_be_given_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(monkeypatch, OFFER)
    with pytest.raises(UsageError, match="add --yes"):
        terminal.run()

    assert terminal.digests == []
    assert "  - A box changes" in terminal.said


def test_a_yes_given_beforehand_is_none_to_further_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(monkeypatch, OFFER, WARNED)
    with pytest.raises(UsageError, match="run it in a terminal"):
        terminal.run(yes=True)

    assert terminal.digests == ["d1"]
    assert "Really?" in terminal.said


def test_further_warnings_are_read_and_agreed_to_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(monkeypatch, OFFER, WARNED, DONE, typed="y,yes")

    assert terminal.run() == 0
    assert terminal.digests == ["d1", "d2"]


def test_a_failure_tells_what_to_do_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = {**DONE, "done": False, "text": "It was refused.", "by_hand": "Open API > Settings."}
    terminal = Terminal(monkeypatch, OFFER, failed, typed="y")

    assert terminal.run() == 1
    assert terminal.said[-1] == "By hand: Open API > Settings."


def test_what_is_not_offered_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="not offered now"):
        Terminal(monkeypatch, {"error": "set-precautions is not offered now."}).run()


def test_what_changed_since_the_question_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(monkeypatch, OFFER, {"error": "It changed."}, typed="y")

    assert terminal.run() == 1
    assert terminal.said[-1] == "It changed."


def test_without_a_running_agent_it_looks_for_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    def nobody(*_: object) -> dict[str, Any]:
        raise NotRunning("Gatelight does not run.")

    monkeypatch.setattr(fix_command, "request", nobody)
    places = find_places(tmp_path / "none.toml", tmp_path / "data", environ={})
    (tmp_path / "none.toml").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="There is no fix “sell-everything”"):
        asyncio.run(
            fix_command._command(
                places, "sell-everything", "", yes=True, verbosity=0, say=lambda _: None, out=lambda _: None
            )
        )

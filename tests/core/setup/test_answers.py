"""What the set-up asks, and what the answers would write."""

import json
from pathlib import Path

import pytest

from agent.config.editing import set_value
from agent.config.reading import load
from agent.core.as_json import as_json
from agent.core.settings import CheckSettings, ConnectionSettings, Intent, Settings, WantedApplication, WantedMode
from agent.core.setup.answers import (
    QUESTIONS,
    Answers,
    NotAnAnswer,
    answered,
    configured_connection,
    edit_lines,
    edits,
    name_for,
    questions_for,
    wanted_connection,
    wanted_settings,
)

GATEWAY, TWS, ANY = WantedApplication.GATEWAY, WantedApplication.TWS, WantedApplication.ANY
ALL = Answers(GATEWAY, WantedMode.PAPER, Intent.DATA, "EUR.USD")
LIVE = ConnectionSettings("My TWS", TWS, WantedMode.LIVE, port=7496)


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("application", "1", Answers(application=GATEWAY)),
        ("application", "tws", Answers(application=TWS)),
        ("application", "IB Gateway", Answers(application=GATEWAY)),
        ("application", "either", Answers(application=ANY)),
        ("trading_mode", "Paper", Answers(trading_mode=WantedMode.PAPER)),
        ("trading_mode", "2", Answers(trading_mode=WantedMode.LIVE)),
        ("intent", "only read", Answers(intent=Intent.DATA)),
        ("symbol", " eur.usd ", Answers(symbol="EUR.USD")),
        ("symbol", "none", Answers(symbol="")),
        ("symbol", "", Answers(symbol="")),
    ],
)
def test_an_answer_is_taken_by_number_word_or_label(question: str, text: str, expected: Answers) -> None:
    assert answered(Answers(), question, text) == expected


@pytest.mark.parametrize(
    ("question", "text", "words"),
    [
        ("application", "0", "type 1 (IB Gateway), 2 (TWS (Trader Workstation)), 3 (either of them)"),
        ("application", "", "is not one of the answers"),
        ("trading_mode", "demo", "1 (paper trading)"),
        ("symbol", "EURUSD", "write “EUR.USD”"),
        ("colour", "blue", "is not a question"),
    ],
)
def test_anything_else_is_refused_in_one_sentence(question: str, text: str, words: str) -> None:
    with pytest.raises(NotAnAnswer) as refused:
        answered(Answers(), question, text)

    assert words in str(refused.value)
    assert str(refused.value).endswith(".")


def test_another_symbol_takes_up_a_test_that_was_put_off() -> None:
    before = Answers(skipped=frozenset({"market-data", "at-login"}))

    assert answered(before, "symbol", "AAPL").skipped == {"at-login"}


def test_what_runs_or_is_configured_is_suggested() -> None:
    fresh = ConnectionSettings("x")

    def suggested(connection: ConnectionSettings, configured: bool, *running: str) -> str:
        return questions_for(connection, configured, running)[0].suggested

    assert suggested(fresh, False, "gateway") == "gateway"
    assert suggested(fresh, False, "gateway", "tws") == "any"
    assert suggested(fresh, False) == "any"
    assert suggested(LIVE, True, "gateway") == "tws"
    assert [q.suggested for q in questions_for(LIVE, True, ())] == ["tws", "live", "trade", "none"]


def test_every_suggestion_is_an_answer() -> None:
    for question in QUESTIONS:
        assert answered(Answers(), question.id, question.suggested) != Answers()


@pytest.mark.parametrize(
    ("application", "mode", "name"),
    [
        (GATEWAY, WantedMode.PAPER, "Paper Gateway"),
        (TWS, WantedMode.LIVE, "Live TWS"),
        (TWS, WantedMode.ANY, "TWS"),
        (GATEWAY, None, "IB Gateway"),
        (ANY, WantedMode.PAPER, "Paper trading"),
        (None, None, "TWS or IB Gateway"),
    ],
)
def test_a_new_connection_gets_a_telling_name(
    application: WantedApplication | None, mode: WantedMode | None, name: str
) -> None:
    assert name_for(Answers(application, mode)) == name


def test_without_a_file_everything_that_was_answered_is_written() -> None:
    assert edits(Settings(), "", ALL) == (
        ("connections.Paper Gateway.name", "Paper Gateway"),
        ("connections.Paper Gateway.application", "gateway"),
        ("connections.Paper Gateway.trading_mode", "paper"),
        ("connections.Paper Gateway.intent", "data"),
        ("checks.test_symbols", '["EUR.USD"]'),
    )


def test_of_a_file_only_what_differs_is_written() -> None:
    settings = Settings((LIVE,), CheckSettings(test_symbols=("AAPL",)))

    assert edits(settings, "", Answers(TWS, WantedMode.LIVE, Intent.TRADE, "AAPL")) == ()
    assert edits(settings, "My TWS", Answers(port="auto", symbol="SPY")) == (
        ("connections.My TWS.port", "auto"),
        ("checks.test_symbols", '["SPY", "AAPL"]'),
    )


def test_without_answers_nothing_is_written() -> None:
    assert edits(Settings(), "", Answers()) == ()
    assert edits(Settings(), "", Answers(symbol="")) == ()


def test_a_named_connection_that_is_not_there_is_made_with_that_name() -> None:
    assert edits(Settings((LIVE,)), "Paper", Answers(GATEWAY))[:2] == (
        ("connections.Paper.name", "Paper"),
        ("connections.Paper.application", "gateway"),
    )
    assert configured_connection(Settings((LIVE,)), "Paper") is None


def test_connections_made_up_for_what_was_found_are_not_the_file() -> None:
    implicit = ConnectionSettings("IB Gateway", GATEWAY, implicit=True)

    assert configured_connection(Settings((implicit,)), "") is None


def test_the_wanted_settings_hold_the_wanted_connection_in_its_place() -> None:
    other = ConnectionSettings("Other")
    changed = wanted_settings(Settings((LIVE, other)), "My TWS", Answers(trading_mode=WantedMode.PAPER))
    added = wanted_settings(Settings((other,)), "New", ALL)

    assert [(c.name, c.trading_mode) for c in changed.connections] == [("My TWS", "paper"), ("Other", "any")]
    assert [c.name for c in added.connections] == ["Other", "New"]
    assert added.checks.test_symbols == ("EUR.USD",)
    assert wanted_connection(Settings((LIVE,)), "", Answers(port=7497)).port == 7497


def test_what_is_written_is_what_was_said_and_can_be_read_again(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('# mine\n[checks]\nlook_every = "7s"  # slowly\n', encoding="utf-8")
    for key, value in edits(load(file), "", ALL):
        set_value(file, key, value)
    text = file.read_text(encoding="utf-8")

    assert text.startswith('# mine\n[checks]\nlook_every = "7s"  # slowly\n')
    for line in edit_lines(edits(Settings(), "", ALL)):
        assert line.split(" (of")[0].removeprefix("checks.") in text
    written = load(file)
    assert written.connections == wanted_settings(Settings(), "", ALL).connections
    assert written.checks.test_symbols == ("EUR.USD",)
    assert edits(written, "", ALL) == ()


def test_the_answers_are_told_as_json() -> None:
    told = as_json(Answers(application=GATEWAY, symbol="", skipped=frozenset({"port", "mode"})))

    assert json.loads(json.dumps(told)) == told
    assert told == {"application": "gateway", "symbol": "", "looked": [], "skipped": ["mode", "port"]}

"""What the set-up asks, and what the answers would write."""

import json
from dataclasses import replace
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
    SeenForAnswers,
    answered,
    configured_connection,
    edit_lines,
    edits,
    name_for,
    questions_for,
    wanted_connection,
    wanted_settings,
)
from agent.tws.client_programs import CLIENT_PROGRAMS

GATEWAY, TWS, ANY = WantedApplication.GATEWAY, WantedApplication.TWS, WantedApplication.ANY
ALL = Answers(GATEWAY, WantedMode.PAPER, Intent.DATA, symbol="EUR.USD")
NONE_GIVEN = Answers()
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
        ("program", "1", Answers(program="quantower")),
        ("program", "an R program", Answers(program="ibrokers")),
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
        ("application", "0", "type a number from 1 to 3"),
        ("application", "", "is not one of the answers"),
        ("trading_mode", "demo", "“demo” is not one of the answers"),
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
    fresh, seen = ConnectionSettings("x"), SeenForAnswers("gateway", "paper", "quantower")
    answers = Answers(TWS, WantedMode.ANY, Intent.DATA, "excel")

    def suggested(
        connection: ConnectionSettings,
        *,
        given: Answers = NONE_GIVEN,
        configured: bool = False,
        seen: SeenForAnswers = seen,
    ) -> list[str]:
        return [q.suggested for q in questions_for(connection, given, configured, seen)]

    assert suggested(fresh) == ["gateway", "paper", "trade", "quantower"]
    assert suggested(fresh, seen=SeenForAnswers()) == ["any", "any", "trade", "other"]
    assert suggested(LIVE, configured=True) == ["tws", "live", "trade", "quantower"]
    assert suggested(replace(fresh, intent=Intent.DATA), given=answers) == ["tws", "any", "data", "excel"]


def test_the_questions_are_those_the_page_and_the_terminal_ask_one_after_the_other() -> None:
    assert [q.id for q in QUESTIONS] == ["application", "trading_mode", "intent", "program"]
    assert [c.value for c in QUESTIONS[-1].choices] == [program.id for program in CLIENT_PROGRAMS]
    assert not [text for q in QUESTIONS for text in (q.text, q.hint) if "_" in text or "{" in text]


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
    assert name_for(Answers(application, mode), Settings()) == name


def test_a_new_connection_beside_others_is_not_one_of_them() -> None:
    paper, second = ConnectionSettings("Paper Gateway", GATEWAY, port=4001), ConnectionSettings("Paper Gateway 2")
    settings, answers = Settings((paper, second)), Answers(GATEWAY, WantedMode.PAPER)

    assert name_for(answers, settings) == "Paper Gateway 3"
    assert wanted_settings(settings, "", answers).connections[:2] == (paper, second)
    assert edits(settings, "", answers)[0] == ("connections.Paper Gateway 3.name", "Paper Gateway 3")


def test_without_a_file_everything_that_was_answered_is_written() -> None:
    assert edits(Settings(), "", ALL) == (
        ("connections.Paper Gateway.name", "Paper Gateway"),
        ("connections.Paper Gateway.application", "gateway"),
        ("connections.Paper Gateway.trading_mode", "paper"),
        ("connections.Paper Gateway.intent", "data"),
    )


def test_of_a_file_only_what_differs_is_written() -> None:
    settings = Settings((LIVE,), CheckSettings(test_symbols=("AAPL",)))

    assert edits(settings, None, Answers(TWS, WantedMode.LIVE, Intent.TRADE, symbol="AAPL")) == ()
    assert edits(settings, "My TWS", Answers(port="auto", symbol="SPY")) == (("connections.My TWS.port", "auto"),)


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

    assert configured_connection(Settings((implicit,)), None) is None


def test_the_wanted_settings_hold_the_wanted_connection_in_its_place() -> None:
    other = ConnectionSettings("Other")
    changed = wanted_settings(Settings((LIVE, other)), "My TWS", Answers(trading_mode=WantedMode.PAPER))
    added = wanted_settings(Settings((other,)), "New", ALL)

    assert [(c.name, c.trading_mode) for c in changed.connections] == [("My TWS", "paper"), ("Other", "any")]
    assert [c.name for c in added.connections] == ["Other", "New"]
    assert wanted_connection(Settings((LIVE,)), None, Answers(port=7497)).port == 7497


def test_what_is_written_is_what_was_said_and_can_be_read_again(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('# mine\n[checks]\nlook_every = "7s"  # slowly\n', encoding="utf-8")
    for key, value in edits(load(file), "", ALL):
        set_value(file, key, value)
    text = file.read_text(encoding="utf-8")

    assert text.startswith('# mine\n[checks]\nlook_every = "7s"  # slowly\n')
    written = load(file)
    assert written.connections == wanted_settings(Settings(), "", ALL).connections
    assert edits(written, None, ALL) == ()


def test_what_will_be_written_is_said_in_words() -> None:
    assert edit_lines(edits(Settings(), "", replace(ALL, port=4002))) == (
        "a new connection: “Paper Gateway”",
        "“Paper Gateway”, application: IB Gateway",
        "“Paper Gateway”, live or paper: paper trading",
        "“Paper Gateway”, your program: only read data: prices and account values",
        "“Paper Gateway”, API port: 4002",
    )


def test_the_answers_are_told_as_json() -> None:
    told = as_json(Answers(application=GATEWAY, symbol="", skipped=frozenset({"port", "mode"})))

    assert json.loads(json.dumps(told)) == told
    assert told == {"application": "gateway", "symbol": "", "looked": [], "skipped": ["mode", "port"]}

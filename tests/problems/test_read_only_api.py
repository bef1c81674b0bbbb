from dataclasses import replace

import pytest

from agent.core.facts import SettingsTold, Unknown
from agent.core.problem import Absent, Present, Severity, Undecided
from agent.core.session_facts import Outcome, SessionFacts
from agent.core.settings import Intent
from agent.core.told_steps import told_step
from agent.guides import load_guides
from agent.problems.read_only_api import READ_ONLY_API
from agent.tws.api_settings import ApiSettings, Configuration
from agent.tws.applications import ApplicationKind
from tests.problems.conftest import Judge
from tests.problems.scene import NOW, attempt, backing_off, connected, connection, facts, notice

REFUSED = "Error validating request:-'bN' : cause - The API interface is currently in Read-Only mode."


def test_a_refused_request_is_told_with_the_words_of_the_application(judge: Judge) -> None:
    verdict = judge(READ_ONLY_API, facts(session=connected(notices=(notice(321, REFUSED),))))

    assert isinstance(verdict, Present)
    assert verdict.evidence[0] == f"notice 321 at 13:59:55: “{REFUSED}”"


@pytest.mark.parametrize(("intent", "severity"), [(Intent.TRADE, Severity.ERROR), (Intent.DATA, Severity.INFO)])
def test_it_is_as_bad_as_the_connection_is_meant_for_trading(judge: Judge, intent: Intent, severity: Severity) -> None:
    seen = facts(session=connected(notices=(notice(321, REFUSED),)), wants=connection(intent=intent))

    verdict = judge(READ_ONLY_API, seen)

    assert isinstance(verdict, Present)
    assert verdict.severity is severity


@pytest.mark.parametrize(
    "text",
    [
        "Error validating request.-'b_' : cause - The API interface is currently in read‑only mode",
        "Fehler bei der Überprüfung der Anfrage: Die API-Schnittstelle ist im Nur-Lese-Modus",
        "Erreur de validation de la requête : l'interface API est actuellement en mode Lecture seule",
        "验证请求时出错:API接口目前处于只读模式",
        "リクエストの検証エラー: APIは現在読み取り専用モードです",
        "Fehler: die Einstellung „Read-Only API“ ist aktiv",
    ],
)
def test_it_is_understood_in_the_languages_of_the_application(judge: Judge, text: str) -> None:
    assert isinstance(judge(READ_ONLY_API, facts(session=connected(notices=(notice(321, text),)))), Present)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (321, "Error validating request:-'a0' : cause - The account code is required for this operation."),
        (321, "Error validating request.-'bW' : cause - Please enter a valid price"),
        (399, REFUSED),
    ],
)
def test_other_refusals_do_not_count(judge: Judge, code: int, text: str) -> None:
    assert judge(READ_ONLY_API, facts(session=connected(notices=(notice(code, text),)))) == Absent()


def test_it_stays_for_as_long_as_the_session_stands(judge: Judge) -> None:
    old = notice(321, REFUSED, ago=86_400.0)

    assert isinstance(judge(READ_ONLY_API, facts(session=connected(notices=(old,)))), Present)


def test_it_is_absent_without_a_refusal_and_without_a_session(judge: Judge) -> None:
    assert judge(READ_ONLY_API, facts()) == Absent()
    assert judge(READ_ONLY_API, facts(session=backing_off(Outcome.REFUSED))) == Absent()


def test_the_short_session_of_doctor_counts_after_it_has_ended(judge: Judge) -> None:
    ended = SessionFacts(since=NOW.monotonic, notices=(notice(321, REFUSED),), attempt=attempt(Outcome.READY))

    assert isinstance(judge(READ_ONLY_API, facts(session=ended, doctor=True)), Present)
    assert judge(READ_ONLY_API, facts(session=ended)) == Absent()


def test_it_is_known_from_the_settings_before_anything_fails(judge: Judge) -> None:
    verdict = judge(READ_ONLY_API, facts(settings=Configuration(ApiSettings(read_only_api=True))))

    assert isinstance(verdict, Present)
    assert verdict.evidence == (
        "“Read-Only API” is ticked, as the API told at 13:59:00",
        "this connection is meant for trading",
    )


def test_a_box_that_was_cleared_since_ends_it(judge: Judge) -> None:
    off = Configuration(ApiSettings(read_only_api=False))
    before = facts(session=connected(notices=(notice(321, REFUSED, ago=90.0),)), settings=off)
    after = facts(session=connected(notices=(notice(321, REFUSED, ago=5.0),)), settings=off)

    assert judge(READ_ONLY_API, before) == Absent()
    assert isinstance(judge(READ_ONLY_API, after), Present)


def test_who_cleared_the_box_and_connected_anew_is_not_told_once_more_that_it_is_ticked(judge: Judge) -> None:
    on = Configuration(ApiSettings(read_only_api=True))
    fresh = connected(since=5.0)

    assert isinstance(judge(READ_ONLY_API, facts(session=connected(), settings=on)), Present)
    assert isinstance(judge(READ_ONLY_API, facts(session=fresh, settings=on)), Undecided)

    refused = replace(fresh, notices=(notice(321, REFUSED, ago=2.0),))

    assert isinstance(judge(READ_ONLY_API, facts(session=refused, settings=on)), Present)


def test_it_cannot_be_told_before_the_settings_were_asked_for(judge: Judge) -> None:
    assert isinstance(judge(READ_ONLY_API, facts(settings=SettingsTold())), Undecided)


@pytest.mark.parametrize(
    ("settings", "last"),
    [
        (Configuration(ApiSettings(read_only_api=True)), ["Wait half a minute: Gatelight notices by itself."]),
        (None, ["As IB Gateway is older than 10.43, stop watching this connection in Gatelight, and watch it again."]),
        (
            SettingsTold(Unknown("no answer"), NOW.monotonic - 60.0),
            [
                "Wait half a minute: Gatelight notices by itself.",
                "If IB Gateway is older than 10.43, stop watching this connection in Gatelight, and watch it again.",
            ],
        ),
    ],
    ids=["tells its settings", "too old to tell", "not known"],
)
def test_the_steps_are_those_of_the_version_that_runs(
    judge: Judge, settings: Configuration | SettingsTold | None, last: list[str]
) -> None:
    verdict = judge(READ_ONLY_API, facts(session=connected(notices=(notice(321, REFUSED),)), settings=settings))

    assert isinstance(verdict, Present)
    steps = load_guides()["read-only-api"].steps_for(ApplicationKind.GATEWAY, verdict.args, verdict.case)
    trade = [told_step(step) for step in steps if "your programs trade" in told_step(step).way]
    assert [step.text for step in trade][7:] == last

from dataclasses import replace

from agent.core.evidence.api_settings import as_told, asked, settings_of, tick, version_case, why_unknown
from agent.core.facts import SettingsTold, Unknown
from agent.core.session_facts import Outcome
from agent.tws.api_settings import ApiSettings, Configuration, LockAndExit, Source
from agent.tws.api_settings_table import BY_PATH
from tests.problems.scene import NOW, backing_off, connected, facts, gateway, machine, notice, told

REFUSED = "The API interface is currently in Read-Only mode."
OFF = Configuration(ApiSettings(read_only_api=False), lock_and_exit=LockAndExit("11:45", "PM", "restart"))


def test_what_the_application_told_counts_while_it_is_the_one_that_is_connected() -> None:
    known = settings_of(facts(settings=OFF))
    other = facts(settings=replace(told(OFF), listener_key="4002/1/2.0/"))

    assert known is not None
    assert (known.source, known.settings.read_only_api) == (Source.API, False)
    assert settings_of(other) is None
    assert not asked(other)


def test_what_an_application_told_ends_with_it() -> None:
    gone = backing_off(Outcome.REFUSED)
    key = f"4002/3117/{gateway().started}/"
    its = replace(told(OFF), listener_key=key)
    gone = replace(gone, served_listener=key)

    assert settings_of(facts(session=gone, settings=its)) is not None
    assert settings_of(facts(machine(), session=gone, settings=its)) is None
    assert settings_of(facts(machine(gateway(pid=9)), session=gone, settings=its)) is None


def test_a_refusal_tells_one_setting_where_nothing_else_is_known() -> None:
    known = settings_of(facts(session=connected(notices=(notice(321, REFUSED),))))

    assert known is not None
    assert (known.source, known.settings) == (Source.INFERRED, ApiSettings(read_only_api=True))


def test_a_refusal_after_the_answer_outweighs_it_and_spoils_nothing_else() -> None:
    known = settings_of(facts(session=connected(notices=(notice(321, REFUSED, ago=5.0),)), settings=OFF))

    assert known is not None
    assert (known.settings.read_only_api, known.lock_and_exit) == (True, OFF.lock_and_exit)
    assert known.source is Source.INFERRED


def test_an_answer_after_the_refusal_outweighs_that() -> None:
    known = settings_of(facts(session=connected(notices=(notice(321, REFUSED, ago=90.0),)), settings=OFF))

    assert known is not None
    assert known.settings.read_only_api is False


def test_what_is_not_known_has_a_reason() -> None:
    assert why_unknown(facts()) == "server version 178 does not tell its settings"
    assert why_unknown(facts(settings=SettingsTold())) == "the API settings were not asked for yet"
    assert why_unknown(facts(session=backing_off(Outcome.REFUSED))) == "there is no API session that could tell"
    assert why_unknown(facts(settings=OFF)) == "the application did not report it"
    assert why_unknown(facts(settings=SettingsTold(Unknown("silence"), NOW.monotonic))) == "silence"


def test_evidence_names_the_box_and_the_time() -> None:
    box = BY_PATH["configuration.api.settings.readOnlyApi"]

    assert tick(box, True) == "“Read-Only API” is ticked"
    assert as_told(facts(settings=OFF)) == "as the API told at 13:59:00"


def test_an_application_is_older_or_newer_only_where_it_was_asked() -> None:
    unknown = SettingsTold(Unknown("no answer"), NOW.monotonic)
    case = {
        "newer": facts(settings=OFF),
        "older": facts(settings=None),
        "": facts(settings=unknown),
    }

    assert {want: version_case(seen)[0] for want, seen in case.items()} == {want: want for want in case}
    assert version_case(facts(settings=replace(unknown, server_version=219)))[0] == "newer"
    assert version_case(facts(settings=replace(told(OFF), listener_key="4002/1/2.0/")))[0] == ""
    assert version_case(case["older"])[1] == "As IB Gateway is older than 10.43,"

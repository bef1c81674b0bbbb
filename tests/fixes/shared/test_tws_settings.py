"""set-precautions, set-auto-restart: what is offered for plain values, and what comes of each answer."""

from dataclasses import replace

import pytest

from agent.core.evidence.processes import listener_key_at
from agent.core.facts import Facts, Process, SettingsTold, Unknown
from agent.core.fix import (
    ChangeSettings,
    Done,
    Failed,
    Fix,
    NeedsConsent,
    Offer,
    SettingsOutcome,
    SettingsResult,
)
from agent.core.session_facts import SessionFacts
from agent.fixes.set_auto_restart import SET_AUTO_RESTART
from agent.fixes.set_precautions import SET_PRECAUTIONS
from agent.tws.api_settings import (
    ApiSettings,
    Configuration,
    LockAndExit,
    Precautions,
    UpdateWarning,
)
from agent.tws.api_settings_table import PRECAUTIONS
from tests.fixes.conftest import RecordingTools, hold_to_contract
from tests.problems.scene import (
    NOW,
    backing_off,
    connected,
    connection,
    facts,
    gateway,
    machine,
    notice,
    relay,
    told,
    tws,
)

WRITABLE = ApiSettings(read_only_api=False)
KEPT = Precautions(**{p.name: p.number % 2 == 0 for p in PRECAUTIONS})
"""Every second one is not bypassed."""
LOGS_OFF = LockAndExit("11:45", "PM", "logoff")
SETTINGS = Configuration(WRITABLE, KEPT, LOGS_OFF)
DOOR = listener_key_at(connection(), machine(gateway()), 4002)
STANDING = replace(connected(), served_listener=DOOR)
BOTH = pytest.mark.parametrize("fix", [SET_PRECAUTIONS, SET_AUTO_RESTART], ids=lambda f: f.id)
HIGH = UpdateWarning(131, "Mandatory <b>cap</b> price", "<html>Orders of U1234567 may\nbe capped.</html>")
LOW = UpdateWarning(7, "", "Another one")


def scene(
    settings: Configuration | SettingsTold = SETTINGS, session: SessionFacts = STANDING, *running: Process
) -> Facts:
    known = settings if isinstance(settings, SettingsTold) else told(settings)
    return facts(
        machine(*(running or (gateway(),))), session, settings=replace(known, listener_key=session.served_listener)
    )


def offer_of(fix: Fix, seen: Facts | None = None) -> Offer | None:
    found = fix.offer(scene() if seen is None else seen)
    if found is not None:
        hold_to_contract(fix, scene() if seen is None else seen, found)
    return found


def made(fix: Fix) -> Offer:
    found = offer_of(fix)
    assert found is not None
    return found


# ── what is offered ─────────────────────────────────────────────────────────────────────────────


def test_every_precaution_that_is_not_bypassed_is_ticked_and_named_with_what_is_given_up() -> None:
    offer = made(SET_PRECAUTIONS)
    kept = [p for p in PRECAUTIONS if getattr(KEPT, p.name) is False]

    assert len(kept) == 5
    assert offer.label == "Bypass 5 precautions"
    assert offer.question.changes == tuple(
        f"IB Gateway, API > Precautions: “{p.title}” changes from not ticked to ticked" for p in kept
    )
    assert offer.question.given_up == tuple(f"“{p.title}”: {p.given_up}" for p in kept)
    assert offer.plan == ChangeSettings(
        "127.0.0.1", 4002, DOOR, Configuration(precautions=Precautions(**{p.name: True for p in kept}))
    )


@pytest.mark.parametrize("precaution", PRECAUTIONS, ids=lambda p: p.name)
def test_each_precaution_alone_is_ticked_alone(precaution: object) -> None:
    name = precaution.name  # type: ignore[attr-defined]
    offer = offer_of(SET_PRECAUTIONS, scene(Configuration(WRITABLE, Precautions(**{name: False}))))

    assert offer is not None
    assert isinstance(offer.plan, ChangeSettings)
    assert offer.label == "Bypass a precaution"
    assert offer.plan.changes == Configuration(precautions=Precautions(**{name: True}))
    assert len(offer.question.given_up) == 1


def test_precautions_that_are_bypassed_or_not_reported_are_let_be() -> None:
    bypassed = Precautions(**{p.name: True for p in PRECAUTIONS})

    assert offer_of(SET_PRECAUTIONS, scene(Configuration(WRITABLE, bypassed))) is None
    assert offer_of(SET_PRECAUTIONS, scene(Configuration(WRITABLE))) is None


def test_restarting_is_offered_at_the_same_time_as_the_log_off() -> None:
    offer = made(SET_AUTO_RESTART)

    assert offer.question.changes == (
        "IB Gateway, Lock and Exit: “Auto logoff” changes to “Auto restart”; the time stays as it is (23:45)",
    )
    assert offer.plan == ChangeSettings(
        "127.0.0.1", 4002, DOOR, Configuration(lock_and_exit=LockAndExit(auto_logoff_type="restart"))
    )
    assert "comes back logged in" in offer.question.given_up[0]


@pytest.mark.parametrize(
    "lock_and_exit", [LockAndExit("11:45", "PM", "restart"), LockAndExit("11:45", "PM"), LockAndExit()]
)
def test_restarting_is_not_offered_where_it_is_so_or_not_known(lock_and_exit: LockAndExit) -> None:
    assert offer_of(SET_AUTO_RESTART, scene(Configuration(WRITABLE, KEPT, lock_and_exit))) is None


@BOTH
def test_nothing_is_offered_where_it_cannot_be_done(fix: Fix) -> None:
    read_only = scene(replace(SETTINGS, settings=ApiSettings(read_only_api=True)))
    not_told = scene(replace(SETTINGS, settings=ApiSettings()))
    too_old = scene(told(SETTINGS, server_version=220))
    new_enough = scene(told(SETTINGS, server_version=221))
    refused = scene(SettingsTold(Unknown("refused with notice 10357"), NOW.monotonic, 223))

    assert offer_of(fix, new_enough) is not None
    assert [offer_of(fix, seen) for seen in (read_only, not_told, too_old, refused)] == [None] * 4


@BOTH
def test_nothing_is_offered_while_no_session_stands_or_it_does_not_answer(fix: Fix) -> None:
    lost = replace(backing_off(), served_listener=DOOR)

    assert offer_of(fix, scene(SETTINGS, lost)) is None
    assert offer_of(fix, scene(SETTINGS, replace(STANDING, heartbeat_unanswered=2))) is None


@BOTH
def test_settings_of_another_application_than_the_one_that_is_there_now_are_let_be(fix: Fix) -> None:
    before = scene()
    restarted = replace(before, machine=machine(gateway(pid=9)))
    gone = replace(before, machine=machine())
    told_by_another = replace(before, api_settings=replace(before.api_settings, listener_key="4002/1/1.0/"))

    assert [offer_of(fix, seen) for seen in (restarted, gone, told_by_another)] == [None] * 3


@BOTH
def test_a_notice_about_read_only_ends_the_offer(fix: Fix) -> None:
    text = "Error validating request:-'bN' : cause - The API interface is currently in Read-Only mode."
    seen = scene(SETTINGS, replace(STANDING, notices=(notice(321, text, ago=1.0),)))

    assert offer_of(fix, seen) is None


@BOTH
def test_the_question_names_the_application_and_its_menu(fix: Fix) -> None:
    listener_key = listener_key_at(connection(), machine(tws()), 7497)
    wanted = replace(connection("My TWS"), application=type(connection().application).TWS)
    session = replace(connected(7497), served_listener=listener_key)
    seen = replace(
        facts(machine(tws()), session, wants=wanted, settings=told(SETTINGS)),
        api_settings=replace(told(SETTINGS), listener_key=listener_key),
    )
    offer = offer_of(fix, seen)

    assert offer is not None
    assert "TWS" in offer.question.title
    assert "open File (Classic: Edit) > Global Configuration... > " in offer.by_hand
    assert "IB Gateway" not in " ".join((*offer.question.lines, offer.by_hand))


@BOTH
def test_where_no_process_is_seen_the_question_is_about_the_session_that_stands(fix: Fix) -> None:
    """Behind a relay or on another machine a restart cannot be seen, but it ends the session."""
    around = machine(listeners=(relay(4002),))
    listener_key = listener_key_at(connection(), around, 4002)
    session = replace(connected(), served_listener=listener_key)
    offers = []
    for since in (session.since, session.since + 60.0):
        seen = facts(around, replace(session, since=since), settings=replace(told(SETTINGS), listener_key=listener_key))
        offers.append(offer_of(fix, seen))

    assert offers[0] is not None
    assert offers[1] is not None
    assert "to which Gatelight has been connected since 13:00." in offers[0].question.remark
    assert offers[0].digest != offers[1].digest


@BOTH
def test_another_machine_is_changed_where_it_is(fix: Fix) -> None:
    away = connection(host="192.0.2.7", port=4002)
    session = replace(connected(), served_listener="192.0.2.7:4002")
    seen = facts(machine(), session, wants=away, settings=replace(told(SETTINGS), listener_key="192.0.2.7:4002"))
    offer = offer_of(fix, seen)

    assert offer is not None
    assert isinstance(offer.plan, ChangeSettings)
    assert (offer.plan.host, offer.plan.port, offer.plan.listener_key) == ("192.0.2.7", 4002, "192.0.2.7:4002")


# ── what comes of it ────────────────────────────────────────────────────────────────────────────


def answering(result: SettingsResult, text: str = "", *warnings: UpdateWarning) -> RecordingTools:
    return RecordingTools(outcome=SettingsOutcome(result, text, warnings))


@BOTH
async def test_a_change_that_was_made_is_told_with_what_changed(fix: Fix) -> None:
    tools = answering(SettingsResult.CHANGED, "Auto logoff / Auto restart")

    assert await fix.do(made(fix), tools) == Done(
        "The application says that it has made the change: Auto logoff / Auto restart."
    )
    assert tools.asked == [made(fix).plan]


@BOTH
async def test_warnings_are_asked_about_in_their_own_words_and_never_accepted_silently(fix: Fix) -> None:
    offer = made(fix)
    tools = answering(SettingsResult.WARNINGS, "", HIGH)
    asked = await fix.do(offer, tools)

    assert isinstance(asked, NeedsConsent)
    assert tools.asked == [offer.plan], "sent once, and with nothing accepted"
    assert asked.offer.question.changes == (
        *offer.question.changes,
        "Accepts the warning of the application “Mandatory cap price: Orders of U•••567 may be capped.”",
    )
    assert isinstance(asked.offer.plan, ChangeSettings)
    assert asked.offer.plan.accepted == (HIGH,)
    assert asked.offer.digest != offer.digest


@BOTH
async def test_new_warnings_after_a_yes_are_asked_about_again_and_old_ones_stay_accepted(fix: Fix) -> None:
    first = await fix.do(made(fix), answering(SettingsResult.WARNINGS, "", HIGH))
    assert isinstance(first, NeedsConsent)
    second = await fix.do(first.offer, answering(SettingsResult.WARNINGS, "", HIGH, LOW))

    assert isinstance(second, NeedsConsent)
    assert isinstance(second.offer.plan, ChangeSettings)
    assert second.offer.plan.accepted == (HIGH, LOW)
    assert second.offer.question.changes[-2:] == (
        "Accepts the warning of the application “Mandatory cap price: Orders of U•••567 may be capped.”",
        "Accepts the warning of the application “Another one”",
    )
    assert len({made(fix).digest, first.offer.digest, second.offer.digest}) == 3


@BOTH
async def test_a_warning_that_is_accepted_and_comes_again_is_a_failure(fix: Fix) -> None:
    first = await fix.do(made(fix), answering(SettingsResult.WARNINGS, "", HIGH))
    assert isinstance(first, NeedsConsent)

    assert isinstance(await fix.do(first.offer, answering(SettingsResult.WARNINGS, "", HIGH)), Failed)


@BOTH
async def test_a_warning_without_text_is_named_by_its_number(fix: Fix) -> None:
    asked = await fix.do(made(fix), answering(SettingsResult.WARNINGS, "", UpdateWarning(131)))

    assert isinstance(asked, NeedsConsent)
    assert asked.offer.question.changes[-1].endswith("number 131, which has no text")


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (SettingsResult.REFUSED, "Nothing was changed: the application refused it: no."),
        (SettingsResult.NOT_ASKED, "Nothing was changed: no."),
        (SettingsResult.UNKNOWN, "It is not known whether anything was changed: no. Look at the settings first."),
    ],
)
@BOTH
async def test_each_failure_says_what_is_true_and_how_to_do_it_by_hand(
    fix: Fix, result: SettingsResult, words: str
) -> None:
    offer = made(fix)

    assert await fix.do(offer, answering(result, "no.")) == Failed(words, offer.by_hand)
    assert "open Configure > Settings > " in offer.by_hand


@BOTH
async def test_read_only_says_that_only_a_person_can_clear_it(fix: Fix) -> None:
    failed = await fix.do(made(fix), answering(SettingsResult.READ_ONLY, "refused with notice 321"))

    assert isinstance(failed, Failed)
    assert failed.text == "Nothing was changed: Read-Only API is on, and only a person can clear it."
    assert "Clear “Read-Only API” by hand first" in failed.by_hand

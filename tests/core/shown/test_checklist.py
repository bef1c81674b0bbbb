import pytest

from agent.core.facts import Known, Listener, Process, SettingsHints
from agent.core.session_facts import Outcome
from agent.core.settings import Intent, WantedApplication
from agent.core.shown.checklist import Row, RowState, checklist
from agent.tws.api_settings import ApiSettings, Configuration, LockAndExit, Precautions
from agent.tws.api_settings_table import PRECAUTIONS
from tests.problems.scene import backing_off, connection, facts, gateway, machine, tws

WHOLE = Configuration(
    ApiSettings(read_only_api=True, socket_port=4002, allow_localhost_only=True, trusted_ips=("127.0.0.1",)),
    Precautions(**dict.fromkeys((p.name for p in PRECAUTIONS), False)),
    LockAndExit("11:45", "PM", "logoff"),
)


def row(label: str, **seen: object) -> Row:
    rows = [r for r in checklist(facts(**seen)) if r.label == label]  # type: ignore[arg-type]
    assert len(rows) == 1, label
    return rows[0]


def test_every_line_of_the_guide_is_there_in_its_order() -> None:
    rows = checklist(facts(settings=WHOLE))

    assert [r.label for r in rows] == [
        "IB API",
        "Read-Only API",
        "Socket port",
        "Allow connections from localhost only",
        "Trusted IPs",
        *(p.title for p in PRECAUTIONS),
        "Auto logoff / Auto restart",
    ]
    assert all(r.wanted and r.found and r.how for r in rows)


def test_what_the_api_told_is_held_against_what_is_wanted() -> None:
    assert row("Read-Only API", settings=WHOLE) == Row(
        "API > Settings", "Read-Only API", "not ticked", "ticked", "as the API told at 13:59:00", RowState.DIFFERS
    )
    assert row("Socket port", settings=WHOLE).state is RowState.OK
    assert row("Socket port", settings=WHOLE, wants=connection(port=4001)).state is RowState.DIFFERS
    assert row("Trusted IPs", settings=WHOLE).found == "127.0.0.1"
    assert row("Auto logoff / Auto restart", settings=WHOLE).found == "Auto logoff at 23:45"


def test_safety_prompts_and_the_daily_restart_are_the_users_choice() -> None:
    assert {r.state for r in checklist(facts(settings=WHOLE)) if r.place == "API > Precautions"} == {RowState.CHOICE}
    assert row("Auto logoff / Auto restart", settings=WHOLE).state is RowState.CHOICE


def test_a_connection_for_data_wants_nothing_of_orders() -> None:
    rows = checklist(facts(settings=WHOLE, wants=connection(intent=Intent.DATA)))

    assert {r.state for r in rows if r.label == "Read-Only API" or r.place == "API > Precautions"} == {RowState.OK}


def test_what_is_not_known_is_never_shown_as_good() -> None:
    rows = checklist(facts())

    unknown = {r.label for r in rows if r.state is RowState.UNKNOWN}
    assert {"Read-Only API", "Allow connections from localhost only", *(p.title for p in PRECAUTIONS)} <= unknown
    assert all(r.found == "not known" for r in rows if r.state is RowState.UNKNOWN)
    assert row("Read-Only API").how == "server version 178 does not tell its settings"


def test_the_box_of_tws_is_known_from_what_listens() -> None:
    wants = connection(application=WantedApplication.TWS)
    offline = backing_off(Outcome.REFUSED, 7497)
    label = "Enable ActiveX and Socket Clients"

    def of(*running: object) -> Row:
        return row(label, around=machine(*running), session=offline, wants=wants)  # type: ignore[arg-type]

    assert (of(tws()).state, of(tws()).how) == (RowState.OK, "TWS 10.45 (pid 2020) listens on 7497")
    assert (of(tws(ports=())).state, of(tws(ports=())).found) == (RowState.DIFFERS, "most likely not ticked")
    assert of(tws(ports=(), link_for=None)).state is RowState.UNKNOWN
    assert of().state is RowState.UNKNOWN


def test_ib_gateway_is_asked_for_the_choice_at_its_log_in() -> None:
    fix = gateway(ports=(), hints=Known(SettingsHints(api_only=False)))
    seen = row("IB API", around=machine(fix), session=backing_off(Outcome.REFUSED))

    assert (seen.place, seen.found, seen.state) == ("log-in screen", "FIX CTCI selected", RowState.DIFFERS)


def test_a_log_in_without_a_port_does_not_prove_what_was_chosen() -> None:
    seen = row("IB API", around=machine(gateway(ports=())), session=backing_off(Outcome.REFUSED))

    assert (seen.found, seen.state) == ("not known", RowState.UNKNOWN)
    assert seen.how.endswith("is logged in and has no API port: it hangs, or FIX CTCI was chosen")


@pytest.mark.parametrize(
    ("process", "label"), [(gateway(ports=()), "IB API"), (tws(ports=()), "Enable ActiveX and Socket Clients")]
)
def test_a_port_taken_by_another_program_tells_nothing_about_the_choice(process: Process, label: str) -> None:
    wants = connection(application=WantedApplication(process.kind.value), port=4002)
    around = machine(process, listeners=(Listener(4002, pid=77, program="webserver"),))
    seen = row(label, around=around, session=backing_off(Outcome.NOT_TWS), wants=wants)

    assert (seen.found, seen.state) == ("not known", RowState.UNKNOWN)
    assert seen.how.endswith("has no API port; another program listens on 4002")


def test_where_no_process_is_seen_nothing_is_said_about_a_log_in() -> None:
    assert row("IB API", around=machine(), session=backing_off()).how == "no API answers that could show it"


def test_on_a_machine_without_either_the_box_is_left_out_unless_one_is_wanted() -> None:
    anything = connection(application=WantedApplication.ANY)

    assert checklist(facts(machine(), backing_off(), wants=anything))[0].label == "Read-Only API"


@pytest.mark.parametrize(
    ("hints", "found"),
    [(SettingsHints(auto_restart_time=1425), "Auto restart"), (SettingsHints(auto_logoff_time=1425), "Auto logoff")],
)
def test_the_daily_restart_may_be_known_from_ibc(hints: SettingsHints, found: str) -> None:
    seen = row("Auto logoff / Auto restart", around=machine(gateway(hints=Known(hints))))

    assert (seen.found, seen.how) == (found, "as its settings files say")

"""The fixes that change the configuration file: what is offered, for plain values."""

from dataclasses import fields, replace

import pytest

from agent.config.keys import CONNECTIONS
from agent.core.facts import Abilities, Unknown
from agent.core.fix import ChangeConfig, Done, Failed, Fix, Offer
from agent.core.session_facts import Outcome
from agent.core.settings import ConnectionSettings, Intent, WantedApplication, WantedMode
from agent.fixes.choose_app import CHOOSE_APP
from agent.fixes.use_application import USE_APPLICATION
from agent.fixes.use_client_id import USE_CLIENT_ID
from agent.fixes.use_intent import USE_INTENT
from agent.fixes.use_port import USE_PORT
from agent.fixes.use_trading_mode import USE_TRADING_MODE
from agent.tws.applications import TradingMode
from tests.fixes.conftest import Offered, RecordingTools
from tests.problems.scene import backing_off, connected, connection, foreign, gateway, machine, notice, tws

FILE = Abilities(config_file="gatelight.toml")
ON_4001 = connection(port=4001)
WANTS_TWS = connection(application=WantedApplication.TWS)
ANY = connection(application=WantedApplication.ANY)
FIXED_ID = connection(client_id=7)
REFUSED_ID = backing_off(Outcome.ID_IN_USE)
FOR_LIVE = connection(trading_mode=WantedMode.LIVE)
READ_ONLY = connected(notices=(notice(321, "API interface is currently in Read-Only mode."),))
TWO = machine(gateway(pid=1, ports=(4002,)), gateway(pid=2, ports=(4001,), age=50.0))

OFFERABLE: tuple[tuple[Fix, dict[str, object]], ...] = (
    (USE_PORT, {"around": machine(gateway()), "session": backing_off(), "wants": ON_4001}),
    (USE_APPLICATION, {"around": machine(gateway()), "session": backing_off(), "wants": WANTS_TWS}),
    (USE_CLIENT_ID, {"around": machine(gateway()), "session": REFUSED_ID, "wants": FIXED_ID}),
    (USE_TRADING_MODE, {"around": machine(gateway()), "session": connected(), "wants": FOR_LIVE}),
    (USE_INTENT, {"around": machine(gateway()), "session": READ_ONLY, "wants": connection()}),
    (CHOOSE_APP, {"around": TWO, "session": backing_off(), "wants": connection()}),
)
EACH = pytest.mark.parametrize(("fix", "scene"), OFFERABLE, ids=[f.id for f, _ in OFFERABLE])


def edits(offer: Offer | None) -> tuple[tuple[str, str], ...] | None:
    if offer is None:
        return None
    assert isinstance(offer.plan, ChangeConfig)
    return offer.plan.edits


@EACH
def test_it_is_offered_where_there_is_a_file_to_change(fix: Fix, scene: dict[str, object], offered: Offered) -> None:
    offer = offered(fix, **scene, abilities=FILE)

    assert offer is not None
    assert all(line.startswith("In Gatelight’s Settings, for “Paper Gateway”: ") for line in offer.question.changes)
    assert "Nothing changes in TWS or IB Gateway. To undo it, set " in offer.question.remark
    text = " ".join((*offer.question.lines, offer.by_hand))
    keys = {f.name for f in fields(ConnectionSettings)}
    assert [key for key in keys if "_" in key and key in text] == []
    for change, (address, new) in zip(offer.question.changes, edits(offer) or (), strict=True):
        key = CONNECTIONS.key(address.rpartition(".")[2])
        assert key is not None
        assert f"“Paper Gateway”: {key.label} changes from " in change
        value = dict(zip(key.kind.choices or (), key.words, strict=False)).get(new, new)
        assert change.endswith(f" to {value}"), "in the words of Gatelight’s Settings"


@EACH
def test_it_is_not_offered_without_a_file_that_can_be_used(
    fix: Fix, scene: dict[str, object], offered: Offered
) -> None:
    wants = scene["wants"]
    assert isinstance(wants, ConnectionSettings)

    assert offered(fix, **scene) is None
    assert offered(fix, **scene, abilities=FILE, config_error="config.toml, line 3: port must be …") is None
    assert offered(fix, **{**scene, "wants": replace(wants, implicit=True)}, abilities=FILE) is None


@EACH
async def test_it_changes_what_was_offered_and_tells_what_went_wrong(
    fix: Fix, scene: dict[str, object], offered: Offered
) -> None:
    offer = offered(fix, **scene, abilities=FILE)
    assert offer is not None
    tools = RecordingTools()

    assert await fix.do(offer, tools) == Done(f"Done: {'; '.join(offer.question.changes)}.")
    assert tools.asked == [edits(offer)]
    assert await fix.do(offer, RecordingTools(trouble="It is read-only.")) == Failed("It is read-only.", offer.by_hand)


# ── use-port ────────────────────────────────────────────────────────────────────────────────────


def test_the_port_that_the_application_listens_on_is_offered(offered: Offered) -> None:
    offer = offered(USE_PORT, machine(gateway()), backing_off(), wants=ON_4001, abilities=FILE)

    assert offer is not None
    assert offer.label == "Use port 4002"
    assert offer.question.title == "Use API port 4002 for “Paper Gateway”?"
    assert offer.question.changes == (
        "In Gatelight’s Settings, for “Paper Gateway”: API port changes from 4001 to 4002",
    )
    assert offer.by_hand == ("Set API port to 4002 for “Paper Gateway” in Gatelight’s Settings, or in gatelight.toml.")
    assert edits(offer) == (('connections."Paper Gateway".port', "4002"),)


@pytest.mark.parametrize(
    ("around", "wants", "session"),
    [
        (machine(gateway()), connection(), backing_off()),
        (machine(gateway()), connection(port=4002), backing_off()),
        (machine(), ON_4001, backing_off()),
        (machine(gateway(ports=())), ON_4001, backing_off()),
        (machine(gateway(), listeners=(foreign(4001),)), ON_4001, backing_off()),
        (machine(gateway()), connection(host="192.0.2.7", port=4001), backing_off()),
        (machine(gateway()), ON_4001, connected(4001)),
        (machine(gateway(), processes=Unknown("denied")), ON_4001, backing_off()),
    ],
    ids=["auto", "right port", "gone", "no port", "port taken", "remote", "connected", "unseen"],
)
def test_no_port_is_offered_where_none_is_wrong(
    around: object, wants: object, session: object, offered: Offered
) -> None:
    assert offered(USE_PORT, around, session, wants=wants, abilities=FILE) is None


def test_a_port_of_the_other_mode_comes_with_a_warning(offered: Offered) -> None:
    paper = connection(port=4001, trading_mode=WantedMode.PAPER)
    for mode, careful in ((TradingMode.LIVE, True), (TradingMode.PAPER, False), (TradingMode.UNKNOWN, False)):
        offer = offered(USE_PORT, machine(gateway(mode=mode)), backing_off(), wants=paper, abilities=FILE)

        assert offer is not None
        assert ("Careful: IB Gateway 10.45 (pid 3117) looks like a live log-in" in offer.question.remark) is careful


# ── use-application ─────────────────────────────────────────────────────────────────────────────


def test_the_application_that_runs_instead_is_offered(offered: Offered) -> None:
    offer = offered(USE_APPLICATION, machine(gateway()), backing_off(), wants=WANTS_TWS, abilities=FILE)

    assert offer is not None
    assert offer.label == "Use IB Gateway"
    assert edits(offer) == (('connections."Paper Gateway".application', "gateway"),)


def test_a_port_of_the_one_that_does_not_run_is_changed_along(offered: Offered) -> None:
    wants = connection(application=WantedApplication.TWS, port=7497)
    both = offered(USE_APPLICATION, machine(gateway()), backing_off(), wants=wants, abilities=FILE)
    used = machine(gateway(), listeners=(foreign(7497),))
    only_one = offered(USE_APPLICATION, used, backing_off(), wants=wants, abilities=FILE)

    assert edits(both) == (
        ('connections."Paper Gateway".application', "gateway"),
        ('connections."Paper Gateway".port', "4002"),
    )
    assert edits(only_one) == (('connections."Paper Gateway".application', "gateway"),)


def test_the_application_that_is_connected_already_is_offered(offered: Offered) -> None:
    wants = connection(application=WantedApplication.TWS, port=4002)
    offer = offered(USE_APPLICATION, machine(gateway(), tws()), connected(4002), wants=wants, abilities=FILE)

    assert edits(offer) == (('connections."Paper Gateway".application', "gateway"),)


def test_no_other_application_is_offered_where_the_right_one_runs_or_it_is_anothers(offered: Offered) -> None:
    def offers(around: object, **what: object) -> bool:
        return (
            offered(USE_APPLICATION, around, backing_off(), abilities=FILE, **{"wants": WANTS_TWS, **what}) is not None
        )

    assert offers(machine(gateway()))
    assert not offers(machine(tws(), gateway()))
    assert not offers(machine())
    assert not offers(machine(gateway()), wants=ANY)
    assert not offers(machine(gateway()), others=(connection("Mine"),))
    assert not offers(machine(gateway()), wants=replace(WANTS_TWS, host="192.0.2.7"))


# ── use-trading-mode, use-intent ────────────────────────────────────────────────────────────────


def test_the_mode_of_the_account_is_offered_where_the_other_was_meant(offered: Offered) -> None:
    around = machine(gateway())
    offer = offered(USE_TRADING_MODE, around, connected(), wants=FOR_LIVE, abilities=FILE)

    assert offer is not None
    assert offer.label == "This connection is for paper"
    assert edits(offer) == (('connections."Paper Gateway".trading_mode', "paper"),)
    assert "real money" not in offer.question.remark


def test_real_money_is_said_before_a_connection_is_for_live(offered: Offered) -> None:
    session = connected(accounts=("U7654321",))
    offer = offered(
        USE_TRADING_MODE,
        machine(gateway()),
        session,
        wants=connection(trading_mode=WantedMode.PAPER),
        abilities=FILE,
    )

    assert offer is not None
    assert "real money" in offer.question.remark


def test_no_mode_is_offered_where_none_is_known_or_none_is_wrong(offered: Offered) -> None:
    around = machine(gateway())

    assert offered(USE_TRADING_MODE, around, connected(), wants=connection(), abilities=FILE) is None
    assert offered(USE_TRADING_MODE, around, connected(accounts=()), wants=FOR_LIVE, abilities=FILE) is None
    assert offered(USE_TRADING_MODE, around, backing_off(), wants=FOR_LIVE, abilities=FILE) is None


def test_reading_is_offered_only_where_read_only_is_told_and_trading_was_meant(offered: Offered) -> None:
    around = machine(gateway())

    assert edits(offered(USE_INTENT, around, READ_ONLY, wants=connection(), abilities=FILE)) == (
        ('connections."Paper Gateway".intent', "data"),
    )
    assert offered(USE_INTENT, around, READ_ONLY, wants=connection(intent=Intent.DATA), abilities=FILE) is None
    assert offered(USE_INTENT, around, connected(), wants=connection(), abilities=FILE) is None


# ── use-client-id ───────────────────────────────────────────────────────────────────────────────


def test_a_free_client_id_is_offered_where_the_fixed_one_is_taken(offered: Offered) -> None:
    offer = offered(USE_CLIENT_ID, machine(gateway()), REFUSED_ID, wants=FIXED_ID, abilities=FILE)

    assert edits(offer) == (('connections."Paper Gateway".client_id', "auto"),)
    assert offer is not None
    assert offer.question.changes == (
        "In Gatelight’s Settings, for “Paper Gateway”: Client ID of Gatelight changes from 7 to auto",
    )


def test_no_client_id_is_offered_where_it_is_free_or_chosen_anyway(offered: Offered) -> None:
    around = machine(gateway())

    assert offered(USE_CLIENT_ID, around, REFUSED_ID, wants=connection(), abilities=FILE) is None
    assert offered(USE_CLIENT_ID, around, connected(), wants=FIXED_ID, abilities=FILE) is None
    assert offered(USE_CLIENT_ID, around, backing_off(Outcome.SILENT), wants=FIXED_ID, abilities=FILE) is None


# ── choose-app ──────────────────────────────────────────────────────────────────────────────────


def test_of_several_the_one_that_is_connected_is_offered_and_said_so(offered: Offered) -> None:
    offer = offered(CHOOSE_APP, TWO, connected(4001), abilities=FILE)

    assert edits(offer) == (('connections."Paper Gateway".port', "4001"),)
    assert offer is not None
    assert offer.label == "Use IB Gateway on port 4001"
    assert offer.question.remark.startswith(
        "It is the one that is connected now. Also running: IB Gateway 10.45 (pid 1) on port 4002; to choose another"
    )


def test_while_none_is_connected_the_likeliest_is_offered(offered: Offered) -> None:
    offer = offered(CHOOSE_APP, TWO, backing_off(), abilities=FILE)

    assert offer is not None
    # Both are on a default port, and the younger one comes first.
    assert offer.label == "Use IB Gateway on port 4001"
    assert offer.question.remark.startswith("It fits best, as far as can be seen. ")


def test_where_any_application_will_do_it_is_named_as_well(offered: Offered) -> None:
    offer = offered(CHOOSE_APP, machine(gateway(), tws()), connected(7497), wants=ANY, abilities=FILE)

    assert edits(offer) == (
        ('connections."Paper Gateway".application', "tws"),
        ('connections."Paper Gateway".port', "7497"),
    )


def test_nothing_is_to_be_chosen_where_something_tells_which_is_meant(offered: Offered) -> None:
    paper = connection(trading_mode=WantedMode.PAPER)
    told = machine(gateway(pid=1, mode=TradingMode.PAPER), gateway(pid=2, ports=(4001,), mode=TradingMode.LIVE))
    clash = machine(gateway(pid=1), gateway(pid=2, ports=()))

    assert offered(CHOOSE_APP, machine(gateway()), connected(), abilities=FILE) is None
    assert offered(CHOOSE_APP, TWO, connected(), wants=connection(port=4002), abilities=FILE) is None
    assert offered(CHOOSE_APP, told, connected(), wants=paper, abilities=FILE) is None
    assert offered(CHOOSE_APP, clash, connected(), abilities=FILE) is None
    assert offered(CHOOSE_APP, TWO, connected(), wants=connection(pinned_pid=1), abilities=FILE) is None

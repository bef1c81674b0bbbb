"""start-app: the newest installed application of the wanted kind, or the configured command; never a second one."""

from dataclasses import replace

import pytest

from agent.core.facts import Installation, Known, OtherProcess, Sight, Unknown
from agent.core.fix import Done, Failed, Offer, StartProgram
from agent.core.settings import WantedApplication
from agent.fixes.start_app import START_APP
from agent.tws.applications import ApplicationKind
from tests.fixes.conftest import Offered, RecordingTools
from tests.problems.scene import backing_off, connection, gateway, machine, tws

GONE = backing_off()
ANY = connection(application=WantedApplication.ANY)


def disk(*found: tuple[ApplicationKind, str | None], renamed: bool = False) -> Known[tuple[Installation, ...]]:
    return Known(tuple(Installation(k, v, f"/Jts/{v}", () if renamed else (f"/Jts/{v}/{k.value}",)) for k, v in found))


GATEWAYS = disk((ApplicationKind.GATEWAY, "10.9"), (ApplicationKind.GATEWAY, "10.45"), (ApplicationKind.GATEWAY, None))
BOTH = disk((ApplicationKind.GATEWAY, "10.45"), (ApplicationKind.TWS, "10.44"))


def command(offer: Offer | None) -> tuple[str, ...] | None:
    if offer is None:
        return None
    assert isinstance(offer.plan, StartProgram)
    return offer.plan.command


def test_the_newest_installed_one_of_the_wanted_kind_is_offered(offered: Offered) -> None:
    offer = offered(START_APP, machine(installed=GATEWAYS), GONE)

    assert command(offer) == ("/Jts/10.45/gateway",)
    assert offer is not None
    assert offer.label == "Start IB Gateway 10.45"
    assert offer.question.changes == ("Starts /Jts/10.45/gateway",)
    assert "log in yourself" in offer.question.remark


def test_of_both_kinds_the_wanted_one_is_offered(offered: Offered) -> None:
    wants_tws = connection(application=WantedApplication.TWS)

    assert command(offered(START_APP, machine(installed=BOTH), GONE)) == ("/Jts/10.45/gateway",)
    assert command(offered(START_APP, machine(installed=BOTH), GONE, wants=wants_tws)) == ("/Jts/10.44/tws",)


@pytest.mark.parametrize("kind", [ApplicationKind.GATEWAY, ApplicationKind.TWS])
def test_where_any_will_do_it_is_the_one_that_ran_last(kind: ApplicationKind, offered: Offered) -> None:
    sight = Sight(last_pid=7, kind=kind, gone_since=1.0, ever=True)
    offer = offered(START_APP, machine(installed=BOTH), GONE, wants=ANY, sight=sight)

    assert offer is not None
    assert offer.label.startswith(f"Start {kind.title}")


def test_where_any_will_do_and_none_ran_it_is_the_only_one_there_is(offered: Offered) -> None:
    never = Sight()

    assert command(offered(START_APP, machine(installed=GATEWAYS), GONE, wants=ANY, sight=never)) is not None
    assert offered(START_APP, machine(installed=BOTH), GONE, wants=ANY, sight=never) is None


def test_the_other_kind_may_run(offered: Offered) -> None:
    assert offered(START_APP, machine(tws(), installed=BOTH), GONE) is not None


@pytest.mark.parametrize("age", [5.0, 7200.0])
@pytest.mark.parametrize("restarted", [True, False])
def test_a_second_one_is_never_offered_however_stuck_the_first_is(
    age: float, restarted: bool, offered: Offered
) -> None:
    stuck = gateway(ports=(), link_for=None, age=age, restarted=restarted)
    by_command = replace(connection(), start_command=("gatewaystart.sh",))

    assert offered(START_APP, machine(stuck, installed=BOTH), GONE) is None
    assert offered(START_APP, machine(stuck, installed=BOTH), GONE, wants=ANY) is None
    assert offered(START_APP, machine(stuck, installed=BOTH), GONE, wants=by_command) is None


def test_nothing_is_offered_where_it_cannot_be_done(offered: Offered) -> None:
    hidden = (OtherProcess(77, "java"),)
    away = connection(host="192.0.2.7")

    assert offered(START_APP, machine(installed=disk()), GONE) is None
    assert offered(START_APP, machine(installed=Unknown("timed out")), GONE) is None
    assert offered(START_APP, machine(installed=disk((ApplicationKind.TWS, "10.44"))), GONE) is None
    assert offered(START_APP, machine(installed=BOTH), GONE, wants=away) is None
    assert offered(START_APP, machine(installed=BOTH, processes=Unknown("denied")), GONE) is None
    assert offered(START_APP, machine(installed=BOTH, unreadable=hidden), GONE, sight=Sight()) is None
    assert offered(START_APP, machine(installed=BOTH, unreadable=hidden), GONE) is not None


def test_what_ibc_has_renamed_is_left_to_ibc(offered: Offered) -> None:
    renamed = disk((ApplicationKind.GATEWAY, "10.45"), renamed=True)

    assert offered(START_APP, machine(installed=renamed), GONE) is None


def test_the_configured_command_goes_before_what_is_installed(offered: Offered) -> None:
    secret = ("/home/alice/ibc/gatewaystart.sh", "-inline", "--pw=hunter2")
    offer = offered(START_APP, machine(installed=BOTH), GONE, wants=replace(connection(), start_command=secret))

    assert command(offer) == secret
    assert offer is not None
    assert offer.question.changes == (
        "Runs the start command of “Paper Gateway”: ~/ibc/gatewaystart.sh with its 2 arguments",
    )
    assert "hunter2" not in " ".join((*offer.question.lines, offer.by_hand, offer.label))
    assert "alice" not in " ".join((*offer.question.lines, offer.by_hand, offer.label))


def test_a_command_starts_a_second_one_where_the_first_is_another_connections(offered: Offered) -> None:
    paper = replace(connection(port=4002), start_command=("paper.sh",))
    live = connection("Live Gateway", port=4001)
    around = machine(gateway(ports=(4001,)), installed=BOTH)

    assert command(offered(START_APP, around, GONE, wants=paper, others=(live,))) == ("paper.sh",)
    assert offered(START_APP, around, GONE, wants=connection(port=4002), others=(live,)) is None


async def test_it_starts_what_was_offered_and_says_what_is_left_to_do(offered: Offered) -> None:
    offer = offered(START_APP, machine(installed=GATEWAYS), GONE)
    assert offer is not None
    tools = RecordingTools()

    assert await START_APP.do(offer, tools) == Done("It was started. Log in as soon as its log-in screen is there.")
    assert tools.asked == [("/Jts/10.45/gateway",)]


async def test_what_went_wrong_is_told_with_what_to_do_instead(offered: Offered) -> None:
    offer = offered(START_APP, machine(installed=GATEWAYS), GONE)
    assert offer is not None
    outcome = await START_APP.do(offer, RecordingTools(trouble="there is no program /Jts/10.45/gateway"))

    assert outcome == Failed(
        "It could not be started: there is no program /Jts/10.45/gateway.",
        "Start IB Gateway as you usually do, and log in.",
    )

from dataclasses import replace
from typing import Any

import pytest

from agent.core.evidence.notices import TOO_EARLY
from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome, ServerLink, SessionFacts
from agent.core.timing import Timing
from agent.problems.data_farm_broken import DATA_FARM_BROKEN
from agent.problems.server_link_lost import SERVER_LINK_LOST
from agent.tws.calendar import Expectation, Outage, OutageKind
from agent.tws.farms import Farm, FarmKind, FarmStatus
from agent.tws.reset_windows import Region
from tests.problems.conftest import Judge
from tests.problems.scene import NOW, backing_off, connected, facts


def farm(name: str, kind: FarmKind, status: FarmStatus = FarmStatus.BROKEN, lasting: float = 300.0) -> Farm:
    return Farm(name, kind, status, NOW.monotonic - lasting)


def with_farms(*farms: Farm) -> SessionFacts:
    return replace(connected(), farms=farms)


def test_there_is_one_finding_per_kind_with_the_names_of_its_farms(judge: Judge) -> None:
    session = with_farms(
        farm("usfarm", FarmKind.MARKET_DATA),
        farm("eufarm", FarmKind.MARKET_DATA, lasting=60.0),
        farm("cashfarm", FarmKind.MARKET_DATA, FarmStatus.OK),
        farm("ushmds", FarmKind.HISTORICAL),
    )

    verdict = judge(DATA_FARM_BROKEN, facts(session=session))

    assert isinstance(verdict, tuple)
    assert [one.instance for one in verdict] == ["market-data", "historical"]
    assert [one.args["farms"] for one in verdict] == ["usfarm and eufarm", "ushmds"]
    assert verdict[0].evidence == (
        "notice 2103 at 13:55:00: the market data farm usfarm is broken",
        "notice 2103 at 13:59:00: the market data farm eufarm is broken",
        "farms that are connected: cashfarm",
    )
    assert [one.since for one in verdict] == [NOW.monotonic - 300.0, NOW.monotonic - 300.0]


@pytest.mark.parametrize("kind", list(FarmKind))
def test_every_kind_fits_a_notice_however_many_farms_are_broken(judge: Judge, kind: FarmKind) -> None:
    session = with_farms(*(farm(f"apachmds.long.name.{n}", kind) for n in range(14)))

    verdict = judge(DATA_FARM_BROKEN, facts(session=session))

    assert isinstance(verdict, tuple)
    assert len(verdict) == 1


def test_a_flap_makes_no_sound_but_doctor_tells_it(judge: Judge) -> None:
    session = with_farms(farm("usfarm", FarmKind.MARKET_DATA, lasting=Timing().farm_grace - 1))

    assert judge(DATA_FARM_BROKEN, facts(session=session)) == Absent()
    assert isinstance(judge(DATA_FARM_BROKEN, facts(session=session, doctor=True)), tuple)


@pytest.mark.parametrize("status", [FarmStatus.OK, FarmStatus.INACTIVE, FarmStatus.CONNECTING])
def test_inactive_and_connecting_are_normal(judge: Judge, status: FarmStatus) -> None:
    session = with_farms(farm("ushmds", FarmKind.HISTORICAL, status, lasting=9000.0))

    assert judge(DATA_FARM_BROKEN, facts(session=session)) == Absent()


def test_the_lost_link_to_the_servers_explains_every_farm(judge: Judge) -> None:
    session = replace(with_farms(farm("usfarm", FarmKind.MARKET_DATA)), server_link=ServerLink.DOWN)

    assert isinstance(judge(DATA_FARM_BROKEN, facts(session=session)), tuple)
    assert DATA_FARM_BROKEN.hidden_by == (SERVER_LINK_LOST,)


def test_the_reset_of_ibs_servers_explains_a_farm_that_broke_in_it(judge: Judge) -> None:
    session = with_farms(farm("usfarm", FarmKind.MARKET_DATA, lasting=300.0))
    reset = Outage(OutageKind.RESET, NOW.wall - 600, NOW.wall + 600, Region.AMERICA)

    def broken(outage: Outage, **more: Any) -> bool:
        seen = facts(session=session, expected=Expectation(outage=outage), **more)
        return isinstance(judge(DATA_FARM_BROKEN, seen), tuple)

    assert not broken(reset)
    assert broken(reset, doctor=True)
    assert broken(replace(reset, began=NOW.wall - 200))


def test_a_session_that_has_just_begun_may_still_tell(judge: Judge) -> None:
    young = replace(connected(server_link=ServerLink.UNKNOWN), since=NOW.monotonic - 2)
    old = replace(young, since=NOW.monotonic - 20)

    assert judge(DATA_FARM_BROKEN, facts(session=young)) == TOO_EARLY
    assert judge(DATA_FARM_BROKEN, facts(session=old)) == Absent()
    assert judge(SERVER_LINK_LOST, facts(session=young)) == TOO_EARLY
    assert judge(SERVER_LINK_LOST, facts(session=young, doctor=True)) == Absent()
    assert judge(SERVER_LINK_LOST, facts(session=replace(young, server_link=ServerLink.UP))) == Absent()


def test_without_a_session_nobody_can_tell(judge: Judge) -> None:
    assert isinstance(judge(DATA_FARM_BROKEN, facts(session=backing_off(Outcome.REFUSED))), Undecided)


def test_one_kind_is_a_tuple_of_one_finding(judge: Judge) -> None:
    verdict = judge(DATA_FARM_BROKEN, facts(session=with_farms(farm("secdefil", FarmKind.SECURITY_DEFINITION))))

    assert isinstance(verdict, tuple)
    assert isinstance(verdict[0], Present)
    assert verdict[0].args["effect"] == "Contracts may wrongly seem not to exist"

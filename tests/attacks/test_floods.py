"""Applications that send without end: the others are watched as before, and the flood is told as what it is."""

import asyncio
from dataclasses import replace

import pytest

from agent.app.one_look import OneLook
from agent.app.world import RealWorld
from agent.cli.report import render
from agent.core.timing import Timing
from tests.asking import answered
from tests.attacks.flooded import PATIENCE, flooded, flooder, settings_for
from tests.attacks.scale import whole

KINDS = ("notices", "texts", "farms", "ticks", "accounts", "unknown", "malformed", "long", "huge")
ONCE = KINDS if whole() else ("notices", "farms", "unknown")
"""Each by itself, beside so many that are well."""
HEALTHY = 19 if whole() else 3


@pytest.mark.parametrize("kind", ONCE)
async def test_a_flood_is_told_and_the_others_do_not_notice(kind: str) -> None:
    async with flooded([kind], HEALTHY) as agent:
        await agent.flooder.go()
        await agent.until(lambda a: "api-flooding" in a.codes(kind))
        gaps = await agent.flooder.longest_gaps()
        status = answered(agent.loop, {"command": "status"})
        connected = [c.phase for c in agent.seen[-1].connections]

    assert not agent.codes(kind) & {"app-frozen", "clock-off"}
    assert set().union(*(agent.codes(name) for name in agent.well)) <= {"api-port-taken", "agent-cannot-see"}
    assert set(connected) == {"connected"}
    assert len(status["status"]["connections"]) == HEALTHY + 1
    # Generous: what is measured is in tests/benchmarks/floods.py.
    assert max(gaps[1:]) < 10


async def test_a_burst_is_no_flood_and_its_end_is_heard() -> None:
    async with flooded(["burst"], 1) as agent:
        await agent.flooder.go()
        await agent.until(lambda a: "lasthmds" in [f.name for f in a.seen[-1].connections[0].farms])

    assert "api-flooding" not in agent.codes("burst")


async def test_a_hundred_thousand_accounts_are_counted_and_do_not_hide_the_status() -> None:
    async with flooded(["crowd"], 1) as agent:
        reply = answered(agent.loop, {"command": "status", "show_accounts": True})
        first, second = reply["status"]["connections"]
        # The card of one connection names its accounts; the table of several does not.
        told = render({**reply["status"], "connections": [reply["status"]["connections"][0]]})

    assert len(first["accounts"]) + first["accounts_more"] == 100_000
    assert len(first["accounts"]) <= 200
    assert first["trading_mode"] == "paper"
    assert f"and {first['accounts_more']} more" in told
    assert second["accounts"] == ["DU0000000", "DU0000001"]
    assert "accounts_more" not in second


async def test_farms_without_end_are_counted() -> None:
    async with flooded(["farms"], 1) as agent:
        await agent.flooder.go()
        await agent.until(lambda a: a.seen[-1].connections[0].farms_more > 10)
        first, second = answered(agent.loop, {"command": "status"})["status"]["connections"]

    assert len(first["farms"]) <= 64
    assert first["farms_more"] > 10
    assert [f["name"] for f in second["farms"]] == ["usfarm"]


@pytest.mark.parametrize("kind", ["notices", "unknown", "dribble", "huge"] if whole() else ["notices", "dribble"])
async def test_the_doctor_ends(kind: str) -> None:
    quick = replace(Timing(), reply_timeout=1.0, heartbeat_every=1.0)
    async with flooder([kind], 0) as source:
        await source.go()
        async with asyncio.timeout(PATIENCE):
            wanted = settings_for([kind], source.ports)
            async with OneLook(wanted, RealWorld(), timing=quick) as look:
                status = await look.complete()

    codes = {p.code for p in status.connections[0].problems}
    assert ("app-frozen" if kind == "dribble" else "api-flooding") in codes


async def test_one_that_closes_every_session_is_knocked_at_seldom() -> None:
    # A tenth of every period: three seconds stand for thirty.
    timing = Timing().scaled(0.1)
    async with flooded(["closing"], 0, answering=False, timing=timing) as agent:
        await agent.until(lambda a: a.loop.state.watched and len(a.loop.state.watched[0].link.losses) >= 2)
        first = agent.loop.state.next_number
        await asyncio.sleep(0.8 * timing.handshake_every)
        later = agent.loop.state.next_number

    assert later == first

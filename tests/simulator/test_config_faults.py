"""The faults of reqConfig and updateConfig: what our settings session makes of them, while another session goes on."""

import asyncio
import itertools
from dataclasses import asdict
from typing import Any

import pytest

from agent.core.facts import Known, Unknown
from agent.core.fix import SettingsOutcome, SettingsResult
from agent.session.settings import (
    SettingsAnswer,
    ask_settings,
    update_settings,
)
from agent.simulator.faults import WIRE_FAULTS
from agent.simulator.server import Simulator
from agent.tws.api_settings import ApiSettings, Configuration, Precautions, Source, UpdateWarning
from agent.tws.api_settings_table import FIELDS
from tests.ibkr_settings import filled
from tests.simulator.conftest import Clock, StartRaw, StartSimulator
from tests.simulator.raw_client import is_well

_ids = itertools.count(7342)


def ids() -> tuple[int, int]:
    """Client IDs of which none was used before: TWS frees one only some time after its session has ended."""
    return next(_ids), next(_ids)


SHORT = 1.0
"""Seconds that stand for the three of a real settings session where the simulator keeps silent."""
PLENTY = 20.0
"""Seconds for an answer that comes, however busy the machine."""
CHANGE = Configuration(precautions=Precautions(bypass_bond_warning=False))
FAULTS = [
    ("config-refused", "10357"),
    ("config-refused", "321"),
    *((name, None) for name in WIRE_FAULTS if name.startswith("config-") and name != "config-refused"),
]


async def found(simulator: Simulator, within: float = PLENTY) -> SettingsAnswer:
    return await ask_settings("127.0.0.1", simulator.port, ids(), within=within)


async def updated(
    simulator: Simulator, change: Configuration = CHANGE, *accepted: UpdateWarning, within: float = PLENTY
) -> SettingsOutcome:
    return await update_settings("127.0.0.1", simulator.port, ids(), change, accepted, within=within)


def reason(answer: SettingsAnswer) -> str:
    assert isinstance(answer.settings, Unknown), answer
    return answer.settings.reason


async def test_a_refusal_is_told(start: StartSimulator) -> None:
    simulator = await start()
    await simulator.apply("config-refused")

    assert reason(await found(simulator)).startswith("refused with notice 10357 (Configuration access via API is not")
    outcome = await updated(simulator)
    assert outcome.result is SettingsResult.REFUSED
    assert "notice 10357" in outcome.text


async def test_a_refusal_that_says_read_only_is_proof(start: StartSimulator) -> None:
    simulator = await start()
    await simulator.apply("config-refused", "321")

    answer = await found(simulator)

    assert isinstance(answer.settings, Known)
    assert answer.settings.value.settings == ApiSettings(read_only_api=True)
    assert answer.settings.value.source is Source.INFERRED


@pytest.mark.parametrize(
    ("fault", "words", "changes"),
    [
        ("config-silent", "the time was up: the request was not answered", False),
        ("config-half", "bytes of an unfinished message had come", True),
        ("config-garbage", "the answer could not be read", True),
        ("config-huge", "more than 2048 KiB came", True),
    ],
)
async def test_no_usable_answer_is_an_honest_unknown(
    start: StartSimulator, fault: str, words: str, changes: bool
) -> None:
    simulator = await start()
    await simulator.apply(fault)
    within = SHORT if fault in {"config-silent", "config-half"} else PLENTY

    assert words in reason(await found(simulator, within))
    outcome = await updated(simulator, within=within)
    assert outcome.result is SettingsResult.UNKNOWN
    assert words in outcome.text
    assert simulator.situation.configuration.precautions.bypass_bond_warning is not changes
    await simulator.heal()
    assert isinstance((await found(simulator)).settings, Known)


async def test_fields_of_a_later_version_change_nothing(start: StartSimulator) -> None:
    whole = filled(True)
    simulator = await start(configuration=whole)
    await simulator.apply("config-unknown-fields")

    answer = await found(simulator)

    assert isinstance(answer.settings, Known)
    assert [answer.settings.value.value(s) for s in FIELDS] == [whole.value(s) for s in FIELDS]
    simulator.configure(Configuration(ApiSettings(read_only_api=False)))
    outcome = await updated(simulator, Configuration(ApiSettings(logging_level="detail")))
    assert outcome == SettingsOutcome(SettingsResult.CHANGED, "Logging Level")


async def test_fields_of_a_wrong_type_are_absent_and_the_others_right(start: StartSimulator) -> None:
    whole = filled(True)
    simulator = await start(configuration=whole)
    await simulator.apply("config-wrong-types")

    answer = await found(simulator)

    assert isinstance(answer.settings, Known)
    for setting in FIELDS:
        wanted = whole.value(setting) if setting.number % 2 else None
        assert answer.settings.value.value(setting) == wanted, setting
    simulator.configure(Configuration(ApiSettings(read_only_api=False)))
    outcome = await updated(simulator)
    assert outcome.result is SettingsResult.UNKNOWN


async def test_a_warning_has_to_be_accepted(start: StartSimulator) -> None:
    simulator = await start()
    await simulator.apply("config-warnings")

    first = await updated(simulator)
    between = simulator.situation.configuration.precautions.bypass_bond_warning
    assert first.result is SettingsResult.WARNINGS
    second = await updated(simulator, CHANGE, *first.warnings)

    assert [warning.message_id for warning in first.warnings] == [131]
    assert between is True
    assert second.result is SettingsResult.CHANGED
    assert simulator.situation.configuration.precautions.bypass_bond_warning is False


@pytest.mark.parametrize(("fault", "value"), [(None, None), *FAULTS], ids=lambda v: str(v))
async def test_the_main_session_notices_nothing(
    start: StartSimulator, raw: StartRaw, clock: Clock, fault: str | None, value: str | None
) -> None:
    simulator = await start(clock)
    main = await raw(simulator)
    await main.rest()
    if fault is not None:
        await simulator.apply(fault, value)

    looking: asyncio.Task[Any] = asyncio.create_task(ask_settings("127.0.0.1", simulator.port, ids(), within=SHORT))
    asked = 0
    while not looking.done() or asked < 5:
        clock.now += 2
        main.send(49, 1)
        asked += 1

        assert (await main.fields())[0] == "49"
        await asyncio.sleep(0.02)
    await looking

    assert await main.is_silent()
    assert simulator.sessions[0].received == {71: 1, 49: asked}
    assert await is_well(simulator)


async def test_the_safety_prompts_are_on_until_somebody_changes_one(start: StartSimulator) -> None:
    simulator = await start()
    await simulator.apply("precautions-on")
    before = simulator.situation.reported_configuration.precautions
    outcome = await updated(simulator, Configuration(precautions=Precautions(True)))
    after = simulator.situation.reported_configuration.precautions

    assert set(asdict(before).values()) == {False}
    assert outcome.result is SettingsResult.CHANGED
    assert [name for name, value in asdict(after).items() if value] == ["bypass_order_precautions"]


async def test_a_daily_log_off_is_told_until_it_is_over(start: StartSimulator) -> None:
    simulator = await start()
    await simulator.apply("auto-logoff")
    before = simulator.situation.reported_configuration.lock_and_exit
    await simulator.heal("auto-logoff")

    assert before.restarts is False
    assert simulator.situation.reported_configuration.lock_and_exit.restarts is True


async def test_a_stray_notice_about_read_only_is_not_contradicted_until_everything_is_healed(
    start: StartSimulator,
) -> None:
    simulator = await start()
    await simulator.apply("read-only-notice")
    between = simulator.situation.reported_configuration.settings.read_only_api
    await simulator.heal()

    assert between is None
    assert simulator.situation.reported_configuration.settings.read_only_api is False

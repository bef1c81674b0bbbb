"""The settings of a simulated application that runs as a process of its own."""

import itertools
from pathlib import Path

from agent.core.facts import Known
from agent.core.fix import SettingsResult
from agent.session.settings import ask_settings, update_settings
from agent.simulator.control import ask_simulator as order
from agent.simulator.control import control_socket
from agent.simulator.free_ports import free_port
from agent.simulator.settings_folder import IbcChoices
from agent.simulator.world import SimulatedApplication
from agent.tws.api_settings import ApiSettings, ConfigResponse, Configuration, LockAndExit, Precautions
from tests.ibkr_settings import filled

_ids = itertools.count(7342)


async def told(port: int) -> ConfigResponse:
    answer = await ask_settings("127.0.0.1", port, (next(_ids), next(_ids)))

    assert isinstance(answer.settings, Known), answer
    return answer.settings.value


async def test_it_starts_with_the_settings_it_is_given(tmp_path: Path) -> None:
    whole = filled(True)
    async with await SimulatedApplication.start(tmp_path, configuration=whole) as gateway:
        found = await told(gateway.port)
        same = await gateway.configuration()

    assert (found.settings, found.precautions, found.lock_and_exit) == (
        whole.settings,
        whole.precautions,
        whole.lock_and_exit,
    )
    assert same == whole


async def test_changes_by_hand_and_through_the_api_outlast_a_restart(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path) as gateway:
        await gateway.configure(Configuration(lock_and_exit=LockAndExit(auto_logoff_type="logoff")))
        changes = Configuration(precautions=Precautions(bypass_order_precautions=False))
        outcome = await update_settings("127.0.0.1", gateway.port, (next(_ids), next(_ids)), changes)
        await gateway.restart(delay=0.0)
        found = await told(gateway.port)
        await gateway.terminate()
        await gateway.restart(delay=0.0)
        again = await told(gateway.port)

        assert outcome.result is SettingsResult.CHANGED
        assert found.lock_and_exit.restarts is False
        assert found.precautions.bypass_order_precautions is False
        assert found.settings.socket_port == gateway.asked_port
        assert again == found


async def test_a_socket_port_that_the_user_changes_is_followed(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path) as gateway:
        port = free_port()
        await gateway.configure(Configuration(ApiSettings(socket_port=port, read_only_api=True)))
        found = await told(port)

        assert gateway.port == port
        assert found.settings.socket_port == port
        assert found.settings.read_only_api is True


async def test_settings_are_changed_over_the_control_socket(tmp_path: Path) -> None:
    path = tmp_path / "control"
    async with await SimulatedApplication.start(tmp_path / "simulated") as gateway, control_socket(path, gateway):
        await order(path, do="configure", changes={"settings": {"read_only_api": True, "trusted_ips": ["192.0.2.7"]}})
        answer = await order(path, do="configuration")
        found = await told(gateway.port)

    assert answer["configuration"] == found.to_json()
    assert found.settings.read_only_api is True
    assert found.settings.trusted_ips == ("192.0.2.7",)


async def test_the_daily_restart_is_the_one_that_ibc_enters(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(
        tmp_path, shape="ibc", ibc=IbcChoices(auto_restart_time="07:05 AM")
    ) as gateway:
        found = await told(gateway.port)

    assert (found.lock_and_exit.minutes_after_midnight, found.lock_and_exit.restarts) == (7 * 60 + 5, True)

"""Relays in Settings, without a server in between: told, judged before they are written, added, removed."""

import socket
from pathlib import Path

import pytest

from agent.config.reading import load
from agent.core.settings import RelaySettings
from agent.page.endpoints import ENDPOINTS, relays, settings
from tests.page.endpoints.test_endpoints import refused
from tests.page.made_up_backend import MadeUpBackend

FILE = """# mine
[[connections]]
name = "Paper"
port = 14002

[[connections]]
name = "Anything"

[[connections]]
name = "Usual"
application = "gateway"
trading_mode = "live"

[[relays]]
name = "First"  # stays
listen = 15002
to = "Paper"

[[relays]]
name = "Far"
listen = 15003
to = "nas:4001"
start = false
"""
NEW = {"name": "New", "listen": "15004", "to": "Paper"}


@pytest.fixture
def backend(tmp_path: Path) -> MadeUpBackend:
    config = tmp_path / "config.toml"
    config.write_text(FILE)
    return MadeUpBackend(config=config)


async def test_each_is_told_with_where_it_leads_to(backend: MadeUpBackend) -> None:
    told = await settings.read_settings(backend, {})
    first, far = (one for one in told["tables"] if one["name"] == "relays")

    assert (first["entry"], first["target"], first["instead_of"]) == ("First", "127.0.0.1:14002", 14002)
    assert (far["entry"], far["target"], far["instead_of"]) == ("Far", "nas:4001", 4001)
    assert [(key["name"], key["control"]) for key in far["keys"]] == [
        ("name", "text"),
        ("listen", "text"),
        ("to", "text"),
        ("allow", "lines"),
        ("lines", "text"),
        ("start", "switch"),
    ]
    assert [(key["name"], key["value"]) for key in told["new_relay"]] == [("name", ""), ("listen", ""), ("to", "")]
    # One that is found by itself has no port to lead to.
    assert told["new_relay"][2]["suggested"] == ["Paper", "Usual"]


async def test_one_is_added_and_removed_and_the_rest_of_the_file_stays(backend: MadeUpBackend) -> None:
    await relays.add_relay(backend, NEW)
    assert load(backend.config).relays[2] == RelaySettings("New", 15004, "Paper")
    await relays.remove_relay(backend, {"name": "new"})

    assert backend.config.read_text().rstrip() == FILE.rstrip()
    assert backend.asked == ["config changed", "config changed"]
    again = await refused(relays.remove_relay(backend, {"name": "New"}))
    assert str(again) == 'There is no relay "New" in config.toml any more.'


async def test_all_that_is_wrong_with_a_new_one_is_told_at_once(backend: MadeUpBackend) -> None:
    no = await refused(relays.add_relay(backend, {"name": "", "listen": "99999", "to": ""}))

    assert no.status == 422
    assert no.more["fields"].keys() == {"name", "listen", "to"}
    assert backend.config.read_text() == FILE
    assert backend.asked == []


async def test_a_port_is_free_or_that_of_a_relay_that_is_ending(backend: MadeUpBackend) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        no = await refused(relays.add_relay(backend, {**NEW, "listen": str(port)}))
        assert "another program listens on it" in no.more["fields"]["listen"]
        changed = {"key": "relays.First.listen", "value": str(port)}
        assert "another program listens on it" in str(await refused(settings.change(backend, changed)))

        backend.counted = [{"relays": [{"name": "Gone", "port": port}]}, {"name": "x", "unknown": "late"}]
        await relays.add_relay(backend, {**NEW, "listen": str(port)})
    assert load(backend.config).relays[2].listen == port


async def test_what_is_not_changed_is_not_asked_of_the_system(backend: MadeUpBackend) -> None:
    with socket.create_server(("127.0.0.1", 15002)):
        await settings.change(backend, {"key": "relays.First.listen", "value": "15002"})
        await settings.change(backend, {"key": "relays.First.to", "value": "Usual"})

    assert load(backend.config).relays[0] == RelaySettings("First", 15002, "Usual")


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("relays.First.name", "far", "There is a relay “far” already: choose another name."),
        (
            "relays.First.to",
            "Anything",
            "Leads to: “Anything” cannot be used. It must be a connection with a port: give that one a port, or an "
            "application and a trading mode, which have a usual one.",
        ),
        (
            "relays.First.to",
            "::1:15003",
            "Leads to: “::1:15003”, which leads to relay “Far”, cannot be used. "
            "It must be where TWS or IB Gateway listens.",
        ),
        (
            "relays.Far.listen",
            "14002",
            "Port for programs: 14002 cannot be used, since relay “First” leads to it. "
            "It must be another port than TWS or IB Gateway listens on.",
        ),
    ],
)
async def test_a_change_is_judged_beside_the_others(key: str, value: str, told: str, backend: MadeUpBackend) -> None:
    assert str(await refused(settings.change(backend, {"key": key, "value": value}))) == told
    assert backend.config.read_text() == FILE


async def test_one_that_was_removed_meanwhile_is_said_to_be_gone(backend: MadeUpBackend) -> None:
    no = await refused(settings.change(backend, {"key": "relays.Gone.listen", "value": "15009"}))

    assert 'There is no relay "Gone"' in str(no)


def test_where_data_goes_is_set_by_a_page_that_was_opened_just_now() -> None:
    by_path = {one.path: one for one in ENDPOINTS if one.method == "POST"}

    assert by_path["relays/add"].guarded({})
    for key in ("listen", "to", "allow", "start"):
        assert by_path["settings"].guarded({"key": f"relays.First.{key}"})

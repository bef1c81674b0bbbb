"""The page inside the running agent: it costs nothing until it is opened, and finds itself again after a restart."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from agent.app import page_host
from agent.app.page_host import ENDED, MEMORY, MEMORY_SECONDS, SWITCHED_OFF, PageError, view_of
from agent.core.commands import AskPageAddress
from agent.core.events import Reconfigured
from agent.page.guard import signed
from agent.page.hour import BEFORE
from agent.platforms.autostart.entry import AutostartError, Off, On, SwitchedOff
from agent.simulator.world import SimulatedApplication
from tests.page.living import LivingAgent, living_agent
from tests.page.visiting import VisitingPage, events, opened
from tests.waiting import until

PATIENCE = 30.0


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[LivingAgent]:
    async with living_agent(tmp_path) as living:
        await living.world.connected()
        yield living


def browser() -> aiohttp.ClientSession:
    return aiohttp.ClientSession()


async def again(agent: LivingAgent) -> None:
    """Until a page of last time has been thought of."""
    if agent.page._again is not None:
        await agent.page._again


async def status_of(http: aiohttp.ClientSession, address: str) -> int:
    async with http.get(address) as answer:
        return answer.status


NOBODY_LOOKS = """
import asyncio, sys
from pathlib import Path
from tests.page.living import living_agent

async def main():
    async with living_agent(Path(sys.argv[1])) as agent:
        await agent.world.connected()
        assert agent.server is None
        assert not [n for n in sys.modules if n.split(".")[0] in ("aiohttp", "multidict", "yarl")], "aiohttp is loaded"
        assert not [n for n in sys.modules if n.startswith(("agent.page.server", "agent.page.drawings"))]
        await agent.page.address()
        assert not agent.server.running
        assert not [n for n in sys.modules if n.startswith("agent.page.drawings.choose")]
        await agent.page._starting
        assert "aiohttp" in sys.modules
        assert agent.server.running
        print("fine")

asyncio.run(main())
"""


def test_nothing_of_it_is_loaded_before_somebody_looks(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parent.parent.parent
    done = subprocess.run(
        [sys.executable, "-c", NOBODY_LOOKS, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )

    assert (done.stdout.strip(), done.returncode) == ("fine", 0), done.stderr


async def test_an_address_opens_the_page_at_the_view_that_is_wanted(agent: LivingAgent) -> None:
    url = await agent.page.address(view_of("Paper Gateway", "api-disabled"))
    async with browser() as http:
        page = await opened(http, url)

    assert page.view == "problem/Paper%20Gateway/api-disabled"
    assert url.startswith("http://127.0.0.1:")


async def test_it_can_be_asked_for_from_another_thread(agent: LivingAgent) -> None:
    url = await asyncio.to_thread(agent.page.address_from_anywhere, "now")
    async with browser() as http:
        assert await status_of(http, url) == 200
    await agent.page.end()
    with pytest.raises(PageError, match="starting or ending"):
        agent.page.address_from_anywhere()


async def test_a_browser_that_is_faster_than_the_server_waits_for_it(
    agent: LivingAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = asyncio.Event()

    async def load(*modules: str) -> None:
        if "aiohttp.web" in modules:
            await loaded.wait()

    monkeypatch.setattr(page_host, "_load", load)
    url = await asyncio.wait_for(agent.page.address(), PATIENCE)
    async with browser() as http:
        early = asyncio.ensure_future(status_of(http, url))
        done, _ = await asyncio.wait((early,), timeout=0.2)
        assert not done
        loaded.set()

        assert await asyncio.wait_for(early, PATIENCE) == 200


async def test_the_end_comes_while_the_server_is_loaded(agent: LivingAgent, monkeypatch: pytest.MonkeyPatch) -> None:
    async def load(*modules: str) -> None:
        if "aiohttp.web" in modules:
            await asyncio.Event().wait()

    monkeypatch.setattr(page_host, "_load", load)
    await agent.page.address()
    assert agent.server is not None
    port = agent.server.port
    await asyncio.wait_for(agent.page.end(), PATIENCE)

    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_a_server_that_cannot_be_loaded_frees_its_port_and_is_tried_again(
    agent: LivingAgent, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def load(*modules: str) -> None:
        if "aiohttp.web" in modules:
            raise ImportError("No module named 'aiohttp'")

    with monkeypatch.context() as broken:
        broken.setattr(page_host, "_load", load)
        url = await agent.page.address()
        assert agent.page._starting is not None
        await agent.page._starting
    async with browser() as http:
        with pytest.raises(aiohttp.ClientConnectorError):
            await status_of(http, url)
        assert "No module named 'aiohttp'" in caplog.text

        assert await status_of(http, await agent.page.address()) == 200


async def test_several_wishes_at_a_time_are_one(agent: LivingAgent) -> None:
    urls = await asyncio.gather(*(agent.page.address() for _ in range(5)))
    async with browser() as http:
        entered = [await status_of(http, url) for url in urls]

    assert entered == [200] * 5
    assert len({url.split("/enter")[0] for url in urls}) == 1


async def test_where_the_user_wants_no_page_there_is_none(agent: LivingAgent) -> None:
    settings = agent.loop.state.settings
    await agent.page.address()
    assert agent.server is not None
    agent.loop.post(Reconfigured(replace(settings, page=replace(settings.page, enabled=False))))
    await agent.world.until(lambda _: not agent.page.enabled, "switched off")
    agent.page.shown(agent.world.statuses[-1])
    await agent.page._ending

    with pytest.raises(PageError, match=r"config set page.enabled true"):
        await agent.page.address()
    assert "error" in await agent.page.answer(AskPageAddress())


async def test_an_open_page_is_told_whether_the_agent_ends_or_only_the_page(agent: LivingAgent) -> None:
    settings = agent.loop.state.settings
    ends = []
    async with browser() as http:
        for enabled in (False, True):
            page = await opened(http, await agent.page.address())
            async with page.ask("/events") as live:
                told = events(live)
                assert (await anext(told))[0] == "wait"
                if enabled:
                    await agent.page.end()
                else:
                    agent.loop.post(Reconfigured(replace(settings, page=replace(settings.page, enabled=False))))
                    await agent.world.until(lambda _: not agent.page.enabled, "switched off")
                    agent.page.shown(agent.world.statuses[-1])
                ends += [data async for name, data in told if name == "end"]
            await until(lambda: not agent.loop.state.page_open)
            agent.loop.post(Reconfigured(settings))
            await agent.world.until(lambda _: agent.page.enabled, "switched on")

    assert ends == [SWITCHED_OFF, ENDED]


async def test_the_last_hour_is_what_was_shown_in_it(agent: LivingAgent) -> None:
    await agent.gateway.fault("link-lost")
    await agent.world.until(lambda a: "server-link-lost" in a.codes, "told")
    await agent.gateway.heal()
    await agent.world.connected()
    (shown,) = agent.page.view()["connections"]
    states = shown["hour"]["states"]

    assert sum(minutes for _, minutes in states) == 60
    # Two where the fault came between two minutes.
    assert states[0][0] == BEFORE
    assert "problem" in [state for state, _ in states]


class MadeUpLogin:
    """The list of start-up programs, which says what it is told to."""

    def __init__(self, state: object) -> None:
        self.told = state

    def state(self) -> object:
        if isinstance(self.told, Exception):
            raise self.told
        return self.told


@pytest.mark.parametrize(
    ("state", "starts"),
    [(On(), True), (Off(), False), (SwitchedOff(), False), (AutostartError("no"), None)],
)
async def test_whether_it_starts_at_log_in_is_told_as_the_system_has_it(
    state: object, starts: bool | None, agent: LivingAgent
) -> None:
    object.__setattr__(agent.page._agent, "login", MadeUpLogin(state))
    await agent.page.address()
    assert agent.page._starting is not None
    await agent.page._starting

    assert agent.page.view()["start"].get("at_login") is starts


async def test_a_port_that_is_taken_is_said_with_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        async with living_agent(tmp_path, port=port) as agent:
            answer = await agent.page.answer(AskPageAddress())

    assert str(port) in answer["error"]
    assert "config set page.port" in answer["error"]


async def test_what_is_shown_is_what_the_agent_sees(agent: LivingAgent) -> None:
    await agent.page.address()
    await agent.world.until(lambda a: a.connection.latency is not None, "a heartbeat")
    (shown,) = agent.page.view()["connections"]
    (limits,) = agent.page.limits()

    assert (shown["name"], shown["phase"], shown["headline"]) == ("Paper Gateway", "connected", "connected")
    assert shown["latencies"][0][1] > 0
    assert shown["path"]["port"]["state"] == "up"
    assert limits["clients"]["allowed"] == 32


async def test_a_problem_and_its_end_are_followed_while_the_page_is_open(agent: LivingAgent) -> None:
    await agent.page.address()
    await agent.gateway.fault("link-lost")
    await agent.world.until(lambda a: "server-link-lost" in a.codes, "told")
    during = agent.page.view()
    await agent.gateway.heal()
    await agent.world.connected()
    after = agent.page.view()

    assert during["connections"][0]["problems"][0]["done"] == []
    assert during["ended"] == []
    assert [e["code"] for e in after["ended"]] == ["server-link-lost"]


async def test_a_page_that_was_open_finds_the_agent_after_a_restart(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path / "gateway") as gateway, browser() as http:
        async with living_agent(tmp_path, gateway=gateway) as first:
            page = await opened(http, await first.page.address())
            kept_before = (first.places.data / MEMORY).exists()
            # A page that is live is one that is waited for; the end of the agent cuts it off.
            async with page.ask("/events") as live:
                name, wait = await anext(events(live))
                kept = json.loads((first.places.data / MEMORY).read_text())
                mode = (first.places.data / MEMORY).stat().st_mode & 0o777
                files = [file.name for file in first.places.data.iterdir() if "page" in file.name]
                await first.page.end()
        async with living_agent(tmp_path, gateway=gateway) as second:
            await again(second)
            old, _ = await page.get("/api/limits")
            _, text = await page.get(f"/moved?page={page.page}&nonce=n")
            told = json.loads(text)
            token = signed(wait, "enter", told["salt"])
            moved = await opened(http, f"http://127.0.0.1:{told['port']}/enter?token={token}")
            status, _ = await moved.get("/api/limits")
            with_old_key = VisitingPage(http, moved.address, page.page, page.key)
            refused, _ = await with_old_key.get("/api/limits")

    assert not kept_before
    assert name == "wait"
    assert (kept["port"], mode, files) == (page.port, 0o600, [MEMORY])
    assert told["proof"] == signed(wait, "moved", "n", told["port"], told["salt"])
    assert moved.port != page.port
    # What counted before counts no more, at neither of the two ports.
    assert (old, status, refused) == (403, 200, 403)
    assert page.key not in json.dumps(kept)


async def test_the_memory_of_a_page_is_its_users_alone_from_its_first_moment(
    agent: LivingAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = []
    renamed = os.replace

    def replace_seen(draft: str, name: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        found = os.stat(draft, dir_fd=src_dir_fd)
        modes.append((found.st_mode & 0o777, found.st_size > 0, (agent.places.data / name).exists()))
        renamed(draft, name, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    mask = os.umask(0)
    try:
        async with browser() as http:
            page = await opened(http, await agent.page.address())
            monkeypatch.setattr(os, "replace", replace_seen)
            async with page.ask("/events") as live:
                await live.content.readline()
    finally:
        os.umask(mask)

    assert modes[0] == (0o600, True, False)


async def test_a_page_that_was_closed_is_not_waited_for(agent: LivingAgent) -> None:
    async with browser() as http:
        page = await opened(http, await agent.page.address())
        assert agent.server is not None
        async with page.ask("/events") as live:
            await live.content.readline()
            was_kept = (agent.places.data / MEMORY).exists()
            await until(lambda: agent.loop.state.page_open)
        async with asyncio.timeout(PATIENCE):
            while len(agent.server.streams):
                agent.server.changed()
                await asyncio.sleep(0.01)
        await until(lambda: not agent.loop.state.page_open)

    assert was_kept
    assert not (agent.places.data / MEMORY).exists()


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "x",
        "[]",
        "{}",
        '{"port": "x", "waiting": {"a": "b"}}',
        '{"port": -1, "waiting": {"a": "b"}}',
        '{"port": 99999999, "waiting": {"a": 1}}',
        '{"port": 4711, "waiting": ["a"]}',
    ],
)
async def test_a_memory_that_makes_no_sense_is_as_none(kept: str, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / MEMORY).write_text(kept)
    async with living_agent(tmp_path) as agent:
        url = await agent.page.address()
        async with browser() as http:
            assert await status_of(http, url) == 200


async def test_a_page_of_yesterday_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    file = tmp_path / "data" / MEMORY
    file.write_text('{"port": 4711, "waiting": {"a": "b"}}')
    long_ago = time.time() - MEMORY_SECONDS - 60
    os.utime(file, (long_ago, long_ago))
    async with living_agent(tmp_path) as agent:
        await again(agent)

        assert agent.server is None


async def test_no_thread_is_left_when_the_page_ends(agent: LivingAgent) -> None:
    before = threading.active_count()
    await agent.page.address()
    await agent.page.end()

    assert threading.active_count() <= before

"""`gatelight relay`, as a user types it; and that the process behind it stays small."""

import asyncio
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from agent.cli.relay_status import render_relays
from tests.commands import PATIENCE, ROOT, Place, environment
from tests.core.shown.test_relayed import WRITTEN, report_of_two
from tests.core.shown.test_relayed import program as shown_program
from tests.faults.conftest import place
from tests.simulator.conftest import StartSimulator, start
from tests.simulator.raw_client import STOCK, RawClient

__all__ = ["place", "start"]

LARGE = (
    "asyncio ib_async aiohttp PIL pystray apscheduler platformdirs filelock rich tomlkit logging ssl"
    " multiprocessing statistics"
)
"""Modules that a process which stands between a program and TWS for days does without."""

MOST_MEMORY = 25 << 20
"""Bytes of the process of a relay."""


def configured(place: Place, listen: int, to: int) -> None:
    place.config.write_text(f'[[relays]]\nname = "Mine"\nlisten = {listen}\nto = "127.0.0.1:{to}"\n')


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def test_it_relays_until_it_is_told_to_stop(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as tws:
        tws.settimeout(PATIENCE)
        port, to = free_port(), tws.getsockname()[1]
        configured(place, port, to)
        process = place.start("relay", "mine")
        assert process.stderr is not None
        try:
            assert process.stderr.readline() == (
                f"Relay “Mine” listens on port {port} and leads to 127.0.0.1:{to}: let programs connect to {port} "
                f"instead of {to}. Ctrl-C ends it.\n"
            )
            with socket.create_connection(("127.0.0.1", port), PATIENCE) as program:
                program.sendall(b"API\0")
                wire, _ = tws.accept()
                with wire:
                    assert wire.recv(100) == b"API\0"
                    process.send_signal(signal.SIGINT)
                    assert program.recv(1) == b""
        finally:
            if process.poll() is None:
                process.terminate()
            _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")


def told(place: Place) -> list[dict[str, Any]]:
    done = place.do("relay", "status", "--json")
    assert done.status in (0, 3), done.err
    relays: list[dict[str, Any]] = json.loads(done.out)["relays"]
    return relays


def test_what_relays_to_one_tws_use_together_is_told_beside_what_each_counts(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as tws:
        to = tws.getsockname()[1]
        entries = [f'[[relays]]\nname = "{name}"\nlisten = {free_port()}\nto = "{host}:{to}"\n'
                   for name, host in (("One", "localhost"), ("Two", "[::1]"))]  # fmt: skip
        place.config.write_text("".join(entries))
        running = [place.start("relay", name) for name in ("One", "Two")]
        try:
            until_told(place, lambda found: len(found) == 2)
            said = json.loads(place.do("relay", "status", "--json").out)
        finally:
            for process in running:
                process.kill()
                process.communicate(timeout=PATIENCE)
    (both,) = said["applications"]

    assert [one["application"] for one in said["relays"]] == [f"127.0.0.1:{to}"] * 2
    assert [one["name"] for one in both["relays"]] == ["One", "Two"]
    assert (both["lines"]["used"], both["clients"]["used"], both["uncounted"]) == (0, 0, [])
    assert json.loads(place.do("relay", "status", "--json").out) == {"schema": 1, "relays": [], "applications": []}


def until_told(place: Place, met: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    deadline = time.monotonic() + PATIENCE
    while not met(found := told(place)):
        assert time.monotonic() < deadline, found
    return found


async def test_status_tells_what_each_program_uses_until_the_relay_ends(place: Place, start: StartSimulator) -> None:
    assert place.do("relay", "status").sentence.startswith("No relay runs: `")
    simulator = await start()
    port = free_port()
    configured(place, port, simulator.port)
    process = place.start("relay", "mine")
    try:
        (before,) = await asyncio.to_thread(until_told, place, lambda found: len(found) == 1)
        assert (before["name"], before["port"], before["pid"]) == ("Mine", port, process.pid)
        # A second one that finds the port taken leaves the report of the first alone.
        assert (await asyncio.to_thread(place.do, "relay", "mine")).status == 2
        assert len(await asyncio.to_thread(told, place)) == 1
        client = await RawClient.started(port, 17)
        client.send(1, 11, 4, *STOCK, 0, "", 0, 0, "")
        (one,) = await asyncio.to_thread(
            until_told, place, lambda found: bool(found) and found[0]["lines"]["used"] == 1
        )
        (program,) = one["programs"]
        assert (program["client_id"], program["pid"], program["messages"]) == (17, os.getpid(), 2)
        assert program["instruments"] == [{"kind": "stream", "instrument": "AAPL STK SMART USD"}]
        done = await asyncio.to_thread(place.do, "relay", "status")
        assert done.status == 0
        assert f"Relay “Mine”: port {port} leads to 127.0.0.1:{simulator.port} (pid {process.pid}), as of" in done.out
        assert "Market data lines: 1 of 100" in done.out
        assert f"(pid {os.getpid()}, client ID 17)" in done.out
        await client.close()
        await asyncio.to_thread(until_told, place, lambda found: bool(found) and not found[0]["programs"])
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)
    # Its last report is still there.
    assert [file.name for file in (place.data / "relays").iterdir()] == [f"{port}-{process.pid}.json"]
    assert told(place) == []


def test_where_nothing_can_be_written_it_relays_all_the_same(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as tws:
        place.data.mkdir()
        (place.data / "relays").write_text("a file")
        configured(place, free_port(), tws.getsockname()[1])
        process = place.start("relay", "mine")
        assert process.stderr is not None
        try:
            assert re.search(
                r"relays cannot be written \(.*\), so relay “Mine” counts nothing", process.stderr.readline()
            )
            assert process.stderr.readline().startswith("Relay “Mine” listens on port")
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)


def test_a_relay_that_is_not_configured_is_one_sentence(place: Place) -> None:
    place.config.write_text("")
    done = place.do("relay", "Mine")
    assert done.status == 2
    assert done.sentence.startswith("No relay is configured: write one into the configuration, headed [[relays]]")

    configured(place, 5002, 4002)
    done = place.do("relay", "Yours")
    assert (done.status, done.sentence) == (2, 'There is no relay "Yours": known are "Mine".')


def test_a_port_that_is_taken_is_one_sentence(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        configured(place, taken.getsockname()[1], 4002)
        done = place.do("relay", "Mine")
    assert done.status == 2
    assert re.search(r"^Relay “Mine” cannot listen on port \d+, which another program uses: end that", done.sentence)


async def test_with_every_client_that_tws_takes_it_stays_small(place: Place, start: StartSimulator) -> None:
    simulator = await start()
    port = free_port()
    configured(place, port, simulator.port)
    process = place.start("relay", "mine")
    try:
        await asyncio.to_thread(until_told, place, lambda found: len(found) == 1)
        clients = [await RawClient.started(port, number) for number in range(32)]
        for client in clients:
            for number in range(5):
                client.send(1, 11, number, *STOCK, 0, "", 0, 0, "")
        (one,) = await asyncio.to_thread(
            until_told, place, lambda found: bool(found) and found[0]["lines"]["used"] == 160
        )
        assert one["clients"] == {"used": 32, "of": 32}
        assert psutil.Process(process.pid).memory_info().rss <= MOST_MEMORY
        for client in clients:
            await client.close()
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)


def test_its_process_loads_nothing_large() -> None:
    code = f"""
import sys
import agent.cli.main, agent.cli.options, agent.cli.relay
agent.cli.options.build_parser("gatelight", ["relay"])
print(sorted(set({LARGE.split()!r}) & set(sys.modules)))
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, env=environment(), cwd=ROOT)
    assert done.stdout == "[]\n", done.stderr


def relaying(place: Place, to: int, *lines: str) -> tuple[int, "subprocess.Popen[str]"]:
    """A relay in its process, which listens on the port that is returned."""
    port = free_port()
    configured(place, port, to)
    with place.config.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)
    process = place.start("relay", "mine")
    assert process.stderr is not None
    assert process.stderr.readline().startswith("Relay “Mine” listens on port")
    return port, process


def test_stop_ends_a_relay_and_says_what_that_cuts(place: Place) -> None:
    assert place.do("relay", "stop").status == 2
    done = place.do("relay", "stop", "mine")
    assert (done.status, done.sentence) == (3, 'No relay "mine" runs.')
    with socket.create_server(("127.0.0.1", 0)) as tws:
        port, process = relaying(place, tws.getsockname()[1])
        try:
            with socket.create_connection(("127.0.0.1", port), PATIENCE) as program, tws.accept()[0]:
                until_told(place, lambda found: bool(found) and len(found[0]["programs"]) == 1)
                # One that has just left is in the last report perhaps, and is not cut.
                with socket.create_connection(("127.0.0.1", port), PATIENCE) as other:
                    tws.accept()[0].close()
                    assert other.recv(1) == b""
                second = place.do("relay", "mine")
                assert second.status == 2
                assert second.sentence.startswith(f"Relay “Mine” runs already on port {port} (pid {process.pid}): ")
                done = place.do("relay", "stop", "MINE")
                assert program.recv(1) == b""
            assert (done.status, done.sentence) == (
                0,
                "Relay “Mine” has ended, and with it the connections of 1 program.",
            )
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
            process.communicate(timeout=PATIENCE)
    # The agent, if one runs, is told that this was the user’s wish.
    (left,) = (place.data / "relays").iterdir()
    assert json.loads(left.read_text())["stopped"] is True


def test_all_relays_end_with_one_command(place: Place) -> None:
    none = place.do("relay", "stop", "--all")
    with socket.create_server(("127.0.0.1", 0)) as tws:
        processes = [relaying(place, tws.getsockname()[1])[1] for _ in range(2)]
        try:
            until_told(place, lambda found: len(found) == 2)
            wrong = [place.do("relay", *words, "--all") for words in (("stop", "mine"), ("mine",))]
            still = [process.poll() for process in processes]
            done = place.do("relay", "stop", "--all")
            ended = [process.wait(PATIENCE) for process in processes]
        finally:
            for process in processes:
                process.kill()
                process.communicate(timeout=PATIENCE)

    assert (none.status, none.sentence) == (3, "No relay runs.")
    assert [one.status for one in wrong] == [2, 2]
    assert still == [None, None]
    assert (done.status, done.err) == (0, "Relay “Mine” has ended.\n" * 2)
    assert ended == [0, 0]


async def test_an_allowance_that_was_learnt_is_known_to_the_next_relay_also_after_a_kill(
    place: Place, start: StartSimulator
) -> None:
    simulator = await start()

    def lines() -> dict[str, Any]:
        found = told(place)
        return dict(found[0]["lines"]) if found else {}

    for number, end in enumerate(("kill", "terminate", "terminate")):
        more = ("lines = 90",) if number == 2 else ()
        port, process = await asyncio.to_thread(relaying, place, simulator.port, *more)
        try:
            if number == 0:
                client = await RawClient.started(port, 17)
                client.send(1, 11, 4, *STOCK, 0, "", 0, 0, "")
                await asyncio.to_thread(until_told, place, lambda found: bool(found) and found[0]["lines"]["used"] == 1)
                await simulator.apply("lines-exhausted")
                client.send(1, 11, 5, *STOCK, 0, "", 0, 0, "")
                await asyncio.to_thread(until_told, place, lambda found: bool(found) and found[0]["lines"]["of"] == 1)
                await client.close()
            else:
                await asyncio.to_thread(until_told, place, bool)
                # A number that the user has changed since then counts.
                assert (await asyncio.to_thread(lines))["of"] == (1 if number == 1 else 90)
        finally:
            getattr(process, end)()
            process.communicate(timeout=PATIENCE)


def test_two_relays_that_lead_to_each_other_say_so_and_hold_nothing(tmp_path: Path) -> None:
    """Each has a configuration and a data folder of its own, so that neither file tells of the loop."""
    ports = free_port(), free_port()
    processes = []
    for own, other in (ports, ports[::-1]):
        one = Place(tmp_path / str(own))
        one.folder.mkdir()
        configured(one, own, other)
        processes.append(one.start("relay", "mine"))
    try:
        said = [process.stderr for process in processes]
        assert all(err is not None and err.readline().startswith("Relay “Mine” listens on") for err in said)
        with socket.create_connection(("127.0.0.1", ports[0]), PATIENCE) as program:
            assert program.recv(1) == b""
        lines = [err.readline() for err in said if err is not None and select.select([err], [], [], PATIENCE)[0]]
        assert any("leads back to itself, through" in line for line in lines), lines
        deadline = time.monotonic() + PATIENCE
        while any(one.status == "ESTABLISHED" for p in processes for one in psutil.Process(p.pid).net_connections()):
            assert time.monotonic() < deadline
    finally:
        for process in processes:
            process.kill()
            process.communicate(timeout=PATIENCE)


def test_relays_to_one_tws_are_shown_together_with_the_relay_of_each_program() -> None:
    both = report_of_two(shown_program("a", lines=60), shown_program("b", lines=35))
    text = render_relays([both, {"name": "Third", "unknown": "it is late"}], WRITTEN + 3.0)

    assert text.startswith(
        "Relays “Paper relay” on port 5002 (pid 5002) and “Lab” on port 5003 (pid 5003) lead to 127.0.0.1:4002 and "
        "share its limits, as of 3 s ago\n  Market data lines: 95 of 100. Nearly used up. a holds most, 60: "
    )
    assert "\n  a, through “Paper relay”\n" in text
    assert "\n  Programs that go past a relay, and TWS itself, use the same limits and are not counted.\n" in text
    assert text.endswith("Relay “Third”: what it counts is not known, since it is late.")


def test_what_a_relay_does_not_tell_is_said_beside_the_numbers_of_the_others() -> None:
    one = report_of_two(shown_program("a", lines=1), shown_program("b", lines=2))
    text = render_relays([{**one, "uncounted": ["Third"]}], WRITTEN + 3.0)

    assert "\n  Relay “Third” does not tell what goes through it, and is not counted.\n" in text
    assert "\n    1 market data line, 0 messages in the latest second" in text
    assert "\n    2 market data lines, " in text

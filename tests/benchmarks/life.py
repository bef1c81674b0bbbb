"""The agent's life, the hard way: ended at random moments and left by its panel, a hundred times each. Run it by hand.

`python -m tests.benchmarks.life [ROUNDS]` prints how many ended cleanly and how long starts and ends took. It brings
its own session bus and panel (a D-Bus test host, no screen) and touches nothing of the user's.
"""

import asyncio
import random
import signal
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.desktop_session import session_bus
from tests.tray_host import TrayHost

CLEAN_SECONDS = 1.0
"""An end that takes longer is counted as slow."""
GIVE_UP_SECONDS = 15.0
"""A process still there by then hangs."""


@dataclass
class Tally:
    """What came of the rounds."""

    clean: int = 0
    slow: int = 0
    hung: int = 0
    wrong_status: list[int] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def words(self, what: str) -> str:
        """In one line."""
        worst = f", worst {max(self.seconds):.2f} s" if self.seconds else ""
        middle = f", median {statistics.median(self.seconds):.2f} s" if self.seconds else ""
        return (
            f"{what}: {self.clean} clean, {self.slow} slow, {self.hung} hung, "
            f"{len(self.wrong_status)} with another exit status, {len(self.complaints)} with a complaint{middle}{worst}"
        )


async def start(folder: Path) -> asyncio.subprocess.Process:
    """One agent with a data folder of its own, with an icon."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "agent", "run", "--data-dir", str(folder)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )


async def end(process: asyncio.subprocess.Process, tally: Tally, early: bool = False) -> None:
    """Send SIGTERM and take down what comes of it.

    `early`: while Python itself is not ready, the signal ends it as it ends any program, which is right.
    """
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    try:
        _, errors = await asyncio.wait_for(process.communicate(), GIVE_UP_SECONDS)
    except TimeoutError:
        tally.hung += 1
        process.kill()
        await process.wait()
        return
    took = time.monotonic() - began
    tally.seconds.append(took)
    allowed = (0, -signal.SIGTERM) if early else (0,)
    if process.returncode not in allowed:
        tally.wrong_status.append(process.returncode or 0)
    elif took > CLEAN_SECONDS:
        tally.slow += 1
    else:
        tally.clean += 1
    if b"Traceback" in errors or b"Error" in errors:
        tally.complaints.append(errors.decode())


async def ended_at_random(rounds: int, folder: Path, longest: float = 2.0) -> Tally:
    """SIGTERM at random moments from the first instruction on."""
    tally = Tally()
    host = await TrayHost.start()
    for number in range(rounds):
        process = await start(folder / f"term-{number}")
        moment = random.uniform(0.0, longest)
        await asyncio.sleep(moment)
        await end(process, tally, early=moment < EARLY_SECONDS)
    await host.end()
    return tally


EARLY_SECONDS = 0.6
"""Until then Python may still be importing, and a signal ends it as it ends any program."""


async def panel_restarts(rounds: int, folder: Path) -> tuple[Tally, list[float]]:
    """One agent, whose panel is restarted again and again: seconds until it has registered with the new one."""
    host = await TrayHost.start()
    process = await start(folder / "panel")
    await host.item_came()
    back = []
    for _ in range(rounds):
        await host.end()
        await asyncio.sleep(random.uniform(0.0, 0.1))
        host = await TrayHost.start()
        began = time.monotonic()
        await host.item_came()
        back.append(time.monotonic() - began)
    tally = Tally()
    await end(process, tally)
    await host.end()
    return tally, back


async def run_to_icon(rounds: int, folder: Path) -> list[float]:
    """Seconds from the start of the process to its icon on the panel."""
    took = []
    for number in range(rounds):
        host = await TrayHost.start()
        began = time.monotonic()
        process = await start(folder / f"start-{number}")
        await host.item_came()
        took.append(time.monotonic() - began)
        await end(process, Tally())
        await host.end()
    return took


async def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="gatelight-life-") as name:
        folder = Path(name)
        took = await run_to_icon(max(3, rounds // 10), folder)
        print(f"run to icon: median {statistics.median(took):.2f} s, worst {max(took):.2f} s ({len(took)} starts)")
        print((await ended_at_random(rounds, folder)).words(f"{rounds} x SIGTERM at a random moment"))
        tally, back = await panel_restarts(rounds, folder)
        print(f"{rounds} x panel restart: back after {statistics.median(back):.3f} s, worst {max(back):.3f} s")
        print(tally.words("and its end"))


if __name__ == "__main__":
    with session_bus():
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))

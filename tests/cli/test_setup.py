"""`gatelight setup` at a terminal: real keys in, real lines out, and the simulated TWS and IB Gateway around it."""

import asyncio
import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.config.reading import load
from agent.core.settings import ConnectionSettings, Intent, WantedApplication, WantedMode
from agent.simulator.world import SimulatedApplication
from agent.tws.api_settings import ApiSettings, Configuration
from agent.tws.applications import ApplicationKind, TradingMode
from tests.commands import ROOT, Done, Place, environment, paper_file

PATIENCE = 25.0
"""Seconds after which a line that should come has failed to."""
WRITABLE = Configuration(settings=ApiSettings(read_only_api=False))
GATEWAY, TWS = ApplicationKind.GATEWAY, ApplicationKind.TWS
LIVE, PAPER = TradingMode.LIVE, TradingMode.PAPER


@dataclass(frozen=True)
class Home:
    """A folder of its own for one user."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    def command(self, *more: str) -> list[str]:
        options = ("--config", str(self.config), "--data-dir", str(self.folder / "data"))
        return [sys.executable, "-m", "tests.setup_program", str(self.folder / "tws"), *options, *more]

    @property
    def environment(self) -> dict[str, str]:
        private = {"HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder / "xdg")}
        bus = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent", "DISPLAY": ""}
        return {**environment(), **private, **bus}

    @asynccontextmanager
    async def application(
        self, kind: ApplicationKind, mode: TradingMode = PAPER, **more: object
    ) -> AsyncIterator[SimulatedApplication]:
        folder = self.folder / "tws" / f"{kind.value}-{mode.value}-{os.urandom(2).hex()}"
        folder.mkdir(parents=True)
        options = {"configuration": WRITABLE, "tick_seconds": 0.05, **more}
        async with await SimulatedApplication.start(folder, kind=kind, mode=mode, **options) as started:  # type: ignore[arg-type]
            yield started


@pytest.fixture
def home() -> Iterator[Home]:
    # The test runner's own folders have paths that are too long for a socket.
    with tempfile.TemporaryDirectory(prefix="gl-", ignore_cleanup_errors=True) as folder:
        (Path(folder) / "tws").mkdir()
        yield Home(Path(folder))


@dataclass
class Terminal:
    """Somebody at a terminal."""

    process: "subprocess.Popen[bytes]"
    number: int
    text: str = ""
    read_to: int = 0
    came: asyncio.Event = field(default_factory=asyncio.Event)

    def feed(self) -> None:
        try:
            chunk = os.read(self.number, 65536)
        except OSError:
            # The other end of a pseudo terminal is gone.
            asyncio.get_running_loop().remove_reader(self.number)
            chunk = b""
        self.text += chunk.decode(errors="replace").replace("\r\n", "\n")
        self.came.set()

    async def shows(self, *wanted: str) -> None:
        """Wait for these, in this order, after what was waited for before."""
        for one in wanted:
            try:
                async with asyncio.timeout(PATIENCE):
                    while (found := re.compile(one).search(self.text, self.read_to)) is None:
                        self.came.clear()
                        await self.came.wait()
            except TimeoutError:
                raise AssertionError(f"never showed {one!r} after {self.text[self.read_to :]!r}") from None
            self.read_to = found.end()

    def types(self, line: str) -> None:
        os.write(self.number, f"{line}\n".encode())

    async def ends(self) -> int:
        return await asyncio.to_thread(self.process.wait, PATIENCE)


@asynccontextmanager
async def at_terminal(home: Home, *more: str) -> AsyncIterator[Terminal]:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(  # noqa: ASYNC220 - it returns at once
        home.command(*more),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=ROOT,
        env=home.environment,
        start_new_session=True,
    )
    os.close(theirs)
    terminal = Terminal(process, ours)
    loop = asyncio.get_running_loop()
    loop.add_reader(ours, terminal.feed)
    try:
        yield terminal
    finally:
        loop.remove_reader(ours)
        if process.poll() is None:
            process.kill()
        process.wait()
        os.close(ours)


async def answers(terminal: Terminal, *lines: str) -> None:
    for line in lines:
        await terminal.shows(r"Your answer \[.*\]:")
        terminal.types(line)


async def test_from_nothing_to_connected_with_two_wrong_turns(home: Home) -> None:
    async with at_terminal(home) as terminal:
        await answers(terminal, "1", "paper", "", "aapl")
        await terminal.shows("1 of 14, Application found: TO DO", "ibgateway-stable", "goes on by itself")

        # The first wrong turn: the other application.
        async with home.application(TWS):
            await terminal.shows("Application found: TO DO", "TWS does", "What to do:", "a changes the answers")

        async with home.application(GATEWAY, LIVE, logged_in=False) as wrong_mode:
            await terminal.shows("Running: done: IB Gateway 10.45", "Logged in: TO DO", "Select “IB API”")
            await wrong_mode.log_in()
            # The second wrong turn: real money instead of paper.
            await terminal.shows("Connected: done", "Live or paper, as meant: TO DO", "U•••567: live trading")

        async with home.application(GATEWAY):
            await terminal.shows(
                "Live or paper, as meant: done: account DU•••567", "Market data: TO DO", "y tests AAPL"
            )
            assert not home.config.exists()
            terminal.types("y")
            await terminal.shows("Market data: done: AAPL: live prices", "History answers in", "Test notice: TO DO")
            terminal.types("y")
            await terminal.shows("No channel took the notice")
            terminal.types("s")
            await terminal.shows("Start at log-in: TO DO")
            terminal.types("n")
            await terminal.shows("Configuration: TO DO", 'name = "Paper Gateway"', "y writes it")
            assert not home.config.exists()
            terminal.types("y")
            await terminal.shows("Written into", "Green: “Paper Gateway” works as meant", "gatelight run")
            status = await terminal.ends()

    assert status == 0
    assert "Traceback" not in terminal.text
    assert load(home.config).connections == (
        ConnectionSettings("Paper Gateway", WantedApplication.GATEWAY, WantedMode.PAPER, intent=Intent.TRADE),
    )
    assert load(home.config).checks.test_symbols == ("AAPL",)


async def test_a_wrong_port_in_the_file_is_put_right_with_a_key(home: Home) -> None:
    async with home.application(GATEWAY) as gateway:
        home.config.write_text("# mine\n" + paper_file(1), encoding="utf-8")
        async with at_terminal(home) as terminal:
            await answers(terminal, "", "", "", "none")
            await terminal.shows("API port: TO DO", f"u uses port {gateway.port} for this connection")
            terminal.types("u")
            await terminal.shows("Connected: done", "Test notice: TO DO")
            terminal.types("s")
            await terminal.shows("Start at log-in: TO DO")
            terminal.types("s")
            await terminal.shows("Configuration: TO DO", f"port = {gateway.port}")
            terminal.types("y")
            await terminal.shows("Green")
            status = await terminal.ends()

    assert status == 0
    assert home.config.read_text(encoding="utf-8").startswith("# mine\n")
    assert load(home.config).connections[0].port == gateway.port


async def test_the_answers_can_be_changed_where_the_other_application_is_right(home: Home) -> None:
    async with home.application(TWS) as tws, at_terminal(home) as terminal:
        await answers(terminal, "gateway", "any", "2", "-")
        await terminal.shows("Application found: TO DO", "TWS does", "a changes the answers")
        terminal.types("a")
        await answers(terminal, "tws", "", "", "")
        await terminal.shows(f"connected to port {tws.port}")
        terminal.types("q")
        await terminal.shows("Left:", "Configuration")
        status = await terminal.ends()

    assert status == 1
    assert not home.config.exists()


async def test_read_only_is_noticed_and_its_end_too(home: Home) -> None:
    settings = Configuration(settings=ApiSettings(read_only_api=True))
    async with home.application(GATEWAY, configuration=settings) as gateway, at_terminal(home) as terminal:
        await answers(terminal, "", "", "trade", "none")
        await terminal.shows("Read-Only API: TO DO", "Untick “Read-Only API”")
        await gateway.configure(WRITABLE)
        terminal.types("")
        await terminal.shows("Read-Only API: done")


async def test_ctrl_c_ends_it_with_what_is_left(home: Home) -> None:
    async with at_terminal(home) as terminal:
        await answers(terminal, "", "", "", "")
        await terminal.shows("Application found: TO DO")
        terminal.process.send_signal(signal.SIGINT)
        await terminal.shows("Left:", "- Application found")
        status = await terminal.ends()

    assert status == 1
    assert "Traceback" not in terminal.text


async def test_an_answer_that_is_none_is_asked_for_again(home: Home) -> None:
    async with at_terminal(home) as terminal:
        await answers(terminal, "7")
        await terminal.shows("“7” is not one of the answers: type 1")
        await answers(terminal, "1", "", "", "EURUSD")
        await terminal.shows("write “EUR.USD” for “EURUSD”")
        await answers(terminal, "EUR.USD")
        await terminal.shows("Application found")
        terminal.types("banana")
        await terminal.shows("“banana” is none of the answers here")


def without_terminal(home: Home, *more: str, typed: str | None = None) -> Done:
    done = subprocess.run(
        home.command(*more),
        capture_output=True,
        text=True,
        input=typed,
        stdin=subprocess.DEVNULL if typed is None else None,
        timeout=60,
        cwd=ROOT,
        env=home.environment,
    )
    return Done(done.returncode, done.stdout, done.stderr)


async def test_back_goes_to_the_question_before_which_offers_the_answer_that_was_given(home: Home) -> None:
    async with at_terminal(home) as at:
        await at.shows("Which application", r"Your answer \[either of them\]:")
        at.types("2")
        await at.shows("Live or paper", "Your answer")
        at.types("b")
        await at.shows("Which application", r"Your answer \[TWS")
        at.types("back")
        # There is nothing before the first question.
        await at.shows("Which application", r"Your answer \[TWS")
        at.types("q")
        await at.shows("Left:")

        assert await at.ends() == 1


async def test_back_at_a_step_goes_to_the_last_question(home: Home) -> None:
    async with at_terminal(home) as at:
        for _ in range(4):
            await at.shows("Your answer")
            at.types("")
        await at.shows("b goes back.\\)")
        at.types("b")
        await at.shows("Your answer")
        at.types("q")
        await at.shows("Left:")

        assert await at.ends() == 1


def test_without_input_the_list_is_printed_once(home: Home) -> None:
    done = without_terminal(home, "--no-input")

    assert done.status == 1
    assert done.err == ""
    assert "1 of 14, Application found: TO DO" in done.out
    assert "3 of 14, Logged in: waits for step 1" in done.out
    assert "Your answer" not in done.out


async def test_without_input_a_working_connection_is_green(home: Home) -> None:
    async with home.application(GATEWAY) as gateway:
        home.config.write_text(paper_file(gateway.port), encoding="utf-8")
        done = await asyncio.to_thread(without_terminal, home, "--no-input")

    assert done.status == 0, done
    assert "9 of 14, Connected: done" in done.out
    assert "7 of 14, Read-Only API: done" in done.out
    assert "Green: “Paper Gateway” works as meant." in done.out
    assert "market data, test notice, start at log-in" in done.out


def test_without_input_a_wrong_name_is_one_sentence(home: Home) -> None:
    home.config.write_text(paper_file(4002), encoding="utf-8")
    done = Place(home.folder).do("setup", "--no-input", "Live TWS")

    assert done.sentence == "There is no connection named “Live TWS”: choose one of “Paper Gateway”."
    assert done.status == 2


async def test_answers_can_come_through_a_pipe(home: Home) -> None:
    async with home.application(GATEWAY):
        typed = "gateway\npaper\ntrade\nnone\n"
        done = await asyncio.to_thread(without_terminal, home, typed=typed)

    assert done.status == 1
    assert "Connected: done" in done.out
    assert "- Configuration (TO DO)" in done.out

"""`gatelight setup` at a terminal: real keys in, real lines out, and the simulated TWS and IB Gateway around it."""

import asyncio
import fcntl
import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
import termios
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
from tests.trading_program import trading_program

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
async def at_terminal(home: Home, *more: str, columns: int = 200) -> AsyncIterator[Terminal]:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(  # noqa: ASYNC220 - it returns at once
        home.command(*more),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=ROOT,
        env={**home.environment, "COLUMNS": str(columns)},
        start_new_session=True,
        # Ctrl-C at a terminal reaches the session that has it.
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
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
        await answers(terminal, "1", "paper", "", "1")
        await terminal.shows("1 of 11, Install IB Gateway: TO DO", "ibgateway-stable", "goes on by itself")

        # The first wrong turn: the other application.
        async with home.application(TWS):
            await terminal.shows("Install IB Gateway: TO DO", "TWS does", "What to do:", "a changes the answers")

        async with home.application(GATEWAY, LIVE, logged_in=False) as wrong_mode:
            await terminal.shows(
                "Start IB Gateway: done: IB Gateway 10.45", "Log in to IB Gateway: TO DO", "Select “IB API”"
            )
            await wrong_mode.log_in()
            # The second wrong turn: real money instead of paper.
            await terminal.shows("Connect Gatelight: done", "Check live or paper: TO DO", "U•••567: live trading")

        async with home.application(GATEWAY) as gateway:
            await terminal.shows("Check live or paper: done: account DU•••567")
            await terminal.shows("Save the answers: TO DO", "a new connection: “Paper Gateway”", "y saves it")
            assert not home.config.exists()
            terminal.types("y")
            await terminal.shows("Saved in", "11 of 11, Your program connects: TO DO", "Quantower is not connected yet")
            await terminal.shows(r"Host:\S* +127.0.0.1", rf"Port:\S* +{gateway.port}", f"“Port Value” {gateway.port}")
            async with trading_program(home.folder, gateway.port, 11) as pid:
                await terminal.shows(rf"Your program connects: done: Quantower is connected \(quantower, pid {pid}\)")
                await terminal.shows("If you like:", "1  Test market data", "press Enter to end")
                terminal.types("")
                await terminal.shows(
                    "Green: “Paper Gateway” works as meant", "- Quantower is connected", "gatelight run"
                )
                status = await terminal.ends()

    assert status == 0
    assert "Traceback" not in terminal.text
    assert load(home.config).connections == (
        ConnectionSettings("Paper Gateway", WantedApplication.GATEWAY, WantedMode.PAPER, intent=Intent.TRADE),
    )


@pytest.mark.parametrize(("typed", "written"), [("y", True), ("n", False)])
async def test_new_versions_are_looked_for_where_the_user_says_so(home: Home, typed: str, written: bool) -> None:
    async with home.application(GATEWAY) as gateway:
        home.config.write_text(paper_file(gateway.port), encoding="utf-8")
        async with at_terminal(home, "--updates-at", "https://example.org/g") as terminal:
            await answers(terminal, "", "", "", "", "")
            await terminal.shows("Your program connects: TO DO", "q ends")
            terminal.types("s")
            await terminal.shows("If you like:", "4  Look for new versions")
            terminal.types("4")
            await terminal.shows("ask example.org whether", "y looks once a week, n does not")
            terminal.types(typed)
            await terminal.shows("Look for new versions: done" if written else "3  Start Gatelight at log-in")
            terminal.types("q")
            await terminal.ends()

    assert "Traceback" not in terminal.text
    assert load(home.config).updates.check is written


async def test_what_is_optional_is_offered_below_and_back_and_q_work_there(home: Home) -> None:
    async with home.application(GATEWAY) as gateway:
        home.config.write_text(paper_file(gateway.port), encoding="utf-8")
        async with at_terminal(home) as terminal:
            await answers(terminal, "", "", "", "", "")
            await terminal.shows("Your program connects: TO DO", "q ends")
            terminal.types("s")
            await terminal.shows("If you like:", "1  Test market data")
            terminal.types("1")
            await answers(terminal, "EURUSD")
            await terminal.shows("write “EUR.USD” for “EURUSD”")
            await answers(terminal, "aapl")
            await terminal.shows("Test market data: done: AAPL: live prices", "1  Send a test notice")
            terminal.types("1")
            await terminal.shows("y sends a test notice; Enter leaves it")
            terminal.types("y")
            await terminal.shows("No channel took the notice", "Enter leaves it")
            terminal.types("b")
            await terminal.shows("2  Start Gatelight at log-in")
            terminal.types("2")
            await terminal.shows("n leaves it as it is")
            terminal.types("n")
            await terminal.shows("If you like:", "1  Send a test notice")
            terminal.types("7")
            await terminal.shows("“7” is none of the answers here", "b goes back")
            terminal.types("b")
            await terminal.shows("Which program")
            await answers(terminal, "")
            await terminal.shows("Your program connects: TO DO", "q ends")
            terminal.types("q")
            await terminal.shows("All but your program: “Paper Gateway” works as meant")
            status = await terminal.ends()

    assert status == 1
    assert "Traceback" not in terminal.text


async def test_the_connection_to_set_up_is_chosen_first(home: Home) -> None:
    home.config.write_text(paper_file(4002) + '[[connections]]\nname = "Live"\nport = 4001\n', encoding="utf-8")
    async with at_terminal(home) as at:
        await at.shows("Which connection", "1  Paper Gateway", "2  Live", r"3  \+ new connection", r"\[Paper Gateway\]")
        at.types("3")
        await at.shows("Which application", "Your answer")
        at.types("b")
        await at.shows("Which connection", r"\[\+ new connection\]")
        at.types("live")
        await at.shows("Which application", r"Your answer \[either of them\]")
        at.types("q")
        await at.shows("Not yet. Left:")

        assert await at.ends() == 1


@pytest.mark.parametrize("leave", ["q", "ctrl-c"])
@pytest.mark.parametrize("answered", range(5))
async def test_each_prompt_can_be_left(home: Home, answered: int, leave: str) -> None:
    async with at_terminal(home) as terminal:
        await answers(terminal, *[""] * answered)
        await terminal.shows(r"Your answer \[" if answered < 4 else r"q ends\.\)")
        if leave == "q":
            terminal.types("q")
        else:
            os.write(terminal.number, b"\x03")
        await terminal.shows("Not yet. Left:", "- Install TWS or IB Gateway")
        status = await terminal.ends()

    assert status == 1
    assert "Traceback" not in terminal.text


@pytest.mark.parametrize("columns", [60, 80, 120])
async def test_it_fits_the_terminal(home: Home, columns: int) -> None:
    async with home.application(GATEWAY), at_terminal(home, columns=columns) as terminal:
        await answers(terminal, "1", "1", "1", "3")
        await terminal.shows("Save the answers: TO DO")
        terminal.types("s")
        await terminal.shows("Your program connects: TO DO", "QuoteManager", r"q\s+ends\.\)")
        terminal.types("q")
        await terminal.shows("Not yet. Left:", "Save the answers")
        await terminal.ends()
        lines = terminal.text.splitlines()

    assert max(len(line) for line in lines) <= columns
    assert max(len(line) for line in lines) > columns - 15


async def test_a_wrong_port_in_the_file_is_put_right_with_a_key(home: Home) -> None:
    async with home.application(GATEWAY) as gateway:
        home.config.write_text("# mine\n" + paper_file(1), encoding="utf-8")
        async with at_terminal(home) as terminal:
            await answers(terminal, "", "", "", "", "")
            await terminal.shows("Use the same API port: TO DO", f"u uses port {gateway.port} for this connection")
            terminal.types("u")
            await terminal.shows("Connect Gatelight: done", "Save the answers: TO DO", f"API port: {gateway.port}")
            terminal.types("y")
            await terminal.shows("Your program connects: TO DO", "q ends")
            terminal.types("q")
            await terminal.shows("All but your program")
            status = await terminal.ends()

    assert status == 1
    assert home.config.read_text(encoding="utf-8").startswith("# mine\n")
    assert load(home.config).connections[0].port == gateway.port


async def test_the_answers_can_be_changed_where_the_other_application_is_right(home: Home) -> None:
    async with home.application(TWS) as tws, at_terminal(home) as terminal:
        await answers(terminal, "gateway", "any", "2", "10")
        await terminal.shows("Install IB Gateway: TO DO", "TWS does", "a changes the answers")
        terminal.types("a")
        await answers(terminal, "tws", "", "", "")
        await terminal.shows(f"connected to port {tws.port}")
        terminal.types("q")
        await terminal.shows("Left:", "Save the answers")
        status = await terminal.ends()

    assert status == 1
    assert not home.config.exists()


async def test_read_only_is_noticed_and_its_end_too(home: Home) -> None:
    settings = Configuration(settings=ApiSettings(read_only_api=True))
    async with home.application(GATEWAY, configuration=settings) as gateway, at_terminal(home) as terminal:
        await answers(terminal, "", "", "trade", "")
        await terminal.shows("Let programs send orders: TO DO", "Untick “Read-Only API”")
        await gateway.configure(WRITABLE)
        terminal.types("")
        await terminal.shows("Let programs send orders: done")


async def test_ctrl_c_ends_it_with_what_is_left(home: Home) -> None:
    async with at_terminal(home) as terminal:
        await answers(terminal, "", "", "", "")
        await terminal.shows("Install TWS or IB Gateway: TO DO")
        terminal.process.send_signal(signal.SIGINT)
        await terminal.shows("Left:", "- Install TWS or IB Gateway")
        status = await terminal.ends()

    assert status == 1
    assert "Traceback" not in terminal.text


async def test_an_answer_that_is_none_is_asked_for_again(home: Home) -> None:
    async with at_terminal(home) as terminal:
        await answers(terminal, "7")
        await terminal.shows("“7” is not one of the answers: type a number from 1 to 3")
        await answers(terminal, "1", "", "", "")
        await terminal.shows("Install IB Gateway")
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
        await at.shows("This is the first question; q ends the set-up", "Which application", r"Your answer \[TWS")
        at.types("q")
        await at.shows("Left:")

        assert await at.ends() == 1


async def test_back_at_a_step_goes_to_the_last_question(home: Home) -> None:
    async with at_terminal(home) as at:
        for _ in range(4):
            await at.shows("Your answer")
            at.types("")
        await at.shows("b goes back")
        at.types("b")
        await at.shows("Your answer")
        at.types("q")
        await at.shows("Left:")

        assert await at.ends() == 1


def test_without_input_the_list_is_printed_once(home: Home) -> None:
    done = without_terminal(home, "--no-input")

    assert done.status == 1
    assert done.err == ""
    assert "1 of 11, Install TWS or IB Gateway: TO DO" in done.out
    assert "3 of 11, Log in to TWS or IB Gateway: waits for “Install TWS or IB Gateway”" in done.out
    assert "Not yet. Left:" in done.out
    assert "Your answer" not in done.out


async def test_without_input_a_working_connection_is_all_but_the_program_and_green_with_one(home: Home) -> None:
    async with home.application(GATEWAY) as gateway:
        home.config.write_text(paper_file(gateway.port), encoding="utf-8")
        alone = await asyncio.to_thread(without_terminal, home, "--no-input")
        async with trading_program(home.folder, gateway.port, 11):
            done = await asyncio.to_thread(without_terminal, home, "--no-input")

    assert alone.status == 1, alone
    assert "7 of 11, Connect Gatelight: done" in alone.out
    assert "9 of 11, Let programs send orders: done" in alone.out
    assert "11 of 11, Your program connects: TO DO" in alone.out
    assert "All but your program: “Paper Gateway” works as meant" in alone.out
    assert "If you like, Send a test notice: not done" in alone.out
    assert done.status == 0, done
    assert "Green: “Paper Gateway” works as meant." in done.out
    assert "- Quantower is connected (quantower, pid" in done.out


def test_without_input_a_wrong_name_is_one_sentence(home: Home) -> None:
    home.config.write_text(paper_file(4002), encoding="utf-8")
    done = Place(home.folder).do("setup", "--no-input", "Live TWS")

    assert done.sentence == "There is no connection named “Live TWS”: choose one of “Paper Gateway”."
    assert done.status == 2


async def test_answers_can_come_through_a_pipe(home: Home) -> None:
    async with home.application(GATEWAY):
        typed = "gateway\npaper\ntrade\nquantower\n"
        done = await asyncio.to_thread(without_terminal, home, typed=typed)

    assert done.status == 1
    assert "Connect Gatelight: done" in done.out
    assert "- Save the answers (TO DO)" in done.out

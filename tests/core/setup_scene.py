"""Set-ups to judge: short ways of saying what is the case."""

from dataclasses import replace
from typing import Any

from agent.core.data_test.seen import LIVE_OR_FROZEN, DataTest, Definition, History, Quote, RequestNotice, SymbolSeen
from agent.core.facts import ApiClient, Facts, Known, SettingsTold, Unknown
from agent.core.session_facts import Outcome
from agent.core.settings import ConnectionSettings, WantedApplication, WantedMode
from agent.core.setup.answers import Answers
from agent.core.setup.setup import Setup, SetupInputs, SetupStep, StepState, scene_of
from agent.core.setup.steps import judge_steps
from agent.core.shown.display import NoticeTried
from agent.guides import load_guides
from agent.problems import PROBLEMS
from agent.tws.api_settings import ApiSettings, ConfigResponse, Precautions, Source
from agent.tws.symbol import read_symbol
from tests.problems.scene import NOW, connection, facts

PAPER = connection(trading_mode=WantedMode.PAPER)
TWS = connection("Paper TWS", application=WantedApplication.TWS, trading_mode=WantedMode.PAPER)
ANY = connection("TWS or IB Gateway", application=WantedApplication.ANY)

STEP_IDS = (
    "application",
    "running",
    "logged-in",
    "ib-api",
    "socket-clients",
    "port",
    "connect",
    "mode",
    "read-only",
    "configuration",
    "program",
    "precautions",
    "market-data",
    "test-notice",
    "at-login",
)
"""In the order in which they are shown."""


def judged(given: Facts | None = None, answers: Answers | None = None, **beside: Any) -> Setup:
    around = SetupInputs(answers=answers or Answers(), guides=load_guides(), **beside)
    return judge_steps(scene_of(facts(wants=PAPER) if given is None else given, PROBLEMS, around))


def step(id: str, given: Facts | None = None, answers: Answers | None = None, **beside: Any) -> SetupStep:
    return judged(given, answers, **beside).step(id)


def states(setup: Setup) -> dict[str, StepState]:
    return {one.id: one.state for one in setup.steps}


def told(given: Facts, *, read_only: bool | None = None, precautions: Precautions | None = None) -> Facts:
    """The facts with API settings that the application has told."""
    answer = ConfigResponse(ApiSettings(read_only_api=read_only), precautions or Precautions(), source=Source.API)
    return replace(
        given, api_settings=SettingsTold(Known(answer), NOW.monotonic - 5, 223, given.session.served_listener)
    )


def silent(given: Facts) -> Facts:
    """The facts of an application that was asked for its settings and is too old to tell."""
    answer = Unknown("server version 178 does not tell its settings; that begins with 219")
    return replace(given, api_settings=SettingsTold(answer, NOW.monotonic - 5, 178, given.session.served_listener))


def wants(**changes: Any) -> ConnectionSettings:
    return replace(PAPER, **changes)


QUANTOWER = ApiClient(4002, 991, "Starter.exe", since=NOW.wall - 60)


def with_clients(given: Facts, *clients: ApiClient) -> Facts:
    """The facts with programs on the API port."""
    sockets = given.machine.sockets
    assert isinstance(sockets, Known)
    return replace(given, machine=replace(given.machine, sockets=Known(replace(sockets.value, clients=clients))))


SEEN = SymbolSeen(
    read_symbol("AAPL"), Definition(1, 0.02), (Quote(LIVE_OR_FROZEN, 0.1, 1, True),), History(True, 0.3, 1)
)
REFUSED = replace(SEEN, quotes=(Quote(LIVE_OR_FROZEN, 0.1, notices=(RequestNotice(10197, "competing"),)),))


def data_test(seen: SymbolSeen | None = SEEN, **changes: Any) -> DataTest:
    made = DataTest("Paper Gateway", NOW.wall, NOW.wall + 1, 8101, 4002, Outcome.READY, symbols=("AAPL",))
    return replace(made, seen=() if seen is None else (seen,), **changes)


TAKEN = NoticeTried(("desktop notifications",))

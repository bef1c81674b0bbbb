"""Made-up statuses and measurements, with the real list of problems."""

from collections import Counter
from dataclasses import replace

from agent.core.clock import Moment
from agent.core.shown.display import IconState
from agent.core.shown.status import ShownApplication, ShownConnection, ShownProblem, ShownProgram, Status
from agent.metrics.counts import Counts
from agent.metrics.measured import DeclaredCode, Measured, MeasuredConnection
from agent.problems import PROBLEMS
from agent.tws.farms import Farm, FarmKind, FarmStatus

CODES = tuple(DeclaredCode(p.code, p.severity.value, p.of_program) for p in PROBLEMS if not p.doctor_only)
OF_CONNECTIONS = tuple(code for code in CODES if not code.of_program)
NOW = Moment(monotonic=1000.0, wall=1_790_000_000.0)

HEALTHY = ShownConnection(
    name="Paper Gateway",
    host="127.0.0.1",
    port=4002,
    overall=IconState.CONNECTED,
    phase="connected",
    since=NOW.wall - 100.0,
    application=ShownApplication("gateway", "10.45", 77, NOW.wall - 500.0, (4002,)),
    server_version=178,
    latency=0.002,
    trading_mode="paper",
    accounts=("DU1234567",),
    server_link="up",
    farms=(Farm("usfarm", FarmKind.MARKET_DATA, FarmStatus.OK),),
    programs=(ShownProgram(991, "bot", NOW.wall - 50.0), ShownProgram(992, "bot", NOW.wall - 40.0)),
)


def problem(code: str, severity: str = "error") -> ShownProblem:
    of_program = any(one.code == code and one.of_program for one in CODES)
    return ShownProblem(code, severity, code, "", (), (), NOW.wall - 30.0, True, of_program=of_program)


def status(*connections: ShownConnection) -> Status:
    return Status("0.1.0", 1, NOW.wall - 1000.0, connections or (HEALTHY,))


def with_problems(connection: ShownConnection, *codes: DeclaredCode) -> ShownConnection:
    problems = tuple(problem(one.code, one.severity) for one in codes)
    return replace(connection, problems=problems, overall=IconState.PROBLEM if codes else IconState.CONNECTED)


def measured(shown: Status, counts: Counts | None = None, now: Moment = NOW) -> Measured:
    """What would be exported of a status. Without `counts`, it is the first that is taken."""
    counts = counts or Counts(NOW)
    counts.take(shown, now)
    connections = []
    for one in shown.connections:
        counted = counts.of(one.name, now)
        assert counted is not None
        connections.append(MeasuredConnection(one, counted, one.phase == "connected", 3, 32, 7))
    return Measured(now.monotonic, shown, CODES, connections, Counter(counts.own), {"token": 0, "host": 0})

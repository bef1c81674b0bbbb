"""The metrics: one family each, after Prometheus' conventions, and the bytes that Prometheus reads.

prometheus-client is imported with this module, so only once metrics are asked for.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from prometheus_client import ProcessCollector
from prometheus_client.core import (
    CollectorRegistry,
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder

from agent.core.session_facts import ServerLink
from agent.core.shown.display import IconState
from agent.core.shown.status import ShownConnection
from agent.metrics.counts import BUCKETS, cumulative
from agent.metrics.measured import Measured, MeasuredConnection
from agent.metrics.programs import by_program
from agent.metrics.relay_families import relay_families
from agent.metrics.targets import target_families
from agent.tws.farms import FarmStatus

KEPT_WRITTEN_SECONDS = 1.0
"""Seconds for which what was written is answered again."""
MOST_WRITTEN = 4
"""Content types of which the latest is kept."""


class Exposition:
    """Writes measurements in the format that the client asks for."""

    def __init__(self) -> None:
        self._process = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._process)
        self._written: dict[str, tuple[float, bytes]] = {}
        """By content type: what was written last, and when."""

    def write(self, measured: Measured, accept: str) -> tuple[bytes, str]:
        """The metrics and their content type; `accept` is the header of the request.

        They are written once a second at most, so that a flood of requests costs little.
        """
        encoder, kind = choose_encoder(accept)
        at, body = self._written.get(kind, (float("-inf"), b""))
        if not 0.0 <= measured.at - at < KEPT_WRITTEN_SECONDS:
            held: Any = _Held([*families(measured), *self._process.collect()])
            body = encoder(held)
            if len(self._written) >= MOST_WRITTEN:
                self._written.clear()
            self._written[kind] = measured.at, body
        return body, kind


class _Held:
    """What a registry is to an encoder."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Metric]:
        return self._families


def families(measured: Measured) -> Iterator[Metric]:
    """Every family, in order. What is not known has no sample."""
    status, connections = measured.status, measured.connections
    yield InfoMetricFamily("gatelight_build", "Version of Gatelight.", value={"version": status.version})
    yield _gauge("gatelight_start_time_seconds", "Start of the agent, in epoch seconds.", [((), status.started)])
    ready = [((), float(measured.ready))]
    yield _gauge(
        "gatelight_ready", "Whether every connection that the user wants watched is up; /readyz tells it.", ready
    )
    yield from _states(connections)
    yield from _problems(measured)
    yield from _sessions(connections)
    yield from _farms_and_programs(connections)
    yield from relay_families(measured.relays, measured.relays_wanted, measured.past_relays)
    yield from target_families(status.targets)
    yield _counter(
        "gatelight_metrics_refused",
        "Requests for metrics that were refused.",
        [((reason,), count) for reason, count in sorted(measured.refused.items())],
        ("reason",),
    )


_Samples = Iterable[tuple[Sequence[str], float]]
_ONE = ("connection",)


def _gauge(name: str, about: str, samples: _Samples, labels: Sequence[str] = ()) -> Metric:
    family = GaugeMetricFamily(name, about, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family


def _counter(name: str, about: str, samples: _Samples, labels: Sequence[str]) -> Metric:
    family = CounterMetricFamily(name, about, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family


def _states(connections: Sequence[MeasuredConnection]) -> Iterator[Metric]:
    info = InfoMetricFamily("gatelight_connection", "What a connection leads to, as far as it is known.", labels=_ONE)
    for one in connections:
        info.add_metric([one.shown.name], _about(one.shown))
    yield info
    yield _gauge(
        "gatelight_connection_up",
        "Whether programs can use the connection: an API session stands and answers, and IB is not known to be away.",
        [((one.shown.name,), float(one.up)) for one in connections],
        _ONE,
    )
    yield _gauge(
        "gatelight_connection_wanted",
        "Whether the user wants the connection watched.",
        [((one.shown.name,), float(one.shown.wanted)) for one in connections],
        _ONE,
    )
    yield _gauge(
        "gatelight_connection_state",
        "The state that the icon shows: 1 for the one it is.",
        [((o.shown.name, s.value), float(o.shown.overall is s)) for o in connections for s in IconState],
        ("connection", "state"),
    )
    yield _counter(
        "gatelight_connection_state_seconds",
        "Time in each state.",
        [((o.shown.name, s.value), o.counts.seconds.get(s, 0.0)) for o in connections for s in IconState],
        ("connection", "state"),
    )
    yield _gauge(
        "gatelight_server_link",
        "The link between the application and IB's servers: 1 for the state it is in.",
        [((o.shown.name, s.value), float(o.shown.server_link == s.value)) for o in connections for s in ServerLink],
        ("connection", "state"),
    )


def _about(shown: ShownConnection) -> dict[str, str]:
    application = shown.application
    return {
        "application": "unknown" if application is None else application.kind,
        "application_version": "" if application is None else application.version or "",
        "trading_mode": shown.trading_mode,
        "server_version": "" if shown.server_version is None else str(shown.server_version),
    }


def _problems(measured: Measured) -> Iterator[Metric]:
    labels = ("connection", "code", "severity")
    own = {p.code: p for _, p in measured.status.of_program}
    now: list[tuple[Sequence[str], float]] = []
    since: list[tuple[Sequence[str], float]] = []
    totals: list[tuple[Sequence[str], float]] = []
    for connection, counted, shown in [
        ("", measured.own_problems, own),
        *((o.shown.name, o.counts.problems, _visible(o.shown)) for o in measured.connections),
    ]:
        for declared in measured.codes:
            if declared.of_program != (connection == ""):
                continue
            code, problem = declared.code, shown.get(declared.code)
            severity = declared.severity if problem is None else problem.severity
            now.append(((connection, code, severity), float(problem is not None)))
            totals.append(((connection, code), counted[code]))
            if problem is not None:
                since.append(((connection, code), problem.since))
    yield _gauge("gatelight_problem", "Whether the problem is shown; without a connection: of Gatelight.", now, labels)
    about = "When a problem that is shown began, or was first seen, in epoch seconds."
    yield _gauge("gatelight_problem_start_time_seconds", about, since, labels[:2])
    yield _counter("gatelight_problems", "How often the problem began to be shown.", totals, labels[:2])


def _visible(shown: ShownConnection) -> dict[str, Any]:
    # Of several with one code, such as broken farms, the first is the worst.
    return {p.code: p for p in reversed(shown.problems) if p.visible and not p.of_program}


def _sessions(connections: Sequence[MeasuredConnection]) -> Iterator[Metric]:
    latency = HistogramMetricFamily(
        "gatelight_heartbeat_latency_seconds", "How long the application took to tell its time.", labels=_ONE
    )
    for one in connections:
        ends = [*map(str, BUCKETS), "+Inf"]
        counted = cumulative(one.counts.buckets)
        latency.add_metric([one.shown.name], list(zip(ends, counted, strict=True)), one.counts.latencies)
    yield latency
    totals: tuple[tuple[str, str, Callable[[MeasuredConnection], int]], ...] = (
        ("gatelight_api_sessions", "API sessions that were opened for the watch.", lambda one: one.counts.sessions),
        (
            "gatelight_api_sessions_lost",
            "API sessions that ended though they were wanted.",
            lambda one: one.counts.lost,
        ),
        ("gatelight_application_starts", "Starts of TWS or IB Gateway.", lambda one: one.counts.starts),
        ("gatelight_api_messages_sent", "API messages that Gatelight's own sessions sent.", lambda one: one.sent),
    )
    for name, about, total in totals:
        yield _counter(name, about, [((one.shown.name,), total(one)) for one in connections], _ONE)
    yield _gauge(
        "gatelight_api_clients",
        "API clients that the application serves, where they can be seen.",
        [((one.shown.name,), one.clients) for one in connections if one.clients is not None],
        _ONE,
    )
    yield _gauge(
        "gatelight_api_clients_limit",
        "API clients that the application allows.",
        [((one.shown.name,), one.clients_allowed) for one in connections],
        _ONE,
    )


def _farms_and_programs(connections: Sequence[MeasuredConnection]) -> Iterator[Metric]:
    yield _gauge(
        "gatelight_farm_state",
        "The state of a data farm, as the application told it: 1 for the one it is in.",
        [
            ((one.shown.name, farm.name, farm.kind.value, state.value), float(farm.status is state))
            for one in connections
            for farm in {(f.name, f.kind): f for f in one.shown.farms}.values()
            for state in FarmStatus
        ],
        ("connection", "farm", "kind", "state"),
    )
    yield _gauge(
        "gatelight_program_connections",
        "Programs besides Gatelight on the API port, where they can be seen.",
        [((one.shown.name, program), count) for one in connections for program, count in _programs(one.shown).items()],
        ("connection", "program"),
    )


def _programs(shown: ShownConnection) -> Mapping[str, int]:
    return by_program(Counter(program.name for program in shown.programs or ()))

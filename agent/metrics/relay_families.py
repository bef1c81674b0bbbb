"""The metrics of relays: what programs behind them use of the limits of the TWS API.

`to` is the application to which a relay leads: relays with the same `to` share its limits.
"""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from agent.core.evidence.relays import application_of, relayed_name
from agent.core.facts import Known, RelaySeen
from agent.core.relay_facts import RelayCounts, RelayOrder, RelayProgram, application_at, spelled_application
from agent.metrics.programs import REST, by_program

_ONE, _EACH, _APPLICATION = ("relay", "to"), ("relay", "to", "program"), ("to",)
_Relay = tuple[str, str]
"""Its name, and where it leads to."""


def relay_families(
    relays: Sequence[RelaySeen], wanted: Sequence[RelayOrder] = (), past: Mapping[str, int] | None = None
) -> Iterator[Metric]:
    """Every family of relays, none where none runs and none is wanted. One that tells nothing has only the first
    sample.

    `wanted`: those that should run. `past`: connections that use an application without a relay, by port of this
    computer. What still goes through one that is ending counts as of the relay in its place.
    """
    here = {(one.host, one.to_port) for one in relays if one.here}
    up = {(order.name, _meant(order, here)): False for order in wanted}
    up |= {_relay(one): isinstance(one.counts, Known) for one in relays if not one.draining}
    if not up:
        return
    yield _gauge("gatelight_relay_up", "Whether a relay runs and tells what it counts.", _ONE, up.items())
    counts: dict[_Relay, list[RelayCounts]] = {}
    for relay in relays:
        if isinstance(relay.counts, Known):
            counts.setdefault(_relay(relay), []).append(relay.counts.value)
    programs = {relay: [p for one in found for p in one.programs] for relay, found in counts.items()}
    yield from _shares("gatelight_relay_data_lines", "Market data lines in use.", programs, lambda one: one.lines)
    yield from _shares(
        "gatelight_relay_historical_requests",
        "Historical requests of the last ten minutes that count as pacing.",
        programs,
        lambda one: one.history,
    )
    yield _rates(programs)
    yield from _limits({to: next(found)[1] for to, found in groupby(_by_application(counts), lambda one: one[0])})
    yield from _of_each(counts, programs)
    if past is not None:
        ports = {to: past.get(application_at(to)[1], 0) for _, to in counts if not application_at(to)[0]}
        text = "Connections of other programs that use the application without a relay, and are not counted."
        yield _gauge("gatelight_relay_past_clients", text, _APPLICATION, (((to,), n) for to, n in ports.items()))


def _meant(order: RelayOrder, here: Container[tuple[str, int]]) -> str:
    """Where a relay should lead to, written as for those that run; `here`: what was found to be on this computer."""
    host = order.host.strip("[]")
    return spelled_application(application_at(order.target, here=(host, order.port) in here))


def _relay(one: RelaySeen) -> _Relay:
    return one.name, spelled_application(application_of(one))


def _by_application(counts: Mapping[_Relay, Sequence[RelayCounts]]) -> list[tuple[str, RelayCounts]]:
    """The counts by application, sorted by it, the newest first: each tells the limits for all."""
    found = [(to, one) for (_, to), several in counts.items() for one in several]
    return sorted(found, key=lambda one: (one[0], -one[1].written))


def _limits(known: Mapping[str, RelayCounts]) -> Iterator[Metric]:
    """What is shared by all relays to one application."""
    for name, about, of in (
        ("data_lines_limit", "Market data lines of the user.", lambda c: c.lines.of),
        ("data_lines_in_doubt", "Lines that may be in use besides: notice 100 names no request.", _lines_in_doubt),
        ("historical_requests_limit", "Those that IB allows in ten minutes.", lambda c: c.history.of),
        ("historical_wait_seconds", "Until one more historical request is safe by that rule.", _wait),
        ("messages_per_second_limit", "Messages that TWS takes of one program in a second.", _rate_limit),
    ):
        samples = (((to,), value) for to, one in known.items() if (value := of(one)) is not None)
        yield _gauge(f"gatelight_relay_{name}", about, _APPLICATION, samples)


def _lines_in_doubt(counts: RelayCounts) -> float:
    return counts.lines.unsure


def _wait(counts: RelayCounts) -> float:
    return max(0.0, counts.history_safe_at - counts.written)


def _rate_limit(counts: RelayCounts) -> float | None:
    return max((one.rate.of for one in counts.programs if one.rate is not None), default=None)


def _of_each(
    counts: Mapping[_Relay, Sequence[RelayCounts]], programs: Mapping[_Relay, Sequence[RelayProgram]]
) -> Iterator[Metric]:
    clients = ((relay, sum(one.connected for one in found)) for relay, found in programs.items())
    yield _gauge("gatelight_relay_clients", "Connections of programs through the relay.", _ONE, clients)
    answers = GaugeMetricFamily(
        "gatelight_relay_answer_seconds",
        "How long half of the latest answers of TWS took at most, of the program that waits longest.",
        labels=(*_ONE, "kind"),
    )
    messages = CounterMetricFamily("gatelight_relay_messages", "API messages that programs have sent.", labels=_ONE)
    refusals = CounterMetricFamily(
        "gatelight_relay_refusals", "Requests that TWS has refused because of a limit.", labels=(*_ONE, "limit")
    )
    for relay, found in counts.items():
        usual: dict[str, float] = {}
        for kind, seconds in (answer for program in programs[relay] for answer in program.answers):
            usual[kind] = max(seconds, usual.get(kind, 0.0))
        for kind, seconds in usual.items():
            answers.add_metric([*relay, kind], seconds)
        messages.add_metric(relay, sum(one.messages for one in found))
        refused: Counter[str] = sum((Counter(dict(one.refused)) for one in found), Counter())
        for limit, number in refused.items():
            refusals.add_metric([*relay, limit], number)
    yield answers
    yield messages
    yield refusals


def _shares(
    name: str, about: str, programs: Mapping[_Relay, Sequence[RelayProgram]], share: Callable[[RelayProgram], int]
) -> Iterator[Metric]:
    family = GaugeMetricFamily(name, about, labels=_EACH)
    for relay, several in programs.items():
        found: Counter[str] = Counter()
        for one in several:
            found[relayed_name(one)] += share(one)
        for program, used in by_program(found).items():
            family.add_metric([*relay, program], used)
    yield family


def _rates(programs: Mapping[_Relay, Sequence[RelayProgram]]) -> Metric:
    """The busiest second of each program: its limit is its own, so that no two are added up."""
    family = GaugeMetricFamily(
        "gatelight_relay_messages_per_second",
        "Messages of the busiest second of the last ten to twenty, of each program.",
        labels=_EACH,
    )
    for relay, several in programs.items():
        named = by_program(Counter(relayed_name(one) for one in several if one.rate is not None))
        busiest: dict[str, int] = {}
        for one in several:
            if one.rate is not None:
                name = relayed_name(one) if relayed_name(one) in named else REST
                busiest[name] = max(one.peak, busiest.get(name, 0))
        for program, rate in busiest.items():
            family.add_metric([*relay, program], rate)
    return family


def _gauge(
    name: str, about: str, labels: Sequence[str], samples: Iterable[tuple[Sequence[str], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, about, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family

"""The metrics of relays: what programs behind them use of the limits of the TWS API."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from agent.core.evidence.relays import relayed_name
from agent.core.facts import Known, RelaySeen
from agent.core.relay_facts import RelayCounts, RelayProgram
from agent.metrics.programs import by_program

_ONE, _EACH = ("relay",), ("relay", "program")


def relay_families(relays: Sequence[RelaySeen]) -> Iterator[Metric]:
    """Every family of relays, none where no relay runs. A relay that tells nothing has only the first sample.

    One that is ending beside another of its name is left out.
    """
    named = {relay.name: relay for relay in relays if not relay.draining}
    if not named:
        return
    known = {name: relay.counts.value for name, relay in named.items() if isinstance(relay.counts, Known)}
    up = GaugeMetricFamily("gatelight_relay_up", "Whether a relay runs and tells what it counts.", labels=_ONE)
    for name in named:
        up.add_metric([name], float(name in known))
    yield up
    yield _shares("gatelight_relay_data_lines", "Market data lines in use.", known, lambda one: one.lines)
    yield _limit("gatelight_relay_data_lines_limit", "Market data lines of the user.", known, lambda c: c.lines.of)
    yield _shares(
        "gatelight_relay_historical_requests",
        "Historical requests of the last ten minutes that count as pacing.",
        known,
        lambda one: one.history,
    )
    yield _limit(
        "gatelight_relay_historical_requests_limit",
        "Those that IB allows in ten minutes.",
        known,
        lambda counts: counts.history.of,
    )
    yield _limit(
        "gatelight_relay_clients",
        "Connections of programs through the relay.",
        known,
        lambda counts: sum(one.connected for one in counts.programs),
    )
    messages = CounterMetricFamily("gatelight_relay_messages", "API messages that programs have sent.", labels=_ONE)
    refusals = CounterMetricFamily(
        "gatelight_relay_refusals", "Requests that TWS has refused because of a limit.", labels=("relay", "limit")
    )
    for name, counts in known.items():
        messages.add_metric([name], counts.messages)
        for limit, number in counts.refused:
            refusals.add_metric([name, limit], number)
    yield messages
    yield refusals


def _shares(
    name: str, about: str, known: dict[str, RelayCounts], share: Callable[[RelayProgram], int]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, about, labels=_EACH)
    for relay, counts in known.items():
        found: Counter[str] = Counter()
        for one in counts.programs:
            found[relayed_name(one)] += share(one)
        for program, used in by_program(found).items():
            family.add_metric([relay, program], used)
    return family


def _limit(name: str, about: str, known: dict[str, RelayCounts], of: Callable[[RelayCounts], int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, about, labels=_ONE)
    for relay, counts in known.items():
        family.add_metric([relay], of(counts))
    return family

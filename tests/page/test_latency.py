"""The ring of latencies: an hour of them and no more, the slowest of ten seconds each."""

from agent.core.shown.display import IconState
from agent.core.shown.status import ShownConnection, Status
from agent.page.latency import BUCKET_SECONDS, MOST_BUCKETS, MOST_LATENCIES, Latencies

START = 1_795_000_000.0


def status(*latencies: float | None, names: str = "ABC") -> Status:
    connections = tuple(
        ShownConnection(name, "127.0.0.1", 4002, IconState.CONNECTED, "connected", START, latency=latency)
        for name, latency in zip(names, latencies, strict=False)
    )
    return Status("0", 1, START, connections)


def test_nothing_is_known_at_first() -> None:
    assert Latencies().of("A", START) == ()


def test_each_heartbeat_is_noted_once() -> None:
    kept = Latencies()
    kept.take(status(0.001), START)
    kept.take(status(0.001), START + 20)
    kept.take(status(None), START + 30)
    kept.take(status(0.002), START + 40)

    assert kept.of("A", START + 40) == ((START, 0.001), (START + 40, 0.002))


def test_of_ten_seconds_the_slowest_is_kept() -> None:
    kept = Latencies()
    for took in (0.002, 0.009, 0.001):
        kept.take(status(took), START + took)

    assert kept.of("A", START) == ((START, 0.009),)


def test_of_a_longer_time_the_slowest_is_told_with_its_own_moment() -> None:
    kept = Latencies()
    for number, took in enumerate((0.002, 0.009, 0.001, 0.004)):
        kept.take(status(took), START + number * 40)

    assert kept.of("A", START + 200, 120.0) == ((START + 40, 0.009), (START + 120, 0.004))


def test_connections_are_told_apart_and_forgotten_with_their_names() -> None:
    kept = Latencies()
    kept.take(status(0.001, 0.002), START)
    both = kept.of("A", START), kept.of("B", START)
    kept.take(status(0.003, names="B"), START + 10)

    assert both == (((START, 0.001),), ((START, 0.002),))
    assert kept.of("A", START + 10) == ()
    assert len(kept.of("B", START + 10)) == 2


def test_a_month_of_heartbeats_takes_the_room_of_an_hour() -> None:
    kept = Latencies()
    beats = int(30 * 86400 / BUCKET_SECONDS)
    for number in range(beats):
        kept.take(status(0.001 + number / 1e9), START + number * BUCKET_SECONDS)
    now = START + beats * BUCKET_SECONDS

    assert len(kept.of("A", now)) == MOST_BUCKETS
    assert min(at for at, _ in kept.of("A", now)) >= now - 3600
    assert len(kept._rings["A"]) == 2 * MOST_BUCKETS


def test_what_is_older_than_an_hour_is_not_shown() -> None:
    kept = Latencies()
    kept.take(status(0.001), START)

    assert kept.of("A", START + 3599) != ()
    assert kept.of("A", START + 3601) == ()


def test_so_many_connections_and_no_more() -> None:
    kept = Latencies()
    names = "".join(chr(0x4E00 + n) for n in range(MOST_LATENCIES + 5))
    kept.take(status(*([0.001] * len(names)), names=names), START)

    assert len(kept._rings) == MOST_LATENCIES

"""A year, or the weeks of it in which clocks change: no false alarm, and no outage that was not told."""

from datetime import date
from pathlib import Path

import pytest

from agent.history.store import Store
from agent.tws.reset_windows import Region
from tests.attacks.scale import whole
from tests.journeys.year import LOG_IN, Year

OUTAGES_A_YEAR = 200
CLOCKS_CHANGE = {
    Region.AMERICA: (date(2027, 3, 11), date(2027, 11, 4)),
    Region.EUROPE: (date(2027, 3, 25), date(2027, 10, 28)),
    Region.ASIA: (date(2027, 4, 1), date(2027, 9, 30)),
}
"""Thursdays before the Sunday on which the clocks of a region's user change. New York's change also moves the weekend
for all, and Zurich's falls into weeks in which New York is an hour nearer."""
A_YEAR = (date(2027, 1, 1), 365)
BUSY_WEEK = 14
"""Outages in one short stretch: many times as many as in a year's week."""

STRETCHES = [
    pytest.param(region, begins, days, outages, id=f"{region}-{begins}")
    for number, (region, changes) in enumerate(CLOCKS_CHANGE.items())
    for begins, days, outages in ([(*A_YEAR, OUTAGES_A_YEAR)] if whole() else [(changes[number % 2], 7, BUSY_WEEK)])
]


@pytest.mark.parametrize(("region", "begins", "days", "outages"), STRETCHES)
@pytest.mark.timeout(3600)
def test_nothing_is_told_that_was_not_so_and_no_outage_is_missed(
    tmp_path: Path, region: Region, begins: date, days: int, outages: int
) -> None:
    store = Store(tmp_path / "history.db")
    year = Year(region, begins, days, outages, seed=begins.toordinal(), history=store).year()
    kept = store.read(year.state.started.wall, year.ends_at)
    store.close()

    log_ins = sum(one.kind == LOG_IN for one in year.real)
    assert len(year.real) - log_ins == outages
    assert abs(log_ins - days / 14) <= 1
    assert (year.false_alarms(), year.missed()) == ([], [])
    assert len(year.foretold) >= days - 2
    assert year.not_at_its_time() == []
    told = [span for span in kept.spans if span.span.kind == "problem" and span.span.state in ("error", "warning")]
    assert [
        (span.span.what, span.began)
        for span in told
        if not any(o.began - 1 <= span.began <= o.ended for o in year.real)
    ] == []
    # 90 days of a busy machine take 20 MB at most; a quiet one stays far below a tenth of it for each day.
    assert (tmp_path / "history.db").stat().st_size < 20_000_000 / 90 / 10 * max(days, 30)

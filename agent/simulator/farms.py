"""The data farms of the simulated TWS, by the names that TWS uses in its notices."""

from agent.tws.farms import FarmKind
from agent.tws.reset_windows import Region

FARMS: dict[Region, tuple[tuple[str, FarmKind], ...]] = {
    region: (
        *((name, FarmKind.MARKET_DATA) for name in market),
        *((name, FarmKind.HISTORICAL) for name in historical),
        (definitions, FarmKind.SECURITY_DEFINITION),
    )
    for region, market, historical, definitions in (
        (Region.AMERICA, ("usfarm", "cashfarm"), ("ushmds", "cashhmds"), "secdefil"),
        (Region.EUROPE, ("eufarm", "usfarm", "cashfarm"), ("euhmds", "ushmds"), "secdefeu"),
        (Region.ASIA, ("hfarm", "usfarm", "cashfarm"), ("hkhmds", "ushmds"), "secdefhk"),
    )
}
"""What a session is told of at its start, by region."""

INACTIVE_FARM = "fundfarm"
"""A historical farm that sleeps until it is needed, which is normal."""

_OTHERS = {
    FarmKind.MARKET_DATA: ("usfarm.nj", "usopt", "usfuture", "cafarm", "eufarmnj", "jfarm"),
    FarmKind.HISTORICAL: (INACTIVE_FARM,),
    FarmKind.SECURITY_DEFINITION: ("secdefnj",),
}
"""Farms that notices in reports of users name besides."""

KNOWN_FARMS: dict[FarmKind, tuple[str, ...]] = {
    kind: tuple(dict.fromkeys((*(name for own in FARMS.values() for name, its in own if its is kind), *others)))
    for kind, others in _OTHERS.items()
}
"""The names of all farms that can break, by kind."""


def farm_names(value: str) -> tuple[str, ...]:
    """The farms in the value of a fault."""
    return tuple(dict.fromkeys(name for name in map(str.strip, value.split(",")) if name))

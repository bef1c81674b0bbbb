"""The catalogue of faults that the simulated TWS can be given, each with the symptom it imitates.

Here are the ones that are seen on the wire; those of the process (no listener, another port, restarts) are declared in
`world.py`, which puts both together as `FAULTS`.
"""

from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """Who carries a fault out: the wire server, or whoever runs it as a process."""

    WIRE = "wire"
    PROCESS = "process"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault by name."""

    name: str
    """Kebab-case, as typed after `--fault`."""
    summary: str
    """One line for `--help`: the symptom."""
    kind: FaultKind
    parameter: str = ""
    """What its value means; empty when it takes none."""
    default: str = ""
    """The value used when none is given."""
    choices: tuple[str, ...] = ()
    """The only values allowed, where the list is closed."""
    one_shot: bool = False
    """It happens once and is over; it is never among the faults in force."""


WIRE_FAULTS: dict[str, Fault] = {}

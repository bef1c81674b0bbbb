"""Words of programs, TWS and IBC that report trouble without a notice number, and the causes behind them.

A symptom often has several causes. They are listed likeliest first, as codes of problems.
"""

from agent.tws.symptoms.log_in import LOG_IN
from agent.tws.symptoms.programs import PROGRAMS
from agent.tws.symptoms.shapes import Symptom, folded
from agent.tws.symptoms.sockets import SOCKETS
from agent.tws.symptoms.vague import VAGUE
from agent.tws.symptoms.windows import WINDOWS

__all__ = ["SYMPTOMS", "Symptom", "symptom_of"]

SYMPTOMS: tuple[Symptom, ...] = (*LOG_IN, *WINDOWS, *PROGRAMS, *SOCKETS, *VAGUE)
"""In the order in which they are tried. The first that fits counts, so specific ones stand before general ones."""


def symptom_of(text: str) -> Symptom | None:
    """The first symptom that a text shows."""
    text_folded = folded(text)
    return next((s for s in SYMPTOMS if s.shows_in(text, text_folded)), None)

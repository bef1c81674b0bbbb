"""QR codes, drawn as one path. `segno` comes with the extra for remote notices, and is loaded with the first code."""

from dataclasses import dataclass

_MARGIN = 4
"""Light squares around a code (ISO/IEC 18004)."""


@dataclass(frozen=True, slots=True)
class QrCode:
    """A code as a drawing of squares."""

    path: str
    """An SVG path, drawn with a line as wide as a square."""
    size: int
    """Squares on each side, with the margin."""


def qr_code(text: str) -> QrCode | None:
    """The code of a text; None where the library is not installed."""
    try:
        import segno
    except ImportError:
        return None
    code = segno.make_qr(text, error="m")
    rows = [bytes(row) for row in code.matrix_iter(border=_MARGIN)]
    path = "".join(f"M{x} {y}.5h{length}" for y, row in enumerate(rows) for x, length in _runs(row))
    return QrCode(path, len(rows))


def _runs(row: bytes) -> list[tuple[int, int]]:
    """Where dark squares begin in a row, and how many follow each other."""
    runs: list[tuple[int, int]] = []
    for x, dark in enumerate(row):
        if dark and runs and sum(runs[-1]) == x:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif dark:
            runs.append((x, 1))
    return runs

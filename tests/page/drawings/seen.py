"""Reads a drawing as its viewer does: its texts, where they are, and what is marked in which order."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from agent.page.drawings.canvas import MONO, width_of

SVG = "{http://www.w3.org/2000/svg}"
_NUMBER, _VALUE = "d-n", "d-v"
_SIZES = {"d-t": 14, "d-b": 15, "d-k": 14, "d-w": 13, "d-s": 13, "d-v": 14, "d-n": 13, "d-c": 14, "d-h": 20}
_BOLD = {"d-b", "d-k", "d-w", "d-n", "d-h"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text and the room it may take, in units."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


def tree_of(svg: str) -> ElementTree.Element:
    """The drawing, parsed."""
    return ElementTree.fromstring(svg)


def texts(svg: str) -> list[str]:
    """All labels, whole, as they are read, searched and compared."""
    return ["".join(text.itertext()) for text in tree_of(svg).iter(f"{SVG}text")]


def marks(svg: str) -> list[tuple[int, list[str]]]:
    """What is marked: the number of each mark (0: it has none) and its labels, in the order of the numbers."""
    found = []
    for group in tree_of(svg).iter(f"{SVG}g"):
        if group.get("class") != "d-mark":
            continue
        number, labels = 0, []
        for text in group.iter(f"{SVG}text"):
            kinds = (text.get("class") or "").split()
            words = "".join(text.itertext())
            if _NUMBER in kinds:
                number = int(words)
            elif _VALUE not in kinds:
                labels.append(words)
        found.append((number, labels))
    return sorted(found, key=lambda mark: mark[0])


def marked(svg: str) -> list[str]:
    """The labels of what is marked, in the order of the numbers."""
    return [label for _, labels in marks(svg) for label in labels]


def text_lines(svg: str) -> Iterator[Line]:
    """Every line of text with the room it takes at most."""
    root = tree_of(svg)
    moved = {text: shift for group, shift in _moved(root) for text in group.iter(f"{SVG}text")}
    for text in root.iter(f"{SVG}text"):
        spans = text.findall(f"{SVG}tspan") or [text]
        for span in spans:
            yield _line(text, span, moved.get(text, 0.0))


def _moved(root: ElementTree.Element) -> Iterator[tuple[ElementTree.Element, float]]:
    for group in root.iter(f"{SVG}g"):
        found = re.fullmatch(r"translate\(0 ([\d.]+)\)", group.get("transform", ""))
        if found is not None:
            yield group, float(found[1])


def _line(text: ElementTree.Element, span: ElementTree.Element, shift: float) -> Line:
    kinds = set((text.get("class") or "").split())
    words = (span.text or "").strip()
    size = next(size for kind, size in _SIZES.items() if kind in kinds)
    width = len(words) * MONO * size if "d-c" in kinds else width_of(words, size, bold=bool(kinds & _BOLD))
    x = float(span.get("x") or text.get("x") or 0)
    foot = float(span.get("y") or text.get("y") or 0) + shift
    left = x - width / 2 if "d-m" in kinds else x - width if "d-e" in kinds else x
    return Line(words, left, foot - size * 0.75, left + width, foot + size * 0.2)

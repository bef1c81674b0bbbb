"""The guides: one Markdown file for each problem, read and parsed once."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from agent.core.guide import Guide, parse_guide
from agent.tws.applications import ApplicationKind

_SHARED = (
    ("{away}", "{app}"),
    ("on port {port}", "on its API port"),
    ("TCP port {port}", "the API port (TCP)"),
    ("port {port}", "the API port"),
    ("{port}", "the API port of this connection"),
    ("since {since}", "for some time"),
)
"""Placeholders that many guides use, and the general words for them; a guide has the words for its own ones."""


@cache
def codes() -> frozenset[str]:
    """The code of every problem; each has a guide."""
    return frozenset(file.stem for file in _files())


@cache
def load_guides() -> dict[str, Guide]:
    """Every guide, by problem code. Raises GuideError for a file that is not a proper guide."""
    guides = {file.stem: parse_guide(file.stem, file.read_text(encoding="utf-8")) for file in _files()}
    return {
        code: replace(guide, cases={**guides[guide.cases_of].cases, **guide.cases}) if guide.cases_of else guide
        for code, guide in guides.items()
    }


def in_general(guide: Guide, application: ApplicationKind = ApplicationKind.UNKNOWN) -> Guide:
    """A guide in general words, without facts of a real case, about one application or both."""
    return guide.in_general(application, _SHARED)


def _files() -> list[Path]:
    # importlib.resources would bring what reads archives; a packaged program has the files in a folder, too.
    return sorted(Path(__file__).parent.glob("*.md"))

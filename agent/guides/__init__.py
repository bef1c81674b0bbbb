"""The guides: one Markdown file for each problem, read and parsed once."""

from dataclasses import replace
from functools import cache
from importlib import resources

from agent.core.guide import Guide, parse_guide
from agent.tws.applications import ApplicationKind

_SUFFIX = ".md"
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
    names = (file.name for file in resources.files(__name__).iterdir())
    return frozenset(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX))


@cache
def load_guides() -> dict[str, Guide]:
    """Every guide, by problem code. Raises GuideError for a file that is not a proper guide."""
    guides = {code: _read(f"{code}{_SUFFIX}") for code in sorted(codes())}
    return {
        code: replace(guide, cases={**guides[guide.cases_of].cases, **guide.cases}) if guide.cases_of else guide
        for code, guide in guides.items()
    }


def in_general(guide: Guide, application: ApplicationKind = ApplicationKind.UNKNOWN) -> Guide:
    """A guide in general words, without facts of a real case, about one application or both."""
    return guide.in_general(application, _SHARED)


def _read(name: str) -> Guide:
    text = resources.files(__name__).joinpath(name).read_text(encoding="utf-8")
    return parse_guide(name.removesuffix(_SUFFIX), text)

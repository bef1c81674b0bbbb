"""The guides: one Markdown file per problem, read once and parsed."""

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
    ("{port}", "the port in your configuration"),
    ("since {since}", "for some time"),
)
"""What is said in general of what many guides have; what only one has stands in that guide."""


@cache
def load_guides() -> dict[str, Guide]:
    """Every guide by problem code. Raises GuideError for one that does not have the shape of a guide."""
    found = sorted(f.name for f in resources.files(__name__).iterdir() if f.name.endswith(_SUFFIX))
    guides = {name.removesuffix(_SUFFIX): _read(name) for name in found}
    return {
        code: replace(guide, cases={**guides[guide.cases_of].cases, **guide.cases}) if guide.cases_of else guide
        for code, guide in guides.items()
    }


def in_general(guide: Guide, application: ApplicationKind = ApplicationKind.UNKNOWN) -> Guide:
    """A guide as it is told without a case at hand, about one application or about both."""
    return guide.in_general(application, _SHARED)


def _read(name: str) -> Guide:
    text = resources.files(__name__).joinpath(name).read_text(encoding="utf-8")
    return parse_guide(name.removesuffix(_SUFFIX), text)

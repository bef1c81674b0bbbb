"""The guides: one Markdown file per problem, read once and parsed."""

from functools import cache
from importlib import resources

from agent.core.guide import Guide, parse_guide

_SUFFIX = ".md"


@cache
def load_guides() -> dict[str, Guide]:
    """Every guide by problem code. Raises GuideError for one that does not have the shape of a guide."""
    found = sorted(f.name for f in resources.files(__name__).iterdir() if f.name.endswith(_SUFFIX))
    return {name.removesuffix(_SUFFIX): _read(name) for name in found}


def _read(name: str) -> Guide:
    text = resources.files(__name__).joinpath(name).read_text(encoding="utf-8")
    return parse_guide(name.removesuffix(_SUFFIX), text)

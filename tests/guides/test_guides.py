"""The guides as they are told without a case at hand: whole sentences, about one application or about both."""

import re

import pytest

from agent.core.guide import placeholders
from agent.guides import in_general, load_guides
from agent.tws.applications import ApplicationKind


@pytest.mark.parametrize("kind", ApplicationKind)
@pytest.mark.parametrize("code", sorted(load_guides()))
def test_a_guide_in_general_has_no_gaps(code: str, kind: ApplicationKind) -> None:
    guide = in_general(load_guides()[code], kind)
    steps = [step for steps in guide.steps.values() for step in steps]
    text = "\n".join([guide.title, guide.meaning, guide.more, *steps])

    assert not placeholders(text)
    whole = text.replace("Configuration...", "Configuration")
    where = f"agent/guides/{code}.md, “## In general”: not good English, or a gap, once the placeholders are gone"
    assert not re.search(r"<|[{}→…]|\.\.|[,;:]\.| [,.]|\b(\w+) \1\b", whole), where
    assert not re.search(r"\b(?:port|the|a|an) (?:the|its|a|some time|for some time)\b", whole), where
    assert all(
        sentence[:1].isupper() or not sentence[:1].isalpha() for sentence in re.split(r"[.?] +|\n\n+", guide.meaning)
    )
    assert all(step[0].isupper() for step in steps)


@pytest.mark.parametrize("code", sorted(load_guides()))
def test_what_a_guide_says_in_general_replaces_something_of_it(code: str) -> None:
    guide = load_guides()[code]
    steps = (step for steps in guide.steps.values() for step in steps)
    text = " ".join(" ".join([guide.title, guide.meaning, guide.more, *steps]).split())

    assert [piece for piece, _ in guide.general if piece not in text] == []


def test_a_guide_in_general_reads_as_if_written_so() -> None:
    guides = {code: in_general(guide) for code, guide in load_guides().items()}

    assert guides["api-silent"].meaning == (
        "TWS or IB Gateway accepts connections on its API port, but never answers the first message. Most likely a "
        "window waits for a click, or the application hangs."
    )
    assert guides["trading-mode-mismatch"].steps[ApplicationKind.TWS][3] == (
        "Start it again and choose that kind on the log-in screen."
    )
    assert "but for some time it has had no connection" in " ".join(guides["server-link-lost"].meaning.split())
    assert guides["scheduled-outage"].steps[ApplicationKind.GATEWAY][0] == "Wait until that time is over."
    assert guides["host-unreachable"].steps[ApplicationKind.TWS][-1] == (
        "Let the firewall there accept connections to the API port (TCP)."
    )

"""The guides as they are told without a case at hand: whole sentences, about one application or about both."""

import re

import pytest

from agent.config.keys import CONNECTIONS
from agent.core.guide import placeholders
from agent.core.told_steps import ToldStep, told_step
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
    assert all(told_step(step).text[0].isupper() for step in steps)


@pytest.mark.parametrize("code", sorted(load_guides()))
def test_what_a_guide_says_in_general_replaces_something_of_it(code: str) -> None:
    guide = load_guides()[code]
    steps = (step for steps in guide.steps.values() for step in steps)
    text = " ".join(" ".join([guide.title, guide.meaning, guide.more, *steps]).split())

    assert [piece for piece, _ in guide.general if piece not in text] == []


def told_of(code: str) -> list[ToldStep]:
    """Every step of a guide, also of its cases, each once."""
    guide = load_guides()[code]
    every = (step for steps in (*guide.steps.values(), *guide.cases.values()) for step in steps)
    return [told_step(step) for step in dict.fromkeys(every)]


_CONDITION = re.compile(
    r"\bIf (?:you want|[^,]* is what you want|it does(?: not)?,|it is \{)|\bOtherwise\b|^Or\b|^Either\b"
)
_SEVERAL_WAYS = {
    "api-flooding", "api-port-mismatch", "api-port-taken", "app-not-running", "client-id-in-use", "clock-off",
    "config-invalid", "container-not-ready", "data-delayed", "data-not-subscribed", "host-unresolvable",
    "message-rate-exceeded", "not-tws", "precautions-on", "read-only-api", "restart-stuck", "several-apps",
    "trading-mode-mismatch", "wrong-application",
}  # fmt: skip


@pytest.mark.parametrize("code", sorted(load_guides()))
def test_ways_of_which_one_is_gone_are_lists_and_no_conditions_within_a_list(code: str) -> None:
    told = told_of(code)
    headings = {t.way for t in told if t.way}

    assert [t.text for t in told if _CONDITION.search(t.text)] == []
    assert [h for h in headings if ":" in h or h.endswith(".") or "**" in h or len(h) > 60] == []
    assert any(t.is_choice for t in told) is (code in _SEVERAL_WAYS)


@pytest.mark.parametrize("code", sorted(load_guides()))
def test_no_step_names_a_key_or_sends_a_user_into_gatelights_file(code: str) -> None:
    keys = {key.name for key in CONNECTIONS.keys}
    told = told_of(code)
    named = [t.text for t in told if keys & {word.split(" ")[0] for word in re.findall(r"`([^`]+)`", t.text)}]

    assert named == []
    # What was written by hand and cannot be read any more can only be put right there.
    own_file = [t.text for t in told if "onfiguration" in re.sub(r"\*\*.+?\*\*|`.+?`", "", t.text)]
    assert own_file == [], "a field of Gatelight’s Settings, in the words of agent/page/endpoints/guide.py"


def test_a_guide_in_general_reads_as_if_written_so() -> None:
    guides = {code: in_general(guide) for code, guide in load_guides().items()}

    assert guides["api-silent"].meaning == (
        "TWS or IB Gateway accepts connections on its API port, but does not answer the first message. Most likely a "
        "window waits for a click, or the application hangs."
    )
    assert guides["trading-mode-mismatch"].steps[ApplicationKind.TWS][3] == (
        "Either trade in the way that this connection is meant for: Start it again and choose that way of trading on "
        "the log-in screen."
    )
    assert "but for some time it has had no connection" in " ".join(guides["server-link-lost"].meaning.split())
    assert guides["scheduled-outage"].steps[ApplicationKind.GATEWAY][0] == "Wait until that time is over."
    assert guides["host-unreachable"].steps[ApplicationKind.TWS][-1] == (
        "Let the firewall there accept connections to the API port (TCP)."
    )

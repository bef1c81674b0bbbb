"""The common part of the fixes that change Gatelight's configuration file."""

from dataclasses import dataclass

from agent.core.facts import Facts
from agent.core.fix import ChangeConfig, Done, Failed, FixOutcome, Offer, Question, Tools


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of one key of the connection."""

    key: str
    old: str
    new: str


def changeable(facts: Facts) -> bool:
    """Whether there is a valid file that may be changed and that has the connection."""
    return facts.abilities.config_file is not None and facts.config_error is None and not facts.connection.implicit


def offer(facts: Facts, fix: str, label: str, title: str, edits: tuple[Edit, ...], remark: str = "") -> Offer:
    """The offer to make these edits to the entry of this connection."""
    name, file = facts.connection.name, facts.abilities.config_file
    undo = " and ".join(f"{_LABELS[e.key]} to {_words(e.old)}" for e in edits)
    wanted = " and ".join(f"{_LABELS[e.key]} to {_words(e.new)}" for e in edits)
    nothing_else = f"Nothing changes in TWS or IB Gateway. To undo it, set {undo} again, in Gatelight’s Settings."
    return Offer(
        fix=fix,
        connection=name,
        label=label,
        question=Question(
            title=title,
            changes=tuple(
                f"In Gatelight’s Settings, for “{name}”: "
                f"{_LABELS[e.key]} changes from {_words(e.old)} to {_words(e.new)}"
                for e in edits
            ),
            remark=f"{remark} {nothing_else}".lstrip(),
        ),
        plan=ChangeConfig(tuple((_address(name, e.key), e.new) for e in edits)),
        by_hand=f"Set {wanted} for “{name}” in Gatelight’s Settings, or in {file}.",
    )


_LABELS = {
    "application": "Application",
    "client_id": "Client ID of Gatelight",
    "intent": "Your programs",
    "port": "API port",
    "trading_mode": "Live or paper",
}
"""The keys that fixes change, as Gatelight's Settings call them, and their values."""
_WORDS = {
    "tws": "TWS",
    "gateway": "IB Gateway",
    "any": "Either",
    "live": "Live",
    "paper": "Paper",
    "trade": "Place orders",
    "data": "Only read data",
}


def _words(value: str) -> str:
    return _WORDS.get(value, value)


def _address(name: str, key: str) -> str:
    """The key in the form of `gatelight config set`, which takes the quotes off the name."""
    return f'connections."{name}".{key}'


async def do(offer: Offer, tools: Tools) -> FixOutcome:
    """Make all edits or none."""
    assert isinstance(offer.plan, ChangeConfig)
    trouble = await tools.change_config(offer.plan.edits)
    if trouble is not None:
        return Failed(trouble, offer.by_hand)
    return Done(f"Done: {'; '.join(offer.question.changes)}.")

"""Tick the API precautions that are not bypassed; the question names what the user gives up with each."""

from agent.core.evidence.words import app_name
from agent.core.facts import Facts
from agent.core.fix import Fix, Offer, Question
from agent.fixes.shared import tws_settings
from agent.tws.api_settings import Configuration, Precautions
from agent.tws.api_settings_table import PRECAUTIONS


def _offer(facts: Facts) -> Offer | None:
    known = tws_settings.changeable(facts)
    kept = [] if known is None else [p for p in PRECAUTIONS if known.value(p) is False]
    if not kept:
        return None
    app, count = app_name(facts), "a precaution" if len(kept) == 1 else f"{len(kept)} precautions"
    path = tws_settings.menu_path(facts, "API > Precautions")
    boxes = "the box" if len(kept) == 1 else "the boxes"
    return tws_settings.offer(
        facts,
        SET_PRECAUTIONS.id,
        f"Bypass {count}",
        Question(
            title=f"Have {app} (“{facts.connection.name}”) bypass {count} for API orders?",
            changes=tuple(f"{app}, API > Precautions: {p.named} changes from not ticked to ticked" for p in kept),
            given_up=tuple(f"{p.named}: {p.given_up}" for p in kept),
            remark=f"It is so for every program that uses this {app}. To undo it, {path} and clear {boxes}.",
        ),
        Configuration(precautions=Precautions(**{p.name: True for p in kept})),
        f"To tick {boxes} by hand, {path}.",
    )


SET_PRECAUTIONS = Fix("set-precautions", _offer, tws_settings.do)

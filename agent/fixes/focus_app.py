"""Bring the application's window to the front, where it certainly has one."""

from agent.core.facts import Facts
from agent.core.fix import BringToFront, Done, Failed, Fix, FixOutcome, Offer, Question, Tools
from agent.fixes.shared.target_process import target_process


def _offer(facts: Facts) -> Offer | None:
    process = target_process(facts)
    if process is None or process.has_window is not True:
        return None
    app = process.kind.title
    return Offer(
        fix=FOCUS_APP.id,
        connection=facts.connection.name,
        label=f"Show {app}",
        question=Question(
            title=f"Bring {app} to the front?",
            changes=(f"The window of {process.label} comes to the front; nothing else changes",),
        ),
        plan=BringToFront(process.pid),
        by_hand=f"Click {app} in the taskbar or the Dock.",
    )


async def _do(offer: Offer, tools: Tools) -> FixOutcome:
    assert isinstance(offer.plan, BringToFront)
    trouble = await tools.bring_to_front(offer.plan.pid)
    if trouble is not None:
        return Failed(f"The window did not come to the front: {trouble}.", offer.by_hand)
    return Done("Its window is in front now.")


FOCUS_APP = Fix("focus-app", _offer, _do)

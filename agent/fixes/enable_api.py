"""Switch the API of TWS on, where IBC can tick its box. IB Gateway has no such box: its API is always on."""

from agent.core.facts import Facts
from agent.core.fix import Fix, Offer, Question
from agent.fixes.shared import ibc
from agent.tws.applications import ApplicationKind

_BOX = "“Enable ActiveX and Socket Clients”"


def _offer(facts: Facts) -> Offer | None:
    process = ibc.command_server_listens(facts)
    if process is None or process.kind is not ApplicationKind.TWS or process.api_ports:
        return None
    return ibc.offer(
        facts,
        process,
        ENABLE_API.id,
        "ENABLEAPI",
        "Switch the API of TWS on",
        Question(
            title=f"Switch the API of {process.label} on?",
            changes=(f"In TWS, under API > Settings, {_BOX} is ticked",),
            given_up=("While the box is clear no program can trade through the API; then those that TWS lets in can.",),
            remark="To undo it, clear the box in TWS.",
        ),
        f"In TWS, open File (Classic: Edit) > Global Configuration... > API > Settings and tick {_BOX}.",
    )


ENABLE_API = Fix("enable-api", _offer, ibc.do)

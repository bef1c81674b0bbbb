"""Reconnect the application to the data farms, where IBC can do so. IBC does not report success."""

from agent.core.facts import Facts
from agent.core.fix import Fix, Offer, Question
from agent.fixes.shared import ibc


def _offer(facts: Facts) -> Offer | None:
    process = ibc.command_server_listens(facts)
    if process is None:
        return None
    app = process.kind.title
    return ibc.offer(
        facts,
        process,
        RECONNECT_DATA.id,
        "RECONNECTDATA",
        "Reconnect the data farms",
        Question(
            title=f"Reconnect {process.label} to IB’s data farms?",
            changes=(f"{app} makes its connections to all data farms anew: quotes stand still for some seconds",),
            remark="IBC only says that it took the command. Gatelight sees by itself whether it helped.",
        ),
        f"In {app}, press Ctrl-Alt-F.",
    )


RECONNECT_DATA = Fix("reconnect-data", _offer, ibc.do)

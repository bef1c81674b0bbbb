"""Reconnect the application to IB's servers, where IBC can do so. IBC does not report success."""

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
        RECONNECT_ACCOUNT.id,
        "RECONNECTACCOUNT",
        "Reconnect to IB’s servers",
        Question(
            title=f"Reconnect {process.label} to IB’s servers?",
            changes=(
                f"{app} makes its session with IB’s servers anew: quotes and orders stand still for some seconds",
            ),
            remark="IBC only says that it took the command. Gatelight sees by itself whether it helped.",
        ),
        f"In {app}, press Ctrl-Alt-R.",
    )


RECONNECT_ACCOUNT = Fix("reconnect-account", _offer, ibc.do)

"""The common part of the fixes that use IBC's command server, on this machine only."""

from agent.core.facts import Facts, Known, Process
from agent.core.fix import Done, Failed, FixOutcome, Offer, Question, SendCommand, Tools
from agent.fixes.shared.target_process import target_process
from agent.tws.applications import Launcher


def command_server_listens(facts: Facts) -> Process | None:
    """The application of this connection, if IBC started it and IBC's command server listens."""
    process = target_process(facts)
    if process is None or process.application.launched_by is not Launcher.IBC or process.command_port is None:
        return None
    fix_ctci = isinstance(process.hints, Known) and process.hints.value.api_only is False
    # A FIX CTCI Gateway refuses all these commands (IBC's user guide).
    return None if fix_ctci else process


def offer(
    facts: Facts, process: Process, fix: str, command: str, label: str, question: Question, by_hand: str
) -> Offer:
    """The offer to send a command; adds the command and its port to the question."""
    assert process.command_port is not None
    sent = f"IBC is sent {command} (its command server, port {process.command_port} of this computer)"
    whole = Question(question.title, (*question.changes, sent), question.given_up, question.remark)
    return Offer(fix, facts.connection.name, label, whole, SendCommand(process.command_port, command), by_hand)


async def do(offer: Offer, tools: Tools) -> FixOutcome:
    """Send the command, and report IBC's answer."""
    assert isinstance(offer.plan, SendCommand)
    answer = await tools.send_command(offer.plan.port, offer.plan.command)
    if not answer.accepted:
        return Failed(f"IBC did not carry out {offer.plan.command}: {answer.text}.", offer.by_hand)
    return Done(f"IBC took the command {offer.plan.command} and answered “{answer.text}”.")

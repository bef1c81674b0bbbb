"""Start the application where it does not run: by the configured command, else the newest installation.

Never starts a second one beside an application that runs, even if that one hangs. Gatelight does not log in.
"""

from agent.core.evidence.processes import applications, candidates_of, may_hide, relay_gone
from agent.core.evidence.words import app_name
from agent.core.facts import Facts, Installation, Known
from agent.core.fix import Done, Failed, Fix, FixOutcome, Offer, Question, StartProgram, Tools
from agent.core.settings import WantedApplication
from agent.tws.applications import ApplicationKind
from agent.tws.privacy import redact


def _offer(facts: Facts) -> Offer | None:
    processes = facts.machine.processes
    if not facts.connection.local or not isinstance(processes, Known):
        return None
    if may_hide(facts) is not None:
        # One of the processes that are not shown may be the application.
        return None
    if relay_gone(facts) is not None:
        # The one that was used runs elsewhere: a second log-in would end the first.
        return None
    if facts.connection.start_command:
        return _by_command(facts)
    return _installed(facts)


def _by_command(facts: Facts) -> Offer | None:
    connection = facts.connection
    if candidates_of(facts):
        return None
    app, (program, *arguments) = app_name(facts), connection.start_command
    count = f" with its {len(arguments)} argument{'s' if len(arguments) > 1 else ''}" if arguments else ""
    return Offer(
        fix=START_APP.id,
        connection=connection.name,
        label=f"Start {app}",
        question=Question(
            title=f"Start {app} for “{connection.name}”?",
            changes=(f"Runs the start command of “{connection.name}”: {redact(program)}{count}",),
            remark="Gatelight never logs in: unless your command does it, as IBC can, you have to log in yourself. "
            f"To undo it, close {app}.",
        ),
        plan=StartProgram(connection.start_command),
        by_hand=f"Start {app} yourself and log in; the command is the start command of “{connection.name}”.",
    )


def _installed(facts: Facts) -> Offer | None:
    found = _newest(facts)
    if found is None or any(p.kind in (found.kind, ApplicationKind.UNKNOWN) for p in applications(facts.machine)):
        return None
    app, version = found.kind.title, f" {found.version}" if found.version else ""
    return Offer(
        fix=START_APP.id,
        connection=facts.connection.name,
        label=f"Start {app}{version}",
        question=Question(
            title=f"Start {app}{version}?",
            changes=(f"Starts {redact(found.command[-1])}",),
            remark=f"You have to log in yourself: Gatelight never does that. To undo it, close {app}.",
        ),
        plan=StartProgram(found.command),
        by_hand=f"Start {app} as you usually do, and log in.",
    )


def _newest(facts: Facts) -> Installation | None:
    """The newest installation of the wanted kind that has a command to start it."""
    installed = facts.machine.installed
    if not isinstance(installed, Known):
        return None
    startable = [i for i in installed.value if i.command]
    kind = _kind(facts, {i.kind for i in startable})
    return max((i for i in startable if i.kind is kind), key=_version, default=None)


def _kind(facts: Facts, installed: set[ApplicationKind]) -> ApplicationKind | None:
    """The wanted kind; where the connection takes any, the kind that ran last, else the only kind installed."""
    wanted = facts.connection.application
    if wanted is not WantedApplication.ANY:
        return ApplicationKind(wanted.value)
    if facts.sight.kind not in (None, ApplicationKind.UNKNOWN):
        return facts.sight.kind
    return next(iter(installed)) if len(installed) == 1 else None


def _version(installation: Installation) -> tuple[int, ...]:
    parts = (installation.version or "").split(".")
    return tuple(int(part) for part in parts if part.isdecimal())


async def _do(offer: Offer, tools: Tools) -> FixOutcome:
    assert isinstance(offer.plan, StartProgram)
    trouble = await tools.start_program(offer.plan.command)
    if trouble is not None:
        return Failed(f"It could not be started: {trouble}.", offer.by_hand)
    return Done("It was started. Log in as soon as its log-in screen is there.")


START_APP = Fix("start-app", _offer, _do)

"""The set-up: the way to a working connection as steps that check themselves, each judged anew from the facts.

Nothing here remembers a step: what is done is seen to be done, and a step that comes undone is to do again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from agent.core.alerts.diagnosis import Found, diagnose
from agent.core.as_json import IfAny, as_json
from agent.core.data_test.seen import DataTest
from agent.core.evidence.processes import chosen
from agent.core.facts import NOT_LOOKED, Fact, Facts, Process, Purpose
from agent.core.guide import Guide, fill
from agent.core.problem import Problem
from agent.core.session_facts import Phase
from agent.core.settings import WantedApplication
from agent.core.setup.answers import Answers
from agent.core.shown.display import NoticeTried
from agent.tws.applications import ApplicationKind


class StepState(StrEnum):
    """How a step stands."""

    DONE = "done"
    TO_DO = "to-do"
    UNKNOWN = "unknown"
    """It cannot be found out, or not yet."""
    NOT_NEEDED = "not-needed"
    WAITING = "waiting"
    """For an earlier step."""

    @property
    def good(self) -> bool:
        """Whether nothing is left to do about it."""
        return self in (StepState.DONE, StepState.NOT_NEEDED)


class StepAct(StrEnum):
    """What Gatelight can do about a step, when it is asked to."""

    TEST_DATA = "test-data"
    SEND_NOTICE = "send-notice"
    SAW_NOTICE = "saw-notice"
    """The user says whether the notice was seen."""
    START_AT_LOGIN = "start-at-login"
    LOOK_FOR_UPDATES = "look-for-updates"
    USE_PORT = "use-port"
    CHANGE_ANSWERS = "change-answers"
    CHOOSE_SYMBOL = "choose-symbol"
    CONNECT = "connect"
    WRITE = "write"
    LOOKED = "looked"
    """The user says that they have looked at the setting."""


class SetupResult(StrEnum):
    """What the set-up comes to."""

    NOT_YET = "not-yet"
    """Something is left to do besides."""
    ALL_BUT_PROGRAM = "all-but-program"
    """The way is clear, and no program of the user's has taken it."""
    GREEN = "green"
    """Everything works as meant, and a program is connected."""


@dataclass(frozen=True, slots=True)
class Typed:
    """Something to type into the user's program."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class DownloadPage:
    """A page on the web, for the user to open: Gatelight never does."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class SetupStep:
    """One step, judged."""

    id: str
    title: str
    state: StepState
    text: IfAny[str] = ""
    """What is the case, in a sentence or two."""
    seen: tuple[str, ...] = ()
    """What was seen, one plain statement each."""
    steps: tuple[str, ...] = ()
    """How to do it, numbered, in the words of the guides (Markdown)."""
    typed: IfAny[tuple[Typed, ...]] = ()
    """What to type there."""
    links: IfAny[tuple[DownloadPage, ...]] = ()
    """Pages on the web that offer it."""
    problem: str | None = None
    """Code of the problem in the way; its guide is where the steps come from."""
    acts: tuple[StepAct, ...] = ()
    value: IfAny[str] = ""
    """What an act would use: a port, a symbol."""
    waits_for: str | None = None
    """ID of the step that has to be done first."""
    optional: IfAny[bool] = False
    """It is offered, below the others: the connection works without it."""


@dataclass(frozen=True, slots=True)
class SetupInputs:
    """What the set-up knows besides the facts."""

    answers: Answers = field(default_factory=Answers)
    edits: tuple[tuple[str, str], ...] = ()
    """What would have to be written into the configuration."""
    configured: bool = False
    """Whether the configuration names the connection already."""
    watched: bool = True
    """Whether Gatelight connects to it before it is saved."""
    file: str = "the configuration file"
    """Name of that file, for people."""
    notices_on: bool = True
    """Whether the configuration lets notices reach the user at all."""
    data_test: DataTest | None = None
    """The test under way, else the latest."""
    notice: NoticeTried | None = None
    """What became of the test notice; None: none was sent yet."""
    at_login: Fact[bool] = NOT_LOOKED
    updates_at: str = ""
    """The host that is asked for new versions, if the user likes; empty: they cannot be looked for."""
    updates: bool = False
    """Whether the configuration says that they are looked for."""
    guides: Mapping[str, Guide] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SetupScene:
    """Everything a step is judged from."""

    facts: Facts
    found: Mapping[str, Found]
    """The root causes by code."""
    undecided: Mapping[str, str]
    beside: SetupInputs

    @property
    def process(self) -> Process | None:
        """The application that is meant."""
        return chosen(self.facts)

    @property
    def connected(self) -> bool:
        """Whether an API session stands."""
        return self.facts.session.phase is Phase.CONNECTED

    @property
    def wanted_kind(self) -> ApplicationKind:
        """Which application is meant, whether it runs or not."""
        wanted = self.facts.connection.application
        return ApplicationKind.UNKNOWN if wanted is WantedApplication.ANY else ApplicationKind(wanted.value)

    @property
    def kind(self) -> ApplicationKind:
        """The application whose steps apply: the one that runs, else the one that is meant."""
        return self.process.kind if self.process is not None else self.wanted_kind

    def guide(
        self, code: str, args: Mapping[str, str], kind: ApplicationKind | None = None, case: str = ""
    ) -> tuple[str, ...]:
        """The steps of a guide; none where it is not at hand."""
        guide = self.beside.guides.get(code)
        return () if guide is None else guide.steps_for(self.kind if kind is None else kind, args, case)

    def in_the_way(self, id: str, title: str, codes: Sequence[str]) -> SetupStep | None:
        """The step as a problem leaves it that is in its way; None when none of these is."""
        found = next((self.found[code] for code in codes if code in self.found), None)
        if found is None:
            return None
        args = found.present.args
        return SetupStep(
            id,
            title,
            StepState.TO_DO,
            text=fill(found.problem.text, args),
            seen=tuple(fill(line, args) for line in found.present.evidence),
            steps=self.guide(found.problem.code, args, case=found.present.case),
            problem=found.problem.code,
        )


def scene_of(facts: Facts, problems: Sequence[Problem], beside: SetupInputs) -> SetupScene:
    """What the steps are judged from. A set-up is a thorough look: what only the doctor is told, counts here."""
    facts = replace(facts, purpose=Purpose.DOCTOR)
    diagnosis = diagnose(facts, problems)
    # Several of one code: the first is the likeliest.
    found = {f.problem.code: f for f in reversed(diagnosis.found)}
    undecided = {problem.code: reason for problem, reason in diagnosis.undecided}
    return SetupScene(facts, found, undecided, beside)


@dataclass(frozen=True, slots=True)
class Setup:
    """The set-up as it stands."""

    steps: tuple[SetupStep, ...]
    skipped: frozenset[str] = frozenset()

    @property
    def current(self) -> SetupStep | None:
        """The step to look at now: the first that is open, can be worked on and was not put off; None: none is left."""
        now = [s for s in self.left if s.state is not StepState.WAITING]
        return next((s for s in now if s.id not in self.skipped), None)

    @property
    def left(self) -> tuple[SetupStep, ...]:
        """What is left and would keep the connection from working as meant."""
        return tuple(s for s in self.steps if not s.state.good and not s.optional)

    @property
    def extras(self) -> tuple[SetupStep, ...]:
        """What can be done besides, if the user likes."""
        return tuple(s for s in self.steps if s.optional)

    @property
    def result(self) -> SetupResult:
        """What it comes to."""
        if not self.left:
            return SetupResult.GREEN
        return SetupResult.ALL_BUT_PROGRAM if {s.id for s in self.left} == {"program"} else SetupResult.NOT_YET

    def step(self, id: str) -> SetupStep:
        """The step of that ID."""
        return next(s for s in self.steps if s.id == id)


def setup_to_json(setup: Setup) -> dict[str, Any]:
    """As a JSON object; what a step does not have is absent."""
    current = setup.current
    return {
        "steps": as_json(setup.steps),
        "current": None if current is None else current.id,
        "result": setup.result.value,
        "left": [step.id for step in setup.left],
        "skipped": sorted(setup.skipped),
    }

"""A set-up under way: the answers so far, the results of what was tried, and the steps as they are now.

Terminal and page use the same one. It decides nothing: `core.setup` judges what is held here.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from agent.app.channels import notices_on
from agent.app.login_start import LogInStart
from agent.config.reading import load
from agent.core.clock import Moment
from agent.core.data_test.seen import DataTest
from agent.core.facts import NOT_LOOKED, Fact, Facts, Known, Unknown
from agent.core.guide import Guide
from agent.core.problem import Problem, Severity
from agent.core.session_facts import Phase, SessionFacts
from agent.core.settings import ConnectionSettings, Settings
from agent.core.setup.answers import (
    Answers,
    SetupQuestion,
    answered,
    configured_connection,
    edits,
    questions_for,
    wanted_connection,
    wanted_settings,
)
from agent.core.setup.setup import Setup, SetupInputs, scene_of
from agent.core.setup.steps import judge_steps
from agent.core.shown.display import Notice, NoticeTried
from agent.core.state_machine.state import AgentState, facts_about
from agent.core.state_machine.watched import Watched
from agent.errors import GatelightError
from agent.platforms.autostart.entry import AutostartError, Off, On, Stale, SwitchedOff
from agent.runtime.paths import Places

TEST_NOTICE = Notice(
    "setup/test",
    Severity.WARNING,
    "This is a test notice",
    "Gatelight tells you like this when something is wrong, and how to put it right. Nothing is wrong now.",
)
"""Of the severity that most notices have, so that a desktop which hides harmless ones does not mislead."""


class SetupRun:
    """One set-up. All calls that touch files may block for a moment."""

    def __init__(
        self,
        places: Places,
        problems: tuple[Problem, ...],
        guides: Mapping[str, Guide],
        *,
        name: str = "",
        login: LogInStart | None = None,
    ) -> None:
        """Raises ConfigError for a configuration that cannot be used.

        `name`: of the connection to set up; empty: the first one of the file, or a new one. Without `login` the start
        at log-in is not known.
        """
        self.places = places
        self.name = name
        self.answers = Answers()
        self.notice: NoticeTried | None = None
        self.at_login: Fact[bool] = NOT_LOOKED
        self._problems = problems
        self._guides = guides
        self._login = login
        self.in_file = Settings()
        self.reread()

    def reread(self) -> None:
        """Read again what may have changed: the file, and the start at log-in."""
        self.in_file = load(self.places.config, named=self.places.config_named and self.places.config.exists())
        self._read_login()

    def take_configured(self) -> None:
        """Take the answers that the configuration gives."""
        configured = configured_connection(self.in_file, self.name)
        if configured is not None:
            self.answers = replace(
                self.answers,
                application=configured.application,
                trading_mode=configured.trading_mode,
                intent=configured.intent,
            )
        if self.in_file.checks.test_symbols:
            self.answers = replace(self.answers, symbol=self.in_file.checks.test_symbols[0])

    # ── what is asked and answered ──────────────────────────────────────────────────────────────

    @property
    def configured(self) -> bool:
        """Whether the file names the connection."""
        return configured_connection(self.in_file, self.name) is not None

    @property
    def wanted(self) -> ConnectionSettings:
        """The connection as the answers want it."""
        return wanted_connection(self.in_file, self.name, self.answers)

    @property
    def wanted_settings(self) -> Settings:
        """The whole configuration as the answers want it."""
        return wanted_settings(self.in_file, self.name, self.answers)

    @property
    def edits(self) -> tuple[tuple[str, str], ...]:
        """What is left to write into the file: keys and values."""
        return edits(self.in_file, self.name, self.answers)

    def questions(self, running: tuple[str, ...]) -> tuple[SetupQuestion, ...]:
        """The questions, with the answers to suggest. `running`: kinds of the applications that run."""
        asked = questions_for(self.wanted, self.configured, running)
        symbol = self.answers.symbol or next(iter(self.in_file.checks.test_symbols), "")
        return tuple(replace(q, suggested=symbol) if q.id == "symbol" and symbol else q for q in asked)

    def answer(self, question: str, text: str) -> None:
        """Take one answer; raises NotAnAnswer."""
        self.answers = answered(self.answers, question, text)

    # ── what is done ────────────────────────────────────────────────────────────────────────────

    def write(self) -> None:
        """Write each of `edits` into the file; raises ConfigError."""
        # tomlkit takes a tenth of a second to import, and only this needs it.
        from agent.config.editing import set_value

        for key, value in self.edits:
            set_value(self.places.config, key, value)
        self.name = self.wanted.name
        self.in_file = load(self.places.config)
        self.answers = replace(self.answers, port=None)

    def start_at_login(self, on: bool) -> None:
        """Switch on the start at log-in, or note that the user does not want it; raises GatelightError."""
        self.answers = replace(self.answers, at_login=on)
        if not on or self._login is None:
            return
        try:
            self._login.switch(True)
        except AutostartError as fault:
            raise GatelightError(f"Start at log-in: {fault}.") from None
        self._read_login()

    def _read_login(self) -> None:
        if self._login is None:
            self.at_login = Unknown("this installation cannot tell")
            return
        try:
            state = self._login.state()
        except AutostartError as fault:
            self.at_login = Unknown(str(fault))
            return
        match state:
            case On():
                self.at_login = Known(True)
            case Off() | SwitchedOff() | Stale():
                self.at_login = Known(False)
            case _:
                assert_never(state)

    def tried(self, tried: NoticeTried) -> None:
        """The test notice was sent."""
        self.notice = tried
        self.answers = replace(self.answers, notice_seen=None)

    def saw(self, seen: bool) -> None:
        """The user says whether the test notice was seen."""
        self.answers = replace(self.answers, notice_seen=seen)

    def looked(self, step: str) -> None:
        """The user has looked at a setting in the application."""
        self.answers = replace(self.answers, looked=self.answers.looked | {step})

    def skip(self, step: str) -> None:
        """Put a step off."""
        self.answers = replace(self.answers, skipped=self.answers.skipped | {step})

    def take_up(self) -> None:
        """Take up again every step that was put off."""
        self.answers = replace(self.answers, skipped=frozenset())

    def use_port(self, port: int) -> None:
        """Use this API port."""
        self.answers = replace(self.answers, port=port)

    # ── how it stands ───────────────────────────────────────────────────────────────────────────

    def judge(self, facts: Facts, data_test: DataTest | None) -> Setup:
        """The steps as they are now."""
        beside = SetupInputs(
            answers=self.answers,
            edits=self.edits,
            configured=self.configured,
            file=self.places.config.name,
            notices_on=notices_on(self.in_file.notifications),
            data_test=data_test,
            notice=self.notice,
            at_login=self.at_login,
            guides=self._guides,
        )
        return judge_steps(scene_of(facts, self._problems, beside))

    def kind(self, facts: Facts) -> str:
        """The application whose steps apply: "tws", "gateway" or "unknown"."""
        return scene_of(facts, (), SetupInputs()).kind.value

    def facts(self, state: AgentState, now: Moment) -> Facts | None:
        """What the agent knows about the connection, compared with what is wanted; None before a first look."""
        watched = self.watched(state)
        if watched is None or not state.machine.taken:
            return None
        return as_wanted(facts_about(state, watched, now), self.wanted)

    def watched(self, state: AgentState) -> Watched | None:
        """The watched connection to judge: the one of that name, else one that has what is wanted."""
        wanted = self.wanted
        named = next((w for w in state.watched if w.settings.name == wanted.name), None)
        if named is not None:
            return named

        def rank(watched: Watched) -> tuple[bool, bool]:
            settings = watched.settings
            fits = wanted.application.value in ("any", settings.application.value)
            return not fits, not watched.connected

        return min(state.watched, key=rank, default=None)


def as_wanted(facts: Facts, wanted: ConnectionSettings) -> Facts:
    """The facts of one connection, as if it were configured as wanted; a session to another place does not count.

    What was seen stays as it is: only the settings it is compared with change.
    """
    watched, session = facts.connection, facts.session
    another_port = isinstance(wanted.port, int) and session.port not in (None, wanted.port)
    another_one = not watched.implicit and watched.name != wanted.name
    if watched.host != wanted.host or another_port or another_one:
        session = SessionFacts(phase=Phase.IDLE, since=session.since)
    # A connection that was made up for what was found is no one that the user configured.
    others = tuple(c for c in facts.other_connections if c.name != wanted.name and not c.implicit)
    return replace(facts, connection=wanted, session=session, other_connections=others)

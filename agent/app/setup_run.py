"""A set-up under way, for terminal and page alike: the answers so far, the results of tests, and the current steps.

Nothing is decided here: `core.setup` judges.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from agent.app.channels import notices_on
from agent.app.login_start import LogInStart
from agent.app.update_check import installed_here
from agent.config.reading import load
from agent.core.clock import Moment
from agent.core.data_test.seen import DataTest
from agent.core.facts import NOT_LOOKED, Fact, Facts, Known, Unknown
from agent.core.guide import Guide
from agent.core.problem import Problem, Severity
from agent.core.session_facts import Phase, SessionFacts
from agent.core.settings import ConnectionSettings, Settings
from agent.core.setup.answers import (
    SYMBOL,
    Answers,
    Choice,
    SeenForAnswers,
    SetupQuestion,
    answered,
    chosen_value,
    configured_connection,
    edits,
    questions_for,
    wanted_connection,
    wanted_settings,
)
from agent.core.setup.setup import Setup, SetupInputs, scene_of
from agent.core.setup.steps import judge_steps
from agent.core.setup.suggestions import seen_for_answers
from agent.core.shown.display import Notice, NoticeTried
from agent.core.state_machine.state import AgentState, facts_about
from agent.core.state_machine.watched import Watched
from agent.core.updates import Origin, address_known, host_asked
from agent.errors import GatelightError
from agent.platforms.autostart.entry import AutostartError, Off, On, Stale, SwitchedOff
from agent.runtime.paths import Places

TEST_NOTICE = Notice(
    "setup/test",
    Severity.WARNING,
    "This is a test notice",
    "Gatelight tells you like this when something is wrong, and how to put it right. Nothing is wrong now.",
)
"""Has the severity of most notices, so that a desktop that hides less severe ones shows it too."""


NEW_CONNECTION = "+ new connection"


class SetupRun:
    """One set-up. A call that reads or writes files may block for a moment."""

    def __init__(
        self,
        places: Places,
        problems: tuple[Problem, ...],
        guides: Mapping[str, Guide],
        *,
        name: str | None = None,
        login: LogInStart | None = None,
        origin: Origin | None = None,
    ) -> None:
        """Raises ConfigError for a configuration that cannot be used.

        `name`: the connection to set up; None for the first one of the file, empty for a new one. Without `login` the
        start at log-in is unknown. `origin`: where the installation came from, by default as it is seen.
        """
        self.places = places
        self.name = name
        self.answers = Answers()
        self.notice: NoticeTried | None = None
        self.at_login: Fact[bool] = NOT_LOOKED
        self._problems = problems
        self._guides = guides
        self._login = login
        self._origin = installed_here() if origin is None else origin
        self.in_file = Settings()
        self.reread()

    def reread(self) -> None:
        """Read again what may have changed: the file, and the start at log-in."""
        self.in_file = load(self.places.config, named=self.places.config_named and self.places.config.exists())
        self._read_login()

    def take_configured(self) -> None:
        """Take the configuration's values as answers."""
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

    # ── questions and answers ──────────────────────────────────────────────────────────────

    @property
    def configured(self) -> bool:
        """Whether the file has the connection."""
        return configured_connection(self.in_file, self.name) is not None

    @property
    def wanted(self) -> ConnectionSettings:
        """The connection according to the answers."""
        return wanted_connection(self.in_file, self.name, self.answers)

    @property
    def wanted_settings(self) -> Settings:
        """The whole configuration according to the answers."""
        return wanted_settings(self.in_file, self.name, self.answers)

    @property
    def edits(self) -> tuple[tuple[str, str], ...]:
        """The keys and values that are still to write into the file."""
        return edits(self.in_file, self.name, self.answers)

    def questions(self, facts: Facts | None) -> tuple[SetupQuestion, ...]:
        """The questions with suggested answers."""
        seen = SeenForAnswers() if facts is None else seen_for_answers(facts)
        return questions_for(self.wanted, self.answers, self.configured, seen)

    @property
    def symbol_question(self) -> SetupQuestion:
        """The question for the symbol of the market data test, with the one that is configured as its answer."""
        symbol = self.answers.symbol or next(iter(self.in_file.checks.test_symbols), "")
        return replace(SYMBOL, suggested=symbol or SYMBOL.suggested)

    @property
    def connection_question(self) -> SetupQuestion | None:
        """The question for the connection to set up; None where the file has none to choose from."""
        names = tuple(c.name for c in self.in_file.connections)
        if not names:
            return None
        choices = (*(Choice(name, name) for name in names), Choice("", NEW_CONNECTION))
        chosen = self.wanted.name if self.configured else ""
        return SetupQuestion("connection", "Which connection do you want to set up?", choices, suggested=chosen)

    def begin(self, name: str | None) -> None:
        """Set up another connection: the named one, with None the first of the file, "" a new one."""
        self.name, self.answers = name, Answers()
        self.take_configured()

    def answer(self, question: str, text: str) -> None:
        """Take one answer, to the question of that ID; raises NotAnAnswer."""
        which = self.connection_question if question == "connection" else None
        if which is not None:
            chosen = chosen_value(which, text)
            if chosen != (self.name if self.name is not None else self.wanted.name):
                self.begin(chosen)
            return
        self.answers = answered(self.answers, question, text)

    # ── actions ────────────────────────────────────────────────────────────────────────────

    def write(self) -> None:
        """Write each of `edits` into the file; raises ConfigError."""
        # Imported late: tomlkit takes a tenth of a second.
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

    def look_for_updates(self, on: bool) -> bool:
        """Write that new versions are looked for, or note that the user does not want it; raises ConfigError.

        Returns whether the file was changed.
        """
        from agent.config.editing import set_value

        self.answers = replace(self.answers, updates=on)
        if on == self.in_file.updates.check:
            return False
        set_value(self.places.config, "updates.check", "true" if on else "false")
        self.in_file = load(self.places.config)
        return True

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
        """The user has checked a setting in the application."""
        self.answers = replace(self.answers, looked=self.answers.looked | {step})

    def skip(self, step: str) -> None:
        """Put a step off."""
        self.answers = replace(self.answers, skipped=self.answers.skipped | {step})

    def take_up(self) -> None:
        """Take up every step again that was put off."""
        self.answers = replace(self.answers, skipped=frozenset())

    def use_port(self, port: int) -> None:
        """Use this API port."""
        self.answers = replace(self.answers, port=port)

    # ── the state ───────────────────────────────────────────────────────────────────────────

    def judge(self, facts: Facts, data_test: DataTest | None, state: AgentState) -> Setup:
        """The current steps."""
        watched = self.watched(state)
        inputs = SetupInputs(
            answers=self.answers,
            edits=self.edits,
            configured=self.configured,
            watched=watched is None or self._follows(watched.settings),
            file=self.places.config.name,
            notices_on=notices_on(self.in_file.notifications),
            data_test=data_test,
            notice=self.notice,
            at_login=self.at_login,
            updates_at=host_asked(address_known(self.in_file.updates, self._origin)),
            updates=self.in_file.updates.check,
            guides=self._guides,
        )
        return judge_steps(scene_of(facts, self._problems, inputs))

    def _follows(self, settings: ConnectionSettings) -> bool:
        """Whether a connection with these settings goes where the wanted one would."""
        wanted = self.wanted
        same = settings.name == wanted.name and settings.application == wanted.application
        return settings.implicit or (same and settings.port == wanted.port)

    def kind(self, facts: Facts) -> str:
        """The application whose steps apply: "tws", "gateway" or "unknown"."""
        return scene_of(facts, (), SetupInputs()).kind.value

    def facts(self, state: AgentState, now: Moment) -> Facts | None:
        """The facts about the connection, with the wanted settings; None before the first look."""
        watched = self.watched(state)
        if watched is None or not state.machine.taken:
            return None
        return as_wanted(facts_about(state, watched, now), self.wanted)

    def watched(self, state: AgentState) -> Watched | None:
        """The watched connection to judge: the one with the wanted name, else the one that fits best."""
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
    """The facts of a connection with the wanted settings in place of its own; a session to another place is left out.

    All that was seen stays the same.
    """
    watched, session = facts.connection, facts.session
    another_port = isinstance(wanted.port, int) and session.port not in (None, wanted.port)
    another_one = not watched.implicit and watched.name != wanted.name
    if watched.host != wanted.host or another_port or another_one:
        session = SessionFacts(phase=Phase.IDLE, since=session.since)
    # An implicit connection was made up for an application that was found; the user configured none.
    others = tuple(c for c in facts.other_connections if c.name != wanted.name and not c.implicit)
    return replace(facts, connection=wanted, session=session, other_connections=others)

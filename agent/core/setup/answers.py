"""What the set-up asks, the answers, and what they would write into the configuration: said before it is written."""

from dataclasses import dataclass, replace
from itertools import count

from agent.core.settings import Auto, ConnectionSettings, Intent, Settings, WantedApplication, WantedMode
from agent.core.text import shortened
from agent.tws.client_programs import CLIENT_PROGRAMS, OTHER
from agent.tws.symbol import FORMS, NotASymbol, read_symbol


@dataclass(frozen=True, slots=True)
class Answers:
    """What the user has answered so far. None: not asked yet."""

    application: WantedApplication | None = None
    trading_mode: WantedMode | None = None
    intent: Intent | None = None
    program: str | None = None
    """ID of the program that is to connect, of `tws.client_programs`."""
    symbol: str | None = None
    """For the market data test; empty: none is wanted."""
    port: int | Auto | None = None
    """Only where the user chose to change it."""
    notice_seen: bool | None = None
    """Whether the test notice was seen on the screen."""
    at_login: bool | None = None
    """Whether Gatelight is to start at log-in."""
    updates: bool | None = None
    """Whether it looks for new versions."""
    looked: frozenset[str] = frozenset()
    """Steps that the user has checked in the application, by ID."""
    skipped: frozenset[str] = frozenset()
    """Steps that the user has put off, by ID."""

    @property
    def complete(self) -> bool:
        """Whether it is known what the connection is meant for."""
        return None not in (self.application, self.trading_mode, self.intent)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the answers to a question."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class SetupQuestion:
    """One thing the set-up asks."""

    id: str
    text: str
    choices: tuple[Choice, ...] = ()
    """Empty: the answer is a text."""
    hint: str = ""
    suggested: str = ""
    """What is taken when nothing is typed."""


_APPLICATION = (
    Choice("gateway", "IB Gateway"),
    Choice("tws", "TWS (Trader Workstation)"),
    Choice("any", "either of them"),
)
_MODE = (Choice("paper", "paper trading"), Choice("live", "live trading"), Choice("any", "either of them"))
_INTENT = (Choice("trade", "trade: send orders"), Choice("data", "only read data: prices and account values"))
_PROGRAM = tuple(Choice(program.id, program.title) for program in CLIENT_PROGRAMS)

QUESTIONS = (
    SetupQuestion(
        "application", "Which application does your program connect to?", _APPLICATION,
        "IB Gateway only serves programs; TWS shows charts and orders besides.", "any",
    ),
    SetupQuestion(
        "trading_mode", "Live or paper trading?", _MODE,
        "Gatelight then warns you when the account is of the other kind.", "any",
    ),
    SetupQuestion(
        "intent", "What does your program do?", _INTENT,
        "It decides whether Read-Only API, a setting of TWS and IB Gateway, is in its way.", "trade",
    ),
    SetupQuestion(
        "program", "Which program is it?", _PROGRAM,
        "At the end you see what to type into it, and where.", OTHER.id,
    ),
)  # fmt: skip

SYMBOL = SetupQuestion(
    "symbol", "Which symbol is market data to be tested with?", (), f"Write {FORMS}.", "none"
)  # fmt: skip
"""Asked where market data is tested, which is up to the user."""
NONE = "none"
"""Answers the question for a symbol: none is wanted."""


class NotAnAnswer(ValueError):
    """A text that answers a question in no way; `str()` is one sentence with what can be answered."""


@dataclass(frozen=True, slots=True)
class SeenForAnswers:
    """What is seen that answers a question, by the value of the answer; empty: nothing that tells."""

    application: str = ""
    trading_mode: str = ""
    program: str = ""


def questions_for(
    connection: ConnectionSettings, answers: Answers, configured: bool, seen: SeenForAnswers
) -> tuple[SetupQuestion, ...]:
    """The questions, each with the answer to suggest: as answered or configured, else as seen."""
    application = answers.application or (connection.application if configured else None)
    mode = answers.trading_mode or (connection.trading_mode if configured else None)
    suggested = {
        "application": application.value if application else seen.application or "any",
        "trading_mode": mode.value if mode else seen.trading_mode or "any",
        "intent": connection.intent.value,
        "program": answers.program or seen.program or OTHER.id,
    }
    return tuple(replace(q, suggested=suggested[q.id]) for q in QUESTIONS)


def answered(answers: Answers, question: str, text: str) -> Answers:
    """The answers with one more; NotAnAnswer for a text that is none."""
    asked = next((q for q in (*QUESTIONS, SYMBOL) if q.id == question), None)
    if asked is None:
        raise NotAnAnswer(f"“{shortened(question, 40)}” is not a question of the set-up.")
    given = text.strip()
    if not asked.choices:
        return replace(answers, symbol=_symbol(given), skipped=answers.skipped - {"market-data"})
    value = chosen_value(asked, given)
    match question:
        case "application":
            return replace(answers, application=WantedApplication(value))
        case "trading_mode":
            return replace(answers, trading_mode=WantedMode(value))
        case "program":
            return replace(answers, program=value)
        case _:
            return replace(answers, intent=Intent(value))


def _symbol(given: str) -> str:
    if given.lower() in ("", NONE, "-"):
        return ""
    try:
        return read_symbol(given).text
    except NotASymbol as refused:
        raise NotAnAnswer(str(refused)) from None


def chosen_value(question: SetupQuestion, given: str) -> str:
    """The value that is meant: by its number, its word or the beginning of its label."""
    if given.isdecimal() and 1 <= int(given) <= len(question.choices):
        return question.choices[int(given) - 1].value
    lowered = given.lower()
    if not given and any(choice.value == "" for choice in question.choices):
        return ""
    for choice in question.choices:
        if lowered == choice.value.lower() or (lowered and choice.label.lower().startswith(lowered)):
            return choice.value
    allowed = f"a number from 1 to {len(question.choices)}"
    raise NotAnAnswer(f"“{shortened(given, 40)}” is not one of the answers: type {allowed}.")


# ── what they mean for the configuration ────────────────────────────────────────────────────────


def configured_connection(settings: Settings, name: str | None) -> ConnectionSettings | None:
    """The connection of the file that is being set up: the named one, with None the first. "" is a new one."""
    written = [c for c in settings.connections if not c.implicit]
    return next((c for c in written if name in (None, c.name)), None)


def name_for(answers: Answers, settings: Settings) -> str:
    """What a new connection is called, like "Paper Gateway", or "Paper Gateway 2" beside another one."""
    wanted, taken = _name_for(answers), {c.name for c in settings.connections if not c.implicit}
    return next(name for n in count(1) if (name := wanted if n == 1 else f"{wanted} {n}") not in taken)


def _name_for(answers: Answers) -> str:
    mode = {WantedMode.LIVE: "Live", WantedMode.PAPER: "Paper"}.get(answers.trading_mode or WantedMode.ANY, "")
    match answers.application:
        case WantedApplication.GATEWAY:
            return f"{mode} Gateway" if mode else "IB Gateway"
        case WantedApplication.TWS:
            return f"{mode} TWS".strip()
        case _:
            return f"{mode} trading" if mode else "TWS or IB Gateway"


def wanted_connection(settings: Settings, name: str | None, answers: Answers) -> ConnectionSettings:
    """The connection as the answers want it."""
    base = configured_connection(settings, name) or ConnectionSettings(name or name_for(answers, settings))
    return replace(
        base,
        application=answers.application or base.application,
        trading_mode=answers.trading_mode or base.trading_mode,
        intent=answers.intent or base.intent,
        port=answers.port or base.port,
    )


def wanted_settings(settings: Settings, name: str | None, answers: Answers) -> Settings:
    """The whole configuration as the answers want it."""
    wanted = wanted_connection(settings, name, answers)
    written = [c for c in settings.connections if not c.implicit]
    names = [c.name for c in written]
    found = [wanted if c.name == wanted.name else c for c in written]
    return replace(settings, connections=tuple(found if wanted.name in names else [*found, wanted]))


def edits(settings: Settings, name: str | None, answers: Answers) -> tuple[tuple[str, str], ...]:
    """What has to be written, as (key, value) of `gatelight config set`; `settings` are those of the file."""
    base = configured_connection(settings, name)
    wanted = wanted_connection(settings, name, answers)
    chosen: list[tuple[str, str]] = []
    given = (answers.application, answers.trading_mode, answers.intent, answers.port)
    if base is None and any(answer is not None for answer in given):
        chosen.append((f"connections.{wanted.name}.name", wanted.name))
    before = base or ConnectionSettings(wanted.name)
    for key in ("application", "trading_mode", "intent", "port"):
        value, old = getattr(wanted, key), getattr(before, key)
        new_and_said = base is None and getattr(answers, key) is not None
        if value != old or new_and_said:
            chosen.append((f"connections.{wanted.name}.{key}", str(value)))
    return tuple(chosen)


_LABELS = {"application": "application", "trading_mode": "live or paper", "intent": "your program", "port": "API port"}


def edit_lines(wanted: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """What will be written, in words for people."""
    labels = {(q.id, choice.value): choice.label for q in QUESTIONS for choice in q.choices}
    lines = []
    for key, value in wanted:
        table, _, last = key.rpartition(".")
        if last == "name":
            lines.append(f"a new connection: “{value}”")
        else:
            name = table.partition(".")[2]
            lines.append(f"“{name}”, {_LABELS[last]}: {labels.get((last, value), value)}")
    return tuple(lines)

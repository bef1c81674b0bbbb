"""What can happen to the agent, as values: the only things `advance` is told."""

from dataclasses import dataclass
from typing import TypeAlias

from agent.core.clock import Moment
from agent.core.facts import Abilities, Fact, MachineFacts, RelaySeen
from agent.core.memory import UpdateNotes
from agent.core.session_facts import Outcome, Way
from agent.core.settings import Settings
from agent.core.shown.display import Action, Notice
from agent.core.shown.targets import TargetAnswer
from agent.tws.api_settings import ConfigResponse
from agent.tws.outside import FromOutside, OutsideText, RawName


@dataclass(frozen=True, slots=True)
class Looked:
    """A look at the machine is complete."""

    machine: MachineFacts


@dataclass(frozen=True, slots=True)
class RelaysCounted:
    """Relays were read between two looks: they have counted something that matters."""

    relays: Fact[tuple[RelaySeen, ...]]


@dataclass(frozen=True, slots=True)
class SessionReady(FromOutside):
    """The API session `number` is usable: accounts and nextValidId came."""

    number: int
    server_version: int
    accounts: tuple[RawName, ...]
    elapsed: float
    """Seconds from connect to ready."""
    accounts_more: int = 0
    """How many accounts there are besides."""
    ways: tuple[Way, ...] = ()
    """The addresses that the host meant; empty where none was found."""


@dataclass(frozen=True, slots=True)
class SessionFailed(FromOutside):
    """The attempt `number` did not become a session."""

    number: int
    outcome: Outcome
    elapsed: float
    """Seconds from connect to verdict."""
    detail: OutsideText = ""
    server_version: int | None = None
    accounts_came: bool = False
    ways: tuple[Way, ...] = ()
    """The addresses that the host meant; empty where none was found."""


@dataclass(frozen=True, slots=True)
class SessionLost(FromOutside):
    """The established session `number` ended, and not because we closed it."""

    number: int
    reason: OutsideText


@dataclass(frozen=True, slots=True)
class NoticeArrived(FromOutside):
    """The application sent a notice to session `number`."""

    number: int
    code: int
    text: OutsideText
    request_id: int = -1


@dataclass(frozen=True, slots=True)
class HeartbeatAnswered:
    """reqCurrentTime was answered on session `number`."""

    number: int
    server_time: int
    """Epoch seconds, whole ones: that is all the API gives."""
    late: float = 0.0
    """Seconds by which this program itself was late while the answer was awaited."""


@dataclass(frozen=True, slots=True)
class DataCame:
    """Market data came that was asked for on another session with the application of a connection."""

    connection: str
    asked_at: float
    """Monotonic time before which nothing of it was asked for."""


@dataclass(frozen=True, slots=True)
class MessagesCame:
    """How much came over session `number` in the last second; sent once a second while much comes."""

    number: int
    rate: float
    """Messages a second."""
    held: bool = False
    """Reading had to be paused: more came than is taken in, so that the rate is only what was read."""


@dataclass(frozen=True, slots=True)
class SettingsAnswered:
    """What came of asking for the API settings beside session `number`."""

    number: int
    configuration: Fact[ConfigResponse]
    server_version: int | None = None
    """The highest both sides know; None: the hello was not answered."""


@dataclass(frozen=True, slots=True)
class ProcessExited:
    """A watched TWS or IB Gateway process ended."""

    pid: int


@dataclass(frozen=True, slots=True)
class Tick:
    """A moment `advance` had asked to be woken at has come."""


@dataclass(frozen=True, slots=True)
class Woke:
    """The machine slept."""

    slept_for: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class UserAsked:
    """A click or a command."""

    action: Action


@dataclass(frozen=True, slots=True)
class Welcomed:
    """The user is told, on a desktop, that Gatelight watches from here."""


@dataclass(frozen=True, slots=True)
class SummarySaid:
    """The weekly summary was said, or is not wanted any more."""

    at: float | None
    """See `Memory.summary_said`."""


@dataclass(frozen=True, slots=True)
class Reconfigured:
    """A new configuration is in force."""

    settings: Settings
    abilities: Abilities | None = None
    """What can be done from now on; None: as before."""


@dataclass(frozen=True, slots=True)
class UpdatesNoted:
    """The check for new versions was planned, begun or answered."""

    notes: UpdateNotes


@dataclass(frozen=True, slots=True)
class ConfigRejected(FromOutside):
    """A new configuration could not be used; the old one stays in force."""

    reason: OutsideText


@dataclass(frozen=True, slots=True)
class NoticeDelivered:
    """A notice that no service could show before was shown."""

    key: str


@dataclass(frozen=True, slots=True)
class NoticeUndelivered(FromOutside):
    """No desktop channel took a notice."""

    key: str
    reason: OutsideText


@dataclass(frozen=True, slots=True)
class TargetAnswered(FromOutside):
    """What became of the message that was sent to a target."""

    target: str
    answer: TargetAnswer


@dataclass(frozen=True, slots=True)
class NewsCame:
    """Something about Gatelight itself was said, which targets are told as well."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class UserLooked:
    """The user is at the computer and looks at Gatelight: clicked a notice, opened the menu, or uses the page."""


@dataclass(frozen=True, slots=True)
class PageFollows:
    """A page is open and follows what is shown, or the last one was closed."""

    open: bool


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event with the moment at which it arrived: it may have waited since."""

    event: "Event"
    at: Moment


Event: TypeAlias = (
    Looked
    | RelaysCounted
    | SessionReady
    | SessionFailed
    | SessionLost
    | NoticeArrived
    | HeartbeatAnswered
    | DataCame
    | MessagesCame
    | SettingsAnswered
    | ProcessExited
    | Tick
    | Woke
    | UserAsked
    | Welcomed
    | SummarySaid
    | Reconfigured
    | UpdatesNoted
    | ConfigRejected
    | NoticeDelivered
    | NoticeUndelivered
    | TargetAnswered
    | NewsCame
    | UserLooked
    | PageFollows
)


def subject_of(event: Event) -> int | str:
    """What an event is about: the number of its session, else its kind. Events about one subject keep their order."""
    number: int | None = getattr(event, "number", None)
    return type(event).__name__ if number is None else number

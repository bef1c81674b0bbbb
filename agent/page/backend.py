"""What the page may ask of the agent, and how an endpoint is declared. Nothing here knows about HTTP."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

from agent.core.commands import Command
from agent.core.settings import Settings
from agent.core.shown.display import NoticeTried
from agent.core.shown.targets import TargetAnswer
from agent.core.updates import Origin

Answer: TypeAlias = dict[str, Any]
"""A JSON object."""


class Targets(Protocol):
    """Phones, mailboxes and chats: what is needed to set one up."""

    @property
    def install(self) -> str:
        """How what sends to them is installed, in a sentence without its full stop."""

    async def try_address(self, address: str) -> TargetAnswer:
        """Send a test to one address, or to the one that the key store keeps under such a name."""

    async def key_store(self) -> str | None:
        """What the key store of the system is called; None where there is none."""

    async def keep(self, name: str, secret: str) -> str | None:
        """Keep a secret in the key store, under a name that begins with `KEY_STORE`; returns what went wrong."""

    async def forget(self, name: str) -> None:
        """Take a secret out of the key store; one that is not there is no fault."""


class Backend(Protocol):
    """The agent as the page sees it. Everything is called on the agent's own loop and must not block."""

    @property
    def ask(self) -> Callable[[Command], Awaitable[Answer]]:
        """Carries a command out; it answers {"error": one sentence} where that cannot be done."""

    @property
    def config_changed(self) -> Callable[[], None]:
        """Reads the configuration again, after it was changed."""

    def view(self) -> Answer:
        """All that the page shows, as `agent.page.view` makes it."""

    def limits(self) -> Iterable[Answer]:
        """What IB allows and what is in use, by connection (`core.shown.limits`)."""

    async def relays(self) -> list[Answer]:
        """What each relay counts (`core.shown.relayed`)."""

    async def history(self, days: int, *, whole: bool) -> Answer:
        """What is kept of the last days, today among them (`agent.history.as_json`), with what pictures need.

        Raises GatelightError where it cannot be read.
        """

    async def bundle(self) -> Answer:
        """A diagnostics bundle: its name, its files to read first, and the archive in Base64. Takes seconds."""

    @property
    def targets(self) -> Targets:
        """What sets up phones, mailboxes and chats."""

    @property
    def settings(self) -> Settings:
        """The configuration in force."""

    @property
    def origin(self) -> Origin:
        """Where this installation came from."""

    @property
    def config(self) -> Path:
        """Its file."""

    @property
    def config_named(self) -> bool:
        """Whether the user named the file."""

    def starts_at_login(self) -> bool | None:
        """Whether Gatelight starts at log-in; None: that cannot be chosen here. May block."""

    def looked(self) -> None:
        """The user is at the page, and sees what it shows."""

    async def test_notice(self) -> NoticeTried:
        """Send a notice to every channel that is on; answers what became of it at each."""

    async def at_login(self, on: bool) -> str | None:
        """Start at log-in from now on, or no longer; answers what went wrong, or None."""


class Refused(Exception):
    """What was asked for cannot be had; the text is one sentence for the person at the page."""

    def __init__(self, sentence: str, status: int = 400, **more: Any) -> None:
        super().__init__(sentence)
        self.status = status
        self.more = more
        """Further members of the answer."""


Handle: TypeAlias = Callable[[Any, Mapping[str, Any]], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One thing the page can ask for."""

    method: Literal["GET", "POST"]
    """GET reads and changes nothing."""
    path: str
    """Below /api/."""
    handle: Handle
    """Gets the backend and what was asked: the query of a GET, the JSON object of a POST. May raise `Refused`."""
    seconds: float = 10.0
    """How long it may take."""
    guarded: Callable[[Mapping[str, Any]], bool] = lambda _: False
    """Whether what is asked needs a page that was opened just now: it decides which program runs, or who is told."""


def text_field(asked: Mapping[str, Any], name: str, longest: int = 200) -> str:
    """A text that has to be in a request."""
    value = asked.get(name)
    if not isinstance(value, str) or len(value) > longest:
        raise Refused(f"“{name}” must be a text of at most {longest} characters.")
    return value


def said(answer: Answer) -> Answer:
    """An answer of the agent; one that says no becomes a refusal."""
    if "error" in answer:
        more = {key: value for key, value in answer.items() if key != "error"}
        raise Refused(str(answer["error"]), 409, **more)
    return answer

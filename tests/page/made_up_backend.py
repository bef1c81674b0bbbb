"""An agent that exists only for the page: it shows what it is given and writes down what it was asked."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.core.commands import Command
from agent.core.settings import Settings
from agent.core.shown.display import NoticeTried
from agent.core.shown.targets import SendOutcome, TargetAnswer
from agent.core.updates import Origin
from agent.errors import GatelightError

VIEW: dict[str, Any] = {"schema": 1, "overall": "connected", "connections": [], "under_way": [], "ended": []}


@dataclass
class MadeUpTargets:
    """See `agent.page.backend.Targets`."""

    install: str = "Apprise is not installed: install it"
    answer: TargetAnswer = field(default_factory=lambda: TargetAnswer(SendOutcome.TAKEN, "HTTP 200 OK"))
    """What comes of a test of one target."""
    store: str | None = None
    """The name of the key store."""
    refusal: str | None = None
    """What the key store runs into."""
    kept: dict[str, str] = field(default_factory=dict)
    """What is in the key store."""
    tried: list[str] = field(default_factory=list)
    """The addresses that were tested."""

    async def try_address(self, address: str) -> TargetAnswer:
        self.tried.append(address)
        return self.answer

    async def key_store(self) -> str | None:
        return self.store

    async def keep(self, name: str, secret: str) -> str | None:
        if self.refusal is None:
            self.kept[name] = secret
        return self.refusal

    async def forget(self, name: str) -> None:
        self.kept.pop(name, None)


@dataclass
class MadeUpBackend:
    """See `agent.page.backend.Backend`."""

    config: Path = Path("nowhere.toml")
    config_named: bool = False
    settings: Settings = field(default_factory=Settings)
    origin: Origin = field(default_factory=lambda: Origin("https://example.org/gatelight"))
    shown: dict[str, Any] = field(default_factory=lambda: dict(VIEW))
    answers: dict[str, Any] = field(default_factory=lambda: {"done": True})
    refusal: str | None = None
    """What the start at log-in runs into."""
    tried: NoticeTried = field(default_factory=lambda: NoticeTried(("desktop notifications",)))
    """What becomes of a test notice."""
    targets: MadeUpTargets = field(default_factory=MadeUpTargets)
    login: bool | None = None
    unreadable: str | None = None
    """Why the history cannot be read."""
    counted: list[dict[str, Any]] = field(default_factory=list)
    """What relays count."""
    asked: list[Any] = field(default_factory=list)
    """Commands, and what else was asked, in words."""

    def view(self) -> dict[str, Any]:
        return self.shown

    def limits(self) -> Iterable[dict[str, Any]]:
        return [{"connection": "Paper Gateway"}]

    async def relays(self) -> list[dict[str, Any]]:
        return self.counted

    async def history(self, days: int, *, whole: bool) -> dict[str, Any]:
        self.asked.append(f"history of {days} days{', whole' if whole else ''}")
        if self.unreadable is not None:
            raise GatelightError(self.unreadable)
        return {"connections": []}

    async def bundle(self) -> dict[str, Any]:
        self.asked.append("bundle")
        if self.unreadable is not None:
            raise GatelightError(self.unreadable)
        return {"name": "b.zip", "files": [], "archive": ""}

    async def ask(self, command: Command) -> dict[str, Any]:
        self.asked.append(command)
        return self.answers

    def config_changed(self) -> None:
        self.asked.append("config changed")

    def looked(self) -> None:
        self.asked.append("looked")

    async def test_notice(self) -> NoticeTried:
        self.asked.append("test notice")
        return self.tried

    def starts_at_login(self) -> bool | None:
        return self.login

    async def at_login(self, on: bool) -> str | None:
        self.asked.append(f"at login: {on}")
        return self.refusal

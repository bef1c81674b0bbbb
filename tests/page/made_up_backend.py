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
class MadeUpBackend:
    """See `agent.page.backend.Backend`."""

    config: Path = Path("nowhere.toml")
    config_named: bool = False
    settings: Settings = field(default_factory=Settings)
    origin: Origin = field(default_factory=lambda: Origin("https://example.org/gatelight"))
    shown: dict[str, Any] = field(default_factory=lambda: dict(VIEW))
    answers: dict[str, Any] = field(default_factory=lambda: {"done": True})
    refusal: str | None = None
    """What the start at log-in, or the key store, runs into."""
    tried: NoticeTried = field(default_factory=lambda: NoticeTried(("desktop notifications",)))
    """What becomes of a test notice."""
    target_answer: TargetAnswer = field(default_factory=lambda: TargetAnswer(SendOutcome.TAKEN, "HTTP 200 OK"))
    """What comes of a test of one target."""
    store: str | None = None
    """The name of the key store."""
    secrets: dict[str, str] = field(default_factory=dict)
    """What is in the key store."""
    install_remote: str = "Apprise is not installed: install it"
    login: bool | None = None
    unreadable: str | None = None
    """Why the history cannot be read."""
    asked: list[Any] = field(default_factory=list)
    """Commands, and what else was asked, in words."""

    def view(self) -> dict[str, Any]:
        return self.shown

    def limits(self) -> Iterable[dict[str, Any]]:
        return [{"connection": "Paper Gateway"}]

    async def history(self, days: int) -> dict[str, Any]:
        self.asked.append(f"history of {days} days")
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

    async def test_notice(self) -> NoticeTried:
        self.asked.append("test notice")
        return self.tried

    async def try_target(self, address: str) -> TargetAnswer:
        self.asked.append(f"test of {address}")
        return self.target_answer

    def key_store(self) -> str | None:
        return self.store

    def keep_secret(self, name: str, secret: str) -> str | None:
        if self.refusal is None:
            self.secrets[name] = secret
        return self.refusal

    def forget_secret(self, name: str) -> None:
        self.secrets.pop(name, None)

    def starts_at_login(self) -> bool | None:
        return self.login

    async def at_login(self, on: bool) -> str | None:
        self.asked.append(f"at login: {on}")
        return self.refusal

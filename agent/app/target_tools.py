"""What the page needs to set up a phone, mailbox or chat: a test of its address, and the key store of the system."""

from agent.app.channels import try_target
from agent.channels.remote import INSTALL_APPRISE
from agent.core.problem import Severity
from agent.core.settings import KEY_STORE, TargetSettings
from agent.core.shown.display import Notice
from agent.core.shown.targets import TargetAnswer
from agent.platforms.key_store import STORE_NAME, StoreAct, StoreWord, ask_key_store

_TEST = Notice("test", Severity.INFO, "A test notice from Gatelight", "This is what a notice looks like.")


class TargetTools:
    """See `agent.page.backend.Targets`."""

    install = INSTALL_APPRISE

    def __init__(self, *, keeps: bool) -> None:
        """`keeps`: secrets may be kept in the user's key store; a demonstration leaves nothing there."""
        self._keeps = keeps

    async def try_address(self, address: str) -> TargetAnswer:
        """Send a test to one address; returns what its service answered."""
        return await try_target(TargetSettings("test", address), _TEST)

    async def key_store(self) -> str | None:
        """What the key store of the system is called."""
        return STORE_NAME if self._keeps and await ask_key_store(StoreAct.LOOK) is StoreWord.DONE else None

    async def keep(self, name: str, secret: str) -> str | None:
        """Keep a secret in the key store."""
        if await ask_key_store(StoreAct.KEEP, name.removeprefix(KEY_STORE), secret) is StoreWord.DONE:
            return None
        return f"The address could not be kept in {STORE_NAME}: unlock that, or save it without."

    async def forget(self, name: str) -> None:
        """Take a secret out of the key store."""
        await ask_key_store(StoreAct.FORGET, name.removeprefix(KEY_STORE))

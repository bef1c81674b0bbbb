"""The key store of the system, through `keyring`: writing and removing what is kept there for Gatelight.

keyring loads cryptography on Linux, and a store may first ask the user to unlock it. So the agent asks a process of its
own, which ends with the answer. The secret goes there on standard input and never comes back.
"""

import json
import os
import sys
from enum import StrEnum
from pathlib import Path

from agent.platforms.called import as_typed
from agent.platforms.own_process import ask_own_process, own_command

KEPT_FOR = "Gatelight"
"""Under which the key store keeps what is Gatelight's."""
STORE_COMMAND = "key-store"
"""The argument with which this program runs as such a process; only the agent uses it, not the user."""
STORE_SECONDS = 25.0
"""Seconds that it may take: the user may have to type a password."""

_NAMES = {"win32": "the Credential Manager of Windows", "darwin": "the keychain of macOS"}
STORE_NAME = _NAMES.get(sys.platform, "the keyring of your desktop")
"""What the user calls the store, with its article."""


def with_remote(environment: Path, python: Path) -> str:
    """What brings the extra that a pipx or pip has left out. No index of packages has Gatelight.

    `environment`: the one that this program runs in, with its `python`. That of a checkout has no pip of its own.
    """
    checkout = environment.parent
    if environment.name == ".venv" and (checkout / "installer/run.py").is_file() and python.is_relative_to(checkout):
        pip = as_typed("py" if os.name == "nt" else "python3", "-m", "pip", "--python")
        command = f"{pip} {as_typed(str(python.relative_to(checkout)), 'install', '-e', '.[remote]')}"
        return f"run `{command}` in the checkout, and start Gatelight again"
    return f"install Gatelight again, with `{as_typed('pipx', 'install', '--force', '.[remote]')}` in its checkout"


WITH_REMOTE = with_remote(Path(sys.prefix), Path(sys.executable))
"""The same for this program."""


def without_keyring(*, packaged: bool) -> str:
    """What to do where keyring is missing, as in the .deb; `packaged`: this program has no pip that could add it."""
    if packaged:
        return "write the address into the configuration, which only you can read"
    return WITH_REMOTE


WITHOUT_KEYRING = without_keyring(packaged=getattr(sys, "frozen", False))
"""The same for this program."""


class StoreAct(StrEnum):
    """What is asked of the store."""

    LOOK = "look"
    KEEP = "keep"
    FORGET = "forget"


class StoreWord(StrEnum):
    """Its answer."""

    DONE = "done"
    MISSING = "missing"
    """There is no store, or keyring is not installed."""
    REFUSED = "refused"
    """The store is locked, or did not want to."""


async def ask_key_store(act: StoreAct, name: str = "", secret: str = "") -> StoreWord:
    """Look whether there is a store, keep a secret under a name, or forget one."""
    order = json.dumps({"act": act, "name": name, "secret": secret}).encode("ascii")
    try:
        told = await ask_own_process(own_command(STORE_COMMAND), order, STORE_SECONDS, "key store")
        return StoreWord(told.output.decode("ascii").strip())
    except (OSError, ValueError):
        # A process that was ended has no answer.
        return StoreWord.REFUSED


def answer_key_store() -> None:
    """Do what standard input asks for; the answer goes to standard output."""
    try:
        asked = json.loads(sys.stdin.read())
        act, name, secret = StoreAct(asked["act"]), asked["name"], asked["secret"]
    except (ValueError, KeyError, TypeError):
        # No agent asks like this.
        return
    sys.stdout.write(done_in_store(act, name, secret))


def done_in_store(act: StoreAct, name: str, secret: str) -> StoreWord:
    """Do it in this very process."""
    try:
        import keyring
        from keyring.backends import chainer, fail
        from keyring.errors import PasswordDeleteError
    except ImportError:
        return StoreWord.MISSING
    store = keyring.get_keyring()
    nothing = isinstance(store, fail.Keyring) or (isinstance(store, chainer.ChainerBackend) and not store.backends)
    if nothing:
        return StoreWord.MISSING
    try:
        if act is StoreAct.KEEP:
            store.set_password(KEPT_FOR, name, secret)
        elif act is StoreAct.FORGET:
            store.delete_password(KEPT_FOR, name)
    except PasswordDeleteError:
        # It is not there.
        return StoreWord.DONE
    except Exception:
        # Backends raise errors of their own libraries, too.
        return StoreWord.REFUSED
    return StoreWord.DONE

"""`gatelight config`: where the configuration is, what it says, whether it is right; changes, and secrets beside it."""

import argparse
import contextlib
import sys
from typing import TYPE_CHECKING, Any

from agent.cli.terminal import out, tell
from agent.errors import AgentNotRunning, GatelightError, UsageError
from agent.runtime.paths import Places

if TYPE_CHECKING:
    from agent.platforms.key_store import StoreAct


def do_config(options: argparse.Namespace, places: Places) -> int:
    """Do what was asked for; returns the exit status."""
    from agent.config.reading import check, load
    from agent.config.showing import show
    from agent.config.sources import in_order, sources_of

    match options.what:
        case "path":
            out(str(places.config))
        case "show":
            settings = load(places.config, named=places.config_named)
            out(show(settings, sources_of(places.config) if places.config.exists() else None).rstrip("\n"))
        case "check":
            faults = check(places.config, named=places.config_named)
            for fault in faults:
                tell(fault)
            if faults:
                return 2
            out(in_order(places.config))
        case "secret":
            _secret(options.name, delete=options.delete)
        case _:
            _set(options.key, options.value, places)
    return 0


def _set(key: str, value: str, places: Places) -> None:
    # tomlkit takes a tenth of a second to import, and only this needs it.
    from agent.config.editing import set_value

    changed = set_value(places.config, key, value)
    if changed.before == changed.after:
        tell(f"{key} is {changed.after}, as it was before, in {places.config}.")
        return
    before = "" if changed.before is None else f"{changed.before} → "
    tell(f"{key}: {before}{changed.after}, in {places.config}. {_taken_up(places)}")


def _taken_up(places: Any) -> str:
    """What a change of the configuration does now."""
    from agent.runtime.control.channel import request

    try:
        request(places, {"command": "status"})
    except AgentNotRunning:
        return "Gatelight does not run now: it counts from its next start."
    return "The running Gatelight reads it within seconds."


def _secret(name: str, *, delete: bool) -> None:
    """Keep an address in the key store of the system, or delete it there. It is never an argument, which every user of
    the computer could read."""
    from agent.config.kinds import TARGET_URL, ValueRefused
    from agent.core.settings import KEY_STORE, in_key_store
    from agent.platforms.key_store import STORE_NAME, StoreAct

    try:
        TARGET_URL.read(f"{KEY_STORE}{name}")
    except ValueRefused:
        raise UsageError("The name must be 1 to 40 letters, digits, - and _, such as my-phone.") from None
    _ask_store(StoreAct.LOOK)
    if delete:
        _ask_store(StoreAct.FORGET, name)
        tell(f"“{name}” is not in {STORE_NAME} any more.")
        return
    secret = _typed(name)
    try:
        TARGET_URL.read(secret)
    except ValueRefused:
        secret = ""
    if not secret or in_key_store(secret):
        raise UsageError("That is not an Apprise URL, such as ntfy://topic, so nothing was kept.")
    _ask_store(StoreAct.KEEP, name, secret)
    tell(f"It is kept in {STORE_NAME}. In the configuration, write {KEY_STORE}{name} in its place.")


def _ask_store(act: "StoreAct", name: str = "", secret: str = "") -> None:
    """Raises GatelightError where the key store did not do it."""
    from agent.platforms.key_store import STORE_NAME, WITHOUT_KEYRING, StoreWord, done_in_store, without_keyring

    match done_in_store(act, name, secret):
        case StoreWord.MISSING:
            ways = dict.fromkeys((WITHOUT_KEYRING, without_keyring(packaged=True)))
            raise GatelightError(f"Gatelight can use no key store here: {', or '.join(ways)}.")
        case StoreWord.REFUSED:
            raise GatelightError(f"{STORE_NAME[0].upper()}{STORE_NAME[1:]} refused: unlock it, and try again.")


def _typed(name: str) -> str:
    """One line, which the terminal does not show."""
    if sys.stdin is not None and sys.stdin.isatty():
        from getpass import getpass

        with contextlib.suppress(EOFError):
            return getpass(f"Address of “{name}”, as the Apprise library writes it (it is not shown): ").strip()
        # The terminal was closed.
        return ""
    return (sys.stdin.readline() if sys.stdin is not None else "").strip()

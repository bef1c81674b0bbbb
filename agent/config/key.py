"""What a key of the configuration is, and a table of them."""

from collections.abc import Callable, Iterator
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any

from agent.config.kinds import KeyKind
from agent.core.settings import in_key_store
from agent.tws.privacy import MASK


@dataclass(frozen=True, slots=True)
class Key:
    """One key of one table."""

    name: str
    kind: KeyKind
    meaning: str
    """For the table of `agent/config/README.md`; a phrase without a full stop."""
    label: str
    """What the page calls it, in a user's words."""
    help: str
    """What the page says about it, in whole sentences."""
    example: str = ""
    """A value as a user types it, or, for an empty field, what stands for it; a list has one entry on each line."""
    words: tuple[str, ...] = ()
    """What the page calls the choices of its kind, in their order; empty for a switch."""
    durations: tuple[str, ...] = ()
    """The durations that the page offers; a file may hold any that its kind allows."""
    empty: str = ""
    """The value that an empty field of the page stands for."""
    advanced: bool = False
    """Whether few users ever change it: the page folds it away."""
    guarded: bool = False
    """Whether its value decides which program runs, or where data is sent. Only a page that was opened just now, from
    the user's icon or terminal, can change it; a fix cannot."""
    secret: bool = False
    """Whether its value is a secret of the user, which is never shown in full. Where the key store of the system holds
    the secret, the value is only its name there, which is none."""

    def shown(self, value: Any) -> Any:
        """A value in the form that may be shown: of a secret one, only the scheme of an address is left."""
        if isinstance(value, tuple):
            return tuple(self.shown(one) for one in value)
        if not self.secret or not isinstance(value, str) or not value or in_key_store(value):
            return value
        scheme, colon, _ = value.partition("://")
        return f"{scheme}://{MASK}" if colon else MASK


@dataclass(frozen=True, slots=True)
class KeyTable:
    """One table of the configuration, with the class of its settings."""

    name: str
    """As the file heads it; a table within another one has both names, with a dot between them."""
    label: str
    """What the page calls the keys of it that are not advanced."""
    settings: type
    keys: tuple[Key, ...]
    repeated: bool = False
    """Whether the file may have several of them, each headed `[[name]]`."""
    together: Callable[[Any], tuple[str, str] | None] = lambda _: None
    """Judges the values of one table together: the key to change, and what it must be; None where they agree."""

    def __post_init__(self) -> None:
        known = {one.name for one in fields(self.settings)}
        for key in self.keys:
            if key.name not in known:
                where = f"agent/core/settings.py: give {self.settings.__name__} a field {key.name}, with its default"
                raise TypeError(f"{where} (it has a Key in agent/config/keys.py)")

    @property
    def path(self) -> tuple[str, ...]:
        """The keys that lead to it in the file, which are fields of the settings."""
        return tuple(self.name.split("."))

    def held_by(self, settings: Any) -> Any:
        """What the whole settings hold of it: an object of its class, a tuple of them where it is repeated."""
        for name in self.path:
            settings = getattr(settings, name)
        return settings

    def put_into(self, settings: Any, held: Any) -> Any:
        """The whole settings with this in place of what `held_by` tells."""
        *around, name = self.path
        for outer in around:
            return replace(settings, **{outer: replace(getattr(settings, outer), **{name: held})})
        return replace(settings, **{name: held})

    def key(self, name: str) -> Key | None:
        """The key of this name; None when there is none."""
        return next((key for key in self.keys if key.name == name), None)

    def default(self, name: str) -> Any:
        """The value of a key that is not in the file; `MISSING` for a key that must be there."""
        return {declared.name: declared.default for declared in fields(self.settings)}[name]

    def required(self) -> Iterator[Key]:
        """The keys that have no default."""
        return (key for key in self.keys if self.default(key.name) is MISSING)

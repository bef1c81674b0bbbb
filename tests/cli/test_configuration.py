"""`gatelight config secret`, as it is typed; the other words of `config` are in `test_main.py`."""

import argparse
import io
from pathlib import Path

import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail
from keyring.errors import KeyringLocked, PasswordDeleteError

from agent.cli.configuration import do_config
from agent.errors import GatelightError, UsageError
from agent.platforms.key_store import KEPT_FOR
from agent.runtime.paths import Places, find_places

SECRET = "ntfy://hunter2"


class Store(KeyringBackend):
    """A key store in memory."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.locked:
            raise KeyringLocked
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.kept:
            raise PasswordDeleteError
        del self.kept[service, username]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    made = Store()
    monkeypatch.setattr("keyring.core._keyring_backend", made)
    return made


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return find_places(tmp_path / "config.toml", tmp_path / "data", environ={})


def asked(name: str, *, delete: bool = False) -> argparse.Namespace:
    return argparse.Namespace(what="secret", name=name, delete=delete)


def type_in(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_an_address_is_kept_from_standard_input_and_never_shown(
    store: Store, places: Places, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    type_in(f"  {SECRET}\n", monkeypatch)
    kept = do_config(asked("my-phone"), places)
    said = capsys.readouterr()
    gone = do_config(asked("my-phone", delete=True), places)
    nothing = do_config(asked("my-phone", delete=True), places)

    assert (kept, gone, nothing) == (0, 0, 0)
    assert store.kept == {}
    assert "keyring:my-phone" in said.err
    assert "hunter2" not in said.out + said.err
    assert "“my-phone” is not in the" in capsys.readouterr().err


def test_at_a_terminal_it_is_asked_for_without_an_echo(
    store: Store, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    type_in("", monkeypatch)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda _: SECRET)
    do_config(asked("my-phone"), places)

    assert store.kept == {(KEPT_FOR, "my-phone"): SECRET}


@pytest.mark.parametrize("text", ["", "hunter2", "keyring:hunter2"])
def test_what_is_no_address_is_not_kept_and_not_repeated(
    text: str, store: Store, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    type_in(f"{text}\n", monkeypatch)
    with pytest.raises(UsageError, match="not an Apprise URL") as refused:
        do_config(asked("my-phone"), places)

    assert store.kept == {}
    assert "hunter2" not in str(refused.value)


def test_a_name_that_no_configuration_could_hold_is_refused(store: Store, places: Places) -> None:
    with pytest.raises(UsageError, match="1 to 40 letters"):
        do_config(asked("my phone"), places)


def test_without_a_key_store_it_is_said_what_to_do(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyring.core._keyring_backend", fail.Keyring())  # type: ignore[no-untyped-call]
    type_in(SECRET, monkeypatch)
    with pytest.raises(GatelightError, match="write the address into the configuration"):
        do_config(asked("my-phone"), places)


def test_a_store_that_is_locked_says_what_to_do(store: Store, places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    store.locked = True
    type_in(SECRET, monkeypatch)
    with pytest.raises(GatelightError, match="unlock it"):
        do_config(asked("my-phone"), places)


def test_a_terminal_that_is_closed_instead_keeps_nothing(
    store: Store, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(_: str) -> str:
        raise EOFError

    type_in("", monkeypatch)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", closed)
    with pytest.raises(UsageError, match="nothing was kept"):
        do_config(asked("my-phone"), places)

    assert store.kept == {}

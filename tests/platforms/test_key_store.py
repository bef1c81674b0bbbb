"""The key store, through the real keyring library with a store that is a file; and systems that have none."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.platforms.called import as_typed
from agent.platforms.key_store import StoreAct, StoreWord, answer_key_store, ask_key_store, with_remote

pytest.importorskip("keyring")

STORE = """
import json, pathlib
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

FILE = pathlib.Path({file!r})

class Store(KeyringBackend):
    priority = 1

    def get_password(self, service, name):
        return json.loads(FILE.read_text()).get(f"{{service}}/{{name}}")

    def set_password(self, service, name, secret):
        if name == "locked":
            raise KeyringLocked
        FILE.write_text(json.dumps(json.loads(FILE.read_text()) | {{f"{{service}}/{{name}}": secret}}))

    def delete_password(self, service, name):
        kept = json.loads(FILE.read_text())
        if kept.pop(f"{{service}}/{{name}}", None) is None:
            raise PasswordDeleteError
        FILE.write_text(json.dumps(kept))
"""


Kept = Callable[[], dict[str, str]]


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Kept:
    """What is in the store."""
    file = tmp_path / "store.json"
    file.write_text("{}")
    (tmp_path / "store_in_a_file.py").write_text(STORE.format(file=str(file)))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "store_in_a_file.Store")
    return lambda: dict(json.loads(file.read_text()))


async def test_a_secret_is_kept_and_forgotten(kept: Kept) -> None:
    there = await ask_key_store(StoreAct.LOOK)
    done = await ask_key_store(StoreAct.KEEP, "phone", "ntfys://ntfy.sh/tøpic")
    after = kept()
    forgotten = await ask_key_store(StoreAct.FORGET, "phone")
    again = await ask_key_store(StoreAct.FORGET, "phone")

    assert (there, done, forgotten, again) == (StoreWord.DONE,) * 4
    assert after == {"Gatelight/phone": "ntfys://ntfy.sh/tøpic"}
    assert kept() == {}


async def test_a_store_that_is_locked_refuses(kept: Kept) -> None:
    assert await ask_key_store(StoreAct.KEEP, "locked", "secret") is StoreWord.REFUSED
    assert kept() == {}


async def test_a_system_without_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")

    assert await ask_key_store(StoreAct.LOOK) is StoreWord.MISSING
    assert await ask_key_store(StoreAct.KEEP, "phone", "secret") is StoreWord.MISSING


async def test_without_the_library_there_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "keyring.py").write_text("raise ImportError")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    assert await ask_key_store(StoreAct.LOOK) is StoreWord.MISSING


@pytest.mark.parametrize("asked", ["", "[]", "{}", '{"act": "x", "name": "", "secret": ""}'])
def test_what_no_agent_asks_is_not_answered(
    asked: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(asked))
    answer_key_store()

    assert capsys.readouterr() == ("", "")


async def test_a_process_that_cannot_answer_is_a_refusal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "keyring.py").write_text("import os; os._exit(3)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    assert await ask_key_store(StoreAct.LOOK) is StoreWord.REFUSED


def test_the_extra_is_brought_into_the_environment_that_this_program_runs_in(tmp_path: Path) -> None:
    """`.venv` of a checkout has no pip, and a pipx would bring another program than the one that runs."""
    (tmp_path / "installer").mkdir()
    (tmp_path / "installer/run.py").touch()
    own = tmp_path / ".venv"

    in_checkout = with_remote(own, own / "bin/python")
    elsewhere = with_remote(tmp_path / "pipx/venvs/gatelight", tmp_path / "pipx/venvs/gatelight/bin/python")

    python = Path(".venv/bin/python")
    assert f" -m pip --python {as_typed(str(python))} install -e " in in_checkout
    assert "pipx install --force " in elsewhere

"""Messages to targets: through Apprise to real HTTP and SMTP servers on this machine."""

import asyncio
import contextlib
import sys
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path

import psutil
import pytest

from agent.app.channels import try_target
from agent.channels import Delivered, NotDelivered, remote
from agent.channels.remote import INSTALL_APPRISE, TargetChannel, message_for, send_message
from agent.channels.remote_sender import LONGEST_WAIT
from agent.core.problem import Severity
from agent.core.settings import TargetSettings
from agent.core.shown.display import Notice
from agent.core.shown.targets import SendOutcome, TargetAnswer, TargetMessage
from agent.platforms.key_store import WITH_REMOTE, without_keyring
from tests.channels.receivers import free_port, http_receiver, mail_receiver, silent_receiver

pytest.importorskip("apprise")

NOTICE = Notice(
    "Paper/api-silent", Severity.ERROR, "TWS does not answer", "It hangs.", steps=("Close it.", "Start it.")
)
MESSAGE = TargetMessage("TWS does not answer", "It hangs.", "failure")
TAKEN = TargetAnswer(SendOutcome.TAKEN, "HTTP 200 OK")


def test_a_notice_goes_out_with_its_steps() -> None:
    assert message_for(NOTICE) == TargetMessage(
        "TWS does not answer", "It hangs.\n1. Close it.\n2. Start it.", "failure"
    )


async def test_a_message_goes_out_and_the_services_answer_is_told() -> None:
    with http_receiver() as service:
        answer = await send_message(service.url, MESSAGE)

    assert answer == TAKEN
    assert [(m["title"], m["message"], m["type"]) for m in service.came] == [
        ("TWS does not answer", "It hangs.", "failure")
    ]


@pytest.mark.parametrize(
    ("status", "headers", "outcome", "wait"),
    [
        (429, {"Retry-After": "17"}, SendOutcome.REFUSED, 17.0),
        (429, {"Retry-After": formatdate(32503680000)}, SendOutcome.REFUSED, LONGEST_WAIT),
        (503, {"Retry-After": "soon"}, SendOutcome.REFUSED, None),
        (500, {}, SendOutcome.REFUSED, None),
        (401, {}, SendOutcome.REFUSED, None),
        (413, {}, SendOutcome.UNFIT, None),
    ],
)
async def test_a_refusal_is_told_in_the_services_own_words(
    status: int, headers: dict[str, str], outcome: SendOutcome, wait: float | None
) -> None:
    with http_receiver(status=status, headers=headers, body=b'{"error": "not\nnow"}') as service:
        answer = await send_message(service.url, MESSAGE)

    assert (answer.outcome, answer.retry_after) == (outcome, wait)
    assert answer.said.startswith(f"HTTP {status} ")
    assert answer.said.endswith(': {"error": "not now"}')


async def test_a_service_that_is_not_there_is_told_by_its_cause() -> None:
    answer = await send_message(f"json://127.0.0.1:{free_port()}/", MESSAGE)

    assert answer.outcome is SendOutcome.REFUSED
    assert "refused" in answer.said.lower()


async def test_a_service_that_never_reads_is_left_and_nothing_of_it_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "SEND_SECONDS", 3.0)
    with silent_receiver() as service:
        answer = await send_message(service.url, MESSAGE)

    assert answer == TargetAnswer(SendOutcome.LATE, "no answer within 3 s")
    assert not _senders()


async def test_a_mail_goes_out_and_one_that_is_refused_says_why() -> None:
    with mail_receiver() as box:
        taken = await send_message(_mail(box.port), MESSAGE)
    with mail_receiver("552 mailbox full") as full:
        refused = await send_message(_mail(full.port), MESSAGE)

    assert taken.taken
    # Neither is the name of this computer told, nor is a name service asked for it.
    assert box.came[0]["from"] == "[127.0.0.1]"
    assert box.came[0]["to"] == ["me@example.org"]
    assert "Subject: TWS does not answer" in box.came[0]["mail"]
    assert "X-Application: Gatelight" in box.came[0]["mail"]
    assert refused.outcome is SendOutcome.REFUSED
    assert "mailbox full" in refused.said


def _mail(port: int) -> str:
    return f"mailto://127.0.0.1:{port}/?smtp=127.0.0.1&mode=insecure&from=a@example.org&to=me@example.org"


async def test_services_are_told_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    # Longer than Apprise itself waits for an answer, so that a busy machine changes nothing.
    monkeypatch.setattr(remote, "SEND_SECONDS", 60.0)
    with silent_receiver() as silent, http_receiver() as service:
        slow = asyncio.create_task(send_message(silent.url, MESSAGE))
        answers = [await send_message(service.url, MESSAGE) for _ in range(2)]
        waiting = not slow.done()
        slow.cancel()

    assert answers == [TAKEN] * 2
    assert waiting


async def test_a_sender_that_cannot_be_started_is_not_taken_for_delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "_sender", lambda: ("/nowhere/at-all",))

    assert await send_message("json://127.0.0.1/", MESSAGE) == TargetAnswer(
        SendOutcome.REFUSED, "no process could be started for it"
    )


def test_the_end_of_the_agent_ends_the_processes_that_send() -> None:
    async def agent() -> None:
        with silent_receiver() as silent:
            sending = asyncio.create_task(send_message(silent.url, MESSAGE))
            while not _senders():  # noqa: ASYNC110 - started by the system
                await asyncio.sleep(0.005)
            sending.cancel()

    asyncio.run(agent())

    for sender in _senders():
        sender.wait(30)


async def test_no_address_can_be_read_from_the_process_that_sends() -> None:
    with http_receiver() as service:
        url = f"json://user:secret@127.0.0.1:{service.port}/"
        sending = asyncio.create_task(send_message(url, MESSAGE))
        while not (senders := _senders()):  # noqa: ASYNC110 - started by the system
            await asyncio.sleep(0.005)
        shown = str([(sender.cmdline(), sender.environ()) for sender in senders])
        await sending

    assert "send-remote" in shown
    assert "secret" not in shown


async def test_an_answer_that_repeats_a_part_of_the_address_is_masked() -> None:
    with http_receiver(status=403, body=b"no user hunter2token here") as service:
        url = f"json://hunter2token:secretword@127.0.0.1:{service.port}/"
        answer = await send_message(url, MESSAGE)

    assert answer.said == "HTTP 403 Forbidden: no user ••• here"


async def test_without_apprise_it_is_said_how_it_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "apprise.py").write_text("raise ImportError")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    assert await send_message("json://127.0.0.1/", MESSAGE) == TargetAnswer(SendOutcome.UNUSABLE, INSTALL_APPRISE)


async def test_the_folder_the_agent_was_started_in_adds_no_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("apprise", "agent"):
        (tmp_path / f"{name}.py").write_text("raise ImportError")
    monkeypatch.chdir(tmp_path)

    with http_receiver() as service:
        assert await send_message(service.url, MESSAGE) == TAKEN


def test_a_packaged_program_is_its_own_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)

    assert remote._sender() == (sys.executable, "send-remote")


async def test_an_address_of_no_service_is_said_without_repeating_it(caplog: pytest.LogCaptureFixture) -> None:
    answer = await send_message("nonsense://secret@nowhere", MESSAGE)

    assert answer == TargetAnswer(SendOutcome.UNUSABLE, "its address is not one that Apprise knows")
    assert "secret" not in caplog.text


# ── the key store of the system ─────────────────────────────────────────────────────────────────

STORE = """
import json, pathlib
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

class Store(KeyringBackend):
    priority = 1

    def get_password(self, service, name):
        if name == "locked":
            raise KeyringLocked
        return json.loads(pathlib.Path({file!r}).read_text()).get(f"{{service}}/{{name}}")

    def set_password(self, service, name, secret):
        raise NotImplementedError
"""


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], object]:
    """Fills a key store in a file, as the library loads one."""
    file = tmp_path / "store.json"
    (tmp_path / "made_up_store.py").write_text(STORE.format(file=str(file)))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "made_up_store.Store")
    return file.write_text


async def test_an_address_in_the_key_store_is_read_when_it_is_needed(store: Callable[[str], object]) -> None:
    with http_receiver() as service:
        store(f'{{"Gatelight/phone": "{service.url}"}}')
        answer = await send_message("keyring:phone", MESSAGE)

    assert answer == TAKEN
    assert len(service.came) == 1


async def test_a_key_store_that_does_not_give_the_address_is_told(store: Callable[[str], object]) -> None:
    store("{}")
    missing = await send_message("keyring:phone", MESSAGE)
    locked = await send_message("keyring:locked", MESSAGE)

    assert missing.outcome is SendOutcome.UNUSABLE
    assert "gatelight config secret phone" in missing.said
    assert locked.outcome is SendOutcome.REFUSED
    assert "locked" in locked.said


async def test_a_system_without_a_key_store_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    answer = await send_message("keyring:phone", MESSAGE)

    assert answer.outcome is SendOutcome.UNUSABLE
    assert answer.said.startswith("this system has no key store")


async def test_without_the_library_it_is_said_how_it_is_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "keyring.py").write_text("raise ImportError")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    answer = await send_message("keyring:phone", MESSAGE)

    assert answer.outcome is SendOutcome.UNUSABLE
    assert answer.said.endswith(WITH_REMOTE)


# ── a test of one target ────────────────────────────────────────────────────────────────────────


async def test_a_target_is_tried_before_it_is_in_the_configuration() -> None:
    with http_receiver(status=403, body=b"unknown user hunter2token") as service:
        target = TargetSettings("My phone", f"json://hunter2token@127.0.0.1:{service.port}/")
        tried = await try_target(target, NOTICE)
        told = await TargetChannel(target).announce(NOTICE)
        service.status = 200
        taken = await TargetChannel(target).announce(NOTICE)

    assert tried == TargetAnswer(SendOutcome.REFUSED, "HTTP 403 Forbidden: unknown user •••")
    assert told == NotDelivered(tried.said)
    assert taken == Delivered("“My phone” (HTTP 200 OK)")


def test_a_packaged_program_names_no_pip_that_it_has_not() -> None:
    assert without_keyring(packaged=False) == WITH_REMOTE
    assert "pip" not in without_keyring(packaged=True)


def _senders() -> list[psutil.Process]:
    """The processes that send, once they have become what they were started as."""
    found = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            found += [child] if "send-remote" in child.cmdline() else []
    return found

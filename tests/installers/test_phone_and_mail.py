"""Notices on phone and mail from the packages: they hold what sends them."""

import json
import os
import socket
from email import message_from_string
from email.policy import default
from pathlib import Path

import pytest
import third_party
from packaged import PARTS

from agent.channels.remote_sender import COMMAND, Word
from agent.platforms.key_store import STORE_COMMAND, StoreWord
from tests.channels.receivers import http_receiver, mail_receiver
from tests.installers.clean_system import CleanSystem, User, until
from tests.installers.test_life import PORT, tell

TARGETS = """
[[notifications.targets]]
name = "My phone"
url = "{phone}"

[[notifications.targets]]
name = "My mail"
url = "{mail}"
"""
OFFERED = (
    "ntfy://127.0.0.1:{port}/topic",
    "tgram://123456789:abcdefg_hijklmnopqrstuvwxyz/12315544/",
    "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
    "mailto://user:password@127.0.0.1:9/?mode=insecure&from=gatelight@example.com",
    "pover://uuuuuuuuuuuuuuuuuuuuuuuuuuuuuu@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "twitter://consumer/secret/token/access",
    "schan://SCT1234567890",
)
"""An address of each service that the page leads to, and of two more, of which one has a library of its own."""

ASKED = """
import apprise
services = apprise.Apprise().details(show_disabled=True)["schemas"]
told = " ".join(sorted(p for s in services for p in (*(s["protocols"] or ()), *(s["secure_protocols"] or ()))))
"""
"""A program that finds every kind of address that Apprise knows, also of services whose libraries are not there."""


@pytest.fixture
def user(installed: CleanSystem) -> User:
    return installed.add_user("alice", "/home/alice")


def configured(system: CleanSystem, user: User, words: str) -> None:
    """Settings of the user's own."""
    file = system.root / user.home[1:] / ".config/gatelight/config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(words, encoding="utf-8")
    for place in (file.parent.parent, file.parent, file):
        os.chown(place, user.number, user.number)


def answer(system: CleanSystem, user: User, command: str, **task: str) -> str:
    """What one of the program's own processes answers."""
    return system.do("sh", "-c", f'printf %s "$TASK" | gatelight {command}', user=user, TASK=json.dumps(task))


def test_a_problem_is_told_on_phone_and_by_mail_and_its_end_too(installed: CleanSystem, user: User) -> None:
    with http_receiver() as phone, mail_receiver() as mail:
        to = f"mailto://127.0.0.1:{mail.port}/?mode=insecure&from=gatelight@example.com&to=me@example.com"
        # As an installed Debian has it: who sends mail looks up the computer's own name.
        (installed.root / "etc/hosts").write_text(f"127.0.0.1 localhost {socket.gethostname()}\n")
        configured(installed, user, TARGETS.format(phone=phone.url, mail=to))
        installed.start("gatelight", "run", "--no-tray", user=user)
        gateway = installed.start("gatelight", "simulate", "--port", str(PORT), user=user)
        until(lambda: installed.status(user).get("overall") == "connected", "the simulated IB Gateway")
        # A lost link would be an expected outage at the hours of IB's resets.
        tell(gateway, "freeze")
        until(lambda: phone.came and mail.came, "the problem on phone and mail")
        first = phone.came[0]
        tell(gateway, "heal")
        until(lambda: "success" in [message["type"] for message in phone.came], "the end of the problem")
        loaded = Path(f"/proc/{installed.status(user)['agent']['pid']}/maps").read_text(encoding="utf-8")

    assert first["type"] == "failure"
    assert "\n1. " in first["message"]
    assert mail.came[0]["to"] == ["me@example.com"]
    assert message_from_string(mail.came[0]["mail"], policy=default)["Subject"] == first["title"]
    assert "charset_normalizer" not in loaded, "the agent itself loaded what sends"


@pytest.mark.parametrize("address", OFFERED, ids=lambda address: address.partition(":")[0])
def test_the_services_are_in_it(installed: CleanSystem, user: User, address: str) -> None:
    with http_receiver() as service:
        told = answer(
            installed, user, COMMAND, url=address.format(port=service.port), title="Title", body="Body", type="info"
        )

    assert json.loads(told)["word"] == (Word.TAKEN if service.came else Word.REFUSED)
    assert bool(service.came) == address.startswith("ntfy")


def test_every_service_that_apprise_has_is_in_it(installed: CleanSystem) -> None:
    """Apprise says nothing where it cannot load one. pystray lies there to be replaced: here by a question."""
    here: dict[str, str] = {}
    exec(ASKED, here)
    (installed.root / "usr/lib/gatelight/_internal/pystray/__init__.py").write_text(f"{ASKED}\nraise SystemExit(told)")
    there = installed.do("gatelight", "try-own-files", status=1)

    assert len(here["told"].split()) > 100
    assert there.split() == here["told"].split()


def test_where_no_key_store_can_be_used_it_says_what_to_do(installed: CleanSystem, user: User) -> None:
    looked = answer(installed, user, STORE_COMMAND, act="look", name="", secret="")
    told = installed.do("gatelight", "config", "secret", "phone", user=user, status=1)

    assert looked == StoreWord.MISSING
    assert "write the address into the configuration" in told
    assert "pip" not in told


def test_what_sends_has_its_licence_and_what_is_large_stays_out(package: Path) -> None:
    parts = {part.name for part in third_party.from_list(package.with_name(package.name + PARTS).read_text("utf-8"))}

    assert {"apprise", "requests", "certifi", "segno"} <= parts
    assert not {"cryptography", "PyYAML", "Markdown", "click", "keyring"} & parts
    assert package.stat().st_size <= 16e6

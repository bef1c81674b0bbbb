"""Addresses of services, composed without Apprise: the real Apprise takes each and reads the same fields back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.config.services import SERVICES, service_of
from agent.config.services.discord import DISCORD
from agent.config.services.email import _SERVERS, EMAIL
from agent.config.services.ntfy import NTFY, new_topic, subscribe_links
from agent.config.services.other import OTHER_SERVICE
from agent.config.services.pushover import PUSHOVER
from agent.config.services.service import FieldsRefused, Service
from agent.config.services.telegram import TELEGRAM

apprise = pytest.importorskip("apprise")

ALPHANUMERIC = "ABCXYZabcxyz019"
TOKENS = st.text(alphabet=ALPHANUMERIC + "_-", min_size=10, max_size=64)
THIRTY = st.text(alphabet=ALPHANUMERIC, min_size=30, max_size=30)
DIGITS = st.integers(min_value=1, max_value=10**18).map(str)
PASSWORDS = st.text(
    alphabet=st.one_of(st.sampled_from("@:/?#%&=+;,'\"\\ []{}|<>$!~^`*()éß€"), st.characters(codec="utf-8")),
    min_size=1,
    max_size=40,
).filter(lambda text: text == text.strip() and text.isprintable())
LABELS = st.from_regex(r"[a-z0-9][a-z0-9-]{0,10}[a-z0-9]|[a-z]", fullmatch=True)
HOSTS = st.lists(LABELS, min_size=1, max_size=3).map(lambda labels: ".".join([*labels, "org"]))
MAILBOXES = st.builds(
    lambda name, host: f"{name}@{host}",
    st.from_regex(r"[a-z0-9_&-]{1,12}(\.[a-z0-9]{1,8})?(\+[a-z0-9]{1,8})?", fullmatch=True),
    HOSTS,
)
PORTS = st.integers(min_value=1, max_value=65535).map(str)


def taken(service: Service, typed: dict[str, str]) -> Any:
    """Apprise's own reading of the address that was composed."""
    address = service.address(typed)
    known = apprise.Apprise()
    assert known.add(address), address
    assert service_of(address) is service
    return known[0]


@given(st.text(alphabet=ALPHANUMERIC + "_-", min_size=1, max_size=64))
def test_a_topic_of_the_public_server(topic: str) -> None:
    read = taken(NTFY, {"topic": topic})

    assert (read.host, read.port, read.secure, read.mode) == ("ntfy.sh", None, True, "private")
    assert (read.topics, read.auth, read.include_image) == ([topic], "basic", False)


@given(
    st.text(alphabet=ALPHANUMERIC + "_-", min_size=1, max_size=64),
    st.sampled_from(["http", "https"]),
    HOSTS,
    PORTS,
    st.text(alphabet=ALPHANUMERIC, min_size=1, max_size=40).map("tk_{}".format),
)
def test_a_server_of_ones_own(topic: str, scheme: str, host: str, port: str, token: str) -> None:
    read = taken(NTFY, {"topic": topic, "server": f"{scheme}://{host}:{port}/", "token": token})

    assert (read.host, read.port, read.secure) == (host, int(port), scheme == "https")
    assert (read.topics, read.auth, read.token) == ([topic], "token", token)


@given(
    DIGITS.filter(lambda digits: len(digits) >= 3), TOKENS, st.sampled_from(["", "bot"]), st.integers(-(10**15), 10**15)
)
def test_a_bot_of_telegram(number: str, secret: str, word: str, chat: int) -> None:
    read = taken(TELEGRAM, {"token": f"{word}{number}:{secret}", "chat": str(chat)})

    assert read.bot_token == f"{number}:{secret}"
    assert read.targets == [(chat, None)]
    assert not read.detect_owner


def test_a_channel_of_telegram() -> None:
    assert taken(TELEGRAM, {"token": "123:abcdefghij", "chat": "@my_channel"}).targets == [("@my_channel", None)]


@given(DIGITS, TOKENS, st.sampled_from(["discord.com", "discordapp.com", "ptb.discord.com"]))
def test_a_webhook_of_discord(number: str, token: str, host: str) -> None:
    read = taken(DISCORD, {"webhook": f"https://{host}/api/webhooks/{number}/{token}"})

    assert (read.webhook_id, read.webhook_token) == (number, token)


@given(THIRTY, THIRTY)
def test_keys_of_pushover(user: str, token: str) -> None:
    read = taken(PUSHOVER, {"user": user, "token": token})

    assert (read.user_key, read.token) == (user, token)


@given(MAILBOXES, PASSWORDS, HOSTS, st.sampled_from(["starttls", "ssl", "insecure"]), PORTS, PASSWORDS, MAILBOXES)
def test_a_mailbox_with_any_password(
    sender: str, password: str, server: str, security: str, port: str, user: str, to: str
) -> None:
    typed = {"from": sender, "password": password, "server": server, "security": security, "port": port}
    read = taken(EMAIL, {**typed, "user": user, "to": to})

    assert (read.user, read.password) == (user, password)
    assert (read.smtp_host, read.port, read.secure_mode) == (server, int(port), security)
    assert (list(read.from_addr), read.targets) == (["Gatelight", sender], [(False, to)])


@given(MAILBOXES, PASSWORDS)
def test_a_mailbox_with_nothing_but_what_is_needed(sender: str, password: str) -> None:
    read = taken(EMAIL, {"from": sender, "password": password, "server": "smtp.example.org"})

    assert (read.user, read.password, read.port, read.secure_mode) == (sender, password, 587, "starttls")
    assert read.targets == [(False, sender)]


@pytest.mark.parametrize("domain", sorted(_SERVERS))
def test_the_server_of_a_large_provider_is_known(domain: str) -> None:
    read = taken(EMAIL, {"from": f"jane@{domain.upper()}", "password": "x"})
    apprises_own = apprise.Apprise()
    assert apprises_own.add(f"mailtos://jane:x@{domain}")
    known = apprises_own[0].smtp_host

    assert (read.smtp_host, read.port, read.secure_mode) == (_SERVERS[domain], 587, "starttls")
    # Of a domain that Apprise does not know, it takes the domain itself.
    assert known in (_SERVERS[domain], domain)


def test_a_server_without_a_log_in() -> None:
    read = taken(EMAIL, {"from": "me@example.org", "server": "127.0.0.1", "security": "insecure"})

    assert (read.user, read.password, read.smtp_host, read.port) == (None, None, "127.0.0.1", 25)


def test_any_address_that_apprise_knows() -> None:
    assert OTHER_SERVICE.address({"url": " json://localhost:8000/path "}) == "json://localhost:8000/path"
    assert service_of("json://localhost") is OTHER_SERVICE


@pytest.mark.parametrize(
    ("service", "typed", "field", "words"),
    [
        (NTFY, {"topic": ""}, "topic", "Topic is missing."),
        (NTFY, {"topic": "what is this"}, "topic", "1 to 64 letters"),
        (NTFY, {"topic": "x", "server": "https://ntfy.example.org/path"}, "server", "without a path"),
        (NTFY, {"topic": "x", "server": "ftp://ntfy.example.org"}, "server", "such as https://"),
        (NTFY, {"topic": "x", "server": "https://[::1"}, "server", "such as https://"),
        (NTFY, {"topic": "x", "server": "256.1.1.1"}, "server", "such as https://"),
        (NTFY, {"topic": "x", "token": "secret"}, "token", "begins with tk_"),
        (TELEGRAM, {"token": "123", "chat": "1"}, "token", "as BotFather tells it"),
        (TELEGRAM, {"token": "123:abcdefghij", "chat": "Jane Doe"}, "chat", "a number such as"),
        (DISCORD, {"webhook": "https://discord.com/channels/1/2"}, "webhook", "begins with https://discord.com/api"),
        (PUSHOVER, {"user": "short", "token": "t" * 30}, "user", "30 letters and digits"),
        (EMAIL, {"from": "Jane <jane@example.org>", "server": "a.org"}, "from", "like name@example.org"),
        (EMAIL, {"from": "a@example.org", "server": ""}, "server", "not known by itself"),
        (EMAIL, {"from": "a@example.org", "server": "smtp://a.org"}, "server", "without https://"),
        (EMAIL, {"from": "a@example.org", "server": "a.org", "port": "0"}, "port", "1 to 65535"),
        (EMAIL, {"from": "a@example.org", "server": "a.org", "security": "tls"}, "security", "one of the ways"),
        (EMAIL, {"from": "a@example.org", "server": "a.org", "user": "jane"}, "password", "needs its password"),
        (EMAIL, {"from": "a@example.org", "server": "a.org", "password": "a\nb"}, "password", "one line"),
        (OTHER_SERVICE, {"url": "my-token"}, "url", "begins with the name of a service"),
    ],
)
def test_what_cannot_be_used_is_told_at_its_field(
    service: Service, typed: dict[str, str], field: str, words: str
) -> None:
    with pytest.raises(FieldsRefused) as refused:
        service.address(typed)

    assert list(refused.value.sentences) == [field]
    assert words in refused.value.sentences[field]
    # What was typed may be a secret that was put into the wrong field.
    assert not typed.get(field) or typed[field] not in refused.value.sentences[field]


def test_every_wrong_field_is_told_at_once() -> None:
    with pytest.raises(FieldsRefused) as refused:
        EMAIL.address({"port": "x"})

    assert list(refused.value.sentences) == ["from", "port"]


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.kind)
def test_a_service_is_told_in_steps_and_whole_sentences(service: Service) -> None:
    assert len({field.name for field in service.fields}) == len(service.fields)
    for sentence in (service.about, *service.steps, *(field.help for field in service.fields)):
        assert sentence.endswith((".", ")"))
        assert "'" not in sentence
    assert any("test" in step for step in service.steps)


def test_a_new_topic_cannot_be_guessed() -> None:
    topics = {new_topic() for _ in range(100)}

    assert len(topics) == 100
    assert {len(topic) for topic in topics} == {len("gatelight-") + 24}
    assert all(NTFY.address({"topic": topic}) for topic in topics)


@pytest.mark.parametrize(
    ("server", "app", "web"),
    [
        ("", "ntfy://ntfy.sh/t", "https://ntfy.sh/t"),
        ("ntfy.example.org", "ntfy://ntfy.example.org/t", "https://ntfy.example.org/t"),
        ("http://10.0.0.5:8080/", "ntfy://10.0.0.5:8080/t?secure=false", "http://10.0.0.5:8080/t"),
    ],
)
def test_links_to_subscribe(server: str, app: str, web: str) -> None:
    links = subscribe_links({"topic": "t", "server": server, "token": "never in a link"})

    assert (links.app, links.web) == (app, web)

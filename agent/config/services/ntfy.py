"""ntfy: notices to its app for Android and iPhone, without an account; its server can be one's own.

Addresses: https://appriseit.com/services/ntfy/. Names of topics: https://docs.ntfy.sh/publish/. Links that open the
app: https://docs.ntfy.sh/subscribe/phone/#ntfy-links.
"""

import ipaddress
import re
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from agent.config.services.service import (
    FieldRefused,
    Service,
    ServiceField,
    TypedFields,
    address_part,
    of_form,
    with_options,
)

PUBLIC_SERVER = "https://ntfy.sh"
_TOPIC_BYTES = 18
_LABEL = "(?:[a-z0-9][a-z0-9_-]{0,61}[a-z0-9]|[a-z])"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*", re.IGNORECASE)
"""As Apprise takes it: a part of a name is no single digit."""
_WRONG_SERVER = "The server must be an address such as https://ntfy.example.org, without a path behind it."


def new_topic() -> str:
    """A topic that cannot be guessed: every person who knows a topic can read it."""
    return f"gatelight-{secrets.token_urlsafe(_TOPIC_BYTES)}"


@dataclass(frozen=True, slots=True)
class SubscribeLinks:
    """Ways to subscribe to a topic."""

    app: str
    """Opens the app for Android."""
    web: str
    """Opens the topic in a browser."""


def _server(text: str) -> str:
    """An address of a server: scheme, host and port."""
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise FieldRefused(_WRONG_SERVER) from None
    rest = parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password
    if parts.scheme not in ("http", "https") or rest or port == 0 or not _is_host(host):
        raise FieldRefused(_WRONG_SERVER)
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def _is_host(host: str) -> bool:
    if host.replace(".", "").isdecimal():
        try:
            ipaddress.IPv4Address(host)
        except ValueError:
            return False
        return True
    return _HOST.fullmatch(host) is not None


_TOPIC = ServiceField(
    "topic",
    "Topic",
    "One that cannot be guessed was made for you. Everyone who knows it can read your notices: keep it to yourself.",
    of_form(r"[A-Za-z0-9_-]{1,64}", "A topic has 1 to 64 letters without accents, digits, - and _, and nothing else."),
)
_SERVER = ServiceField(
    "server",
    "Server",
    "Leave it as it is, unless you run an ntfy server of your own.",
    _server,
    example="https://ntfy.example.org",
    usual=PUBLIC_SERVER,
)
_TOKEN = ServiceField(
    "token",
    "Access token",
    "Only where your server asks for one. It is in the ntfy web app, under Account.",
    of_form(r"tk_[A-Za-z0-9]+", "An access token of ntfy begins with tk_, followed by letters and digits."),
    example="tk_…",
    needed=False,
    secret=True,
)


def _compose(typed: TypedFields) -> str:
    scheme, _, host = typed["server"].partition("://")
    account = f"{address_part(typed['token'])}@" if typed["token"] else ""
    address = f"{'ntfys' if scheme == 'https' else 'ntfy'}://{account}{host}/{address_part(typed['topic'])}"
    return with_options(address, mode="private", auth="token" if typed["token"] else "", image="no")


def subscribe_links(typed: TypedFields) -> SubscribeLinks:
    """The links of the topic and the server that were typed. Raises `FieldsRefused`."""
    values = {field.name: typed.get(field.name, "") for field in (_TOPIC, _SERVER)}
    NTFY.address(values)
    topic, server = _TOPIC.read(values["topic"]), _SERVER.read(values["server"])
    scheme, _, host = server.partition("://")
    return SubscribeLinks(
        f"ntfy://{host}/{topic}" + ("" if scheme == "https" else "?secure=false"), f"{server}/{topic}"
    )


NTFY = Service(
    "ntfy",
    "ntfy",
    "My phone",
    "A free app for Android and iPhone. No account is needed.",
    (
        "Install the app **ntfy** on your telephone, from Google Play, F-Droid or the App Store.",
        "On Android, point the camera at the code below and open the link: the app subscribes to your topic.",
        "On an iPhone, or where the camera does nothing: in the app press **+** and type the topic below.",
        "Send a test. It appears on the telephone.",
    ),
    (_TOPIC, _SERVER, _TOKEN),
    _compose,
    ("ntfy", "ntfys"),
)

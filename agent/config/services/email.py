"""E-mail, through the server that the user's own mailbox sends with.

Addresses: https://appriseit.com/services/email/.
"""

import re

from agent.config.services.service import (
    FieldRefused,
    FieldsRefused,
    Service,
    ServiceField,
    TypedFields,
    address_part,
    of_form,
    with_options,
)

SENDER = "Gatelight"
"""The name beside the address that a mail comes from."""
_STARTTLS, _SSL, _OPEN = "starttls", "ssl", "insecure"
_PORTS = {_STARTTLS: "587", _SSL: "465", _OPEN: "25"}
_SERVERS = {
    **dict.fromkeys(("gmail.com", "googlemail.com"), "smtp.gmail.com"),
    **dict.fromkeys(("gmx.at", "gmx.ch", "gmx.com", "gmx.de", "gmx.net"), "mail.gmx.com"),
    **dict.fromkeys(("icloud.com", "mac.com", "me.com"), "smtp.mail.me.com"),
    "fastmail.com": "smtp.fastmail.com",
    "yahoo.com": "smtp.mail.yahoo.com",
    "zoho.com": "smtp.zoho.com",
}
"""By the domain of an address: the server that its mailbox sends with. Apprise knows the same, but for those of Apple
(https://support.apple.com/102525). All of them take STARTTLS on port 587."""
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_WORDS = r"[a-z0-9_!#$&*/=?^{|}~-]+(?:\.[a-z0-9_!#$&*/=?^{|}~-]+)*"
_MAILBOX = re.compile(rf"{_WORDS}(?:\+{_WORDS})?@(?:{_LABEL}\.)+[a-z]{{2,}}", re.IGNORECASE)
"""As Apprise takes it: one + at most, and no %, which it would resolve twice."""


def _mailbox(text: str) -> str:
    if _MAILBOX.fullmatch(text) is None:
        raise FieldRefused("A mail address is written like name@example.org, without a name before it.")
    return text


def _port(text: str) -> str:
    if not text.isdecimal() or not text.isascii() or not 1 <= int(text) <= 65535:
        raise FieldRefused("The port is a number from 1 to 65535; leave it empty for the usual one.")
    return str(int(text))


def _compose(typed: TypedFields) -> str:
    security = typed["security"]
    server = typed["server"] or _SERVERS.get(typed["from"].rpartition("@")[2].lower(), "")
    if not server:
        raise FieldsRefused({"server": "SMTP server is missing: for this mail address it is not known by itself."})
    if typed["user"] and not typed["password"]:
        raise FieldsRefused({"password": "A user name needs its password."})
    user = typed["user"] or typed["from"]
    account = f"{address_part(user)}:{address_part(typed['password'])}@" if typed["password"] else ""
    scheme = "mailto" if security == _OPEN else "mailtos"
    return with_options(
        f"{scheme}://{account}{server}:{typed['port'] or _PORTS[security]}",
        smtp=server,
        mode=security,
        from_=typed["from"],
        name=SENDER,
        to=typed["to"] or typed["from"],
        format="text",
    )


EMAIL = Service(
    "email",
    "E-mail",
    "My mailbox",
    "Notices come from your own mailbox, through the server with which your mail program sends.",
    (
        "If your mailbox is not one of Gmail, GMX, iCloud, Yahoo, Fastmail or Zoho, look up its SMTP server: in your "
        "mail program, or on the help pages of your provider.",
        "Most providers want an app password for programs, which is not the one you log in with. You make it on their "
        "web page, under security: for Gmail at [App passwords](https://myaccount.google.com/apppasswords).",
        "Fill in the fields below.",
        "Send a test. It is in the mailbox within a minute; look among the unwanted mail, too.",
    ),
    (
        ServiceField("from", "Your mail address", "Notices come from it.", _mailbox, example="name@example.org"),
        ServiceField(
            "password",
            "Password",
            "An app password, where your provider has them. Empty: the server wants none.",
            needed=False,
            secret=True,
        ),
        ServiceField(
            "server",
            "SMTP server",
            "Empty: the one that is known for your mail address.",
            of_form(
                rf"(?i)(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*",
                "The server is a name such as smtp.example.org, without https:// and without a port.",
            ),
            example="smtp.example.org",
            needed=False,
        ),
        ServiceField(
            "security",
            "Encryption",
            "As your provider says; most take STARTTLS.",
            usual=_STARTTLS,
            choices=((_STARTTLS, "STARTTLS"), (_SSL, "SSL/TLS"), (_OPEN, "None: everyone on the way can read it")),
        ),
        ServiceField(
            "port",
            "Port",
            "Empty: 587 for STARTTLS, 465 for SSL/TLS, 25 without encryption.",
            _port,
            example="587",
            needed=False,
        ),
        ServiceField("user", "User name", "Empty: your mail address.", needed=False, example="name@example.org"),
        ServiceField("to", "Send to", "Empty: your mail address.", _mailbox, needed=False, example="name@example.org"),
    ),
    _compose,
    ("mailto", "mailtos"),
)

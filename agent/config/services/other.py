"""Any other service that Apprise knows, by its address: see https://appriseit.com/services/."""

from agent.config.kinds import REMOTE_ADDRESSES, ValueRefused
from agent.config.services.service import FieldRefused, Service, ServiceField, TypedFields


def _judge(text: str) -> str:
    try:
        REMOTE_ADDRESSES.read([text])
    except ValueRefused:
        raise FieldRefused("An Apprise URL begins with the name of a service and ://, such as slack://….") from None
    return text


def _compose(typed: TypedFields) -> str:
    return typed["url"]


OTHER_SERVICE = Service(
    "other",
    "Another service",
    "Another service",
    "The Apprise library knows about a hundred more: Slack, Microsoft Teams, Signal, Matrix, SMS services and others.",
    (
        "Find your service in [Apprise’s list](https://appriseit.com/services/), which tells how its URL is written.",
        "Type the URL into the field below.",
        "Send a test.",
    ),
    (
        ServiceField(
            "url",
            "Apprise URL",
            "It may hold a password, and is never shown again.",
            _judge,
            example="slack://…",
            secret=True,
        ),
    ),
    _compose,
)

"""Pushover: notices to its app for Android and iPhone.

Addresses: https://appriseit.com/services/pushover/. Keys and tokens: https://pushover.net/api#identifiers.
"""

from agent.config.services.service import Service, ServiceField, TypedFields, of_form

_THIRTY = r"[A-Za-z0-9]{30}"


def _compose(typed: TypedFields) -> str:
    return f"pover://{typed['user']}@{typed['token']}/"


PUSHOVER = Service(
    "pushover",
    "Pushover",
    "My phone",
    "An app for Android and iPhone that is paid for once, after a month for trying it.",
    (
        "Install the app **Pushover** on your telephone and log in; or make an account at [pushover.net](https://pushover.net/).",
        "On the first page of pushover.net, after you have logged in, copy **Your User Key** into the field below.",
        "At the bottom of that page choose **Create an Application/API Token** and name it Gatelight.",
        "Copy the **API Token/Key** that is shown then into the field below.",
        "Send a test. It appears on the telephone.",
    ),
    (
        ServiceField(
            "user",
            "User key",
            "On the first page of pushover.net.",
            of_form(_THIRTY, "A user key of Pushover has 30 letters and digits."),
            secret=True,
        ),
        ServiceField(
            "token",
            "API token",
            "Of the application that you named Gatelight there.",
            of_form(_THIRTY, "An API token of Pushover has 30 letters and digits."),
            secret=True,
        ),
    ),
    _compose,
    ("pover",),
)

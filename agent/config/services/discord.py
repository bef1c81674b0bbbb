"""Discord: notices into a channel of a server where the user may make webhooks.

Addresses: https://appriseit.com/services/discord/. Webhooks: https://support.discord.com/hc/articles/228383668.
"""

import re

from agent.config.services.service import FieldRefused, Service, ServiceField, TypedFields, with_options

_WEBHOOK = re.compile(
    r"https://(?:(?:ptb|canary)\.)?discord(?:app)?\.com/api/(?:v[0-9]+/)?webhooks/(?P<id>[0-9]+)/(?P<token>[A-Za-z0-9_-]+)/?"
)


def _webhook(text: str) -> str:
    found = _WEBHOOK.fullmatch(text)
    if found is None:
        raise FieldRefused("A webhook URL begins with https://discord.com/api/webhooks/ and is copied as a whole.")
    return f"{found['id']}/{found['token']}"


def _compose(typed: TypedFields) -> str:
    return with_options(f"discord://{typed['webhook']}/", avatar="no", image="no")


DISCORD = Service(
    "discord",
    "Discord",
    "Discord",
    "Notices come into a channel of a Discord server that is yours, or in which you may make webhooks.",
    (
        "In Discord open your server, and press the gear beside the channel: **Edit Channel**.",
        "Choose **Integrations**, then **Webhooks**, then **New Webhook**.",
        "Press **Copy Webhook URL**, and paste it into the field below.",
        "Send a test. It appears in the channel. For notices on the telephone, have the Discord app there.",
    ),
    (
        ServiceField(
            "webhook",
            "Webhook URL",
            "Everyone who has it can write into the channel.",
            _webhook,
            example="https://discord.com/api/webhooks/…",
            secret=True,
        ),
    ),
    _compose,
    ("discord",),
)

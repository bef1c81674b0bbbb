"""Telegram: notices from a bot of the user's own.

Addresses: https://appriseit.com/services/telegram/. Bots: https://core.telegram.org/bots/features#botfather.
"""

from agent.config.services.service import Service, ServiceField, TypedFields, address_part, of_form, with_options


def _compose(typed: TypedFields) -> str:
    number, _, rest = typed["token"].removeprefix("bot").partition(":")
    return with_options(f"tgram://{number}:{rest}/{address_part(typed['chat'])}/", image="no", detect="no")


TELEGRAM = Service(
    "telegram",
    "Telegram",
    "Telegram",
    "Notices come from a bot of your own, which you make in two minutes.",
    (
        "In Telegram open a chat with **@BotFather** and send it **/newbot**. Choose a name for the bot.",
        "BotFather answers with a token, such as 123456789:AA…. Copy it into the field below.",
        "Open the chat with your new bot and press **Start**: before that it may not write to you.",
        "Open a chat with **@userinfobot**, which is not Telegram’s own, and press **Start**: it answers with your Id, "
        "which is the chat ID below.",
        "Send a test. It appears in the chat with your bot.",
    ),
    (
        ServiceField(
            "token",
            "Bot token",
            "BotFather tells it to you. Everyone who has it can write in the bot’s name.",
            of_form(
                r"(bot)?[0-9]{3,20}:[A-Za-z0-9_-]{10,}",
                "A bot token is a number, a colon, and letters and digits, as BotFather tells it.",
            ),
            example="123456789:AA…",
            secret=True,
        ),
        ServiceField(
            "chat",
            "Chat ID",
            "A number, which begins with - for a group; or @ and the name of a channel in which the bot may write.",
            of_form(
                r"-?[0-9]{1,32}|@[A-Za-z_][A-Za-z0-9_]+",
                "A chat ID is a number such as 123456789 or -1001234567890, or a channel’s name such as @mychannel.",
            ),
            example="123456789",
        ),
    ),
    _compose,
    ("tgram",),
)

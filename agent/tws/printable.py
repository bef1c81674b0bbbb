"""Texts on their way out, without what a terminal, a desktop or a bus takes for a command. Pure, and quick to load.

A text from outside was cleaned where it came in (`agent.tws.outside`), and passes unchanged. Other texts, such as an
option typed at a terminal, are made safe here.
"""

import re
import unicodedata

REPLACEMENT = "\ufffd"
"""Stands for a character that cannot be shown."""
_SURROGATES = re.compile("[\ud800-\udfff]")


def whole_characters(text: str) -> str:
    """The text as valid Unicode: bytes that were not UTF-8, and halves of characters, are replaced."""
    return text if text.isascii() else _SURROGATES.sub(REPLACEMENT, text)


def printable(text: str) -> str:
    """The text without control and direction characters; line ends stay, and a tab becomes a space.

    Joiners and variation selectors stay: names that a user gave may have them.
    """
    if text.replace("\n", "").isprintable():
        return text
    return "".join(c for c in whole_characters(text).replace("\t", " ") if c in _KEPT or _is_harmless(c))


_KEPT = "\n\u200c\u200d"
"""Line end, and the joiners of Persian, Hindi and emoji."""


def _is_harmless(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cf", "Zl", "Zp")


def one_line(text: str) -> str:
    """A printable text on a single line, for a label."""
    return " ".join(printable(" ".join(text.split())).split())

"""Text cut to the length that there is room for."""

import re
import unicodedata

_JOINERS = "\u200d\ufe0e\ufe0f"
"""Zero-width joiner and variation selectors: they belong to the character before them."""


def shortened(text: str, limit: int) -> str:
    """The text in at most `limit` characters as Windows counts them, cut at a word and ended by an ellipsis.

    Windows counts UTF-16 units, of which most emoji take two.
    """
    if _units(text) <= limit:
        return text
    end, room = 0, limit - 1
    while end < len(text) and (room := room - _units(text[end])) >= 0:
        end += 1
    while end and (unicodedata.combining(text[end]) or text[end] in _JOINERS or text[end - 1] == _JOINERS[0]):
        end -= 1
    cut = text[:end]
    # At the last space, unless the word cut off there is most of the line.
    if not text[end].isspace() and (space := cut.rfind(" ")) > end // 2:
        cut = cut[:space]
    return cut.rstrip().rstrip(",;:") + "…"


def whole_sentences(text: str, limit: int) -> str:
    """As many whole sentences from the beginning as fit; where not even the first does, that one shortened."""
    if _units(text) <= limit:
        return text
    ends = [match.start() + 1 for match in _SENTENCE_END.finditer(text) if _units(text[: match.start() + 1]) <= limit]
    return text[: ends[-1]] if ends else shortened(text, limit)


_SENTENCE_END = re.compile(r"[.?!] ")


def _units(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)

"""Texts on their way out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.tws.printable import one_line, printable


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("two\nlines", "two\nlines"),
        ("\x1b[2J\x9bclear\x07", "[2Jclear"),
        ("a\tb\rc", "a bc"),
        ("half \ud83d", "half \ufffd"),
        ("\u202eevil", "evil"),
        ("👩\u200d💻 \u2764\ufe0f", "👩\u200d💻 \u2764\ufe0f"),
        ("“Paper” is there…", "“Paper” is there…"),
    ],
)
def test_what_goes_out(text: str, made: str) -> None:
    assert printable(text) == made


@given(st.text(st.characters()))
def test_whatever_it_is_it_can_be_sent_and_commands_nothing(text: str) -> None:
    for made in (printable(text), one_line(text)):
        made.encode("utf-8")
        assert not any((ord(c) < 32 and c != "\n") or 0x7F <= ord(c) < 0xA0 for c in made)
    assert "\n" not in one_line(text)

"""Texts from outside: what is left of them, and what is masked."""

import json
import re
import unicodedata
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.tws.outside import (
    MOST_MARKS,
    FromOutside,
    OutsideName,
    OutsideText,
    RawName,
    RawText,
    clean,
    json_bytes,
    masked,
    parse_json,
)
from agent.tws.privacy import Private

ANY = st.text(st.characters(), max_size=200)
"""Halves of characters included."""


@given(ANY, st.integers(5, 120))
def test_a_cleaned_text_is_one_short_printable_line_and_stays_as_it_is(text: str, longest: int) -> None:
    made = clean(text, longest)

    assert made.isprintable()
    assert len(made) <= longest
    assert made == " ".join(made.split())
    assert made.encode("utf-8").decode("utf-8") == made
    assert clean(made, longest) == made


@given(ANY)
def test_no_character_carries_a_tower_of_marks(text: str) -> None:
    run = 0
    for character in clean(text):
        run = run + 1 if unicodedata.category(character)[0] == "M" else 0
        assert run <= MOST_MARKS


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("quantower", "quantower"),
        ("Marktdatenverbindung ist in Ordnung: usfarm", "Marktdatenverbindung ist in Ordnung: usfarm"),
        ("市场数据中心连接正常：usfarm", "市场数据中心连接正常：usfarm"),
        ("\udcff\x1b]0;x\x07", "\ufffd]0;x"),
        ("a\tb\r\nc\u2028d\xa0e", "a b c d e"),
        ("pass\u200bword", "password"),
        ("\u202etxt.exe", "txt.exe"),
        ("", ""),
        ("\x00\x07", ""),
        ("\ue000\U0010ffff", "\ufffd\ufffd"),
    ],
)
def test_what_is_left_of_a_text(text: str, made: str) -> None:
    assert clean(text) == made


def test_a_long_text_is_cut_between_words() -> None:
    assert clean("account DU1234567 is", 14) == "account…"
    assert clean("x" * 300, 100) == "x" * 99 + "…"
    assert clean("\u200b" * 10**6, 100) == "…"


@dataclass(frozen=True, slots=True)
class Seen(FromOutside):
    name: OutsideName
    text: OutsideText | None = None
    several: tuple[OutsideName, ...] = ()
    account: RawName = ""
    path: RawText = ""


@dataclass(frozen=True, slots=True)
class Around:
    seen: tuple[Seen, ...]
    ours: str


DIRTY = "a\x1b\u202eb"


def test_a_value_is_clean_however_it_is_made() -> None:
    made = Seen(DIRTY, DIRTY, (DIRTY, "c"), DIRTY, DIRTY)

    assert made == Seen("ab", "ab", ("ab", "c"), "ab", DIRTY)
    assert Seen("x").text is None


def test_a_list_without_end_says_how_much_is_left_out() -> None:
    made = Seen("x", several=tuple(str(n) for n in range(1000)))

    assert made.several[-1] == "and 900 more"
    assert len(made.several) == 101
    assert Seen("x", several=made.several) == made or len(made.several) == 101


@pytest.mark.parametrize(
    "planted", ["217.160.0.187", "box.corp.example.com", "carol.king@firma.de", "C:\\Users\\bob.jones"]
)
def test_a_long_text_is_not_cut_inside_a_name_or_an_address(planted: str) -> None:
    parts = [part for part in re.split(r"[^a-z0-9]+", planted.lower()) if len(part) > 2]
    for before in range(1, 40):
        made = clean(f"{'word ' * 12}{'x' * before} {planted} and more words that are too many for it", 100)

        assert made.endswith("…")
        assert planted in made or not any(part in made for part in parts)


def test_all_but_what_is_raw_is_masked() -> None:
    private = Private(names=("alice",))
    about = Seen("alice", "DU1234567", ("of alice",), "DU1234567", "/home/alice")
    around = Around((about, Seen("x")), "alice")

    made = masked(around, private)

    assert made == Around((Seen("•••", "DU•••567", ("of •••",), "DU1234567", "/home/alice"), Seen("x")), "alice")
    assert made.seen[1] is around.seen[1]
    assert masked(made, private) is made


@given(st.recursive(ANY, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY, inner, max_size=3)))
def test_json_goes_out_whatever_is_in_it_and_comes_in_whole(value: object) -> None:
    sent = json_bytes(value)

    assert isinstance(json.loads(sent.decode("utf-8")), type(value))
    json_bytes(parse_json(json.dumps(value))).decode("utf-8")
    json.dumps(parse_json(json.dumps(value)), ensure_ascii=False).encode("utf-8")


@pytest.mark.parametrize("raw", [b"{", b"\xff", b'"\xed\xa0\x80"', b""])
def test_what_is_not_json_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's own kinds of it
        parse_json(raw)

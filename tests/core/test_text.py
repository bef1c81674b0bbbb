import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.text import shortened, whole_sentences


def windows_length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@given(st.text(), st.integers(min_value=2, max_value=300))
def test_a_shortened_text_fits_as_windows_counts(text: str, limit: int) -> None:
    short = shortened(text, limit)

    assert windows_length(short) <= limit
    assert short == text if windows_length(text) <= limit else short.endswith("…")


@given(st.text(alphabet=string.ascii_letters + " ", min_size=1), st.integers(min_value=2, max_value=80))
def test_a_shortened_text_is_a_beginning_of_the_text(text: str, limit: int) -> None:
    short = shortened(text, limit)

    assert text.startswith(short.removesuffix("…"))


def test_words_are_kept_whole_where_that_costs_little() -> None:
    assert shortened("The API port of IB Gateway is closed", 24) == "The API port of IB…"
    assert shortened("x" * 100, 10) == "x" * 9 + "…"
    assert shortened("Frankfurt trading desk, IB Gateway", 24) == "Frankfurt trading desk…"


@pytest.mark.parametrize(
    ("limit", "kept"),
    [
        (60, "3 of them. The link is lost. It comes back by itself."),
        (40, "3 of them. The link is lost."),
        (20, "3 of them."),
        (8, "3 of…"),
    ],
)
def test_a_text_ends_with_a_sentence_where_one_fits(limit: int, kept: str) -> None:
    assert whole_sentences("3 of them. The link is lost. It comes back by itself.", limit) == kept


@pytest.mark.parametrize("limit", range(4, 30))
def test_no_character_is_cut_in_two(limit: int) -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    cut = shortened((family + "e\u0301") * 6, limit)

    assert not cut.removesuffix("…").endswith("\u200d")
    assert cut.count("e") == cut.count("\u0301")

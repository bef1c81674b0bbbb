"""Measuring, breaking and cutting text, and making it safe."""

from hypothesis import given
from hypothesis import strategies as st

from agent.page.drawings.canvas import fitted, width_of, wrapped, xml_text


def test_bold_text_is_wider_and_unknown_letters_count_as_the_widest() -> None:
    assert width_of("Apply", 14, bold=True) > width_of("Apply", 14) > width_of("Appl", 14)
    assert width_of("界", 14) == 14


@given(st.lists(st.text("abcdefghij", min_size=1, max_size=12), min_size=1), st.integers(40, 400))
def test_wrapped_text_loses_no_word_and_fits_where_its_words_do(words: list[str], width: int) -> None:
    rows = wrapped(" ".join(words), width)

    assert " ".join(rows).split() == words
    assert all(width_of(row) <= width or " " not in row for row in rows)


def test_text_that_fits_is_not_cut_and_longer_text_is() -> None:
    assert fitted("4002", 60) == "4002"
    assert fitted("a very long value", 60).endswith("…")
    assert width_of(fitted("a very long value", 60)) <= 60


def test_what_xml_does_not_hold_is_left_out_and_its_signs_are_escaped() -> None:
    assert xml_text('a\x00b\x1b\ud800 <&>"') == "ab &lt;&amp;&gt;&quot;"

"""Title and text of a notice, as desktops take them."""

from dataclasses import replace

import pytest

from agent.channels.texts import manner_of, message_text, message_title
from agent.core.problem import Severity
from agent.core.shown.display import Notice


def notice(title: str, text: str = "") -> Notice:
    return Notice("paper/some-code", Severity.WARNING, title, text)


@pytest.mark.parametrize(
    ("title", "sent"),
    [
        ("-h", "h"),
        ("--help", "help"),
        ("", "Gatelight"),
        (" - ", "Gatelight"),
        ("two\nlines", "two lines"),
        ("bell\x07 and zero\x00", "bell and zero"),
        ("half a pair \ud83d", "half a pair \ufffd"),
    ],
)
def test_a_title_is_one_line_never_empty_and_never_an_option(title: str, sent: str) -> None:
    assert message_title(notice(title)) == sent


def test_title_and_text_are_cut_at_a_word_to_what_windows_holds() -> None:
    long = notice("TWS does not answer " * 10, "A dialog may be open in TWS. " * 20)

    assert len(message_title(long)) <= 63
    assert len(message_text(long)) <= 255
    assert message_title(long) == "TWS does not answer TWS does not answer TWS does not answer…"
    assert message_text(long).endswith("…")


def test_emoji_count_twice_as_they_do_in_windows() -> None:
    assert len(message_title(notice("\U0001f534" * 63)).encode("utf-16-le")) // 2 <= 63


def test_only_good_news_has_the_tick_of_an_end() -> None:
    end = Notice("paper/some-code", Severity.INFO, "It is well", "", over=True)

    assert manner_of(end).icon == "notice-over"
    assert manner_of(replace(end, no_news=True)).icon == "notice-info"

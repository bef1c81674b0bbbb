"""The check for new versions: when it is asked, what an answer says, and what is shown of it."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.core.memory import UpdateNotes
from agent.core.settings import UpdateSettings
from agent.core.updates import (
    AGAIN,
    COUNTS,
    FIRST,
    LONGEST_RELEASE,
    NOT_BEFORE,
    WEEK,
    NotARelease,
    Origin,
    Release,
    address_known,
    address_to_ask,
    answered_with,
    begun,
    is_due,
    is_web_folder,
    newer,
    offered,
    plan_question,
    question_at,
    read_release,
    why_not_asked,
)

FOLDER = "https://example.org/gatelight"
PAGE = "https://example.org/gatelight/0.3.0.html"
GOOD: dict[str, Any] = {"schema": 1, "version": "0.3.0", "page": PAGE}
BUILT = Origin(FOLDER)
WISHED = UpdateSettings(check=True)
NOW = 1_795_442_400.0
DAY = 86400.0
HEARD = UpdateNotes(FOLDER, NOW + WEEK, NOW - DAY, "0.3.0", PAGE)


def answer(**changes: Any) -> bytes:
    return json.dumps({key: value for key, value in {**GOOD, **changes}.items() if value is not None}).encode()


# ── whether, and where ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("settings", "origin", "known", "asked"),
    [
        (UpdateSettings(), Origin(), "", ""),
        (UpdateSettings(), BUILT, FOLDER, ""),
        (WISHED, Origin(), "", ""),
        (WISHED, BUILT, FOLDER, FOLDER),
        (UpdateSettings(True, "https://corp.example/g/"), BUILT, "https://corp.example/g", "https://corp.example/g"),
        (UpdateSettings(True, "https://corp.example"), Origin(), "https://corp.example", "https://corp.example"),
        (WISHED, Origin(FOLDER, "the package manager of this system"), "", ""),
        (UpdateSettings(True, FOLDER), Origin(manager="the package manager of this system"), "", ""),
        (WISHED, Origin("http://example.org"), "", ""),
    ],
)
def test_it_is_asked_where_the_user_wishes_it_and_an_address_is_known(
    settings: UpdateSettings, origin: Origin, known: str, asked: str
) -> None:
    assert address_known(settings, origin) == known
    assert address_to_ask(settings, origin) == asked
    assert bool(why_not_asked(settings, origin)) == (not known)


def test_why_it_is_not_asked_is_one_sentence() -> None:
    managed = why_not_asked(WISHED, Origin(FOLDER, "the package manager of this system"))

    assert managed == (
        "New versions are up to the package manager of this system: Gatelight does not look for them itself."
    )
    assert why_not_asked(WISHED, Origin()) == "This build knows no address to ask for new versions."


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (FOLDER, True),
        ("https://example.org", True),
        ("https://example.org:8443/a_b/~c/", True),
        ("http://example.org", False),
        ("https://", False),
        ("https://user:secret@example.org/", False),
        ("https://example.org/a b", False),
        ("https://example.org/?q", False),
        ('https://example.org/"', False),
        ("https://exämple.org/", False),
        ("https://example.org/" + "a" * 500, False),
        ("https://example.org\n", False),
    ],
)
def test_a_folder_on_the_web_is_a_plain_https_address(text: str, is_one: bool) -> None:
    assert is_web_folder(text) is is_one


# ── when ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_the_first_question_comes_within_an_hour_then_one_a_week_give_or_take(chance: float) -> None:
    first = plan_question(UpdateNotes(), FOLDER, NOW, chance)
    asked = begun(first, first.due, chance)
    told = answered_with(asked, Release("0.3.0", PAGE), NOW, chance)

    assert first == UpdateNotes(FOLDER, NOW + FIRST * chance)
    # It is planned once.
    assert plan_question(first, FOLDER, NOW + 5, 0.9) is first
    assert first.due + AGAIN <= asked.due <= first.due + 2 * AGAIN
    assert NOW + WEEK - DAY / 2 <= told.due <= NOW + WEEK + DAY / 2
    assert plan_question(told, FOLDER, NOW, 0.5) is told


def test_it_is_asked_from_its_time_on_but_not_just_after_a_start() -> None:
    assert not is_due(HEARD, HEARD.due - 1, 10 * DAY)
    assert is_due(HEARD, HEARD.due, NOT_BEFORE)
    # The computer was off at the time: at log-in its network may not be there yet.
    assert not is_due(HEARD, HEARD.due + DAY, NOT_BEFORE - 1)


def test_another_address_is_asked_anew_and_what_the_first_one_said_is_forgotten() -> None:
    other = "https://corp.example"

    assert plan_question(HEARD, other, NOW, 0.5) == UpdateNotes(other, NOW + FIRST / 2)


def test_a_clock_that_was_wrong_puts_nothing_off_for_years() -> None:
    ahead = replace(HEARD, due=NOW + 3 * 365 * DAY)

    assert plan_question(ahead, FOLDER, NOW, 0.5) == replace(ahead, due=NOW + FIRST / 2)


# ── what it says ────────────────────────────────────────────────────────────────────────────────


def test_the_file_lies_in_the_folder() -> None:
    assert question_at(FOLDER) == "https://example.org/gatelight/latest.json"


@pytest.mark.parametrize(
    "changes", [{}, {"more": [1]}, {"version": "1.10"}, {"page": "https://EXAMPLE.org/x?a=1&b=2#c"}], ids=str
)
def test_a_good_answer_is_read(changes: dict[str, Any]) -> None:
    told = {**GOOD, **changes}

    assert read_release(answer(**changes), FOLDER) == Release(told["version"], told["page"])


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "no JSON"),
        (b"<!doctype html><title>Log in to the hotel</title>", "no JSON"),
        (b"\xff\xfe\x00", "no JSON"),
        (b"[" * 10_000, "no JSON"),
        (b"a" * (LONGEST_RELEASE + 1), "too long"),
        (b"null", "another form"),
        (b"[1]", "another form"),
        (answer(schema=2), "another form"),
        (answer(schema=True), "another form"),
        (answer(schema="1"), "another form"),
        (answer(schema=None), "another form"),
        (answer(version=None), "no version"),
        (answer(version=3), "no version"),
        (answer(version="v0.3.0"), "no version"),
        (answer(version="0.3.0rc1"), "no version"),
        (answer(version="0.3.0\n"), "no version"),
        (answer(version="٣.0"), "no version"),
        (answer(version="9" * 400 + ".0"), "no version"),
        (answer(version="3"), "no version"),
        (answer(page=None), "no page"),
        (answer(page=["https://example.org"]), "no page"),
        (answer(page="http://example.org/x"), "no page"),
        (answer(page="https://example.org.evil.example/x"), "no page"),
        (answer(page="https://example.org@evil.example/x"), "no page"),
        (answer(page="https://evil.example/example.org"), "no page"),
        (answer(page="https://example.org:8443/x"), "no page"),
        (answer(page="javascript:alert(1)//example.org"), "no page"),
        (answer(page='https://example.org/x" & do shell script "id'), "no page"),
        (answer(page="https://example.org\\@evil.example/"), "no page"),
        (answer(page="https://example.org/" + "a" * 500), "no page"),
    ],
    ids=lambda one: one if isinstance(one, str) else one[:40],
)
def test_anything_else_is_no_release(raw: bytes, why: str) -> None:
    with pytest.raises(NotARelease, match=why):
        read_release(raw, FOLDER)


DAMAGE = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*GOOD, "more"]), inner),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.sampled_from(list(GOOD)), st.none() | st.text() | st.integers()).map(lambda own: answer(**own)),
    # One byte of a good answer is another one, or it breaks off.
    st.tuples(st.integers(0, len(answer()) - 1), st.integers(0, 255)).map(
        lambda at: answer()[: at[0]] + bytes([at[1]]) + answer()[at[0] + 1 :]
    ),
    st.integers(0, len(answer()) - 1).map(lambda end: answer()[:end]),
)


@given(DAMAGE)
@example(answer())
def test_a_damaged_answer_is_refused_or_harmless(raw: bytes) -> None:
    try:
        release = read_release(raw, FOLDER)
    except NotARelease:
        return
    assert all(part.isdecimal() and part.isascii() for part in release.version.split("."))
    assert release.page.lower().startswith("https://example.org")
    assert release.page[len("https://example.org") :][:1] in ("", "/")
    assert not set(release.page) & set("\"'\\<> \n\t")


@pytest.mark.parametrize(
    ("version", "than", "is_newer"),
    [
        ("0.3.0", "0.2.0", True),
        ("0.10.0", "0.9.9", True),
        ("1.0", "0.9.9", True),
        ("0.2.1", "0.2", True),
        ("0.2.0", "0.2.0", False),
        ("0.2", "0.2.0", False),
        ("0.1.9", "0.2.0", False),
        ("0.3.0", "0.3.0rc1", False),
        ("0.3.0", "a checkout", False),
        ("", "0.2.0", False),
    ],
)
def test_versions_are_compared_number_by_number(version: str, than: str, is_newer: bool) -> None:
    assert newer(version, than) is is_newer


PARTS = st.lists(st.integers(0, 999_999), min_size=2, max_size=4).map(tuple)


@given(PARTS, PARTS)
def test_of_two_versions_at_most_one_is_newer(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    a, b = (".".join(map(str, parts)) for parts in (one, other))
    length = max(len(one), len(other))
    same = one + (0,) * (length - len(one)) == other + (0,) * (length - len(other))

    assert [newer(a, b), newer(b, a)].count(True) == (0 if same else 1)


# ── what is shown ───────────────────────────────────────────────────────────────────────────────


def test_a_newer_version_is_shown() -> None:
    assert offered(HEARD, WISHED, BUILT, "0.2.0", NOW) == Release("0.3.0", PAGE)


@pytest.mark.parametrize(
    ("notes", "settings", "origin", "running", "now"),
    [
        (UpdateNotes(), WISHED, BUILT, "0.2.0", NOW),
        # The program was brought up to date since.
        (HEARD, WISHED, BUILT, "0.3.0", NOW),
        (HEARD, WISHED, BUILT, "0.4.0", NOW),
        # The user does not want it any more, or asks elsewhere; a package manager has taken over.
        (HEARD, UpdateSettings(), BUILT, "0.2.0", NOW),
        (HEARD, UpdateSettings(True, "https://corp.example"), BUILT, "0.2.0", NOW),
        (HEARD, WISHED, Origin(FOLDER, "the package manager of this system"), "0.2.0", NOW),
        # Nothing was heard for long, or the clock was set back.
        (HEARD, WISHED, BUILT, "0.2.0", HEARD.heard + COUNTS + 1),
        (HEARD, WISHED, BUILT, "0.2.0", HEARD.heard - 1),
        # A file that was changed by hand.
        (replace(HEARD, page="https://evil.example/"), WISHED, BUILT, "0.2.0", NOW),
        (replace(HEARD, version="9.9.9!"), WISHED, BUILT, "0.2.0", NOW),
    ],
)
def test_what_is_not_known_to_be_so_is_not_shown(
    notes: UpdateNotes, settings: UpdateSettings, origin: Origin, running: str, now: float
) -> None:
    assert offered(notes, settings, origin, running, now) is None

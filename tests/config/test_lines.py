"""Lines of values in a TOML text."""

import tomllib
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from agent.config.lines import KeyPath, Lines

AWKWARD = '''\
# [not.a.table]
top = """
[[connections]]
look_every = 3 \\"""
""" # "remark

checks.look_every = "5s"
'quoted [key]' = 'it]s'
"a\\u0062c" = 1979-05-27 07:32:00

[page] # ] here
port = 0
list = [ # [
  "a,]", 'b#', # "c"
  { x = 1, "y z" = [ 1,
    2 ] },
]

[[connections]]
name = "A"
inline = { deep . er = 1, other = "}" }

  [connections.sub]
  key = 1
  [[connections.more]]
  k = 1

[[ connections ]]
name = \'\'\'B
[page]
\'\'\'\'
port = 3
  [[connections.more]]
  k = 2
  [[connections.more]]
  k = 3
'''


@pytest.mark.parametrize(
    ("path", "starts"),
    [
        (("top",), 'top = """'),
        (("checks",), "checks.look_every"),
        (("checks", "look_every"), "checks.look_every"),
        (("quoted [key]",), "'quoted"),
        (("abc",), '"a\\u0062c"'),
        (("page",), "[page] #"),
        (("page", "port"), "port = 0"),
        (("page", "list", 0), '"a,]"'),
        (("page", "list", 1), '"a,]"'),
        (("page", "list", 2, "x"), "{ x = 1"),
        (("page", "list", 2, "y z", 1), "2 ] }"),
        (("connections",), "[[connections]]"),
        (("connections", 0, "name"), 'name = "A"'),
        (("connections", 0, "inline", "deep", "er"), "inline"),
        (("connections", 0, "inline", "other"), "inline"),
        (("connections", 0, "sub", "key"), "key = 1"),
        (("connections", 0, "more", 0, "k"), "k = 1"),
        (("connections", 1), "[[ connections ]]"),
        (("connections", 1, "name"), "name = '''B"),
        (("connections", 1, "port"), "port = 3"),
        (("connections", 1, "more", 0, "k"), "k = 2"),
        (("connections", 1, "more", 1, "k"), "k = 3"),
    ],
)
def test_each_value_is_found_where_it_is_written(path: KeyPath, starts: str) -> None:
    tomllib.loads(AWKWARD)

    line = AWKWARD.splitlines()[Lines(AWKWARD).line(path) - 1]

    assert line.strip().startswith(starts)


def test_what_is_not_written_is_looked_for_in_the_table_around_it() -> None:
    lines = Lines('\n[[connections]]\nport = 1\n[[connections]]\nname = "B"\n')

    assert lines.line(("connections", 0, "name")) == 2
    assert lines.line(("connections", 1, "host", 3)) == 4
    assert lines.line(("page",)) == 1


def test_windows_line_ends_are_counted_once() -> None:
    assert Lines('a = 1\r\n\r\nb = """\r\n"""\r\nc = 2\r\n').line(("c",)) == 5


def paths(value: Any, path: KeyPath = ()) -> list[KeyPath]:
    """The path of every value that holds no others."""
    match value:
        case dict():
            return [found for key, inner in value.items() for found in paths(inner, (*path, key))]
        case list():
            return [found for index, inner in enumerate(value) for found in paths(inner, (*path, index))]
        case _:
            return [path]


# Control characters in keys: tomlkit writes some of them as no TOML reader accepts them.
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=8)
VALUES = st.recursive(
    st.one_of(st.integers(-(10**9), 10**9), st.booleans(), WORDS, st.floats(allow_nan=False), st.dates()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=12,
)


@given(st.dictionaries(WORDS, VALUES, max_size=5))
def test_every_value_of_a_file_written_by_another_program_is_located(document: dict[str, Any]) -> None:
    text = tomlkit.dumps(document)
    lines = Lines(text)

    for path in paths(tomllib.loads(text)):
        assert path in lines._lines, (text, path)


@given(st.text())
def test_no_text_keeps_the_search_from_ending(text: str) -> None:
    assert Lines(text).line(("connections", 0, "name")) >= 1

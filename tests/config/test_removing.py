"""Taking an entry of a repeated table out of the configuration file."""

from pathlib import Path

import pytest

from agent.config.keys_notices import TARGETS
from agent.config.reading import load
from agent.config.removing import remove_connection, remove_entry
from agent.errors import ConfigError

SEVERAL = """# top

[[connections]]
name = "A"  # a
port = 4001

# about B
[[connections]]
name = "B"
start_command = [
  "x",  # y
]

# tail
[[connections]]
name = "C"

# about checks
[checks]
look_every = "10s"
"""


@pytest.mark.parametrize("name", ["A", "b", " C "])
def test_a_connection_is_taken_out_and_everything_else_stays(name: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(SEVERAL)
    remove_connection(path, name)
    left = [c.name for c in load(path).connections]

    assert left == [n for n in "ABC" if n != name.strip().upper()]
    assert load(path).checks.look_every == 10.0
    assert all(remark in path.read_text() for remark in ("# top", "# about B", "# tail", "# about checks"))


def test_the_last_connection_is_taken_out_as_well(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[[connections]]\r\nname = "A"\r\n\r\n[page]\r\nport = 1\r\n', newline="")
    remove_connection(path, "A")

    assert load(path).connections == ()
    assert path.read_bytes() == b"\r\n[page]\r\nport = 1\r\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SEVERAL, "no connection"),
        ('connections = [{name = "D"}, {name = "E"}]\n', "by hand"),
        ("connections = 1\n", "must be"),
    ],
)
def test_what_cannot_be_taken_out_is_said_and_nothing_changes(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=words):
        remove_connection(path, "D")

    assert path.read_text() == text


@pytest.mark.parametrize("around", ["# top\n\n", "[notifications]\ndesktop = false\n\n"])
def test_an_entry_within_another_table_is_taken_out_and_so_is_the_last_one(around: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    entries = "".join(f'[[notifications.targets]]\nname = "{name}"\nurl = "ntfy://x"\n\n' for name in "AB")
    path.write_text(f"{around}{entries}# tail\n[page]\nport = 1\n")
    remove_entry(path, TARGETS, "a")
    left = [target.name for target in load(path).notifications.targets]
    remove_entry(path, TARGETS, "B")

    assert left == ["B"]
    assert path.read_text() == f"{around}# tail\n[page]\nport = 1\n"

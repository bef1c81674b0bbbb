"""A configuration of several files: what is included, which file an error names, and which one a change goes into."""

import os
from itertools import pairwise
from pathlib import Path

import pytest

from agent.app.configuration_again import ConfigurationStamp
from agent.cli.main import main
from agent.config.editing import add_connection, change_all, set_value
from agent.config.reading import check, load, parse_settings
from agent.config.removing import remove_connection
from agent.config.sources import MOST_FILES, sources_of
from agent.errors import ConfigError

MAIN = 'include = ["conf.d/*.toml"]\n\n[checks]\nlook_every = "7s"\n\n[[connections]]\nname = "A"\nport = 4001\n'
PROD = (
    '# production\n[[connections]]\nname = "prod-1"\nhost = "10.0.0.1"  # first\n\n[[connections]]\nname = "prod-2"\n'
)
TEST = '[[connections]]\nname = "test-1"\n\n[[hooks]]\nname = "h"\ncommand = ["/bin/true"]\n\n[ping]\nevery = "7m"\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "10-prod.toml").write_text(PROD)
    (tmp_path / "conf.d" / "20-test.toml").write_text(TEST)
    (tmp_path / "conf.d" / "notes.txt").write_text("no settings")
    file = tmp_path / "config.toml"
    file.write_text(MAIN)
    return file


def beside(config: Path, name: str, text: str) -> Path:
    file = config.parent / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


def refusal(config: Path) -> str:
    with pytest.raises(ConfigError) as refused:
        load(config)
    return str(refused.value)


def test_the_files_are_put_together_in_the_order_of_their_names(config: Path) -> None:
    settings = load(config)

    assert [c.name for c in settings.connections] == ["A", "prod-1", "prod-2", "test-1"]
    assert [h.name for h in settings.hooks] == ["h"]
    assert (settings.checks.look_every, settings.ping.every) == (7.0, 420.0)
    assert check(config) == []


def test_an_empty_folder_is_no_error_and_a_file_that_is_named_must_be_there(config: Path) -> None:
    config.write_text('include = ["nothing.d/*.toml"]\n')
    assert load(config).connections == ()

    config.write_text('include = [\n  "conf.d/*.toml",\n  "mine.toml",\n]\n')
    assert refusal(config) == (
        'config.toml, line 3: include[2] is "mine.toml", but must be a file that exists, or a pattern with *'
    )
    beside(config, "mine.toml", '[[connections]]\nname = "mine"\n')
    assert [c.name for c in load(config).connections] == ["prod-1", "prod-2", "test-1", "mine"]


def test_a_file_that_two_patterns_mean_and_the_main_file_itself_count_once(config: Path) -> None:
    beside(config, "other.toml", '[[connections]]\nname = "other"\n')
    config.write_text('include = ["*.toml", "o*.toml", "conf.d/../other.toml"]\n')

    assert [c.name for c in load(config).connections] == ["other"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[connections]]\nname = 5\n", "conf.d/30.toml, line 2: connections[5].name is 5, but must be"),
        ("[cheks]\n", "conf.d/30.toml, line 1: cheks is not known (did you mean checks?)"),
        ("a = [\n", "conf.d/30.toml, line 1 (the end of the file): this is not valid TOML"),
        ("connections = 5\n", "conf.d/30.toml, line 1: connections is 5, but must be a list of tables"),
        (
            'include = ["x.toml"]\n',
            "conf.d/30.toml, line 1: include is not known here: config.toml alone may include other files",
        ),
        (
            '\n[[connections]]\nname = "PROD-1"\n',
            'conf.d/30.toml, line 3: connections[5].name is "PROD-1", but must differ from the one in '
            "conf.d/10-prod.toml, line 3",
        ),
        (
            "\n[checks]\nreply_timeout = '3s'\n",
            "conf.d/30.toml, line 2: [checks] is in config.toml, line 3 as well, but must be in one file alone",
        ),
        ("[ping]\n", "[ping] is in conf.d/20-test.toml, line 8 as well, but must be in one file alone"),
        ("ping = 5\n", "conf.d/30.toml, line 1: ping is 5, but must be a table"),
    ],
)
def test_an_error_names_the_file_the_line_and_the_key(config: Path, text: str, says: str) -> None:
    beside(config, "conf.d/30.toml", text)
    if text == "ping = 5\n":
        (config.parent / "conf.d/20-test.toml").unlink()

    assert says in refusal(config)
    assert any(says in sentence for sentence in check(config))


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("5", "config.toml, line 1: include is 5, but must be a list of files or patterns"),
        ('["a.toml", 7]', "include[2] is 7, but must be a file or a pattern"),
        ('[" "]', 'include[1] is " ", but must be'),
        (str(["x*"] * 30).replace("'", '"'), "include is a list of 30, but must be"),
    ],
)
def test_what_cannot_be_included_is_told(config: Path, written: str, says: str) -> None:
    config.write_text(f"include = {written}\n")

    assert says in refusal(config)


def test_the_number_of_files_is_bounded(config: Path) -> None:
    for number in range(MOST_FILES):
        beside(config, f"conf.d/x{number}.toml", "")

    assert f"but must lead to {MOST_FILES} at most" in refusal(config)


def test_a_folder_and_a_pipe_among_the_matches_are_passed_over_and_one_that_is_named_is_told(config: Path) -> None:
    (config.parent / "conf.d" / "30.toml").mkdir()
    os.mkfifo(config.parent / "conf.d" / "40.toml")
    assert len(load(config).connections) == 4

    config.write_text('include = ["conf.d/40.toml"]\n')
    assert "is not a file, but must be a TOML file" in refusal(config)


def test_targets_may_stand_in_several_files_beside_the_table_around_them(config: Path) -> None:
    config.write_text(MAIN + "\n[notifications]\ndesktop = false\n")
    for name in ("x", "y"):
        beside(config, f"conf.d/{name}.toml", f'[[notifications.targets]]\nname = "{name}"\nurl = "ntfy://{name}"\n')
    settings = load(config).notifications

    assert not settings.desktop
    assert [t.name for t in settings.targets] == ["x", "y"]
    set_value(config, "notifications.targets.y.minimum_severity", "info")
    assert 'minimum_severity = "info"' in (config.parent / "conf.d/y.toml").read_text()


def test_a_change_goes_into_the_file_that_holds_the_entry_and_keeps_its_comments(config: Path) -> None:
    changed = set_value(config, "connections.prod-1.host", "10.0.0.9")
    set_value(config, "connections[4].port", "4009")
    set_value(config, "ping.every", "9m")
    set_value(config, "page.port", "8001")

    assert changed.before == '"10.0.0.1"'
    assert (config.parent / "conf.d/10-prod.toml").read_text() == PROD.replace("10.0.0.1", "10.0.0.9")
    assert "port = 4009" in (config.parent / "conf.d/20-test.toml").read_text()
    assert 'every = "9m"' in (config.parent / "conf.d/20-test.toml").read_text()
    # What no file holds yet goes into the main one.
    assert config.read_text() == MAIN + "\n[page]\nport = 8001\n"


def test_several_changes_are_made_in_all_their_files_or_in_none(config: Path) -> None:
    change_all(config, [("connections.prod-2.port", "4002"), ("connections.test-1.port", "4003")])
    assert [c.port for c in load(config).connections] == [4001, "auto", 4002, 4003]

    before = [(config.parent / "conf.d" / name).read_text() for name in ("10-prod.toml", "20-test.toml")]
    (config.parent / "conf.d/20-test.toml").chmod(0o444)
    with pytest.raises(ConfigError, match="read-only"):
        change_all(config, [("connections.prod-2.port", "4007"), ("connections.test-1.port", "4008")])
    assert [(config.parent / "conf.d" / n).read_text() for n in ("10-prod.toml", "20-test.toml")] == before


def test_a_name_is_unique_over_all_files_when_it_is_changed_or_made(config: Path) -> None:
    with pytest.raises(ConfigError, match="must differ"):
        set_value(config, "connections.prod-1.name", "test-1")
    add_connection(config, "new")

    assert 'name = "new"' in config.read_text()
    with pytest.raises(ConfigError) as refused:
        set_value(config, "connections.prod-9.port", "1")
    assert 'known are: "A", "new", "prod-1", "prod-2", "test-1"' in str(refused.value)


def test_a_connection_is_taken_out_of_its_file(config: Path) -> None:
    remove_connection(config, "prod-1")

    assert [c.name for c in load(config).connections] == ["A", "prod-2", "test-1"]
    assert config.read_text() == MAIN


def test_config_show_and_check_name_the_files(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(config), "config", "show"]) == 0
    shown = capsys.readouterr().out
    assert '# conf.d/10-prod.toml\n[[connections]]\nname = "prod-1"' in shown
    assert "# config.toml\n[checks]" in shown
    assert "# in no file: these are the defaults\n[page]" in shown
    # What is shown is one file, which says the same.
    assert parse_settings(shown, "shown.toml") == load(config)

    assert main(["--config", str(config), "config", "check"]) == 0
    assert "So are the files that it includes: conf.d/10-prod.toml, conf.d/20-test.toml." in capsys.readouterr().out


def test_the_stamp_changes_when_any_of_them_changes_comes_or_goes(config: Path) -> None:
    stamp = ConfigurationStamp(config)
    seen = [stamp(), stamp()]
    assert seen[0] == seen[1]

    (config.parent / "conf.d/10-prod.toml").write_text(PROD + "\n# more\n")
    seen.append(stamp())
    beside(config, "conf.d/30.toml", "")
    seen.append(stamp())
    (config.parent / "conf.d/30.toml").unlink()
    (config.parent / "conf.d/20-test.toml").unlink()
    seen.append(stamp())
    config.write_text("")
    seen.append(stamp())
    config.unlink()
    seen.append(stamp())

    assert all(a != b for a, b in pairwise(seen[1:]))
    assert seen[-1] == (None,)


def test_a_text_alone_knows_where_its_values_are(config: Path) -> None:
    sources = sources_of(config)

    assert [source.name for source in sources.files] == ["config.toml", "conf.d/10-prod.toml", "conf.d/20-test.toml"]
    assert sources.place(("connections", 2, "name")) == (1, 7)
    assert sources.place(("ping", "every")) == (2, 9)
    assert sources.place(("unknown",)) == (0, 1)

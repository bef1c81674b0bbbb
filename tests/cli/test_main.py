"""The command line as the user has it: real processes, their output and exit statuses."""

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agent.cli.doctor import exit_status
from agent.cli.explain import words_apart
from agent.cli.main import main
from agent.core.shown.display import IconState
from agent.core.shown.status import ShownConnection, ShownProblem, Status
from agent.simulator.free_ports import free_port
from tests.commands import PATIENCE, Place, codes, environment, paper_file, simulated, web_server

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals as on Linux and macOS")


@pytest.fixture
def place() -> Iterator[Place]:
    # The test runner's own folders have paths that are too long for a socket.
    with tempfile.TemporaryDirectory(prefix="gl-") as folder:
        yield Place(Path(folder))


# ── bad input ───────────────────────────────────────────────────────────────────────────────────

ONE = '[[connections]]\nname = "a"\n'
BAD_CONFIGURATIONS = {
    "unknown key": (ONE + 'prot = "auto"\n', ["line 3", "prot"]),
    "unknown table": ("[check]\n", ["line 1", "check"]),
    "wrong type": ("[checks]\nlook_every = 5\n", ["line 2", "look_every", "5"]),
    "bad duration": ('[checks]\nlook_every = "5 parsecs"\n', ["line 2", "look_every", "5 parsecs"]),
    "too short": ('[checks]\nheartbeat_every = "1s"\n', ["line 2", "heartbeat_every", "2s"]),
    "duplicate name": (ONE + ONE, ["line 4", "name", "a"]),
    "port 0": (ONE + "port = 0\n", ["line 3", "port", "0", "65535"]),
    "port 70000": (ONE + "port = 70000\n", ["line 3", "port", "70000", "65535"]),
    "client id 0": (ONE + "client_id = 0\n", ["line 3", "client_id", "0"]),
    "invalid toml": ("[[connections\n", ["line 1"]),
    "unknown application": (ONE + 'application = "ibkr"\n', ["line 3", "application", "ibkr", "gateway"]),
}


@pytest.mark.parametrize("name", BAD_CONFIGURATIONS)
def test_a_bad_configuration_is_one_sentence_and_status_2(name: str, place: Place) -> None:
    text, words = BAD_CONFIGURATIONS[name]
    place.config.write_text(text)
    # Each of them refuses all of these; one apiece keeps the tests short.
    command = BAD_COMMANDS[list(BAD_CONFIGURATIONS).index(name) % len(BAD_COMMANDS)]
    done = place.do(*command)

    assert done.status == 2
    for word in (*words, "config.toml"):
        assert word in done.sentence
    assert place.config.read_text() == text


BAD_COMMANDS = (("run", "--no-tray"), ("doctor", "--json"), ("config", "check"), ("config", "show"))


@pytest.mark.parametrize("command", BAD_COMMANDS[:2], ids=lambda c: c[0])
def test_a_file_that_is_missing_or_a_folder_or_not_text_is_refused(command: tuple[str, ...], place: Place) -> None:
    missing = place.do(*command)
    place.config.mkdir()
    folder = place.do(*command)
    place.config.rmdir()
    place.config.write_bytes(b"\xff\xfe\x00bad")
    binary = place.do(*command)

    assert [d.status for d in (missing, folder, binary)] == [2, 2, 2]
    assert "does not exist" in missing.sentence
    assert "folder" in folder.sentence
    assert "config.toml" in binary.sentence


def test_a_data_folder_that_cannot_be_written_is_refused(place: Place) -> None:
    place.config.write_text("")
    place.data.write_text("a file in its place")
    done = place.do("run", "--no-tray")

    assert done.status == 2
    assert str(place.data) in done.sentence
    assert "--data-dir" in done.sentence
    assert place.data.read_text() == "a file in its place"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("pause", "5x"), "5x"),
        (("disconnect", "--for", "5x"), "5x"),
        (("pause", "-5m"), "-5m"),
        (("pause", "0s"), "0s"),
        (("snooze", "api-silent", "soon"), "soon"),
        (("doctor", "Nobody"), "Nobody"),
        (("demo", "--scenario", "nothing", "--no-tray"), "nothing"),
        (("simulate", "--port", "0"), "65535"),
        (("simulate", "--port", "70000"), "65535"),
        (("simulate", "--fault", "nothing"), "nothing"),
        (("config", "set", "checks.look_evry", "7s"), "look_evry"),
        (("config", "set", "checks.look_every", "7 parsecs"), "7 parsecs"),
        (("config", "set", "checks.look_every", "7"), "7"),
    ],
    ids=lambda a: " ".join(a) if isinstance(a, tuple) else "",
)
def test_a_wrong_argument_is_refused_in_one_sentence(arguments: tuple[str, ...], word: str, place: Place) -> None:
    place.config.write_text(ONE)
    if arguments[1].startswith("-5"):
        arguments = (arguments[0], "--", arguments[1])
        done = place.do(*place.options, *arguments, own_options=False)
    else:
        done = place.do(*arguments)

    assert done.status == 2
    assert word in done.sentence


@pytest.mark.parametrize(
    "arguments", [("sell",), ("explain",), ("config",), ("status", "--jsn"), ("connect", "a", "b")]
)
def test_a_command_line_that_makes_no_sense_is_told_where_its_use_is_told(
    arguments: tuple[str, ...], place: Place
) -> None:
    done = place.do(*arguments, own_options=False)

    assert done.status == 2
    assert done.sentence.endswith(("--help`).", "did you mean “--json”?"))


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--print-url",),
        ("status",),
        ("status", "--json"),
        ("connect",),
        ("disconnect", "Paper"),
        ("pause", "30m"),
        ("pause",),
        ("disconnect", "--for", "1h"),
        ("stop",),
        ("resume",),
        ("snooze", "api-silent", "1h"),
    ],
    ids=" ".join,
)
def test_commands_to_an_agent_that_does_not_run_say_so(arguments: tuple[str, ...], place: Place) -> None:
    done = place.do(*arguments)

    assert done.status == 3
    assert "does not run" in done.sentence
    assert not place.data.exists()


# ── options, help, output ───────────────────────────────────────────────────────────────────────


def test_options_count_before_and_after_the_command(place: Place) -> None:
    before = place.do(*place.options, "config", "path", own_options=False)
    between = place.do("config", *place.options, "path", own_options=False)
    after = place.do("config", "path")
    last = place.do("--config", "other.toml", "config", "path")

    assert [d.out.strip() for d in (before, between, after, last)] == [str(place.config)] * 4


def test_the_environment_names_the_places_and_options_win(place: Place) -> None:
    named = {**environment(), "GATELIGHT_CONFIG": str(place.folder / "env.toml")}
    command = [sys.executable, "-m", "agent", "config", "path"]
    by_environment = subprocess.run(command, capture_output=True, text=True, env=named, timeout=PATIENCE)
    by_option = subprocess.run([*command, *place.options], capture_output=True, text=True, env=named, timeout=PATIENCE)

    assert by_environment.stdout.strip() == str(place.folder / "env.toml")
    assert by_option.stdout.strip() == str(place.config)


def test_help_and_version_go_to_standard_output(place: Place) -> None:
    version, helped = place.do("--version"), place.do("status", "--help")

    assert (version.status, helped.status) == (0, 0)
    assert version.out.startswith("gatelight ")
    assert "--json" in helped.out
    assert version.err == helped.err == ""


@posix
@pytest.mark.parametrize(
    "arguments", [("--help",), ("explain", "1100"), ("config", "show"), ("simulate", "--list-faults")]
)
def test_output_into_a_pipe_nobody_reads_is_no_fault(arguments: tuple[str, ...], place: Place) -> None:
    place.config.write_text("")
    read_end, write_end = os.pipe()
    os.close(read_end)
    command = [sys.executable, "-m", "agent", *place.options, *arguments]
    with os.fdopen(write_end, "wb") as broken:
        done = subprocess.run(
            command, stdout=broken, stderr=subprocess.PIPE, text=True, env=environment(), timeout=PATIENCE
        )

    assert done.stderr == ""
    assert done.returncode == 0


@posix
def test_a_problem_that_nobody_reads_of_is_still_told_by_the_exit_status(place: Place) -> None:
    place.config.write_text(paper_file(free_port()))
    read_end, write_end = os.pipe()
    os.close(read_end)
    command = [sys.executable, "-m", "agent", *place.options, "doctor"]
    with os.fdopen(write_end, "wb") as broken:
        done = subprocess.run(
            command, stdout=broken, stderr=subprocess.PIPE, text=True, env=environment(), timeout=PATIENCE
        )

    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_json_is_whole_on_a_stream_that_does_not_speak_utf_8(place: Place) -> None:
    place.config.write_text(paper_file(free_port()).replace("Paper Gateway", "Ünïcode 日本"), encoding="utf-8")
    command = [sys.executable, "-m", "agent", *place.options, "doctor", "--json"]
    narrow = {**environment(), "PYTHONIOENCODING": "cp1252"}
    done = subprocess.run(command, capture_output=True, env=narrow, timeout=PATIENCE)

    assert json.loads(done.stdout.decode("ascii"))["connections"][0]["name"] == "Ünïcode 日本"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
def test_output_to_a_full_disk_is_one_sentence(place: Place) -> None:
    command = [sys.executable, "-m", "agent", "explain", "1100"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, env=environment())

    assert done.returncode == 1
    assert done.stderr == "The result could not be written (No space left on device).\n"


def test_explain_knows_codes_numbers_and_lines_and_says_when_it_does_not(place: Place) -> None:
    known = [
        place.do("explain", *w) for w in (("api-silent",), ("1100",), ("ib_async", "-", "ERROR", "-", "Error 326"))
    ]
    unknown = place.do("explain", "the", "weather")

    assert [d.status for d in known] == [0, 0, 0]
    assert all(d.out and not d.err for d in known)
    assert unknown.status == 1
    assert "the weather" in unknown.sentence


@pytest.mark.parametrize(
    "words",
    [
        ("-1 2104 Market data farm connection is OK:usfarm",),
        ("-1", "2104", "Market", "data", "farm", "connection", "is", "OK:usfarm"),
        ("--->", "Error", "1100"),
        ("--", "-Error", "1100"),
        ("Error 1100", "-x", "-v"),
        ("-v", "--config=x.toml", "--Error", "1100"),
    ],
)
def test_explain_takes_words_that_begin_with_a_minus(words: tuple[str, ...], place: Place) -> None:
    done = place.do("explain", *words)

    assert done.status == 0, done.err
    assert "1100" in done.out or "2104" in done.out


def test_options_of_explain_still_count_before_and_after_its_words() -> None:
    given = ["--config", "explain", "explain", "a", "-b", "-v", "--", "-v"]

    assert words_apart(given) == ["explain", "--config", "explain", "-v", "--", "a", "-b", "-v"]
    assert words_apart(["explain", "--help"]) == ["explain", "--help"]
    assert words_apart(["config", "set", "explain", "-5"]) == ["config", "set", "explain", "-5"]


@pytest.mark.parametrize(
    ("piped", "status", "said"),
    [
        (b"14:03 Error 1100, reqId -1: x\n", 0, "Notice 1100"),
        (b"nothing \xff known\n", 1, "does not know"),
        (b"x" * 200_000 + b"\nError 1100, reqId -1: x\n", 0, "Notice 1100"),
        (b"", 2, "standard input"),
    ],
)
def test_explain_reads_standard_input(piped: bytes, status: int, said: str) -> None:
    command = [sys.executable, "-m", "agent", "explain", "-"]
    done = subprocess.run(command, input=piped, capture_output=True, env=environment(), timeout=PATIENCE)

    assert done.returncode == status
    assert said in (done.stdout + done.stderr).decode()


# ── config ──────────────────────────────────────────────────────────────────────────────────────


def test_config_set_keeps_comments_and_what_it_does_not_know(place: Place) -> None:
    text = '# mine\n[[connections]]\nname = "Paper"   # the paper one\nport = 4002\n'
    text += '\n[checks]  # seldom\nlook_every = "5s"\n'
    place.config.write_text(text)
    done = [
        place.do("config", "set", "checks.look_every", "7s"),
        place.do("config", "set", "connections.Paper.port", "4012"),
    ]
    checked, shown = place.do("config", "check"), place.do("config", "show")

    assert [d.status for d in (*done, checked, shown)] == [0] * 4
    assert place.config.read_text() == text.replace("5s", "7s").replace("4002", "4012")
    assert "in order" in checked.out
    assert 'look_every = "7s"' in shown.out
    assert "client_id" in shown.out


def test_config_set_says_what_was_what_is_where_and_from_when(place: Place) -> None:
    place.config.write_text('[[connections]]\nname = "Paper"\n[notifications]\nremote = ["ntfy://old-topic"]\n')
    changed = place.do("config", "set", "checks.look_every", "7s")
    again = place.do("config", "set", "checks.look_every", "7s")
    named = place.do("config", "set", "connections.Second.name", "Second")
    secret = place.do("config", "set", "notifications.remote", '["ntfy://new-topic"]')

    # In a pipe, whose encoding may have no arrow, the terminal's own signs stand for it.
    assert re.search(r'checks\.look_every: "5s" (→|->) "7s", in ', changed.err)
    assert str(place.config) in changed.err
    assert "Gatelight does not run now: it counts from its next start." in changed.err
    assert 'checks.look_every is "7s", as it was before, in ' in again.err
    assert "next start" not in again.err
    assert 'connections.Second.name: "Second", in ' in named.err
    assert "topic" not in secret.err


def test_a_value_that_cannot_be_set_changes_nothing(place: Place) -> None:
    text = '# mine\n[[connections]]\nname = "Paper"\n'
    place.config.write_text(text)
    done = [
        place.do("config", "set", *pair)
        for pair in (
            ("connections.Paper.port", "0"),
            ("connections.Paper.client_id", "0"),
            ("connections.No.port", "1"),
        )
    ]

    assert [d.status for d in done] == [2, 2, 2]
    assert all(d.sentence for d in done)
    assert place.config.read_text() == text


def test_every_fault_of_a_configuration_is_listed_by_check(place: Place) -> None:
    place.config.write_text(ONE + 'port = 0\nclient_id = 0\n[page]\nenabled = "yes"\n')
    done = place.do("config", "check")

    assert done.status == 2
    assert [word for word in ("port", "client_id", "enabled") if word in done.err] == ["port", "client_id", "enabled"]


def test_without_a_configuration_the_defaults_are_in_order(place: Place) -> None:
    command = [sys.executable, "-m", "agent", "config", "check"]
    home = {**environment(), "HOME": str(place.folder), "XDG_CONFIG_HOME": str(place.folder / "none")}
    done = subprocess.run(command, capture_output=True, text=True, env=home, timeout=PATIENCE)

    assert (done.returncode, done.stderr) == (0, "")


# ── a running agent ─────────────────────────────────────────────────────────────────────────────


@posix
def test_a_healthy_agent_does_what_it_is_told(place: Place) -> None:
    port = free_port()
    place.config.write_text(paper_file(port))
    with simulated(port) as application, place.agent() as agent:
        place.until(lambda c: c["phase"] == "connected")
        shown, as_json = place.do("status"), place.do("status", "--json")
        open_json = place.do("status", "--json", "--show-accounts")
        status = json.loads(as_json.out)

        assert (shown.status, as_json.status) == (0, 0)
        assert "Paper Gateway" in shown.out
        assert as_json.err == ""
        assert (status["schema"], status["agent"]["pid"], status["overall"]) == (1, agent.pid, "connected")
        assert status["connections"][0]["accounts"] == ["DU•••567"]
        assert "DU1234567" not in as_json.out + shown.out
        assert "DU1234567" in open_json.out

        refused = place.do("explain", f"Connect call failed ('127.0.0.1', {port - 1})")

        assert f"IB Gateway (paper) listens on port {port}, not on {port - 1}." in refused.out

        second = place.do("run", "--no-tray")

        assert second.status == 3
        assert f"pid {agent.pid}" in second.sentence

        wrong = [place.do(c, "Nobody") for c in ("connect", "disconnect")]

        assert [d.status for d in wrong] == [2, 2]
        assert all("“Paper Gateway”" in d.sentence for d in wrong)

        unknown = place.do("snooze", "no-such-problem", "1h")

        assert unknown.status == 2
        assert "no-such-problem" in unknown.sentence

        assert place.do("disconnect", "Paper Gateway").status == 0
        place.until(lambda c: c["phase"] == "idle")
        wished = place.do("status")

        assert wished.status == 0
        assert place.do("connect").status == 0
        place.until(lambda c: c["phase"] == "connected")

        so = [place.do(*c) for c in (("connect",), ("connect", "Paper Gateway"), ("resume",), ("seen",))]

        assert [(d.status, d.sentence) for d in so] == [
            (0, "Every connection is watched already."),
            (0, "“Paper Gateway” is watched already."),
            (0, "Notices were not paused."),
            (0, "No change was waiting to be seen."),
        ]
        done = [place.do(*c) for c in (("pause", "30m"), ("resume",), ("snooze", "api-silent", "1h"))]

        assert [(d.status, d.out) for d in done] == [(0, "")] * 3
        assert all(d.sentence.endswith(".") for d in done)
        endless = place.do("pause", "999999999d")

        assert endless.status == 2
        assert "a year at most" in endless.sentence
        assert place.do("status").status == 0

        examined = place.do("doctor", "--json", "Paper Gateway")

        assert examined.status == 0, examined
        assert json.loads(examined.out)["connections"][0]["phase"] == "connected"
        application.send_signal(signal.SIGINT)
        _, complaint = application.communicate(timeout=PATIENCE)

        assert "Traceback" not in complaint

    assert (agent.returncode, agent.stdout.closed if agent.stdout else None) == (0, True)
    log = (place.data / "log" / "gatelight.log").read_text()
    assert "Traceback" not in log
    assert "ERROR" not in log
    assert "DU1234567" not in log


@posix
def test_a_problem_is_status_1_for_status_and_doctor(place: Place) -> None:
    with web_server() as port:
        place.config.write_text(paper_file(port))
        with place.agent():
            place.until(lambda c: [p for p in c["problems"] if p["visible"] and p["severity"] != "info"])
            shown, as_json = place.do("status"), place.do("status", "--json")
        examined = place.do("doctor", "--json")

    assert (shown.status, as_json.status, examined.status) == (1, 1, 1)
    assert codes(json.loads(as_json.out)["connections"][0])
    assert codes(json.loads(examined.out)["connections"][0])


@posix
def test_a_configuration_changed_while_running_is_taken_or_refused(place: Place) -> None:
    good = paper_file(free_port()) + '[checks]\nlook_every = "1s"\n'
    place.config.write_text(good)
    with place.agent():
        place.config.unlink()
        place.until(lambda c: c["name"] == "Paper Gateway" and "config-invalid" in codes(c))
        place.config.write_text(good + "port = 0\n")
        shown = place.until(lambda c: "checks.port" in json.dumps(c["problems"]))
        problem = next(p for p in shown["connections"][0]["problems"] if p["code"] == "config-invalid")

        assert shown["connections"][0]["name"] == "Paper Gateway"
        assert "port" in " ".join((*problem["evidence"], problem["text"]))

        place.config.write_text(good.replace("Paper Gateway", "Another"))
        place.until(lambda c: c["name"] == "Another" and "config-invalid" not in codes(c))


@posix
def test_a_lock_left_by_a_killed_agent_holds_nobody_up(place: Place) -> None:
    place.config.write_text(paper_file(free_port()))
    place.data.mkdir()
    (place.data / "memory.json").write_text('{"format": 1, "told": [{"connection"')
    with place.agent() as first:
        place.do("disconnect")
        place.until(lambda c: c["overall"])
        first.kill()
        first.wait(PATIENCE)
        gone = place.do("status")

        assert gone.status == 3
        assert gone.sentence
    with place.agent():
        shown = place.do("status", "--json")
        memory = json.loads((place.data / "memory.json").read_text())

    # Nothing is lost: what the user wished is remembered.
    assert shown.status == 0
    assert [one["connection"] for one in memory["stopped"]] == ["Paper Gateway"]


def test_at_log_in_a_configuration_that_cannot_be_used_is_shown_instead_of_ending_unseen(place: Place) -> None:
    place.config.write_text("[checks]\nlook_every = 5\n")
    process = place.start("run", "--no-tray", "--autostart")
    try:
        # Nothing is loud until desktop and network had time to come; known it is at once.
        status = place.until(lambda c: "config-invalid" in [p["code"] for p in c["problems"]], process)
        place.config.write_text(paper_file(free_port()))
        place.until(lambda c: "config-invalid" not in [p["code"] for p in c["problems"]], process)
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)

    problem = next(p for p in status["connections"][0]["problems"] if p["code"] == "config-invalid")
    assert "config.toml, line 2" in problem["evidence"][0]


# ── being stopped ───────────────────────────────────────────────────────────────────────────────

BEGIN = """
import sys
from agent.cli.main import main
sys.stdout.write("begins\\n")
sys.stdout.flush()
sys.exit(main(sys.argv[1:]))
"""


def begun(place: Place, turn: int, *arguments: str) -> "subprocess.Popen[str]":
    """A command whose first breath is known, in a data folder for each turn."""
    places = ("--config", str(place.config), "--data-dir", f"{place.data}{turn}")
    process = subprocess.Popen(
        [sys.executable, "-c", BEGIN, *places, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=place.folder,
        env=environment(),
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begins\n"
    return process


@posix
def test_the_agent_ends_cleanly_whenever_it_is_told_to(place: Place) -> None:
    source = random.Random(20261122)
    delays = [source.uniform(0.02, 1.0) for _ in range(20)]
    place.config.write_text(paper_file(free_port()))

    def end(turn: int) -> None:
        process = begun(place, turn, "run", "--no-tray")
        time.sleep(delays[turn])
        process.send_signal(signal.SIGTERM if turn % 2 else signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)

        assert (out, err) == ("", ""), turn
        # On a busy machine the very first wishes come before anybody listens: then nothing has begun either.
        assert process.returncode == 0 or not Path(f"{place.data}{turn}").exists(), turn

    with ThreadPoolExecutor(2) as pairs:
        list(pairs.map(end, range(20)))
    logs = "".join(f.read_text() for f in place.folder.glob("data*/log/gatelight.log"))

    assert "Gatelight ends" in logs
    assert "Traceback" not in logs
    # What hangs for three seconds is left behind and named: on a machine that is very busy an end may be that slow.
    assert logs.count("did not stop in time") < 5
    assert list(place.folder.glob("data*/control/agent.sock")) == []


@posix
def test_the_end_of_the_terminal_ends_the_agent_unless_it_was_told_to_ignore_it(place: Place) -> None:
    place.config.write_text(paper_file(free_port()))
    # What is ignored stays ignored in a child, also if that was done to the tests themselves.
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        with place.agent() as process:
            process.send_signal(signal.SIGHUP)
            process.wait(PATIENCE)

            assert process.returncode == 0
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        # That is how nohup works.
        with place.agent() as process:
            process.send_signal(signal.SIGHUP)
            time.sleep(0.5)

            assert place.do("status").status in (0, 1)
    finally:
        signal.signal(signal.SIGHUP, before)


@posix
def test_two_wishes_to_stop_are_one(place: Place) -> None:
    place.config.write_text(paper_file(free_port()))
    with place.agent() as process:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
            process.send_signal(number)
        process.wait(PATIENCE)

    assert process.returncode == 0


@posix
@pytest.mark.parametrize(
    ("arguments", "delay"),
    [
        (("doctor",), 0.2),
        (("doctor", "--json"), 1.0),
        (("demo", "--no-tray"), 0.3),
        (("demo", "--no-tray"), 2.5),
        (("simulate", "--port", "FREE"), 0.2),
        (("simulate", "--port", "FREE"), 2.0),
    ],
    ids=lambda a: " ".join(a) if isinstance(a, tuple) else f"after {a} s",
)
def test_ctrl_c_prints_no_traceback(arguments: tuple[str, ...], delay: float, place: Place) -> None:
    # A port that accepts and says nothing keeps the doctor busy.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place.config.write_text(paper_file(silent.getsockname()[1]))
        process = begun(place, 0, *(str(free_port()) if a == "FREE" else a for a in arguments))
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)

    assert "Traceback" not in err
    assert "Exception ignored" not in err
    # A doctor that was quicker than that has found the silent port: a problem.
    assert process.returncode in (0, 130, *((1,) if "doctor" in arguments else ()))


# ── the doctor's exit status ────────────────────────────────────────────────────────────────────


def problem(code: str, severity: str = "error", *, visible: bool = True) -> ShownProblem:
    return ShownProblem(code, severity, "t", "t", (), (), 0.0, visible)


def status(overall: IconState, *problems: ShownProblem) -> Status:
    connection = ShownConnection("Paper", "127.0.0.1", 4002, overall, "connected", 0.0, problems=problems)
    return Status("0", 1, 0.0, (connection,))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (status(IconState.CONNECTED), 0),
        (status(IconState.MAINTENANCE, problem("scheduled-outage", "info")), 0),
        (status(IconState.PAUSED), 0),
        (status(IconState.CONNECTED, problem("login-due", "info")), 0),
        (status(IconState.PROBLEM, problem("api-silent")), 1),
        (status(IconState.WARNING, problem("data-lost", "warning")), 1),
        (status(IconState.CONNECTING, problem("app-starting", "info")), 1),
        (status(IconState.PROBLEM, problem("agent-cannot-see", "warning"), problem("api-silent")), 1),
        (status(IconState.WARNING, problem("agent-cannot-see", "warning")), 4),
        (status(IconState.UNKNOWN), 4),
        (status(IconState.CONNECTING), 4),
        (status(IconState.WAITING), 4),
        (status(IconState.CONNECTING, problem("api-silent", visible=False)), 4),
        (Status("0", 1, 0.0, ()), 4),
    ],
)
def test_the_doctor_says_healthy_ill_or_not_known(found: Status, expected: int) -> None:
    assert exit_status(found) == expected


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a full disk as Linux has one")
@pytest.mark.parametrize("arguments", [("help",), ("run", "--help"), ("--version",), ("explain", "1100")])
def test_a_result_that_finds_no_room_is_one_sentence(arguments: tuple[str, ...], place: Place) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "agent", *arguments]
        done = subprocess.run(
            command,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE,
            cwd=place.folder,
            env=environment(),
        )

    assert done.returncode == 1
    assert done.stderr == "The result could not be written (No space left on device).\n"


def test_an_agent_that_cannot_answer_now_counts_as_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("agent.cli.asked.request", lambda *_: {"error": "It is still starting.", "later": True})

    assert main(["status"]) == 3
    assert capsys.readouterr().err == "It is still starting.\n"

"""Nothing private is in a bundle, and nothing that identifies a person in a recording, whatever way it came in."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.app import bundle as bundle_module
from agent.app.bundle import gather
from agent.config.reading import load
from agent.core.effects import Happened, MarkKind
from agent.core.shown.status import status_to_json
from agent.core.state_machine.step import AgentStep
from agent.errors import ConfigError
from agent.history.recording.lines import LineWriter, Torn, read_lines
from agent.history.recording.recorder import RECORDING_FOLDER
from agent.history.spans import Changes, Mark, Span, SpanKind
from agent.history.store import Store
from agent.history.writer import HISTORY_FILE
from agent.runtime.paths import Places, find_places
from tests.attacks.hostile_texts import PRIVATE, SECRETS, hostile
from tests.attacks.scale import whole
from tests.attacks.test_texts import KNOWN, lived
from tests.problems.scene import NOW

OUTSIDE = {
    **SECRETS,
    "192.168.77.5": "168.77",
    "10.20.30.40:4001": "20.30.40",
    "217.160.0.187": "217.160",
    "[2a00:1450:4001::77]:4001": "1450:4001",
    "peer:fe80::abcd:12ff:fe34:9999": "fe34",
    "fe80::abcd:12ff:fe34:5678%eth0": "fe34",
    "mybox.corp.example.com": "mybox",
    "trading-nas.local": "trading-nas",
    "DESKTOP-AB12CD3": "ab12cd3",
    "Annas-MacBook-Pro": "annas",
    "trading-nas": "trading-nas",
    "carol.king@firma.de": "carol.king",
}
"""What must not leave this computer, and the part by which it would be known."""
ONLY_OUTSIDE = OUTSIDE.keys() - SECRETS.keys()


@pytest.fixture(autouse=True)
def this_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle_module, "private_here", lambda _: PRIVATE)
    monkeypatch.setattr(bundle_module, "_own_hosts", lambda: ["trading-nas"])


def planted_everywhere(folder: Path, text: str) -> tuple[Places, dict[str, Any], str]:
    """A data folder and a configuration with a text in every place, what doctor shows, and the recording as it lies."""
    places = find_places(folder / "config.toml", folder / "data", environ={})
    (places.data / RECORDING_FOLDER).mkdir(parents=True)
    word = " ".join(text.encode("utf-8", "replace").decode().split())[:60] or "x"
    connections = [
        {"name": f"A {word}", "host": "192.168.77.5", "start_command": ["/bin/x", word, "--pw", "hunter2secret"]},
        {"name": "B", "host": "mybox.corp.example.com", "port": 4001},
    ]
    remote = ["ntfys://me:pw@push.example.com/topic77", "tgram://123:botsecret/chat99"]
    places.config.write_text(tomlkit.dumps({"connections": connections, "notifications": {"remote": remote}}))

    steps: list[AgentStep] = []
    _, _, shown = lived(text, steps)
    writer = LineWriter(KNOWN, "0.1.0", "linux", 1.0)
    recording = writer.piece(steps[0].before, 0)
    recording += "".join(writer.step(step, number) for number, step in enumerate(steps))
    recording += writer.piece(steps[-1].before, len(steps))
    (places.data / RECORDING_FOLDER / "00000001.jsonl").write_text(recording, encoding="utf-8")

    store = Store(places.data / HISTORY_FILE)
    plain = text.encode("utf-8", "replace").decode().replace("\x00", "")
    spans = [
        Span(plain, SpanKind.STATE, "problem"),
        Span("A", SpanKind.PROGRAM, plain),
        Span("A", SpanKind.PROBLEM, "app-frozen", "error", plain),
        Span(plain, SpanKind.FARM, plain, plain),
    ]
    mark = Mark(NOW.wall, Happened(MarkKind.SAID, plain, "app-frozen", plain))
    store.write([Changes(NOW.wall, begun=tuple((span, NOW.wall) for span in spans), marks=(mark,))])
    store.write([Changes(NOW.wall + 60.0, ended=tuple(spans), ends={spans[2]: plain})])
    store.close()
    return places, status_to_json(shown[-1], thorough=True), recording


@settings(max_examples=120 if whole() else 20, deadline=None, suppress_health_check=list(HealthCheck))
@given(planted=hostile(OUTSIDE))
def test_nothing_private_is_in_a_bundle(planted: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> None:
    text, secret = planted
    places, doctor, recording = planted_everywhere(tmp_path_factory.mktemp("planted"), text)
    # What was not masked before it is shown is masked here.
    doctor["problems"] = [{"text": text.encode("utf-8", "replace").decode()}]
    bundle = gather(places, doctor, doctor, datetime.fromtimestamp(NOW.wall + 120.0, UTC))
    read = {file.name: file.text.lower() for file in bundle.files}

    assert read.keys() == {
        *("about.txt", "configuration.toml", "doctor.json", "status.json", "history.json", "recording.jsonl")
    }
    assert [name for name, told in read.items() if secret.lower() in told] == []
    always = ("192.168.77.5", "mybox", "topic77", "botsecret", "hunter2secret")
    assert [(name, word) for name, told in read.items() for word in always if word in told] == []
    if not any(planted_text in text for planted_text in ONLY_OUTSIDE):
        assert secret.lower() not in recording.lower()


@pytest.mark.parametrize(
    "command",
    [
        '"/opt/ibc/start.sh edemo hunter2"',
        '["/opt/ibc/start.sh", "edemo", 22446688]',
        '["/opt/ibc/start.sh", "hunter2\\u0000"]',
        '["/opt/ibc/start.sh", ["hunter2"]]',
        '{ program = "/opt/ibc/start.sh", password = "hunter2" }',
        "2026-11-22",
    ],
)
@pytest.mark.parametrize("table", ["connections", "hooks"])
def test_a_command_that_is_wrong_is_not_repeated(table: str, command: str, tmp_path: Path) -> None:
    key = "start_command" if table == "connections" else "command"
    places = find_places(tmp_path / "config.toml", tmp_path / "data", environ={})
    places.config.write_text(f'[[{table}]]\nname = "a"\n{key} = {command}\n')
    with pytest.raises(ConfigError) as refused:
        load(places.config)
    bundle = gather(places, {"error": "none"}, None, datetime.fromtimestamp(NOW.wall, UTC))

    for told in (str(refused.value), *(file.text for file in bundle.files)):
        assert not any(word in told for word in ("hunter2", "22446688", "edemo", "2026-11-22 is"))


@settings(max_examples=40 if whole() else 8, deadline=None, suppress_health_check=list(HealthCheck))
@given(planted=hostile(OUTSIDE))
def test_a_recording_with_stand_ins_can_be_replayed(
    planted: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    places, doctor, recording = planted_everywhere(tmp_path_factory.mktemp("planted"), planted[0])
    bundle = gather(places, doctor, None, datetime.fromtimestamp(NOW.wall + 120.0, UTC))
    (told,) = (file.text for file in bundle.files if file.name == "recording.jsonl")
    items = list(read_lines(io.StringIO(told, newline="\n"), KNOWN))

    assert [one for one in items if isinstance(one, Torn)] == []
    assert len(items) == len(list(read_lines(io.StringIO(recording, newline="\n"), KNOWN)))
    assert all(json.loads(line) for line in told.split("\n")[:-1])


@given(names=st.lists(st.sampled_from(sorted(OUTSIDE)), min_size=2, max_size=6))
def test_the_same_thing_has_the_same_stand_in_in_all_files(names: list[str]) -> None:
    from agent.tws.stand_ins import StandIns

    made = StandIns(PRIVATE, ["trading-nas"])
    first = [made.text(name) for name in names]

    assert first == [made.text(name) for name in names]
    assert all(OUTSIDE[name].lower() not in told.lower() for name, told in zip(names, first, strict=True))

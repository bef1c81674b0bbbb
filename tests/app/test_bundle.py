"""What goes into a bundle, and how the names of computers in a recording are found."""

import json
from datetime import UTC, datetime
from pathlib import Path

from agent.app.bundle import gather
from agent.history.recording.recorder import RECORDING_FOLDER
from agent.runtime.paths import find_places

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_names_of_computers_are_found_wherever_a_recording_has_them(tmp_path: Path) -> None:
    places = find_places(tmp_path / "config.toml", tmp_path, environ={})
    places.config.write_text('[[connections]]\nname = "x"\nhost = "pi"\n')
    (tmp_path / RECORDING_FOLDER).mkdir()
    lines = [
        {"settings": {"connections": [{"host": "blackbird"}]}},
        {"own_names": [0, {"is": "Known", "value": ["raven", "192.0.2.7", "127.0.0.1"]}]},
        {"own_names": {"is": "Unknown", "reason": "the addresses of this computer could not be read"}},
        {"surroundings": [1, {"value": [1, {"host_address": [0, "rook.lan"]}]}]},
        {"text": "blackbird, raven, rook.lan and the pi", "path": "a\u2028b"},
    ]
    (tmp_path / RECORDING_FOLDER / "00000001.jsonl").write_text(
        "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines) + '{"torn": "bl', encoding="utf-8"
    )
    (recording,) = (file for file in gather(places, {}, None, NOW).files if file.name == "recording.jsonl")
    told = [json.loads(line) for line in recording.text.split("\n")[:-1]]
    by_name = dict(
        zip(("blackbird", "raven", "rook"), told[4]["text"].replace(" and the pi", "").split(", "), strict=True)
    )

    assert len(told) == 5
    assert told[0]["settings"]["connections"][0]["host"] == by_name["blackbird"]
    assert told[1]["own_names"][1]["value"] == [by_name["raven"], "100.65.1.1", "127.0.0.1"]
    assert told[2] == lines[2]
    assert told[3]["surroundings"][1]["value"][1]["host_address"][1] == by_name["rook"]
    assert len(set(by_name.values())) == 3
    assert all(stand_in.startswith("host-") for stand_in in by_name.values())

"""`gatelight relay stop`, where not every relay ends."""

from pathlib import Path
from typing import Any

import pytest

from agent.cli import relay_stop
from agent.errors import RelayError
from agent.runtime.paths import Places


def test_one_that_does_not_end_keeps_no_other_from_ending(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    places = Places(tmp_path / "gatelight.toml", config_named=False, data=tmp_path, log=tmp_path)
    running = [{"name": name, "port": 5000 + n, "pid": n, "programs": []} for n, name in enumerate("ABC")]
    said: list[str] = []

    def end(_: Places, told: dict[str, Any]) -> None:
        if told["name"] == "A":
            raise RelayError("Relay “A” does not end: end process 0.")

    monkeypatch.setattr(relay_stop, "reports_in", lambda _: running)
    monkeypatch.setattr(relay_stop, "relay_runs", lambda _: True)
    monkeypatch.setattr(relay_stop, "_end", end)
    with pytest.raises(RelayError, match="Relay “A” does not end: end process 0"):
        relay_stop.stop_relay(places, None, said.append, every=True)

    assert said == ["Relay “B” has ended.", "Relay “C” has ended."]

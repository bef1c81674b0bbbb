"""What the running agent knows of a link counts for a look that begins beside it."""

from dataclasses import replace
from pathlib import Path

import pytest

from agent.app import known_links
from agent.app.known_links import KnownLink, ask_for_links, with_links
from agent.core.facts import Known, MachineFacts, Process
from agent.errors import AgentNotRunning
from agent.runtime.paths import find_places
from tests.problems.scene import gateway, machine

LINKED = replace(gateway(), upstream="10.9.9.9:4001", upstream_since=100.0)


def since(found: MachineFacts) -> list[float | None]:
    assert isinstance(found.processes, Known)
    return [p.upstream_since for p in found.processes.value.applications]


def link(process: Process = LINKED, *, started: float | None = None, address: str = "10.9.9.9:4001") -> KnownLink:
    return KnownLink(process.pid, process.started if started is None else started, address, 40.0)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (link(), 40.0),
        (link(started=LINKED.started + 1), 100.0),
        (link(address="10.9.9.8:4001"), 100.0),
        (replace(link(), since=120.0), 100.0),
    ],
    ids=["the same link", "another process of that number", "another connection", "a younger one"],
)
def test_a_link_is_as_old_as_the_agent_knows_if_it_is_the_same(known: KnownLink, expected: float) -> None:
    assert since(with_links(machine(LINKED), (known,))) == [expected]


def test_without_a_link_nothing_is_made_up() -> None:
    bare = replace(LINKED, upstream=None, upstream_since=None)

    assert since(with_links(machine(bare), (link(),))) == [None]


def test_the_age_that_the_agent_tells_becomes_a_time_of_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = {"links": [{"pid": 7, "started": 3.5, "address": "10.9.9.9:4001", "stood": 60.0}]}
    monkeypatch.setattr(known_links, "request", lambda places, message: told)

    assert ask_for_links(find_places(data_dir=tmp_path), 100.0) == (KnownLink(7, 3.5, "10.9.9.9:4001", 40.0),)


@pytest.mark.parametrize("answer", [{"error": "an older version"}, None])
def test_an_agent_that_does_not_tell_and_none_at_all_are_no_fault(
    answer: dict[str, str] | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def asked(*_: object) -> dict[str, str]:
        if answer is None:
            raise AgentNotRunning
        return answer

    monkeypatch.setattr(known_links, "request", asked)

    assert ask_for_links(find_places(data_dir=tmp_path), 100.0) == ()

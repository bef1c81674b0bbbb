"""What page, menu, tooltip, notices, status and doctor say is so in the world that was made, whatever befalls it."""

import random

import pytest

from agent.cli.report import render
from agent.core.shown.display import IconState, MenuEntry, Notice
from agent.core.shown.menu import display
from agent.core.shown.status import status_to_json
from agent.page.progress import Progress, follow
from agent.page.view import Seen, view
from agent.tws.time_zone import TimeZone
from tests.truth.facts import HAPPENED, PROBLEMS, fact_of, is_so, leaves
from tests.truth.scenes import ACTS, CONFIGURATIONS
from tests.truth.stage import Stage

MOMENTS = (30.0, 120.0, 900.0)
"""Seconds after the last act at which all is compared: when it has just been seen, lasts, and has lasted."""
PAIRS = 200


def configuration_of(*acts: str) -> str:
    named = [act.partition(":")[0] for act in acts if act.partition(":")[0] in CONFIGURATIONS]
    return named[0] if named else "gateway"


def texts(entries: tuple[MenuEntry, ...]) -> list[str]:
    return [text for entry in entries for text in (entry.label, *texts(entry.children))]


class Witness:
    """Compares what is said with what is so."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.progress = Progress()
        self.false: list[str] = []
        stage.judge = self.hear

    def hear(self, notice: Notice) -> None:
        code = notice.key.partition("/")[2].partition("/")[0] or notice.key
        code = code.partition(":")[0]
        if code not in PROBLEMS:
            self.false.append(f"a notice about {notice.key}, which nothing in this world explains")
        elif notice.over and code not in HAPPENED and is_so(self.stage, code):
            self.false.append(f"notice: over is {notice.title!r}, and it is not")
        elif not notice.over and not is_so(self.stage, code):
            self.false.append(f"notice: {notice.title!r}, and it is not so")

    def look(self) -> None:
        status = self.stage.status
        self.progress = follow(self.progress, status, self.stage.now.wall)
        page = view(Seen(status, progress=self.progress))
        for place, value, around in leaves(page):
            fact = fact_of(place)
            if fact is None:
                self.false.append(f"{place} = {value!r} names no fact")
            elif not fact[1](self.stage, value, around):
                self.false.append(f"{place} = {value!r} does not stand on {fact[0]} ({around.get('code', '')})")
        tray = display(status, 0.0, TimeZone())
        told = "\n".join((tray.tooltip, *texts(tray.menu), render(status_to_json(status)), render(page, thorough=True)))
        if tray.icon is IconState.CONNECTED and self.stage.session is None:
            self.false.append("the icon is green, and no session stands")
        if "Link to IB’s servers: connected" in told and self.stage.so.link_down:
            self.false.append("the link is told to stand, and it does not")


def played(*acts: str) -> list[str]:
    stage = Stage(CONFIGURATIONS[configuration_of(*acts)])
    witness = Witness(stage)
    for act in acts:
        ACTS[act](stage)
        stage.run(20.0)
        witness.look()
    before = 0.0
    for moment in MOMENTS:
        stage.run(moment - before)
        before = moment
        witness.look()
    return list(dict.fromkeys(witness.false))


def test_there_are_enough_of_them() -> None:
    assert len(ACTS) >= 60


@pytest.mark.parametrize("act", ACTS)
def test_what_is_said_is_so(act: str) -> None:
    assert played(act) == []


def pairs() -> list[tuple[str, str]]:
    chance = random.Random(7)
    fitting = [
        (one, two)
        for one in ACTS
        for two in ACTS
        if (one != two and configuration_of(one) in ("gateway", configuration_of(two)))
        or configuration_of(two) == "gateway"
    ]
    return chance.sample(fitting, PAIRS)


@pytest.mark.parametrize(("one", "two"), pairs())
def test_what_is_said_of_two_at_once_is_so(one: str, two: str) -> None:
    assert played(one, two) == []

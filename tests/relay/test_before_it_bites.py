"""Random days of several programs, by one clock: what is near is told before TWS refuses, and never without cause."""

import random
from collections import Counter
from collections.abc import Mapping

import pytest

from agent.relay.meter import Meter
from tests.attacks.scale import whole
from tests.relay.scripted_day import LIMITS, STEP, Day, DayOfTwo, Program

SCRIPTS = 1000 if whole() else 100
SPELLS = 7

Habit = Mapping[str, int]
BRISK = tuple(2 * STEP if n * 17 % 47 < 17 else STEP for n in range(47))
"""Pauses of 47 messages a second, evenly."""
CALM: Habit = {"stream": 2, "snapshot": 2, "cancel": 2, "history": 1, "rest": 2}
HABITS: tuple[tuple[Habit, tuple[float, ...], int], ...] = (
    (CALM, (0.5, 1, 9), 30),
    ({"stream": 9, "cancel": 2, "snapshot": 2}, (0.25, 1, 3), 40),
    ({"stream": 9, "cancel": 1}, (*[STEP] * 40, 4), 82),
    ({"history": 9, "rest": 1}, (1, 3, 9), 60),
    ({"rest": 1}, (*BRISK * 4, *[STEP] * 60), 250),
    ({"rest": 1}, (STEP, 2 * STEP, 2 * STEP), 60),
)
"""What a program does how often, its pauses in turn, in seconds, and how much it does so."""


def _play(day: Day, chance: random.Random) -> None:
    """A day: each program with a habit, of which it has spells, and reconnects."""
    number, habits = 0, HABITS if chance.random() < 0.8 else HABITS[:1]
    for _ in range(SPELLS):
        if len(day.programs) < 5 and chance.random() < 0.6:
            number += 1
            day.programs.append(Program(day, number))
        elif day.programs and chance.random() < 0.15:
            day.programs.pop(chance.randrange(len(day.programs))).close()
        habit, pauses, times = chance.choice(habits)
        if not day.programs:
            continue
        program = chance.choice(day.programs)
        for turn, what in enumerate(chance.choices(tuple(habit), tuple(habit.values()), k=times)):
            if not program.connection.open:
                # After three violations TWS has ended it.
                day.programs.remove(program)
                program.close()
                break
            program.do(chance, what)
            day.look()
            day.move(pauses[turn % len(pauses)])


@pytest.mark.timeout(3600 if whole() else 300)
@pytest.mark.parametrize("kind", [Day, DayOfTwo])
async def test_every_limit_is_told_before_tws_refuses_and_none_without_cause(kind: type[Day]) -> None:
    refusals, announced, calm = Counter[str](), Counter[str](), 0
    for seed in range(SCRIPTS):
        chance = random.Random(seed)
        day = kind(chance.choice((178, 205, 226)), chance.choice((20, 40, 100)))
        await day.begin()
        _play(day, chance)
        while day.programs:
            day.programs.pop().close()
        # Of each limit the first one counts.
        announced += +day.announced
        calm += not day.told
        refusals += Counter(day.refusals.keys())

    # The scripts are worth something: each limit was hit, often with time to tell, and some days were calm.
    assert all(refusals[limit] >= announced[limit] > SCRIPTS / 20 for limit in LIMITS)
    assert calm > SCRIPTS / 20


@pytest.mark.parametrize("limit", LIMITS)
async def test_a_refusal_that_was_not_told_would_be_found(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Meter, "tick", lambda *_: None)
    day = Day(178, 100)
    await day.begin()
    day.programs.append(program := Program(day, 1))
    chance = random.Random(1)
    what, pauses = {
        "lines": ("stream", (1.0,)),
        "history": ("history", (5.0,)),
        "rate": ("rest", BRISK),
    }[limit]

    def go_on() -> None:
        for number in range(400):
            program.do(chance, what)
            day.look()
            day.move(pauses[number % len(pauses)] if number < 300 else 0)

    with pytest.raises(AssertionError, match=f"{limit} had not been told"):
        go_on()

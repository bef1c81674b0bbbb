"""A step is all that a decision is made from."""

from agent.core.events import Arrival, Tick
from agent.core.state_machine.advance import advance, advance_all, begin
from agent.core.state_machine.step import AgentStep, decide_step
from tests.journeys.day import Day


def test_a_step_without_arrivals_is_the_beginning() -> None:
    day = Day()

    assert decide_step(AgentStep(day.state, (), day.now)) == begin(day.state, day.now)


def test_any_other_one_takes_in_what_arrived() -> None:
    day = Day()
    day.start()
    day.run(20.0)
    later = day.now.later(3.0)
    arrivals = (Arrival(Tick(), day.now), Arrival(Tick(), later))

    assert decide_step(AgentStep(day.state, arrivals[1:], later)) == advance(day.state, Tick(), later)
    assert decide_step(AgentStep(day.state, arrivals, later, 7.0)) == advance_all(day.state, arrivals, later, 7.0)

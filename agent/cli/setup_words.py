"""The set-up in words: what `gatelight setup` prints about a step. Each line begins with the state."""

from collections.abc import Callable

from agent.core.setup.setup import Setup, SetupStep, StepAct, StepState
from agent.core.told_steps import text_lines

MARKS = {
    StepState.DONE: "done",
    StepState.TO_DO: "TO DO",
    StepState.UNKNOWN: "not known",
    StepState.NOT_NEEDED: "not needed",
    StepState.WAITING: "waits",
}
"""The words for a state."""


class SetupWords:
    """Prints steps, line by line."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def line(self, step: SetupStep, setup: Setup) -> None:
        """One step in one line."""
        number, total = setup.steps.index(step) + 1, len(setup.steps)
        why = (step.text or next(iter(step.seen), "")) if step.state.good else ""
        if step.waits_for is not None:
            why = f"for step {setup.steps.index(setup.step(step.waits_for)) + 1}"
        gap = " " if step.waits_for else ": " if why else ""
        self._say(f"{number} of {total}, {step.title}: {MARKS[step.state]}{gap}{why}")

    def details(self, step: SetupStep) -> None:
        """What is wrong with a step, what was seen, and what to do."""
        self.indented(step.text)
        if step.seen:
            self._say("  Seen:")
            for line in step.seen:
                self._say(f"  - {line}")
        if step.steps:
            self._say("  What to do:")
            for line in text_lines(step.steps):
                self._say(f"  {line}")

    def indented(self, text: str) -> None:
        """A text below a step or a question; nothing for an empty one."""
        if text:
            self._say(f"  {text}")

    def summary(self, setup: Setup, name: str) -> None:
        """The result for the connection of that name."""
        if setup.green:
            self._say(f"Green: “{name}” works as meant.")
        else:
            self._say("Left:")
            for step in setup.left:
                put_off = ", put off" if step.id in setup.skipped else ""
                self._say(f"- {step.title} ({MARKS[step.state]}{put_off})")
        if setup.open_extras:
            extras = ", ".join(step.title.lower() for step in setup.open_extras)
            self._say(f"Open, and not needed for the connection: {extras}.")


def prompt(step: SetupStep) -> str:
    """What can be typed at a step."""
    offers = {
        StepAct.TEST_DATA: f"y tests {step.value} now",
        StepAct.SEND_NOTICE: "y sends a test notice",
        StepAct.SAW_NOTICE: "y or n",
        StepAct.START_AT_LOGIN: "y starts Gatelight at log-in, n leaves it as it is",
        StepAct.USE_PORT: f"u uses port {step.value} for this connection",
        StepAct.CHANGE_ANSWERS: "a changes the answers",
        StepAct.CONNECT: "y connects",
        StepAct.WRITE: "y writes it",
        StepAct.LOOKED: "y says that you have looked, and it is not ticked",
    }
    given = [offers[act] for act in step.acts]
    if step.state is StepState.UNKNOWN and not given:
        return "(It goes on by itself; s puts it off; b goes back.)"
    goes_on = [] if given and not step.steps else ["it goes on by itself when this is done", "Enter looks again"]
    return f"({'; '.join([*given, *goes_on, 's puts it off', 'b goes back'])}.)"

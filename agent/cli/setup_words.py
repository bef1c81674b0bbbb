"""The set-up in words: what `gatelight setup` prints about a step, and what can be typed at it."""

from collections.abc import Callable

from agent.core.setup.answers import SetupQuestion
from agent.core.setup.setup import Setup, SetupResult, SetupStep, StepAct, StepState
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
    """Prints questions, steps and the result."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def question(self, question: SetupQuestion) -> None:
        """A question and its answers."""
        self._say("")
        self._say(question.text)
        for number, choice in enumerate(question.choices, 1):
            self._say(f"  {number:>2}  {choice.label}")
        self.indented(question.hint)

    def line(self, step: SetupStep, setup: Setup) -> None:
        """One step in one line."""
        needed = [s for s in setup.steps if not s.optional]
        why = (step.text or next(iter(step.seen), "")) if step.state.good else ""
        if step.waits_for is not None:
            why = f"for “{setup.step(step.waits_for).title}”"
        gap = " " if step.waits_for else ": " if why else ""
        place = "If you like" if step.optional else f"{needed.index(step) + 1} of {len(needed)}"
        state = "not done" if step.optional and step.state is StepState.TO_DO else MARKS[step.state]
        self._say(f"{place}, {step.title}: {state}{gap}{why}")

    def details(self, step: SetupStep) -> None:
        """What is wrong with a step, what was seen, and what to do."""
        self.indented(step.text)
        if step.seen:
            self._say("  To be saved:" if StepAct.WRITE in step.acts else "  Seen:")
            for line in step.seen:
                self._say(f"  - {line}")
        for link in step.links:
            self._say(f"  {link.label}: {link.address}")
        for typed in step.typed:
            self._say(f"  {typed.label + ':':<12}{typed.value}")
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
        match setup.result:
            case SetupResult.GREEN:
                self._say(f"Green: “{name}” works as meant.")
                for line in setup.step("program").seen:
                    self._say(f"- {line}")
            case SetupResult.ALL_BUT_PROGRAM:
                self._say(f"All but your program: “{name}” works as meant, and no program of yours is seen on it.")
            case SetupResult.NOT_YET:
                self._say("Not yet. Left:")
                for step in setup.left:
                    put_off = ", put off" if step.id in setup.skipped else ""
                    self._say(f"- {step.title} ({MARKS[step.state]}{put_off})")


_OFFERS = {
    StepAct.TEST_DATA: "y tests {value} now",
    StepAct.SEND_NOTICE: "y sends a test notice",
    StepAct.SAW_NOTICE: "y or n",
    StepAct.START_AT_LOGIN: "y starts Gatelight at log-in, n leaves it as it is",
    StepAct.LOOK_FOR_UPDATES: "y looks once a week, n does not",
    StepAct.USE_PORT: "u uses port {value} for this connection",
    StepAct.CHANGE_ANSWERS: "a changes the answers",
    StepAct.CHOOSE_SYMBOL: "y asks for one",
    StepAct.CONNECT: "y watches it",
    StepAct.WRITE: "y saves it",
    StepAct.LOOKED: "y says that you have looked, and it is so",
}


def prompt(step: SetupStep) -> str:
    """What can be typed at a step."""
    given = [_OFFERS[act].format(value=step.value) for act in step.acts]
    if step.optional:
        return f"({'; '.join([*given, 'Enter leaves it', 'q ends'])}.)"
    if step.state is StepState.UNKNOWN and not given:
        return "(It goes on by itself; s puts it off; b goes back; q ends.)"
    goes_on = [] if given and not step.steps else ["it goes on by itself when this is done", "Enter looks again"]
    return f"({'; '.join([*given, *goes_on, 's puts it off', 'b goes back', 'q ends'])}.)"

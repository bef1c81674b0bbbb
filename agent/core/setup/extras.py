"""The steps of the set-up on Gatelight's side: market data, a test notice, the start at log-in, the configuration."""

from dataclasses import replace

from agent.core.data_test.run import failure_of
from agent.core.data_test.verdict import judge
from agent.core.evidence.processes import port_of
from agent.core.evidence.relays import leading_to
from agent.core.evidence.words import app_name
from agent.core.facts import Known, Unknown
from agent.core.setup.answers import edit_lines
from agent.core.setup.setup import SetupScene, SetupStep, StepAct, StepState

_DATA = "Test market data"
_NOTICE = "Send a test notice"
_LOGIN = "Start Gatelight at log-in"
_UPDATES = "Look for new versions"
_RELAY = "See which program uses IB’s limits"
_CONFIG = "Save the answers"


def market_data(scene: SetupScene, earlier: tuple[SetupStep, ...]) -> SetupStep:
    """Market data of the symbol that was chosen."""
    step = SetupStep("market-data", _DATA, StepState.DONE)
    symbol, test = scene.beside.answers.symbol, scene.beside.data_test
    if symbol == "":
        return replace(step, state=StepState.NOT_NEEDED, text="You chose no symbol.")
    if not all(s.state.good for s in earlier if s.id in ("connect", "mode")):
        open_one = next(s.id for s in earlier if s.id in ("connect", "mode") and not s.state.good)
        return replace(step, state=StepState.WAITING, waits_for=open_one)
    if symbol is None:
        text = "Which symbol is market data to be tested with?"
        return replace(step, state=StepState.TO_DO, text=text, acts=(StepAct.CHOOSE_SYMBOL,))
    if test is None or symbol not in test.symbols:
        return replace(
            step,
            state=StepState.TO_DO,
            text=f"A test asks for {symbol} once, over a short session of its own: the contract, a price, and one bar "
            "of a day. It takes some seconds and at most one market data line meanwhile, and gives it back.",
            acts=(StepAct.TEST_DATA,),
            value=symbol,
        )
    if test.running:
        return replace(step, state=StepState.UNKNOWN, text=f"The test of {symbol} is under way.", value=symbol)
    if (failure := failure_of(test)) is not None:
        return replace(step, state=StepState.TO_DO, text=failure, acts=(StepAct.TEST_DATA,), value=symbol)
    found = next((s for s in test.seen if s.instrument.text == symbol), None)
    if found is None:
        text = f"The test ended before {symbol} had its turn."
        return replace(step, state=StepState.TO_DO, text=text, acts=(StepAct.TEST_DATA,), value=symbol)
    verdict = judge(found, app_name(scene.facts))
    return replace(
        step,
        state=StepState.DONE if verdict.state.has_prices else StepState.TO_DO,
        text=f"{symbol}: {verdict.title}. {verdict.text} {verdict.history.text}",
        seen=(*verdict.evidence, *verdict.history.evidence),
        steps=verdict.remedy.steps_for(scene.kind, scene.beside.guides),
        problem=verdict.remedy.problem,
        acts=() if verdict.state.has_prices else (StepAct.TEST_DATA,),
        value=symbol,
    )


_UNSEEN = (
    "Look into the list of notifications of your desktop: it may have been put there in silence.",
    "Switch off “do not disturb”, focus or presentation mode.",
    "Allow notifications of Gatelight in the settings of your system.",
    "Send the test notice again.",
)


def notice_test(scene: SetupScene, _: tuple[SetupStep, ...]) -> SetupStep:
    """A test notice that the user has seen."""
    step = SetupStep("test-notice", _NOTICE, StepState.DONE)
    tried, seen = scene.beside.notice, scene.beside.answers.notice_seen
    if not scene.beside.notices_on:
        return replace(step, state=StepState.NOT_NEEDED, text="Notices are switched off in the configuration.")
    if tried is None:
        text = "A notice tells when something is wrong. Send one, and see whether it shows."
        return replace(step, state=StepState.TO_DO, text=text, acts=(StepAct.SEND_NOTICE,))
    if not tried.taken:
        return replace(
            step,
            state=StepState.TO_DO,
            text=tried.sentence,
            steps=_UNSEEN[2:],
            acts=(StepAct.SEND_NOTICE,),
        )
    taken = (f"the notice was taken by: {', '.join(tried.taken)}", *(f"not taken by {one}" for one in tried.refused))
    if seen is None:
        text = "Did you see the notice?"
        return replace(step, state=StepState.TO_DO, text=text, seen=taken, acts=(StepAct.SAW_NOTICE,))
    if not seen:
        text = "The notice was taken, and you did not see it."
        acts = (StepAct.SEND_NOTICE,)
        return replace(step, state=StepState.TO_DO, text=text, seen=taken, steps=_UNSEEN, acts=acts)
    if tried.refused:
        text = "You have seen the notice, but not every channel that is on took it."
        acts = (StepAct.SEND_NOTICE,)
        return replace(step, state=StepState.TO_DO, text=text, seen=taken, acts=acts)
    return replace(step, seen=(*taken, "you have seen it"))


def at_login(scene: SetupScene, _: tuple[SetupStep, ...]) -> SetupStep:
    """Whether Gatelight starts at log-in, or is not meant to."""
    step = SetupStep("at-login", _LOGIN, StepState.DONE)
    match scene.beside.at_login:
        case Known(True):
            return replace(step, seen=("Gatelight starts when you log in",))
        case Unknown(reason):
            return replace(step, state=StepState.UNKNOWN, text=f"It could not be found out: {reason}.")
        case _:
            pass
    if scene.beside.answers.at_login is False:
        return replace(step, state=StepState.NOT_NEEDED, text="You chose to start it by hand.")
    text = "Gatelight does not start by itself when you log in. No administrator rights are needed for it."
    return replace(step, state=StepState.TO_DO, text=text, acts=(StepAct.START_AT_LOGIN,))


def look_for_updates(scene: SetupScene, _: tuple[SetupStep, ...]) -> SetupStep | None:
    """Whether new versions are looked for, or not, as the user likes; None where there is no such choice."""
    step = SetupStep("updates", _UPDATES, StepState.DONE)
    host = scene.beside.updates_at
    if not host:
        return None
    if scene.beside.updates:
        return replace(step, seen=(f"Gatelight asks {host} once a week",))
    if scene.beside.answers.updates is False:
        return replace(step, state=StepState.NOT_NEEDED, text="You chose to look for them yourself.")
    text = (
        f"Once a week Gatelight can ask {host} whether there is a newer version, and say so in its menu and on its "
        "page. The question is the same from every computer, and nothing is downloaded."
    )
    return replace(step, state=StepState.TO_DO, text=text, acts=(StepAct.LOOK_FOR_UPDATES,))


def count_programs(scene: SetupScene, earlier: tuple[SetupStep, ...]) -> SetupStep | None:
    """A relay that counts what programs use of IB's limits; mentioned, once a program is connected."""
    step = SetupStep("relay", _RELAY, StepState.DONE)
    relay = next(iter(leading_to(scene.facts)), None)
    if relay is not None:
        listens = f"relay “{relay.name}” listens on port {relay.port}, and leads to port {relay.to_port}"
        return replace(step, seen=(listens,))
    if not any(one.id == "program" and one.state is StepState.DONE for one in earlier):
        return None
    port = port_of(scene.facts)
    text = (
        "A relay of Gatelight can count the market data lines, historical requests and messages of each program, and "
        "warn before IB refuses any. It then stands between your programs and the application: they connect to its "
        f"port instead of {port}. To go back, give them port {port} again. Settings set one up, "
        "under Relays."
    )
    return replace(step, state=StepState.NOT_NEEDED, text=text)


def configuration(scene: SetupScene, _: tuple[SetupStep, ...]) -> SetupStep:
    """Whether the file says what was answered."""
    step = SetupStep("configuration", _CONFIG, StepState.DONE)
    beside = scene.beside
    if not beside.edits and not beside.configured and not beside.answers.complete:
        text = "There is nothing to save: without your answers Gatelight watches what it finds on this computer."
        return replace(step, state=StepState.NOT_NEEDED, text=text)
    if not beside.edits:
        return replace(step, text="Your answers are saved.")
    return replace(
        step,
        state=StepState.TO_DO,
        text=f"Gatelight keeps them in its file {beside.file}; everything else in it stays as it is.",
        seen=edit_lines(beside.edits),
        acts=(StepAct.WRITE,),
    )

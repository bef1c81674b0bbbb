"""What the market data self-test saw of one symbol, and what it means."""

from dataclasses import replace

import pytest

from agent.core.data_test.seen import (
    LIVE_OR_FROZEN,
    WHATEVER_THERE_IS,
    Definition,
    History,
    Quote,
    RequestNotice,
    SymbolSeen,
)
from agent.core.data_test.verdict import DataState, judge, refusal_of
from agent.guides import load_guides
from agent.tws.applications import ApplicationKind
from agent.tws.farms import Farm, FarmKind, FarmStatus
from agent.tws.symbol import read_symbol

FOUND = Definition(contracts=1, elapsed=0.02)
ANSWERED = History(answered=True, elapsed=0.3, bars=1)
LIVE = Quote(LIVE_OR_FROZEN, 0.1, told_type=1, priced=True)


def seen(*quotes: Quote, symbol: str = "AAPL", definition: Definition = FOUND, **more: object) -> SymbolSeen:
    made = SymbolSeen(read_symbol(symbol), definition, quotes, ANSWERED)
    return replace(made, **more)  # type: ignore[arg-type]


def refused(code: int, text: str = "") -> Quote:
    return Quote(LIVE_OR_FROZEN, 0.05, notices=(RequestNotice(code, text),))


def delayed(kind: int) -> Quote:
    return Quote(
        WHATEVER_THERE_IS, 0.2, told_type=kind, priced=True, delayed_ticks=True, notices=(RequestNotice(10167, ""),)
    )


@pytest.mark.parametrize(
    ("quotes", "state", "problem"),
    [
        ((LIVE,), DataState.LIVE, None),
        ((replace(LIVE, told_type=None),), DataState.LIVE, None),
        ((replace(LIVE, told_type=2),), DataState.FROZEN, None),
        ((replace(LIVE, notices=(RequestNotice(10090, ""),)),), DataState.PARTLY, "data-not-subscribed"),
        ((refused(354), delayed(3)), DataState.DELAYED, "data-delayed"),
        ((refused(354), replace(delayed(3), told_type=None)), DataState.DELAYED, "data-delayed"),
        ((refused(10089), delayed(4)), DataState.DELAYED_FROZEN, "data-delayed"),
        ((refused(354), replace(refused(354), asked_type=4)), DataState.NOT_SUBSCRIBED, "data-not-subscribed"),
        ((refused(10168),), DataState.NOT_SUBSCRIBED, "data-not-subscribed"),
        ((refused(10186),), DataState.NOT_SUBSCRIBED, "data-not-subscribed"),
        ((refused(10090),), DataState.NOT_SUBSCRIBED, "data-not-subscribed"),
        ((refused(10197),), DataState.COMPETING_SESSION, "competing-session"),
        ((refused(101),), DataState.LINES_EXHAUSTED, "data-lines-exhausted"),
        ((refused(200),), DataState.NO_CONTRACT, None),
        ((refused(321, "Error validating request"),), DataState.REFUSED, None),
        ((refused(99999, "Something new"),), DataState.REFUSED, None),
        ((Quote(LIVE_OR_FROZEN, 8.0),), DataState.NOTHING, None),
        ((Quote(LIVE_OR_FROZEN, 8.0, told_type=1, close_only=True),), DataState.NOTHING, None),
    ],
)
def test_what_came_is_told_apart(quotes: tuple[Quote, ...], state: DataState, problem: str | None) -> None:
    verdict = judge(seen(*quotes), "IB Gateway")

    assert (verdict.state, verdict.remedy.problem) == (state, problem)


@pytest.mark.parametrize(
    ("definition", "state"),
    [
        (Definition(contracts=0, notices=(RequestNotice(200, "No security definition"),)), DataState.NO_CONTRACT),
        (Definition(contracts=2), DataState.AMBIGUOUS),
        (Definition(contracts=None, elapsed=5.0), DataState.NOTHING),
        (Definition(contracts=None, notices=(RequestNotice(322, "Error processing request"),)), DataState.REFUSED),
    ],
)
def test_without_one_contract_there_is_nothing_to_ask_prices_of(definition: Definition, state: DataState) -> None:
    verdict = judge(seen(definition=definition, history=None), "IB Gateway")

    assert verdict.state is state
    assert verdict.remedy.problem is None
    assert verdict.remedy.steps[-1].endswith(("Test again.", "test again."))


def test_every_state_has_words_and_only_good_ones_need_no_steps() -> None:
    guides = load_guides()
    shown = {
        judge(one, "TWS").state: judge(one, "TWS")
        for one in (
            seen(LIVE),
            seen(replace(LIVE, told_type=2)),
            seen(replace(LIVE, notices=(RequestNotice(10090, ""),))),
            seen(refused(354), delayed(3)),
            seen(refused(354), delayed(4)),
            seen(refused(354)),
            seen(refused(10197)),
            seen(refused(101)),
            seen(definition=Definition(contracts=0)),
            seen(definition=Definition(contracts=3)),
            seen(refused(200), link_down=True),
            seen(refused(321)),
            seen(Quote(LIVE_OR_FROZEN, 8.0)),
        )
    }

    assert set(shown) == set(DataState)
    for state, verdict in shown.items():
        for kind in (ApplicationKind.TWS, ApplicationKind.GATEWAY):
            steps = verdict.remedy.steps_for(kind, guides)
            assert bool(steps) is (state not in (DataState.LIVE, DataState.FROZEN)), state
            # Every placeholder of a guide is filled.
            assert not [step for step in steps if "…" in step.replace("Configuration...", "")], state
        assert "{" not in verdict.text
        assert not verdict.title.endswith(".")


def test_refusals_of_an_application_without_a_link_mean_nothing() -> None:
    for one in (seen(refused(354)), seen(refused(200)), seen(definition=Definition(contracts=0))):
        verdict = judge(replace(one, link_down=True, history=History(notices=(RequestNotice(162, "no data"),))), "TWS")

        assert verdict.state is DataState.NO_LINK
        assert verdict.remedy.problem == verdict.history.remedy.problem == "server-link-lost"


def test_the_evidence_says_what_was_asked_and_what_came() -> None:
    verdict = judge(seen(refused(354, "Requested market data is not subscribed for DU1234567."), delayed(3)), "TWS")

    assert verdict.evidence == (
        "asked for the share AAPL, in USD: one contract after 20 ms",
        "asked for real-time prices: no price came within 50 ms",
        "asked for delayed prices too: the first price came after 200 ms, market data type 3 (delayed)",
        "notice 354: “Requested market data is not subscribed for DU•••567.”",
        "notice 10167",
    )


def test_a_broken_farm_explains_the_silence() -> None:
    farm = Farm("cashfarm", FarmKind.MARKET_DATA, FarmStatus.BROKEN)
    verdict = judge(seen(Quote(LIVE_OR_FROZEN, 8.0), symbol="EUR.USD", farms=(farm,)), "IB Gateway")

    assert verdict.state is DataState.NOTHING
    assert verdict.remedy.problem == "data-farm-broken"
    assert verdict.remedy.args["farms"] == "cashfarm"


def test_a_contract_may_only_seem_unknown() -> None:
    farm = Farm("secdefil", FarmKind.SECURITY_DEFINITION, FarmStatus.BROKEN)
    verdict = judge(seen(definition=Definition(contracts=0), farms=(farm,)), "IB Gateway")

    assert verdict.state is DataState.NO_CONTRACT
    assert "secdefil" in verdict.remedy.steps[0]


def test_an_end_in_the_middle_is_evidence() -> None:
    verdict = judge(seen(ended="the session ended: Peer closed connection"), "TWS")

    assert verdict.evidence[-1] == "the session ended: Peer closed connection"
    assert verdict.state is DataState.NOTHING


@pytest.mark.parametrize("code", [10167, 2104, 2119, 300, 10090, 10091])
def test_remarks_are_no_refusals(code: int) -> None:
    assert refusal_of(RequestNotice(code, "")) is None

import pytest

from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome
from agent.core.settings import WantedMode
from agent.problems.trading_mode_mismatch import TRADING_MODE_MISMATCH
from tests.problems.conftest import Judge
from tests.problems.scene import backing_off, connected, connection, facts

LIVE, PAPER = ("U7654321",), ("DU1234567", "DF7654321")


@pytest.mark.parametrize(
    ("wanted", "accounts", "actual"),
    [(WantedMode.PAPER, LIVE, "live"), (WantedMode.LIVE, PAPER, "paper")],
)
def test_an_account_of_the_other_mode_is_an_alarm(
    judge: Judge, wanted: WantedMode, accounts: tuple[str, ...], actual: str
) -> None:
    seen = facts(session=connected(accounts=accounts), wants=connection(trading_mode=wanted))

    verdict = judge(TRADING_MODE_MISMATCH, seen)

    assert isinstance(verdict, Present)
    assert verdict.args["actual"] == actual
    assert verdict.args["wanted"] == wanted.value


def test_account_numbers_are_masked(judge: Judge) -> None:
    seen = facts(session=connected(accounts=PAPER), wants=connection(trading_mode=WantedMode.LIVE))

    verdict = judge(TRADING_MODE_MISMATCH, seen)

    assert isinstance(verdict, Present)
    assert verdict.evidence[0] == "the session on port 4002 belongs to DU•••567 and DF•••321: paper trading"
    assert not any(account in str(verdict) for account in PAPER)


def test_a_long_name_and_many_accounts_fit_a_notice(judge: Judge) -> None:
    accounts = tuple(f"DU{n}" for n in range(1_000_000, 1_000_050))
    wants = connection("An unusually long name for a connection " * 4, trading_mode=WantedMode.LIVE)

    assert isinstance(judge(TRADING_MODE_MISMATCH, facts(session=connected(accounts=accounts), wants=wants)), Present)


@pytest.mark.parametrize("wanted", [WantedMode.PAPER, WantedMode.ANY])
def test_the_declared_mode_or_any_mode_is_in_order(judge: Judge, wanted: WantedMode) -> None:
    assert judge(TRADING_MODE_MISMATCH, facts(wants=connection(trading_mode=wanted))) == Absent()


def test_any_mode_is_in_order_even_without_a_session(judge: Judge) -> None:
    assert judge(TRADING_MODE_MISMATCH, facts(session=backing_off(Outcome.REFUSED))) == Absent()


@pytest.mark.parametrize("accounts", [(), (*LIVE, *PAPER)])
def test_accounts_that_prove_nothing_leave_it_undecided(judge: Judge, accounts: tuple[str, ...]) -> None:
    seen = facts(session=connected(accounts=accounts), wants=connection(trading_mode=WantedMode.PAPER))

    assert isinstance(judge(TRADING_MODE_MISMATCH, seen), Undecided)


def test_without_a_session_it_is_undecided(judge: Judge) -> None:
    seen = facts(session=backing_off(Outcome.REFUSED), wants=connection(trading_mode=WantedMode.PAPER))

    assert isinstance(judge(TRADING_MODE_MISMATCH, seen), Undecided)


def test_nothing_silences_it() -> None:
    assert TRADING_MODE_MISMATCH.never_silenced

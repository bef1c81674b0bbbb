from agent.core.facts import SettingsTold
from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome
from agent.core.settings import Intent
from agent.problems.precautions_on import PRECAUTIONS_ON
from agent.tws.api_settings import Configuration, Precautions
from agent.tws.api_settings_table import PRECAUTIONS
from tests.problems.conftest import Judge
from tests.problems.scene import backing_off, connection, facts

NAMES = [p.name for p in PRECAUTIONS]
NONE = Configuration(precautions=Precautions(**dict.fromkeys(NAMES, False)))
ALL = Configuration(precautions=Precautions(**dict.fromkeys(NAMES, True)))
ONE = Configuration(precautions=Precautions(**{**dict.fromkeys(NAMES, True), "bypass_bond_warning": False}))


def test_every_precaution_is_listed_with_what_ticking_it_gives_up(judge: Judge) -> None:
    verdict = judge(PRECAUTIONS_ON, facts(settings=NONE))

    assert isinstance(verdict, Present)
    assert verdict.args["count"] == "10 API precautions are"
    for precaution, line in zip(PRECAUTIONS, verdict.evidence, strict=False):
        assert precaution.named in line
        assert line.endswith(precaution.given_up)


def test_only_those_that_are_on_are_named(judge: Judge) -> None:
    verdict = judge(PRECAUTIONS_ON, facts(settings=ONE))

    assert isinstance(verdict, Present)
    assert verdict.args == {"app": "IB Gateway", "count": "One API precaution is"}
    assert [line for line in verdict.evidence if "not ticked" in line] == [
        "“Bypass Bond warning for API Orders.” is not ticked; ticking it gives up a safety prompt: "
        "A program trades a bond without a word about its particular risks beforehand."
    ]


def test_it_is_absent_when_all_are_bypassed_or_none_is_reported(judge: Judge) -> None:
    assert judge(PRECAUTIONS_ON, facts(settings=ALL)) == Absent()
    assert judge(PRECAUTIONS_ON, facts(settings=Configuration())) == Absent()


def test_it_does_not_matter_to_a_connection_for_data(judge: Judge) -> None:
    assert judge(PRECAUTIONS_ON, facts(settings=NONE, wants=connection(intent=Intent.DATA))) == Absent()


def test_it_cannot_be_told_before_the_settings_were_asked_for(judge: Judge) -> None:
    assert isinstance(judge(PRECAUTIONS_ON, facts(settings=SettingsTold())), Undecided)
    assert judge(PRECAUTIONS_ON, facts()) == Absent()
    assert judge(PRECAUTIONS_ON, facts(session=backing_off(Outcome.REFUSED), settings=NONE)) == Absent()

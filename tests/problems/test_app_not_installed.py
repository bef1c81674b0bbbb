"""app-not-installed: for somebody who has neither application and configured nothing."""

from agent.core.facts import Installation, Known, Sight, Unknown
from agent.core.problem import Absent, Present, Undecided
from agent.core.settings import ConnectionSettings, WantedApplication
from agent.problems.app_not_installed import APP_NOT_INSTALLED
from agent.problems.app_not_running import APP_NOT_RUNNING
from tests.problems.conftest import Judge
from tests.problems.scene import backing_off, connection, facts, machine, relay

NOTHING: Known[tuple[Installation, ...]] = Known(())
FIRST_RUN: ConnectionSettings = connection("TWS or IB Gateway", application=WantedApplication.ANY, implicit=True)
NEVER_SEEN = Sight()


def test_a_first_run_without_any_application_says_so(judge: Judge) -> None:
    seen = facts(machine(installed=NOTHING), backing_off(), wants=FIRST_RUN, doctor=True, sight=NEVER_SEEN)

    assert isinstance(judge(APP_NOT_INSTALLED, seen), Present)
    assert judge(APP_NOT_RUNNING, seen) == Absent()
    assert APP_NOT_INSTALLED.doctor_only


def test_an_installed_application_is_only_not_running(judge: Judge) -> None:
    seen = facts(machine(), backing_off(), wants=FIRST_RUN, doctor=True, sight=NEVER_SEEN)

    assert judge(APP_NOT_INSTALLED, seen) == Absent()
    assert isinstance(judge(APP_NOT_RUNNING, seen), Present)


def test_a_configured_connection_is_expected_to_have_an_application(judge: Judge) -> None:
    seen = facts(machine(installed=NOTHING), backing_off(), doctor=True, sight=NEVER_SEEN)

    assert judge(APP_NOT_INSTALLED, seen) == Absent()
    assert isinstance(judge(APP_NOT_RUNNING, seen), Present)


def test_an_api_in_a_container_needs_no_installation(judge: Judge) -> None:
    around = machine(installed=NOTHING, listeners=(relay(7496),))

    seen = facts(around, backing_off(), wants=FIRST_RUN, doctor=True, sight=NEVER_SEEN)

    assert judge(APP_NOT_INSTALLED, seen) == Absent()


def test_disks_that_could_not_be_read_prove_nothing(judge: Judge) -> None:
    around = machine(installed=Unknown("timed out"))

    seen = facts(around, backing_off(), wants=FIRST_RUN, doctor=True, sight=NEVER_SEEN)

    assert judge(APP_NOT_INSTALLED, seen) == Absent()


def test_without_the_process_table_it_is_undecided(judge: Judge) -> None:
    around = machine(installed=NOTHING, processes=Unknown("access denied"))

    assert isinstance(judge(APP_NOT_INSTALLED, facts(around, backing_off(), wants=FIRST_RUN, doctor=True)), Undecided)

"""config-invalid: told in one sentence, and without anybody's folders."""

from dataclasses import replace

from agent.core.problem import Absent, Present, Severity
from agent.problems.config_invalid import CONFIG_INVALID
from tests.problems.conftest import Judge
from tests.problems.scene import facts


def test_a_usable_configuration_is_no_problem(judge: Judge) -> None:
    assert judge(CONFIG_INVALID, facts()) == Absent()


def test_the_reason_is_told_even_while_connected(judge: Judge) -> None:
    verdict = judge(CONFIG_INVALID, facts(config_error="gatelight.toml, line 3: port must be 1 to 65535, not 70000."))

    assert isinstance(verdict, Present)
    assert verdict.args["reason"] == "gatelight.toml, line 3: port must be 1 to 65535, not 70000"


def test_while_earlier_settings_stay_in_force_it_is_a_warning_and_else_an_error(judge: Judge) -> None:
    earlier = judge(CONFIG_INVALID, replace(facts(config_error="line 3: unknown key “prot”"), earlier_config=True))
    none = judge(CONFIG_INVALID, facts(config_error="line 3: unknown key “prot”"))

    assert isinstance(earlier, Present)
    assert isinstance(none, Present)
    assert (earlier.severity, none.severity, CONFIG_INVALID.severity) == (Severity.WARNING, None, Severity.ERROR)
    assert earlier.args["in_force"] == "keeps the settings it had"
    assert none.args["in_force"] == "works without a configuration"


def test_folders_that_hold_the_users_name_are_left_out(judge: Judge) -> None:
    for path in (
        "/home/jane doe/.config/gatelight/config.toml",
        r"C:\Users\Jane\AppData\config.toml",
        "~/x/config.toml",
    ):
        verdict = judge(CONFIG_INVALID, facts(config_error=f"{path}, line 3: unknown key 'prot'"))

        assert isinstance(verdict, Present)
        assert "Jane" not in verdict.evidence[0]
        assert "doe" not in verdict.evidence[0]
        assert "config.toml, line 3" in verdict.evidence[0]


def test_a_long_reason_still_fits_a_notice(judge: Judge) -> None:
    verdict = judge(CONFIG_INVALID, facts(config_error="unknown key " + "x" * 400 + "\nallowed: {a, b}"))

    assert isinstance(verdict, Present)

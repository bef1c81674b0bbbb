"""config-invalid: told in one sentence, and without anybody's folders."""

from agent.core.problem import Absent, Present
from agent.problems.config_invalid import CONFIG_INVALID
from tests.problems.conftest import Judge
from tests.problems.scene import facts


def test_a_usable_configuration_is_no_problem(judge: Judge) -> None:
    assert judge(CONFIG_INVALID, facts()) == Absent()


def test_the_reason_is_told_even_while_connected(judge: Judge) -> None:
    verdict = judge(CONFIG_INVALID, facts(config_error="gatelight.toml, line 3: port must be 1 to 65535, not 70000."))

    assert isinstance(verdict, Present)
    assert verdict.args["reason"] == "gatelight.toml, line 3: port must be 1 to 65535, not 70000"


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

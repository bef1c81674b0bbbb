from dataclasses import fields

import pytest

from agent.core.settings import CheckSettings
from agent.core.timing import Timing


def test_every_period_is_a_positive_number_of_seconds() -> None:
    assert all(getattr(Timing(), f.name) > 0 for f in fields(Timing))


def test_scaling_keeps_every_proportion() -> None:
    small = Timing().scaled(0.05)

    for field in fields(Timing):
        assert getattr(small, field.name) == pytest.approx(0.05 * getattr(Timing(), field.name))


def test_the_defaults_of_the_configuration_are_those_of_the_timing() -> None:
    checks, timing = CheckSettings(), Timing()

    assert (checks.look_every, checks.heartbeat_every, checks.reply_timeout) == (
        timing.look_every,
        timing.heartbeat_every,
        timing.reply_timeout,
    )


def test_a_second_heartbeat_is_not_one_that_tws_ignores() -> None:
    assert Timing().second_heartbeat > 1.0
    assert Timing().heartbeat_every >= 60 / 7

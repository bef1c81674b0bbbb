"""The metrics as Prometheus reads them: its own parser and its own judge read them here."""

import shutil
import subprocess
from dataclasses import replace

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain

from agent.core.facts import Unknown
from agent.core.relay_facts import LimitUse, RelayOrder
from agent.core.shown.status import ShownProgram, ShownTarget
from agent.core.shown.targets import SendOutcome
from agent.metrics.counts import Counts
from agent.metrics.families import KEPT_WRITTEN_SECONDS, Exposition
from agent.metrics.measured import Measured
from agent.metrics.programs import MOST_PROGRAM_LABELS, REST
from agent.metrics.targets import targets_text
from agent.tws.privacy import mask_account
from agent.tws.time_zone import TimeZone
from tests.metrics.made_up import CODES, HEALTHY, NOW, OF_CONNECTIONS, measured, problem, status, with_problems
from tests.problems.scene import counted, relay_seen, through_relay

FAILING = ShownTarget(
    "My phone", False, "HTTP 500 Internal Server Error", NOW.wall, NOW.wall - 600.0, 3, {"taken": 4, "refused": 9}
)
TARGETS = (ShownTarget("Mail", True, "250 taken", NOW.wall, outcomes={"taken": 1}), FAILING, ShownTarget("Chat"))
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(of: Measured, accept: str = "") -> Samples:
    body, _ = Exposition().write(of, accept)
    read = open_metrics if "openmetrics" in accept else plain
    return {(s.name, frozenset(s.labels.items())): s.value for f in read(body.decode()) for s in f.samples}


def of(found: Samples, name: str, **labels: str) -> list[float]:
    return [value for (n, held), value in found.items() if n == name and labels.items() <= dict(held).items()]


def test_each_problem_has_one_series_which_says_whether_it_is_shown() -> None:
    code = OF_CONNECTIONS[3]
    found = samples(measured(status(with_problems(HEALTHY, code))))

    for one in CODES:
        shown = of(found, "gatelight_problem", code=one.code)
        assert shown == [float(one is code)], one.code
    assert of(found, "gatelight_problem_start_time_seconds") == [NOW.wall - 30.0]


def test_the_severity_is_that_of_the_case() -> None:
    found = samples(measured(status(replace(HEALTHY, problems=(problem("data-lost", "info"),)))))

    assert of(found, "gatelight_problem", code="data-lost") == [1.0]
    assert of(found, "gatelight_problem", code="data-lost", severity="info") == [1.0]


def test_a_problem_of_gatelight_belongs_to_no_connection() -> None:
    found = samples(measured(status(replace(HEALTHY, problems=(problem("config-invalid"),)))))

    assert of(found, "gatelight_problem", code="config-invalid") == [1.0]
    assert of(found, "gatelight_problem", code="config-invalid", connection="") == [1.0]


def test_what_is_not_known_has_no_sample() -> None:
    blind = measured(status(replace(HEALTHY, programs=None, farms=())))
    found = samples(replace(blind, connections=[replace(blind.connections[0], clients=None)]))

    for name in ("gatelight_program_connections", "gatelight_farm_state", "gatelight_api_clients"):
        assert of(found, name) == []


@pytest.mark.parametrize(
    ("link", "answers", "up"), [("up", True, 1), ("unknown", True, 1), ("down", True, 0), ("up", False, 0)]
)
def test_a_connection_is_up_while_programs_can_use_it(link: str, answers: bool, up: float) -> None:
    seen = measured(status(replace(HEALTHY, server_link=link)))
    seen = replace(seen, connections=[replace(seen.connections[0], answers=answers)])

    assert of(samples(seen), "gatelight_connection_up") == [up]
    assert of(samples(seen), "gatelight_ready") == [up]


def test_nothing_watched_is_not_ready_and_what_is_not_wanted_does_not_count() -> None:
    down = replace(HEALTHY, name="second", phase="idle", wanted=False)

    assert of(samples(measured(status(HEALTHY, down))), "gatelight_ready") == [1.0]
    assert of(samples(measured(status(down))), "gatelight_ready") == [0.0]


def test_a_crowd_of_programs_has_bounded_labels() -> None:
    crowd = tuple(ShownProgram(n, f"program{n:04}", None) for n in range(MOST_PROGRAM_LABELS + 70))  # type: ignore[arg-type]
    found = samples(measured(status(replace(HEALTHY, programs=crowd))))

    assert len(of(found, "gatelight_program_connections")) == MOST_PROGRAM_LABELS + 1
    assert of(found, "gatelight_program_connections", program=REST) == [70.0]
    assert sum(of(samples(measured(status())), "gatelight_program_connections", program="bot")) == 2.0


def test_a_flood_of_requests_is_answered_with_what_was_written_within_the_second() -> None:
    exposition, counts = Exposition(), Counts(NOW)
    first = measured(status(), counts)
    again = measured(status(replace(HEALTHY, server_link="down")), counts, NOW.later(KEPT_WRITTEN_SECONDS / 2))
    later = measured(status(replace(HEALTHY, server_link="down")), counts, NOW.later(KEPT_WRITTEN_SECONDS))

    written = [exposition.write(one, "")[0] for one in (first, again, later)]

    assert written[0] == written[1] != written[2]


def test_no_account_number_is_exported() -> None:
    body, _ = Exposition().write(measured(status()), "")

    assert b"DU1234567" not in body
    assert mask_account("DU1234567").encode() not in body


def test_both_formats_say_the_same() -> None:
    shown = measured(status(with_problems(HEALTHY, OF_CONNECTIONS[0])))
    both = [samples(shown), samples(shown, "application/openmetrics-text; version=1.0.0")]
    ours = [{k: v for k, v in one.items() if k[0].startswith("gatelight_")} for one in both]

    assert ours[0] == ours[1]
    assert len(ours[0]) > 100


@pytest.mark.parametrize("name", ['a "quoted" \\ name', "Köln ✓ 東京", "x" * 40])
def test_any_name_of_a_connection_can_be_read_back(name: str) -> None:
    assert of(samples(measured(status(replace(HEALTHY, name=name)))), "gatelight_connection_up", connection=name) == [1]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_has_nothing_to_say_about_names_and_types() -> None:
    shown = replace(status(with_problems(HEALTHY, *OF_CONNECTIONS)), targets=TARGETS)
    body, _ = Exposition().write(measured(shown), "")
    judged = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, check=False, timeout=60)

    assert (judged.returncode, judged.stdout, judged.stderr) == (0, b"", b"")


def test_each_relay_has_what_its_programs_use_and_one_that_is_silent_only_that() -> None:
    rate = LimitUse(3, 50)
    bot = through_relay("python3", script="bot.py", lines=7, history=2, rate=rate, peak=30)
    slow = replace(bot, peak=44, answers=(("history", 1.5), ("contracts", 0.1)))
    many = [
        through_relay(f"program {number:02}", port=number, lines=1, rate=rate, peak=number)
        for number in range(MOST_PROGRAM_LABELS)
    ]
    counts = replace(
        counted(bot, slow, *many, lines=LimitUse(64, 100, unsure=2), history=LimitUse(60, 60), safe_in=29.0, ago=0.0),
        messages=500,
        refused=(("market data lines", 3),),
    )
    relays = (
        relay_seen(counts),
        relay_seen(Unknown("late"), name="Silent", port=5003),
        # What goes through one that is ending counts as of the one in its place.
        replace(relay_seen(counted(replace(bot, lines=1)), port=5004), draining=True),
    )
    wanted = (RelayOrder("Paper relay", 5002, "localhost", 4002), RelayOrder("Gone", 5005, "::1", 4002))
    shown = replace(measured(status(HEALTHY)), relays=relays, relays_wanted=wanted, past_relays={"4002": 3, "1": 9})
    found = samples(shown)

    lines, to = "gatelight_relay_data_lines", "127.0.0.1:4002"
    assert of(found, lines, relay="Paper relay", program="bot.py", to=to) == [15.0]
    assert of(found, lines, program=REST) == [1.0]
    assert len(of(found, lines)) == MOST_PROGRAM_LABELS + 1
    assert of(found, "gatelight_relay_data_lines_limit", to=to) == [100.0]
    assert of(found, "gatelight_relay_data_lines_in_doubt", to=to) == [2.0]
    assert of(found, "gatelight_relay_historical_requests", program="bot.py") == [6.0]
    assert of(found, "gatelight_relay_historical_wait_seconds", to=to) == [29.0]
    # Each program has the limit of messages for itself, so none are added up.
    rates = "gatelight_relay_messages_per_second"
    assert of(found, rates, program="bot.py") == [44.0]
    assert of(found, rates, program=REST) == [float(MOST_PROGRAM_LABELS - 1)]
    assert of(found, "gatelight_relay_messages_per_second_limit", to=to) == [50.0]
    assert of(found, "gatelight_relay_answer_seconds", kind="history") == [1.5]
    assert of(found, "gatelight_relay_messages_total", relay="Paper relay") == [500.0]
    assert of(found, "gatelight_relay_refusals_total", limit="market data lines") == [3.0]
    assert of(found, "gatelight_relay_clients") == [53.0]
    assert of(found, "gatelight_relay_past_clients") == [3.0]
    up = "gatelight_relay_up"
    assert [of(found, up, relay=name) for name in ("Paper relay", "Silent", "Gone")] == [[1.0], [0.0], [0.0]]
    assert [name for name, labels in found if ("relay", "Silent") in labels] == [up]
    assert not any(name.startswith("gatelight_relay") for name, _ in samples(measured(status(HEALTHY))))


def test_relays_that_name_one_computer_in_different_ways_have_one_application() -> None:
    named = replace(
        relay_seen(counted(through_relay("a", lines=60)), name="Desk", port=5003), host="192.0.2.5", here=True
    )
    wanted = (RelayOrder("Desk", 5003, "192.0.2.5", 4002), RelayOrder("Far", 5004, "192.0.2.9", 4002))
    found = samples(replace(measured(status(HEALTHY)), relays=(relay_seen(), named), relays_wanted=wanted))

    assert of(found, "gatelight_relay_up", relay="Desk") == [1.0]
    assert of(found, "gatelight_relay_up", relay="Far", to="192.0.2.9:4002") == [0.0]
    assert len(of(found, "gatelight_relay_data_lines_limit")) == 1
    assert of(found, "gatelight_relay_data_lines", relay="Desk", to="127.0.0.1:4002") == [60.0]


def test_what_is_shared_by_two_relays_has_one_sample_and_each_program_its_own() -> None:
    newer = counted(through_relay("a", lines=60), lines=LimitUse(90, 100), ago=1.0)
    older = counted(through_relay("b", lines=30), lines=LimitUse(88, 100), ago=3.0)
    relays = (relay_seen(older, name="Second", port=5003), relay_seen(newer))
    found = samples(replace(measured(status(HEALTHY)), relays=relays))

    assert sorted(of(found, "gatelight_relay_data_lines", to="127.0.0.1:4002")) == [30.0, 60.0]
    assert of(found, "gatelight_relay_data_lines_limit") == [100.0]
    assert of(found, "gatelight_relay_past_clients") == []


def test_each_target_has_what_became_of_its_messages_and_is_up_once_its_service_took_one() -> None:
    found = samples(measured(replace(status(HEALTHY), targets=TARGETS)))

    assert of(found, "gatelight_target_up", target="Mail") == [1.0]
    assert of(found, "gatelight_target_up", target="My phone") == [0.0]
    assert of(found, "gatelight_target_up", target="Chat") == [], "nothing was sent to it so far"
    assert of(found, "gatelight_target_failing_start_time_seconds") == [NOW.wall - 600.0]
    assert of(found, "gatelight_target_waiting_notices", target="My phone") == [3.0]
    assert of(found, "gatelight_target_messages_total", target="My phone", outcome="refused") == [9.0]
    assert len(of(found, "gatelight_target_messages_total", target="Chat")) == len(SendOutcome)
    assert not any(name.startswith("gatelight_target") for name, _ in samples(measured(status(HEALTHY))))


def test_a_message_that_is_unfit_says_nothing_about_the_target() -> None:
    """Its service takes messages, and answered."""
    unfit = ShownTarget("Mail", False, "HTTP 413", NOW.wall, outcomes={"unfit": 1})

    assert of(samples(measured(replace(status(HEALTHY), targets=(unfit,)))), "gatelight_target_up") == [1.0]


def test_the_runbook_tells_how_it_stands_with_each_target_and_what_to_do() -> None:
    mail, phone, chat, _, *steps = targets_text(TARGETS, NOW.wall, TimeZone()).splitlines()

    assert mail == "“Mail” answered at 14:13: 250 taken"
    assert phone == "“My phone” cannot be told since 14:03: HTTP 500 Internal Server Error; 3 waiting"
    assert chat == "“Chat” was sent nothing since Gatelight began"
    assert [line[:2] for line in steps if line[:1].isdigit()] == ["1.", "2.", "3.", "4."]
    assert "no target" in targets_text((), NOW.wall, TimeZone())

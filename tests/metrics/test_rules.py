"""The rules of installer/prometheus, judged by Prometheus' own promtool."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_alerts import FILE, alert_of, alerts

from tests.metrics.made_up import CODES

HERE = FILE.parent
INSTANCE = "server:9464"

pytestmark = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")


def promtool(*arguments: str | Path) -> str:
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def unit_test(folder: Path, inputs: list[dict[str, str]], checks: list[dict[str, object]]) -> str:
    """Let promtool play series through all rules; a JSON file is a YAML file."""
    file = folder / "rules_test.yml"
    rules = [str(one) for one in sorted(HERE.glob("*.yml"))]
    tests = [{"interval": "1m", "input_series": inputs, **check} for check in checks]
    file.write_text(json.dumps({"rule_files": rules, "evaluation_interval": "1m", "tests": tests}))
    return promtool("test", "rules", file)


def test_the_file_is_the_one_of_the_code() -> None:
    assert FILE.read_text(encoding="utf-8") == alerts(), "run `python installer/prometheus_alerts.py`"


def test_promtool_finds_the_rules_well() -> None:
    told = promtool("check", "rules", *sorted(HERE.glob("*.yml")))

    assert told.count("SUCCESS") == 2


def test_every_problem_fires_its_alert_with_its_guide_and_clears_it(tmp_path: Path) -> None:
    inputs, at_first, in_time, later = [], [], [], []
    for one in CODES:
        connection = "" if one.of_program else "Paper Gateway"
        labels = {"instance": INSTANCE, "job": "gatelight", "code": one.code, "severity": one.severity}
        labels |= {"connection": connection} if connection else {}
        written = ", ".join(f'{name}="{value}"' for name, value in labels.items())
        inputs.append({"series": f"gatelight_problem{{{written}}}", "values": "0x4 1x4 0x4"})
        at_first.append({"eval_time": "4m", "alertname": alert_of(one.code), "exp_alerts": []})
        fired = {"exp_labels": labels, "exp_annotations": annotations(one.code)}
        in_time.append({"eval_time": "6m", "alertname": alert_of(one.code), "exp_alerts": [fired]})
        later.append({"eval_time": "11m", "alertname": alert_of(one.code), "exp_alerts": []})

    unit_test(tmp_path, inputs, [{"alert_rule_test": [*at_first, *in_time, *later]}])


def annotations(code: str) -> dict[str, str]:
    from agent.guides import load_guides
    from agent.guides.explain import explain

    explained = explain(code, load_guides())
    assert explained is not None
    of_program = any(one.code == code and one.of_program for one in CODES)
    who = "Gatelight itself" if of_program else "Paper Gateway"
    return {
        "summary": explained.title,
        "description": f"{who}, as told by {INSTANCE}. What to do: gatelight explain {code}",
        "runbook_url": f"http://{INSTANCE}/guides/{code}",
    }


def test_a_gatelight_that_is_gone_is_told_and_so_are_refusals(tmp_path: Path) -> None:
    here = f'instance="{INSTANCE}", job="gatelight"'
    inputs = [
        {"series": f"up{{{here}}}", "values": "1x5 0x10"},
        {"series": f'gatelight_metrics_refused_total{{{here}, reason="token"}}', "values": "0x5 3x10"},
    ]
    labels = {"instance": INSTANCE, "job": "gatelight"}
    down = {
        "exp_labels": {**labels, "severity": "error"},
        "exp_annotations": {
            "summary": "Gatelight is not reached",
            "description": f"{INSTANCE} does not answer: its connections are not watched.",
        },
    }
    refused = {
        "exp_labels": {**labels, "severity": "info", "reason": "token"},
        "exp_annotations": {
            "summary": "Requests for metrics were refused",
            "description": f"{INSTANCE} was asked with a wrong token.",
        },
    }
    checks = [
        {"eval_time": "7m", "alertname": "GatelightDown", "exp_alerts": []},
        {"eval_time": "9m", "alertname": "GatelightDown", "exp_alerts": [down]},
        {"eval_time": "5m", "alertname": "GatelightMetricsRefused", "exp_alerts": []},
        {"eval_time": "7m", "alertname": "GatelightMetricsRefused", "exp_alerts": [refused]},
    ]
    unit_test(tmp_path, inputs, [{"alert_rule_test": checks}])


@pytest.mark.parametrize(
    ("wanted", "maintenance", "problem", "fires"),
    [(1, 0, 0, True), (0, 0, 0, False), (1, 1, 0, False), (1, 0, 1, False)],
)
def test_a_connection_without_an_alert_of_its_own_is_told_after_a_while(
    tmp_path: Path, wanted: int, maintenance: int, problem: int, fires: bool
) -> None:
    labels = {"instance": INSTANCE, "job": "gatelight", "connection": "Paper Gateway"}
    here = ", ".join(f'{name}="{value}"' for name, value in labels.items())
    inputs = [
        {"series": f"gatelight_connection_up{{{here}}}", "values": "0x20"},
        {"series": f"gatelight_connection_wanted{{{here}}}", "values": f"{wanted}x20"},
        {"series": f'gatelight_connection_state{{{here}, state="maintenance"}}', "values": f"{maintenance}x20"},
        {"series": f'gatelight_problem{{{here}, code="api-silent", severity="error"}}', "values": f"{problem}x20"},
    ]
    alert = {
        "exp_labels": {**labels, "severity": "warning"},
        "exp_annotations": {
            "summary": "Programs cannot use a connection",
            "description": f"Paper Gateway at {INSTANCE} has been down for five minutes.",
            "runbook_url": f"http://{INSTANCE}/readyz",
        },
    }
    checks = [
        {"eval_time": "4m", "alertname": "GatelightConnectionDown", "exp_alerts": []},
        {"eval_time": "6m", "alertname": "GatelightConnectionDown", "exp_alerts": [alert] if fires else []},
    ]
    unit_test(tmp_path, inputs, [{"alert_rule_test": checks}])


def test_a_target_that_cannot_be_told_is_told_by_prometheus(tmp_path: Path) -> None:
    labels = {"instance": INSTANCE, "job": "gatelight", "target": "My phone"}
    here = ", ".join(f'{name}="{value}"' for name, value in labels.items())
    alert = {
        "exp_labels": {**labels, "severity": "warning"},
        "exp_annotations": {
            "summary": "A phone, chat or mailbox cannot be told",
            "description": f"My phone has taken no message of {INSTANCE} for five minutes.",
            "runbook_url": f"http://{INSTANCE}/targets",
        },
    }
    name = "GatelightTargetFailing"
    checks = [
        # A single failure that heals is no alert; a target that was sent nothing has no series.
        {"eval_time": "4m", "alertname": name, "exp_alerts": []},
        {"eval_time": "14m", "alertname": name, "exp_alerts": []},
        {"eval_time": "16m", "alertname": name, "exp_alerts": [alert]},
        {"eval_time": "21m", "alertname": name, "exp_alerts": []},
    ]
    inputs = [{"series": f"gatelight_target_up{{{here}}}", "values": "_ 1 0x2 1x4 0x10 1x5"}]
    unit_test(tmp_path, inputs, [{"alert_rule_test": checks}])


def test_the_recording_rules_count(tmp_path: Path) -> None:
    here = f'instance="{INSTANCE}", job="gatelight", connection="Paper Gateway"'
    bucket = f"gatelight_heartbeat_latency_seconds_bucket{{{here}"
    inputs = [
        {"series": f"gatelight_connection_up{{{here}}}", "values": "0x29 1x30"},
        {"series": f"gatelight_connection_wanted{{{here}}}", "values": "1x59"},
        {"series": f'gatelight_problem{{{here}, code="api-silent", severity="error"}}', "values": "1x59"},
        {"series": f'gatelight_problem{{{here}, code="login-due", severity="info"}}', "values": "1x59"},
        {"series": f'{bucket}, le="0.01"}}', "values": "0+50x59"},
        {"series": f'{bucket}, le="0.1"}}', "values": "0+100x59"},
        {"series": f'{bucket}, le="+Inf"}}', "values": "0+100x59"},
    ]
    of_connection = f"{{{here}}}"
    expected = {
        "job:gatelight_connection_up:sum": ('{job="gatelight"}', 1.0),
        "job:gatelight_connection_wanted:sum": ('{job="gatelight"}', 1.0),
        "connection:gatelight_problem:sum": (of_connection, 1.0),
        "connection:gatelight_connection_up:avg_over_time1h": (of_connection, 0.5),
    }
    checks = [
        {"expr": name, "eval_time": "59m", "exp_samples": [{"labels": f"{name}{labels}", "value": value}]}
        for name, (labels, value) in expected.items()
    ]
    # A half within 10 ms, the rest within 100: the 99th of a hundred is near the end of that bucket.
    name = "connection:gatelight_heartbeat_latency_seconds:p99_rate5m"
    checks.append(
        {
            "expr": f"round({name} * 10000)",
            "eval_time": "59m",
            "exp_samples": [{"labels": of_connection, "value": 982.0}],
        }
    )
    unit_test(tmp_path, inputs, [{"promql_expr_test": checks}])


def test_a_relay_that_is_down_is_told_after_a_minute(tmp_path: Path) -> None:
    labels = {"instance": INSTANCE, "job": "gatelight", "relay": "Paper relay", "to": "127.0.0.1:4002"}
    series = ", ".join(f'{name}="{value}"' for name, value in labels.items())
    inputs = [{"series": f"gatelight_relay_up{{{series}}}", "values": "1x4 0 1x4 0x9 1x5"}]
    down = {
        "exp_labels": {**labels, "severity": "error"},
        "exp_annotations": {
            "summary": "A relay does not run",
            "description": (
                f"Programs cannot reach 127.0.0.1:4002 through the relay “Paper relay” of {INSTANCE}, or it does not "
                "tell what it counts."
            ),
            "runbook_url": f"http://{INSTANCE}/guides/relay-down",
        },
    }
    checks = [
        # One that is started again at once is not told.
        *({"eval_time": f"{at}m", "alertname": "GatelightRelayDown", "exp_alerts": []} for at in (4, 5, 6, 10, 21)),
        {"eval_time": "12m", "alertname": "GatelightRelayDown", "exp_alerts": [down]},
    ]
    unit_test(tmp_path, inputs, [{"alert_rule_test": checks}])


def test_each_runbook_of_an_alert_can_be_read() -> None:
    from agent.guides import load_guides
    from agent.guides.runbooks import RUNBOOKS

    named = set(re.findall(r"/guides/([a-z-]+)", FILE.read_text(encoding="utf-8")))
    assert {"data-lines-near", "pacing-near", "message-rate-near", "relay-down"} <= named
    assert named <= load_guides().keys() | RUNBOOKS.keys()


def test_shares_of_limits_are_those_of_all_relays_to_one_application(tmp_path: Path) -> None:
    here = f'instance="{INSTANCE}", job="gatelight", to="127.0.0.1:4002"'
    first, second = (f'{here}, relay="{relay}", program="{program}"' for relay, program in (("a", "x"), ("b", "y")))
    inputs = []
    for name, values, limit in (
        ("data_lines", (60, 35), 100),
        ("historical_requests", (12, 3), 60),
        ("messages_per_second", (45, 30), 50),
    ):
        inputs.append({"series": f"gatelight_relay_{name}_limit{{{here}}}", "values": f"{limit}x5"})
        for labels, value in zip((first, second), values, strict=True):
            inputs.append({"series": f"gatelight_relay_{name}{{{labels}}}", "values": f"{value}x5"})
    expected = {"data_lines": 0.95, "historical_requests": 0.25, "messages_per_second": 0.9}
    checks = [
        {"expr": rule, "eval_time": "4m", "exp_samples": [{"labels": f"{rule}{{{here}}}", "value": value}]}
        for name, value in expected.items()
        for rule in (f"to:gatelight_relay_{name}:share",)
    ]
    unit_test(tmp_path, inputs, [{"promql_expr_test": checks}])

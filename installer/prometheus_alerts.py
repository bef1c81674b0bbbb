"""Makes `installer/prometheus/gatelight-alerts.yml`: an alert for each problem, with its guide as its runbook.

`python installer/prometheus_alerts.py` writes the file anew; `tests/metrics/test_rules.py` says when that is due.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "installer" / "prometheus" / "gatelight-alerts.yml"

_HEAD = """# Alerts of Gatelight for Prometheus. Made by installer/prometheus_alerts.py, from the list of problems.
#
# The label `severity` of the first group is Gatelight’s: error, warning or info. Its waiting times are over by the time
# a problem is shown, so these alerts have none. `job` must be the job that scrapes Gatelight; change it where yours has
# another name.
groups:
  - name: gatelight-problems
    rules:
"""
_TAIL = """
  - name: gatelight
    rules:
      # Nothing tells of a Gatelight that has ended but its silence.
      - alert: GatelightDown
        expr: up{job="gatelight"} == 0
        for: 2m
        labels:
          severity: error
        annotations:
          summary: "Gatelight is not reached"
          description: "{{ $labels.instance }} does not answer: its connections are not watched."
      # What has no alert of its own; an outage that is planned, and one that is told already, are left out.
      - alert: GatelightConnectionDown
        expr: >-
          gatelight_connection_up == 0
          and on (job, instance, connection) gatelight_connection_wanted == 1
          unless on (job, instance, connection) gatelight_connection_state{state="maintenance"} == 1
          unless on (job, instance, connection) gatelight_problem{severity!="info"} == 1
        for: 5m
        labels:
          severity: warning
        annotations:
          summary: "Programs cannot use a connection"
          description: "{{ $labels.connection }} at {{ $labels.instance }} has been down for five minutes."
          runbook_url: "http://{{ $labels.instance }}/readyz"
      # A relay that is started again at once, or is told what to do, is not told.
      - alert: GatelightRelayDown
        expr: gatelight_relay_up == 0
        for: 1m
        labels:
          severity: error
        annotations:
          summary: "A relay does not run"
          description: >-
            Programs cannot reach {{ $labels.to }} through the relay “{{ $labels.relay }}” of {{ $labels.instance }}, or
            it does not tell what it counts.
          runbook_url: "http://{{ $labels.instance }}/guides/relay-down"
      # The telephone stays silent, whatever happens: Gatelight itself says so on the desktop alone.
      - alert: GatelightTargetFailing
        expr: gatelight_target_up == 0
        for: 5m
        labels:
          severity: warning
        annotations:
          summary: "A phone, chat or mailbox cannot be told"
          description: "{{ $labels.target }} has taken no message of {{ $labels.instance }} for five minutes."
          runbook_url: "http://{{ $labels.instance }}/targets"
      - alert: GatelightMetricsRefused
        expr: increase(gatelight_metrics_refused_total[15m]) > 0
        labels:
          severity: info
        annotations:
          summary: "Requests for metrics were refused"
          description: "{{ $labels.instance }} was asked with a wrong {{ $labels.reason }}."
"""


def alert_of(code: str) -> str:
    """The name of the alert of a problem: `GatelightAppFrozen` for `app-frozen`."""
    return "Gatelight" + "".join(part.capitalize() for part in code.split("-"))


def alerts() -> str:
    """The file's text."""
    return _HEAD + "".join(_rules()) + _TAIL


def _rules() -> Iterator[str]:
    from agent.guides import load_guides
    from agent.guides.explain import explain
    from agent.problems import PROBLEMS

    guides = load_guides()
    for problem in PROBLEMS:
        if problem.doctor_only:
            # A running agent never shows it.
            continue
        explained = explain(problem.code, guides)
        assert explained is not None
        who = "Gatelight itself" if problem.of_program else "{{ $labels.connection }}"
        about = f"{who}, as told by {{{{ $labels.instance }}}}. What to do: gatelight explain {problem.code}"
        yield f"""      - alert: {alert_of(problem.code)}
        expr: gatelight_problem{{code="{problem.code}"}} == 1
        annotations:
          summary: {json.dumps(explained.title, ensure_ascii=False)}
          description: {json.dumps(about)}
          runbook_url: "http://{{{{ $labels.instance }}}}/guides/{problem.code}"
"""


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    FILE.write_text(alerts(), encoding="utf-8")

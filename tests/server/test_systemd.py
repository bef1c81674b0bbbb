"""The service under a real systemd, with the unit that is shipped: ready, headline, a stuck agent, the end."""

import os
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from agent.problems import PROBLEMS
from tests.server.machine import Machine, NoMachine, machine, missing

ROOT = Path(__file__).resolve().parents[2]
SYSTEM = ROOT / "installer/linux/gatelight-system.service"
USER = ROOT / "installer/linux/gatelight-user.service"
PYTHON = f"/opt/python/bin/python{sysconfig.get_python_version()}"
SETTING = "PYTHONPATH=/opt/checkout:/opt/packages PYTHONDONTWRITEBYTECODE=1"
GATEWAY = f"""[Service]
User=trader
Environment={SETTING} HOME=/tmp
ExecStart={PYTHON} -m agent simulate --application gateway --port 4002
"""
MANAGER = """[Service]
Type=notify
User=trader
Delegate=yes
RuntimeDirectory=of-trader
Environment=XDG_RUNTIME_DIR=/run/of-trader HOME=/home/trader
ExecStart=/lib/systemd/systemd --user
"""
"""What logind starts for a user who has logged in."""

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


def here(unit: Path, *changes: tuple[str, str]) -> str:
    """A shipped unit, which runs this checkout, and may be started often."""
    text = unit.read_text(encoding="utf-8")
    of_tests = (
        ("/usr/bin/gatelight", f"{PYTHON} -m agent"),
        ("\nType=notify\n", f"\nType=notify\nEnvironment={SETTING}\n"),
        ("\nRestartSec=10\n", "\nRestartSec=0\n"),
        ("\nStartLimitIntervalSec=300\n", "\nStartLimitIntervalSec=0\n"),
    )
    for before, after in (*of_tests, *changes):
        assert before in text
        text = text.replace(before, after)
    return text


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A server with a simulated IB Gateway of the user “trader”, watched as no user and as that one."""
    as_trader = (("\nDynamicUser=yes\n", "\nDynamicUser=yes\nUser=trader\n"),)
    elsewhere = (("StateDirectory=gatelight", "StateDirectory=of-trader"), ("%S/gatelight", "%S/of-trader"))
    of_stuck = (("StateDirectory=gatelight", "StateDirectory=stuck"), ("%S/gatelight", "%S/stuck"))
    units = {
        "gatelight.service": here(SYSTEM),
        "gatelight-of-trader.service": here(SYSTEM, *as_trader, *elsewhere),
        "stuck.service": here(SYSTEM, ("\nWatchdogSec=60\n", "\nWatchdogSec=3\n"), *of_stuck),
        "gateway.service": GATEWAY,
        "manager.service": MANAGER,
    }
    visible = {
        "/opt/python": Path(sys.base_prefix),
        "/opt/checkout": ROOT,
        "/opt/packages": Path(sysconfig.get_paths()["purelib"]),
    }
    with ExitStack() as stack:
        try:
            made = stack.enter_context(machine(tmp_path_factory.mktemp("server"), units, visible))
        except NoMachine as refused:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"this system lets us have no machine of our own: {refused}")
        made.do("useradd", "--create-home", "--uid", "12345", "trader")
        for step in (
            "link add gl0 type veth peer name gl1",
            "address add 192.0.2.2/24 dev gl0",
            "link set gl0 up",
            "link set gl1 up",
            "route add default via 192.0.2.1",
        ):
            made.do("ip", *step.split())
        yield made


def asked(server: Machine, folder: str, *words: str) -> str:
    setting = ("env", *SETTING.split(), f"GATELIGHT_DATA_DIR=/var/lib/{folder}")
    return server.do(*setting, PYTHON, "-m", "agent", *words, check=False)


def headline(server: Machine, unit: str) -> str:
    return server.shown(unit, "StatusText")["StatusText"]


def test_a_started_service_is_ready_and_its_headline_is_the_state(server: Machine) -> None:
    server.do("systemctl", "start", "gatelight")

    # `start` returns once the service has said that it is ready.
    assert server.shown("gatelight", "ActiveState", "SubState") == {"ActiveState": "active", "SubState": "running"}
    server.wait(lambda: headline(server, "gatelight") == "Waiting for TWS or IB Gateway", "no headline")
    assert "running agent" in asked(server, "gatelight", "version"), "root may ask it"


@pytest.mark.parametrize(
    ("unit", "folder"), [("gatelight", "gatelight"), ("gatelight-of-trader", "of-trader")], ids=["no user", "its user"]
)
def test_confined_as_it_is_it_watches_another_users_gateway(server: Machine, unit: str, folder: str) -> None:
    server.do("systemctl", "start", "gateway", unit)
    server.wait(lambda: headline(server, unit) == "IB Gateway (paper): connected", "not connected")

    process = server.shown(unit, "MainPID")["MainPID"]
    rights = server.do("grep", "-E", "^(CapBnd|NoNewPrivs|Seccomp):|^Uid:", f"/proc/{process}/status").split()
    assert rights[rights.index("CapBnd:") + 1] == "0000000000000000"
    assert rights[rights.index("NoNewPrivs:") + 1 :][:1] == ["1"]
    assert (rights[rights.index("Uid:") + 1] == "12345") is (folder == "of-trader")
    shown = asked(server, folder, "status")
    assert "IB Gateway 10.45, pid " in shown
    assert "listens on 4002" in shown
    assert [p.code for p in PROBLEMS if f"[{p.code}]" in shown] == []
    server.do("systemctl", "stop", "gateway", "gatelight-of-trader")


def test_a_stuck_agent_is_restarted(server: Machine) -> None:
    server.do("systemctl", "start", "stuck")
    before = server.shown("stuck", "MainPID", "NRestarts")
    server.do("kill", "-STOP", before["MainPID"])

    def restarted() -> bool:
        now = server.shown("stuck", "MainPID", "NRestarts", "ActiveState")
        return now["NRestarts"] != before["NRestarts"] and now["ActiveState"] == "active"

    server.wait(restarted, "the stuck agent stays")
    assert server.shown("stuck", "MainPID")["MainPID"] != before["MainPID"]
    server.wait(lambda: "running agent" in asked(server, "stuck", "version"), "the new one does not answer")
    server.do("systemctl", "stop", "stuck")


def test_a_stopped_service_has_ended_well(server: Machine) -> None:
    server.do("systemctl", "start", "gatelight")
    server.do("systemctl", "stop", "gatelight")

    ended = server.shown("gatelight", "Result", "ExecMainStatus", "ActiveState")
    assert ended == {"Result": "success", "ExecMainStatus": "0", "ActiveState": "inactive"}


def test_a_configuration_that_cannot_be_used_is_no_reason_to_try_again(server: Machine) -> None:
    server.do("sh", "-c", "mkdir -p /etc/gatelight; echo 'nonsense = 1' > /etc/gatelight/config.toml")
    server.do("systemctl", "start", "gatelight", check=False)

    ended = server.shown("gatelight", "ExecMainStatus", "ActiveState")
    assert ended == {"ExecMainStatus": "2", "ActiveState": "failed"}
    server.do("sh", "-c", "echo '[checks]\nlook_every = \"7s\"' > /etc/gatelight/config.toml")
    server.do("systemctl", "start", "gatelight")
    server.do("systemctl", "stop", "gatelight")


def test_what_it_has_started_for_the_user_outlives_it(server: Machine) -> None:
    server.do("systemctl", "start", "gatelight")
    group = server.shown("gatelight", "ControlGroup")["ControlGroup"]
    # A program stays in the group of the process that has started it.
    server.do("sh", "-c", f"echo $$ > /sys/fs/cgroup{group}/cgroup.procs; sleep 7654 >/dev/null 2>&1 &")
    server.do("systemctl", "stop", "gatelight")

    (started,) = server.do("pgrep", "--full", "sleep 7654").split()
    server.do("kill", started)


def test_the_users_own_manager_takes_its_unit(server: Machine) -> None:
    server.do("systemctl", "start", "manager")
    units = Path("/run/of-trader/systemd/user")
    (server.kept / "gatelight.service").write_text(here(USER))
    server.do("mkdir", "-p", str(units))
    server.do("cp", str(server.kept / "gatelight.service"), str(units))
    server.do("chown", "-R", "trader", str(units.parent))
    as_user = ("setpriv", "--reuid=12345", "--regid=12345", "--clear-groups")
    manager = (*as_user, "env", "XDG_RUNTIME_DIR=/run/of-trader", "systemctl", "--user")
    server.do(*manager, "daemon-reload")
    server.do(*manager, "start", "gatelight")

    told = server.do(*manager, "show", "gatelight", "--property=ActiveState", "--property=StatusText")
    assert "ActiveState=active" in told
    server.do(*manager, "stop", "gatelight")
    assert "Result=success" in server.do(*manager, "show", "gatelight", "--property=Result")

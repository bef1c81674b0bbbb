from pathlib import Path

import psutil
import pytest

from tests.decoys import DECOYS, Decoy, foreign_java


@pytest.mark.parametrize("name", DECOYS)
def test_a_decoy_runs_and_is_gone_afterwards(name: str, tmp_path: Path) -> None:
    with DECOYS[name](tmp_path) as decoy:
        alive = decoy.process.is_running() and decoy.process.status() != psutil.STATUS_ZOMBIE

    assert alive
    assert not psutil.pid_exists(decoy.pid)


@pytest.mark.parametrize(
    ("name", "process_name", "words"),
    [
        ("shell running grep", "bash", "grep ibgateway"),
        ("editor", "vim", "tws.log"),
        ("own program", None, "tws_bot.py"),
        ("foreign java", "java", "com.example.shop.Main"),
        ("vnc server", "Xtigervnc", "-auth /opt/ibgateway/.Xauthority"),
        ("client portal gateway", "java", "ibgroup.web.core.clientportal.gw.GatewayStart"),
        ("mac installer", "JavaApplicationStub", "Installer.app/Contents/MacOS/JavaApplicationStub"),
        ("linux installer", "sh", "ibgateway-10.45-standalone-linux-x64.sh"),
        ("log follower", "tail", "ibgateway/ibgateway.log"),
        ("terminal of ibc", "xterm", "IBC (GATEWAY 1045)"),
    ],
)
def test_a_decoy_has_the_name_and_the_words_that_mislead(
    name: str, process_name: str | None, words: str, tmp_path: Path
) -> None:
    with DECOYS[name](tmp_path) as decoy:
        seen_name, line = decoy.process.name(), " ".join(_command_line(decoy))

    assert process_name is None or seen_name == process_name[:15] or seen_name == process_name
    assert words in line


def test_a_foreign_java_listens_on_the_port_it_is_given(tmp_path: Path) -> None:
    with foreign_java(tmp_path, 0) as decoy:
        listening = {c.laddr.port for c in decoy.process.net_connections("tcp") if c.status == psutil.CONN_LISTEN}

    assert listening == set(decoy.ports)
    assert listening


def _command_line(decoy: Decoy) -> list[str]:
    return decoy.process.cmdline()

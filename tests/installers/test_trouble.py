"""The installed package where things are not as they should be."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.installers.clean_system import CleanSystem, User, is_there, until
from tests.installers.run import LATER


@pytest.fixture
def user(installed: CleanSystem) -> User:
    return installed.add_user("alice", "/home/alice")


def runs(system: CleanSystem, user: User) -> int:
    """Start the agent without an icon, and wait until it answers; returns its pid."""
    system.start("gatelight", "run", "--no-tray", user=user)
    return int(until(lambda: system.status(user), "an answer of the agent")["agent"]["pid"])


def ended(system: CleanSystem, user: User, pid: int) -> None:
    system.do("gatelight", "stop", user=user)
    until(lambda: not is_there(pid), "the end of the agent")


def remounted(system: CleanSystem, *options: str) -> None:
    place = system.root / "usr"
    system.mount("--bind", place, place)
    subprocess.run(["mount", "-o", f"remount,bind,{','.join(options)}", str(place)], check=True)


def test_a_day_of_the_demonstration_goes_as_it_should(installed: CleanSystem, user: User) -> None:
    said = installed.do("gatelight", "demo", "--no-tray", user=user)

    assert "5 notices about problems, each of them once, and its end once" in said
    assert not (installed.root / "home/alice/.config").exists()


def test_a_read_only_program_folder_is_enough(installed: CleanSystem, user: User) -> None:
    remounted(installed, "ro")
    with pytest.raises(OSError, match="Read-only"):
        (installed.root / "usr/lib/gatelight/written").touch()
    running = runs(installed, user)

    assert "http://127.0.0.1:" in installed.do("gatelight", "--print-url", user=user)
    ended(installed, user, running)


def test_two_users_of_one_machine_have_an_agent_each(installed: CleanSystem, user: User) -> None:
    other = installed.add_user("bob", "/home/bob")
    first, second = runs(installed, user), runs(installed, other)

    assert installed.status(user)["agent"]["pid"] == first != second == installed.status(other)["agent"]["pid"]
    said = installed.do("cat", f"{user.home}/.local/share/gatelight/agent.lock", user=other, status=1)
    assert "Permission denied" in said
    ended(installed, user, first)
    assert installed.status(other)["agent"]["pid"] == second
    ended(installed, other, second)


ALONE = """
gatelight run --no-tray &
until gatelight status --json > "$HOME/status"; [ $? != 3 ]; do sleep 0.2; done
gatelight doctor > "$HOME/doctor"
gatelight stop
wait $!
"""


def test_without_any_network_it_says_so_and_goes_on(installed: CleanSystem, user: User) -> None:
    # Not even the loopback interface is up.
    said = installed.do("sh", "-c", ALONE, user=user, before=("unshare", "--net"))
    status = json.loads((installed.root / "home/alice/status").read_text())

    assert "Traceback" not in said
    assert status["overall"] in ("waiting", "problem")
    assert "This computer has no network" in (installed.root / "home/alice/doctor").read_text()


def test_a_disk_that_fills_up_stops_nothing(installed: CleanSystem, user: User) -> None:
    home = installed.root / "home/alice"
    installed.mount("-t", "tmpfs", "-o", f"size=256k,uid={user.number},mode=700", "small", home)
    running = runs(installed, user)
    fill(home)

    assert "http://127.0.0.1:" in installed.do("gatelight", "--print-url", user=user)
    ended(installed, user, running)


def test_a_disk_that_is_full_from_the_start_is_told_with_the_remedy(installed: CleanSystem, user: User) -> None:
    home = installed.root / "home/alice"
    installed.mount("-t", "tmpfs", "-o", f"size=64k,uid={user.number},mode=700", "full", home)
    fill(home)
    said = installed.do("gatelight", "run", "--no-tray", user=user, status=2)

    assert "No space left on device" in said
    assert "make room on its disk" in said
    assert len(said.strip().splitlines()) == 1


def fill(folder: Path) -> None:
    words = ["dd", "if=/dev/zero", f"of={folder}/filler"]
    assert "No space left" in subprocess.run(words, capture_output=True, text=True, check=False).stderr


def test_an_upgrade_that_is_broken_off_is_finished_by_the_next(
    installed: CleanSystem, user: User, package: Path, later_package: Path
) -> None:
    running = runs(installed, user)
    tree = installed.root.parent / "torn"
    whole = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(later_package)], capture_output=True, check=True).stdout
    # dpkg puts the files in their places after all of them are unpacked; here the power fails between two of them.
    tree.write_bytes(whole[: len(whole) // 3])
    torn = subprocess.run(["tar", "-xf", str(tree), "-C", str(installed.root)], capture_output=True, check=False)
    assert torn.returncode != 0
    assert is_there(running), "the agent ended while its files were torn"
    installed.install(later_package)
    until(lambda: installed.status(user).get("agent", {}).get("version") == LATER, "the later version to run")
    ended(installed, user, installed.status(user)["agent"]["pid"])

"""A machine of its own with Debian's real systemd as its first process, for tests: namespaces on top of this system.

Its files are those of this system; what it writes is gone with it. It needs root on Linux and a kernel that lets a
namespace have its control groups.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 90.0
_SYSTEMD = Path("/lib/systemd/systemd")
_NODES = ("null", "zero", "full", "random", "urandom", "tty")
_UNIT = """[Unit]
Description=Nothing but what is tested
AllowIsolate=yes
"""
_BOOT = """
set -e
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs {folder}
mkdir {folder}/upper {folder}/work {folder}/root
mount -t overlay -o lowerdir=/,upperdir={folder}/upper,workdir={folder}/work overlay {folder}/root
cd {folder}/root
mount -t proc proc proc
mount -t tmpfs -o mode=755 tmpfs sys
mkdir -p sys/fs/cgroup
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/shm dev/pts dev/mqueue dev/hugepages
ln -s pts/ptmx dev/ptmx
for node in {nodes}; do touch dev/$node; mount --bind /dev/$node dev/$node; done
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mkdir -p {kept} .{kept}
mount --bind {kept} .{kept}
{ways}
rm -rf etc/systemd/system lib/systemd/system-generators
mkdir -p etc/systemd/system
cp {kept}/units/* etc/systemd/system/
ip link set lo up
mkdir -p old
pivot_root . old
umount -l /old
echo ready
exec chroot . env -i PATH=$PATH container=other {systemd} --system --show-status=0
"""


class NoMachine(Exception):
    """This system lets us have none; `str()` says what it refuses."""


def missing() -> str:
    """Why there can be no such machine here; empty: there can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "only root on Linux can make a machine of its own"
    if not _SYSTEMD.exists():
        return "systemd is not installed"
    if shutil.which("systemctl") is None:
        return "systemctl is not installed"
    return "" if _hierarchy() is not None else "there are no control groups of version 2"


@dataclass
class Machine:
    """A running one."""

    first: int
    """The process ID of its systemd, as seen from here."""
    kept: Path
    """A folder that both see under the same name."""

    def do(self, *command: str, check: bool = True) -> str:
        """What a command says that runs there as root."""
        there = ("nsenter", "--target", str(self.first), "--all", "--root", "--wd", *command)
        done = subprocess.run(there, capture_output=True, text=True, check=False, timeout=PATIENCE)
        assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def is_up(self) -> bool:
        """Whether its systemd has started all that it was to start."""
        return self.do("systemctl", "is-system-running", check=False).strip() == "running"

    def shown(self, unit: str, *properties: str) -> dict[str, str]:
        """Properties of a unit."""
        told = self.do("systemctl", "show", unit, *(f"--property={one}" for one in properties))
        return dict(line.split("=", 1) for line in told.splitlines())

    def wait(self, so: Callable[[], bool], what: str) -> None:
        """Wait until something holds."""
        deadline = time.monotonic() + PATIENCE
        while not so():
            assert time.monotonic() < deadline, what
            time.sleep(0.1)


@contextmanager
def machine(kept: Path, units: Mapping[str, str], visible: Mapping[str, Path] | None = None) -> Iterator[Machine]:
    """Start one that has these units, by name, and no other that starts by itself.

    `kept` is a folder for both; `visible` are folders of this system by where they lie there, whatever file system they
    are on. Raises NoMachine.
    """
    group = _made_group(kept.name)
    folder = kept / "system"
    (kept / "units").mkdir()
    folder.mkdir()
    for name, text in {"default.target": _UNIT, **units}.items():
        (kept / "units" / name).write_text(text)
    ways = "\n".join(f"mkdir -p .{place}; mount --rbind {one} .{place}" for place, one in (visible or {}).items())
    script = _BOOT.format(folder=folder, kept=kept, nodes=" ".join(_NODES), systemd=_SYSTEMD, ways=ways)
    namespaces = ("--mount", "--pid", "--fork", "--kill-child", "--cgroup", "--net", "--uts", "--ipc")
    into = f'echo $$ > {group}/cgroup.procs && exec "$@"'
    command = ("sh", "-c", into, "sh", "unshare", *namespaces, "sh", "-c", script)
    with (
        _removed(group),
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as outer,
    ):
        try:
            assert outer.stdout is not None
            said = []
            for line in outer.stdout:
                said.append(line)
                if line == "ready\n":
                    break
            else:
                raise NoMachine("".join(said))
            found = Machine(_child_of(outer.pid), kept)
            found.wait(found.is_up, "systemd did not come up")
            yield found
        finally:
            # Its end is that of everything in it.
            outer.send_signal(signal.SIGKILL)
            outer.wait(PATIENCE)


def _child_of(process: int) -> int:
    return int(Path(f"/proc/{process}/task/{process}/children").read_text().split()[0])


def _hierarchy() -> Path | None:
    for line in Path("/proc/mounts").read_text().splitlines():
        place, kind = line.split()[1:3]
        if kind == "cgroup2":
            return Path(place)
    return None


def _made_group(name: str) -> Path:
    hierarchy = _hierarchy()
    assert hierarchy is not None
    made = hierarchy / f"gatelight-tests-{os.getpid()}-{name}"
    try:
        made.mkdir()
    except OSError as fault:
        raise NoMachine(f"no control group can be made: {fault}") from None
    return made


@contextmanager
def _removed(group: Path) -> Iterator[None]:
    """Remove a control group with those in it at the end; the last processes leave them soon after their own."""
    try:
        yield
    finally:
        _remove(group)


def _remove(group: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while group.exists():
        for path in sorted((p for p in group.rglob("*") if p.is_dir()), reverse=True):
            with suppress(OSError):
                path.rmdir()
        with suppress(OSError):
            group.rmdir()
        assert time.monotonic() < deadline
        time.sleep(0.05)

"""A Debian in a folder: packages are installed in it, and programs run in it as users of its own.

It lies over a base that stays as it is. Its processes are ended by the namespaces of the run, see `tests/apart.py`.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psutil

PATIENCE = 120.0
"""Seconds within which anything must happen, on a busy machine too."""
_UPDATED_BY_DPKG = ("var/lib/dpkg", "var/log/dpkg.log", "var/cache")


@contextmanager
def extracted(tar: Path) -> Iterator[Path]:
    """What is in a tar file, in a folder for the time of the block."""
    with tempfile.TemporaryDirectory(prefix="gatelight-base-") as folder:
        Path(folder).chmod(0o755)
        inside = Path(folder) / tar.stem
        inside.mkdir()
        subprocess.run(["tar", "-xf", str(tar), "-C", str(inside)], check=True)
        yield inside


@dataclass(frozen=True)
class User:
    """A user of a clean system."""

    name: str
    number: int
    home: str


@dataclass
class CleanSystem:
    """The system; see the module."""

    root: Path
    stack: ExitStack
    started: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    @classmethod
    @contextmanager
    def over(cls, base: Path) -> "Iterator[CleanSystem]":
        """A system that begins as `base` is; it is gone after the block."""
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gatelight-clean-")))
            folder.chmod(0o755)
            # Changes are kept in memory: overlays do not lie on overlays, as in a container.
            _mount(stack, "-t", "tmpfs", "-o", "mode=755", "changes", folder)
            for name in ("changed", "work", "root"):
                (folder / name).mkdir(mode=0o755)
            ways = f"lowerdir={base},upperdir={folder}/changed,workdir={folder}/work"
            root = folder / "root"
            _mount(stack, "-t", "overlay", "-o", ways, "clean", root)
            _mount(stack, "-t", "proc", "proc", root / "proc")
            system = cls(root, stack)
            stack.callback(system._end_all)
            yield system

    def add_user(self, name: str, home: str) -> User:
        """A new user, also one that `useradd` would not make."""
        number = 1000 + sum(1 for _ in self.root.joinpath("home").iterdir())
        user = User(name, number, home)
        with (self.root / "etc/passwd").open("a", encoding="utf-8") as users:
            users.write(f"{name}:x:{number}:{number}::{user.home}:/bin/sh\n")
        for place in (user.home, f"/run/user/{number}"):
            folder = self.root / place[1:]
            folder.mkdir(parents=True)
            os.chown(folder, number, number)
            folder.chmod(0o700)
        return user

    def share(self, folder: Path) -> None:
        """Let the system see a folder of this machine, at the same place."""
        folder.chmod(0o755)
        place = self.root / str(folder)[1:]
        place.mkdir(parents=True, exist_ok=True)
        self.mount("--bind", folder, place)

    def mount(self, *words: object) -> None:
        """Mount something for as long as the system is there."""
        _mount(self.stack, *words)

    def install(self, package: Path) -> str:
        """Install a package, or put it in the place of the one that is there; returns what dpkg said."""
        shutil.copy(package, self.root / "tmp/package.deb")
        said = self.do("dpkg", "-i", "/tmp/package.deb")
        (self.root / "tmp/package.deb").unlink()
        return said

    def do(
        self, *command: str, user: User | None = None, status: int = 0, before: tuple[str, ...] = (), **environment: str
    ) -> str:
        """Run a command to its end, which must have this status; returns what it said. `before`: what starts it."""
        done = subprocess.run(
            [*before, *self._command(command, user)],
            env=self.environment(user, environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            check=False,
        )
        said = done.stdout.decode(errors="replace")
        assert done.returncode == status, f"{command} ended with {done.returncode}:\n{said}"
        return said

    def start(self, *command: str, user: User, **environment: str) -> "subprocess.Popen[bytes]":
        """Start a program; what it says is kept in a file, and its standard input is a pipe."""
        log = self.stack.enter_context((self.root / f"tmp/{len(self.started)}.log").open("w+b"))
        process = subprocess.Popen(
            self._command(command, user),
            env=self.environment(user, environment),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def status(self, user: User) -> dict[str, Any]:
        """What `gatelight status --json` says; empty while no agent answers."""
        done = subprocess.run(
            self._command(("gatelight", "status", "--json"), user),
            env=self.environment(user, {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        return dict(json.loads(done.stdout)) if done.stdout.strip() else {}

    def files(self) -> set[str]:
        """Every file and folder that was made or changed since the base, but dpkg's own books and the mounts."""
        changed = self.root.parent / "changed"
        found = (str(path.relative_to(changed)) for path in changed.rglob("*") if not path.is_dir())
        return {name for name in found if not name.startswith(_UPDATED_BY_DPKG)}

    def _command(self, command: tuple[str, ...], user: User | None) -> list[str]:
        number = user.number if user else 0
        return ["chroot", f"--userspec={number}:{number}", str(self.root), *command]

    @staticmethod
    def environment(user: User | None, more: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
        """The variables of a user's programs."""
        path = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        if user is None:
            return {**path, "DEBIAN_FRONTEND": "noninteractive", **more}
        own = {
            "HOME": user.home,
            "USER": user.name,
            "LOGNAME": user.name,
            "XDG_RUNTIME_DIR": f"/run/user/{user.number}",
        }
        return {**path, **own, **more}

    def _end_all(self) -> None:
        inside = f"{self.root}/"
        # A started program may have become another process.
        for process in [*Path("/proc").glob("[0-9]*")]:
            try:
                if f"{(process / 'root').readlink()}/" == inside:
                    os.kill(int(process.name), signal.SIGKILL)
            except OSError:
                continue
        for started in self.started:
            started.wait(PATIENCE)
            if started.stdin is not None:
                started.stdin.close()


def is_there(pid: int) -> bool:
    """Whether a process runs."""
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def until(true: Any, what: str) -> Any:
    """Wait until `true()` is; returns its value."""
    deadline = time.monotonic() + PATIENCE
    while not (value := true()):
        assert time.monotonic() < deadline, f"waited {PATIENCE:g} s for {what}"
        time.sleep(0.1)
    return value


def _mount(stack: ExitStack, *words: object) -> None:
    subprocess.run(["mount", *map(str, words)], check=True)
    place = str(words[-1])
    # Lazily: a program that is ending may still be in it.
    stack.callback(subprocess.run, ["umount", "--lazy", place], check=True)

"""A desktop of its own for a test: a private session bus, and on it a screen with window manager, panel and notices.

Nothing of it touches the desktop the tests are run on, and everything is ended by its pid.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

PATIENCE_SECONDS = 30.0
"""How long a part may take to come up on a busy machine."""

_BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={folder}/bus</listen>
  {services}
  <policy context="default">
    <allow user="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""

_PANEL_CONFIG = """<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="dark-mode" type="bool" value="true"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=8;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="30"/>
      <property name="plugin-ids" type="array"><value type="int" value="1"/></property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
      <property name="icon-size" type="int" value="22"/>
    </property>
  </property>
</channel>
"""

_DUNST_CONFIG = """[global]
    width = 420
    offset = 12x12
    font = Sans 10
    markup = full
    max_icon_size = 64
    mouse_middle_click = do_action, close_current
"""


def need(*programs: str) -> None:
    """Skip the test where a program is missing; on CI, where it must be there, fail instead."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing and os.environ.get("CI"):
        pytest.fail(f"not installed, but needed on CI: {', '.join(missing)}")
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def wait_until(true: Callable[[], bool], what: str) -> None:
    """Wait for something another process does; fails with its name."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {PATIENCE_SECONDS:g} s for {what}")
        time.sleep(0.02)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that was started here."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait(20)


@dataclass
class SessionBus:
    """A session bus; `kill` ends it the hard way, `start` has one at the same address again."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"unix:path={self.folder}/bus"

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["dbus-daemon", f"--config-file={self.folder}/bus.conf", "--nofork", "--nopidfile"],
            stderr=subprocess.DEVNULL,
        )
        wait_until(lambda: _listens(self.folder / "bus"), "the session bus")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(20)

    def end(self) -> None:
        if self.process is not None:
            end(self.process)


@contextmanager
def session_bus(services: bool = False) -> Iterator[SessionBus]:
    """A session bus, put into the environment; with `services` it starts installed programs on demand."""
    need("dbus-daemon")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gatelight-")))
        standard = "<standard_session_servicedirs/>" if services else ""
        (folder / "bus.conf").write_text(_BUS_CONFIG.format(folder=folder, services=standard))
        bus = SessionBus(folder)
        stack.callback(bus.end)
        bus.start()
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        yield bus


def _listens(path: Path) -> bool:
    """Whether a connection is taken: the file is there a moment earlier."""
    with socket.socket(socket.AF_UNIX) as caller:
        try:
            caller.connect(str(path))
        except OSError:
            return False
    return True


@dataclass
class Desktop:
    """A whole desktop on a virtual screen; its parts can be ended and started again."""

    bus: SessionBus
    folder: Path
    stack: ExitStack
    panel: subprocess.Popen[bytes] | None = None

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a program of the desktop; it ends with the desktop."""
        log = self.stack.enter_context((self.folder / f"{command[0]}.log").open("ab"))
        process = subprocess.Popen(list(command), stdout=log, stderr=log)
        self.stack.callback(end, process)
        return process

    def start_panel(self) -> None:
        """Start xfce4-panel and wait until it takes icons."""
        self.panel = self.start("xfce4-panel", "--disable-wm-check")
        wait_until(lambda: owned("org.kde.StatusNotifierWatcher"), "xfce4-panel")

    def end_panel(self) -> None:
        assert self.panel is not None
        end(self.panel)
        wait_until(lambda: not owned("org.kde.StatusNotifierWatcher"), "the end of xfce4-panel")

    def screenshot(self, path: Path) -> None:
        """What is on the screen."""
        subprocess.run(["import", "-window", "root", str(path)], check=True, timeout=20)

    def click(self, x: int, y: int, button: int = 1) -> None:
        """Click on the screen."""
        subprocess.run(["xdotool", "mousemove", str(x), str(y), "click", str(button)], check=True, timeout=20)


def owned(name: str) -> bool:
    """Whether somebody owns a name on the session bus."""
    bus = "org.freedesktop.DBus"
    ask = ["dbus-send", "--session", "--print-reply", f"--dest={bus}", "/", f"{bus}.NameHasOwner", f"string:{name}"]
    return b"true" in subprocess.run(ask, capture_output=True, check=False, timeout=10).stdout


@contextmanager
def desktop(panel: bool = True) -> Iterator[Desktop]:
    """A screen with openbox, xfce4-panel (its tray at the bottom) and dunst, put into the environment."""
    need("Xvfb", "dbus-send", "openbox", "xfce4-panel", "dunst", "notify-send", "xdotool", "import")
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        # The home folder first: the programs started on demand write into it.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gatelight-", ignore_cleanup_errors=True)))
        settings = folder / ".config/xfce4/xfconf/xfce-perchannel-xml"
        settings.mkdir(parents=True)
        (settings / "xfce4-panel.xml").write_text(_PANEL_CONFIG)
        (folder / "dunstrc").write_text(_DUNST_CONFIG)
        patch.setenv("HOME", str(folder))
        for variable in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "WAYLAND_DISPLAY", "SESSION_MANAGER"):
            patch.delenv(variable, raising=False)
        patch.setenv("DISPLAY", stack.enter_context(screen(folder)))
        bus = stack.enter_context(session_bus(services=True))
        made = Desktop(bus, folder, stack.enter_context(ExitStack()))
        made.start("openbox")
        made.start("dunst", "-conf", str(folder / "dunstrc"))
        wait_until(lambda: owned("org.freedesktop.Notifications"), "dunst")
        if panel:
            made.start_panel()
        yield made


@contextmanager
def screen(folder: Path) -> Iterator[str]:
    """A virtual screen; yields what DISPLAY must say."""
    told = folder / "display"
    with told.open("wb") as number:
        # Else it starts anew whenever its last client leaves, and turns away who comes meanwhile.
        lasting = "-noreset"
        process = subprocess.Popen(
            ["Xvfb", "-displayfd", str(number.fileno()), "-screen", "0", "1024x600x24", "-nolisten", "tcp", lasting],
            pass_fds=(number.fileno(),),
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until(lambda: told.read_text().endswith("\n"), "the screen")
            yield f":{told.read_text().strip()}"
        finally:
            end(process)

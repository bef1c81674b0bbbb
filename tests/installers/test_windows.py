"""A Windows user's life with setup.exe: install, start, use, upgrade while it runs, remove."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from build_windows import PYTHON
from packaged import version

from agent.core.shown.display import IconState
from tests.installers.windows_home import RUN_KEY, UNINSTALL_KEY, WindowsHome, until, windows_home
from tests.installers.windows_setups import NEXT, TESTED, USER
from tests.windows_desktop import WindowsDesktop, finished

pytestmark = pytest.mark.timeout(600)

NOW = version()
PORT = 4002
PICTURES = "GATELIGHT_PICTURES"
"""Names a folder that keeps the screenshots."""
DATA = Path("users/nobody/AppData/Local/gatelight")
STRANGE = "C:\\Jörg Müller\\Über & Co"
"""A folder as a user may have it."""


@pytest.fixture
def home() -> Iterator[WindowsHome]:
    with windows_home() as made:
        yield made


def screenshots(home: WindowsHome) -> WindowsDesktop:
    """The screen of that Windows."""
    place = Path(os.environ.get(PICTURES, home.folder))
    return WindowsDesktop(home.environment, place)


def configured(home: WindowsHome, words: str = "") -> None:
    """Settings as a user has them: a port for the page that outlasts a new start."""
    home.gatelight("config", "set", "page.port", "28765")
    if words:
        home.gatelight("config", "set", "checks.look_every", words)


def shown_page(home: WindowsHome) -> str:
    """The page of the running agent, fetched by a program of that Windows: none from elsewhere is let in."""
    status, address = home.gatelight("--print-url")
    assert status == 0, address
    fetch = f"from urllib.request import urlopen; print(urlopen({address.split()[-1]!r}, timeout=30).read().decode())"
    status, page = home.run(PYTHON.python, "-c", fetch)
    assert status == 0, page
    return page


def test_installed_by_a_user_it_starts_finds_the_gateway_and_says_what_is_wrong(home: WindowsHome) -> None:
    assert home.setup(NOW, "/AUTOSTART") == 0
    configured(home)
    desktop = screenshots(home)
    gateway = home.start(home.programs / "gatelight.exe", "simulate", "--port", str(PORT))
    agent = home.start(home.programs / "gatelightw.exe", "run")
    until(lambda: home.status().get("overall") == "connected", "a connection to the simulated IB Gateway")
    shown = home.status()["connections"][0]
    desktop.icon((IconState.CONNECTED,), "installed")
    page = shown_page(home)
    login = home.gatelight("autostart", "status")
    gateway.kill()
    until(lambda: home.codes() == ["app-not-running"], "the end of IB Gateway")
    log = home.data / "Logs/gatelight.log"
    until(lambda: "IB Gateway is not running" in log.read_text(encoding="utf-8"), "a notice in the log")
    stopped, _words = home.gatelight("stop")

    assert (home.drive / "users/nobody/AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Gatelight.lnk").is_file()
    assert home.value(UNINSTALL_KEY, "DisplayVersion") == NOW
    assert shown["application"]["kind"] == "gateway"
    assert shown["application"]["version"] == "10.45"
    assert shown["application"]["listening"] == [PORT]
    assert "<title>Gatelight" in page
    assert login[0] == 0
    assert login[1].startswith("on: ")
    assert "gatelightw.exe run --autostart" in home.value(RUN_KEY, "Gatelight")
    assert stopped == 0
    assert finished(agent, 60.0)[0] == 0


def test_upgraded_while_it_runs_it_keeps_settings_page_and_memory(home: WindowsHome) -> None:
    home.setup(NOW)
    configured(home, "7s")
    home.start(home.programs / "gatelightw.exe", "run")
    until(home.status, "an answer of the agent")
    before, page = home.status()["agent"]["pid"], shown_page(home)
    home.gatelight("snooze", "app-not-running", "3h")
    settings = (home.data / "config.toml").read_text(encoding="utf-8")
    status = home.setup(NEXT)
    until(home.status, "an answer of the agent that was started anew")
    memory = (home.data / "memory.json").read_text(encoding="utf-8")

    assert status == 0
    assert home.value(UNINSTALL_KEY, "DisplayVersion") == NEXT
    assert (home.programs / f"_internal/of-{NEXT}.txt").exists()
    assert not (home.programs / f"_internal/of-{NOW}.txt").exists()
    assert sorted(p.name for p in home.programs.iterdir()) == [
        "_internal",
        "gatelight.exe",
        "gatelightw.exe",
        "uninstall.exe",
    ]
    assert home.status()["agent"]["pid"] != before
    assert (home.data / "config.toml").read_text(encoding="utf-8") == settings
    assert "app-not-running" in memory
    assert shown_page(home)[:200] == page[:200]
    assert "Gatelight ends" in (home.data / "Logs/gatelight.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("purge", [False, True], ids=["settings kept", "purged"])
def test_uninstalled_nothing_is_left_but_what_was_promised(home: WindowsHome, purge: bool) -> None:
    # Windows makes folders of its own when the first program runs.
    home.run("cmd", "/c", "ver")
    files, registry = home.files(), home.registry()
    home.setup(NOW, "/AUTOSTART")
    configured(home)
    home.start(home.programs / "gatelightw.exe", "run")
    until(home.status, "an answer of the agent")
    status, _output = home.run(home.programs / "uninstall.exe", "/S", *(["/PURGE"] if purge else []))
    # The uninstaller goes on from a copy of itself.
    until(lambda: not home.programs.exists(), "the end of the program’s folder")
    home.settled()
    left = {name for name in home.files() - files if not name.endswith("Programs")}

    assert status == 0
    assert home.registry() - registry == set()
    if purge:
        assert left == set()
    else:
        assert {str(Path(name).relative_to(DATA)).split("/")[0] for name in left} >= {"config.toml", "memory.json"}
        assert all(Path(name).is_relative_to(DATA) for name in left)


def test_another_installation_keeps_its_start_at_log_in(home: WindowsHome) -> None:
    home.setup(NOW)
    other = r"C:\Other\gatelightw.exe run --autostart"
    home.run("reg", "add", RUN_KEY, "/v", "Gatelight", "/d", other, "/f")
    home.run(home.programs / "uninstall.exe", "/S")
    until(lambda: not home.programs.exists(), "the end of the program’s folder")

    assert home.value(RUN_KEY, "Gatelight") == other


def test_a_folder_of_the_user_s_own_keeps_everything_else(home: WindowsHome) -> None:
    """Spaces, letters beyond ASCII, and files that are not ours, in the folder that was chosen."""
    own = home.drive / STRANGE.removeprefix("C:\\").replace("\\", "/")
    own.mkdir(parents=True)
    (own / "mine.txt").touch()
    os.chown(own, USER, USER)
    # As several words: the folder has no quotes around it.
    assert home.setup(NOW, *f"/D={STRANGE}".split(" ")) == 0
    data = STRANGE + "\\Daten"
    agent = home.start(own / "gatelight.exe", "run", "--no-tray", "--data-dir", data)
    until(lambda: home.run(own / "gatelight.exe", "status", "--data-dir", data)[0] in (0, 1), "an answer")
    answered, switched = home.run(own / "gatelight.exe", "autostart", "on", "--data-dir", data)
    stopped, _words = home.run(own / "gatelight.exe", "stop", "--data-dir", data)
    home.run(own / "uninstall.exe", "/S")
    until(lambda: not (own / "uninstall.exe").exists(), "the end of the program")

    assert answered == 0
    assert switched.startswith("on: ")
    assert stopped == 0
    assert finished(agent, 60.0)[0] == 0
    assert (own / "Daten").is_dir()
    assert home.value(RUN_KEY, "Gatelight") == ""
    assert {p.name for p in own.iterdir()} == {"Daten", "mine.txt"}


def test_a_program_that_does_not_hear_is_never_ended_by_force(home: WindowsHome) -> None:
    """Its data folder is its own, so that no `gatelight stop` reaches it: the setup gives up, and changes nothing."""
    home.setup(NOW)
    elsewhere = home.start(home.programs / "gatelight.exe", "run", "--no-tray", "--data-dir", r"C:\elsewhere")
    log = home.drive / "elsewhere/log/gatelight.log"
    until(lambda: log.exists() and "starts" in log.read_text(encoding="utf-8"), "the start")
    status = home.setup(NEXT)
    running = elsewhere.poll() is None
    kept = home.value(UNINSTALL_KEY, "DisplayVersion")
    left = (home.programs / "gatelight-new").exists()
    stopped, _words = home.gatelight("stop", "--data-dir", r"C:\elsewhere")
    again = home.setup(NEXT)

    assert (status, running, kept, left) == (2, True, NOW, False)
    assert (home.programs / f"_internal/of-{NEXT}.txt").exists()
    assert (stopped, again) == (0, 0)


def test_an_upgrade_broken_off_leaves_the_old_program_whole_and_the_next_one_clears_up(home: WindowsHome) -> None:
    home.setup(NOW)
    broken = home.start(TESTED / f"setup-{NEXT}.exe", "/S")
    until((home.programs / "gatelight-new/_internal").exists, "the first files of the new version")
    home.end()
    broken.wait(60)
    half = (home.programs / "gatelight-new").exists()
    answered, said = home.gatelight("--version")
    version_then = home.value(UNINSTALL_KEY, "DisplayVersion")
    again = home.setup(NEXT)

    assert half
    assert answered == 0
    assert NOW in said
    assert version_then == NOW
    assert (home.programs / f"_internal/of-{NEXT}.txt").exists()
    assert again == 0
    assert not (home.programs / "gatelight-new").exists()
    assert home.gatelight("--version")[0] == 0


def test_a_second_setup_leaves_the_first_one_alone(home: WindowsHome) -> None:
    first = home.start(TESTED / f"setup-{NEXT}.exe", "/S")
    until((home.programs / "gatelight-new/_internal").exists, "the first files of the first one")
    second = home.setup(NOW)

    assert second == 2
    assert finished(first, 120.0)[0] == 0
    assert (home.programs / f"_internal/of-{NEXT}.txt").exists()
    assert not (home.programs / "gatelight-new").exists()


def test_going_back_to_an_older_version_keeps_the_settings(home: WindowsHome) -> None:
    home.setup(NEXT)
    configured(home, "8s")
    status = home.setup(NOW)

    assert status == 0
    assert home.value(UNINSTALL_KEY, "DisplayVersion") == NOW
    assert (home.programs / f"_internal/of-{NOW}.txt").exists()
    assert not (home.programs / f"_internal/of-{NEXT}.txt").exists()
    assert "8s" in home.gatelight("config", "show")[1]


def test_the_packaged_demonstration_runs_to_its_end(home: WindowsHome) -> None:
    home.setup(NOW)
    status, said = home.run(home.programs / "gatelight.exe", "demo", "--no-tray", seconds=400)

    assert status == 0, said
    assert "did not happen" not in said
    assert "Traceback" not in said

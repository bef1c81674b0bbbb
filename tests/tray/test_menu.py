import os
import subprocess
import sys

from agent.core.shown.display import SEPARATOR, Action, LookNow, MenuEntry, OpenLog, Quit
from agent.tray.menu import pystray, pystray_menu, short_tooltip


def test_importing_the_tray_imports_neither_pystray_nor_pillow_nor_dbus() -> None:
    check = "import sys, agent.tray; sys.exit(bool({'pystray', 'PIL', 'dbus_fast'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", check], check=False, timeout=30)

    assert done.returncode == 0


def test_pystray_is_imported_without_a_display_and_leaves_the_environment_alone() -> None:
    check = (
        "import os; from agent.tray.menu import pystray; pystray(); import sys;"
        "assert 'PYSTRAY_BACKEND' not in os.environ; assert 'Xlib' not in sys.modules"
    )
    environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "PYSTRAY_BACKEND")}
    done = subprocess.run([sys.executable, "-c", check], check=False, timeout=30, env=environment, capture_output=True)

    assert done.returncode == 0, done.stderr


def test_lines_become_items_with_marks_submenus_and_separators() -> None:
    asked: list[Action] = []
    menu = pystray_menu(
        (
            MenuEntry("All is well"),
            MenuEntry("More", children=(MenuEntry("Look now", LookNow(), checked=True),)),
            SEPARATOR,
            MenuEntry("Open the log", OpenLog(), checked=False, default=True),
        ),
        asked.append,
    )
    text, more, separator, open_log = menu.items
    (look,) = more.submenu.items

    assert (text.text, text.enabled, text.checked) == ("All is well", False, None)
    assert (look.text, look.enabled, look.checked) == ("Look now", True, True)
    assert separator is pystray().Menu.SEPARATOR
    assert (open_log.checked, open_log.default, more.enabled) == (False, True, True)


def test_a_click_asks_for_what_the_line_says() -> None:
    asked: list[Action] = []
    entries = (MenuEntry("Read me"), MenuEntry("Quit", Quit()), MenuEntry("Look now", LookNow(), default=True))
    menu = pystray_menu(entries, asked.append)

    for item in menu.items:
        item(None)
    menu(None)

    assert asked == [Quit(), LookNow(), LookNow()]


def test_a_line_to_read_is_never_the_default() -> None:
    (item,) = pystray_menu((MenuEntry("Read me", default=True),), lambda _: None).items

    assert not item.default


def test_labels_are_spelt_for_the_system_and_not_endless() -> None:
    (item,) = pystray_menu(
        (MenuEntry("P&L " + "x" * 200, Quit()),), lambda _: None, lambda s: s.replace("&", "&&")
    ).items

    assert item.text.startswith("P&&L xx")
    assert len(item.text) == 121


def test_a_tooltip_is_cut_at_a_word() -> None:
    text = "Paper Gateway: connected. " * 8

    assert short_tooltip("short") == "short"
    assert len(short_tooltip(text)) <= 127
    assert short_tooltip(text).endswith("Gateway…")

"""What macOS is told of Gatelight.app; imported by the spec, in the Python that builds it."""

from pathlib import Path
from typing import Any

from start import OPENED

NAME = "Gatelight.app"
IDENTIFIER = "gatelight"
IDENTITY = "GATELIGHT_MAC_IDENTITY"
"""Names the “Developer ID Application” certificate in the keychain that everything is signed with."""
ENTITLEMENTS = str(Path(__file__).resolve().with_name("entitlements.plist"))
OLDEST = "12.0"
"""The oldest macOS that the app is made for; the libraries in it ask for 11."""


def oldest(target: str | None) -> str:
    """The oldest macOS that the app runs on; `target`: the one that the Python in it was built for."""
    return max(filter(None, (OLDEST, target)), key=lambda version: [int(number) for number in version.split(".")])


def info(version: str, target: str | None = None) -> dict[str, Any]:
    """What Info.plist says beside what PyInstaller writes there; `target` as in `oldest`."""
    return {
        "CFBundleVersion": version,
        # An icon in the menu bar, none in the Dock.
        "LSUIElement": True,
        # PyInstaller sets it for a program that can be used in a terminal; it would have no icon anywhere.
        "LSBackgroundOnly": False,
        "LSMinimumSystemVersion": oldest(target),
        "LSApplicationCategoryType": "public.app-category.finance",
        "LSEnvironment": {OPENED: "1"},
        "NSHighResolutionCapable": True,
        "NSHumanReadableCopyright": "MIT licence",
        "NSAppleEventsUsageDescription": "Brings the window of TWS or IB Gateway to the front when you ask for it.",
    }

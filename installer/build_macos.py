"""What Mac users get, made on a Mac: Gatelight.app in a .dmg, signed and notarised where a certificate is named.

Not tried on a Mac. Every command is one of the functions below, which run nothing.
"""

import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from macos import bundle
from packaged import CannotBuild, NotHere, call, environment, freeze, list_parts, parts_of, said, version

NOTARY = "GATELIGHT_MAC_NOTARY"
"""Names the profile that `xcrun notarytool store-credentials` made; without it nothing is sent to Apple."""
Command = tuple[str | Path, ...]


@dataclass(frozen=True)
class Signing:
    """What the app is signed with."""

    identity: str
    """A “Developer ID Application” certificate in the keychain, by its name."""
    notary: str | None = None
    """The profile of notarytool."""

    @classmethod
    def from_environment(cls, told: Mapping[str, str] = os.environ) -> "Signing | None":
        """By GATELIGHT_MAC_IDENTITY and GATELIGHT_MAC_NOTARY; None without both. CannotBuild for the latter alone."""
        identity, notary = told.get(bundle.IDENTITY), told.get(NOTARY)
        if notary and not identity:
            raise CannotBuild(f"Apple notarises what is signed: {NOTARY} needs {bundle.IDENTITY} beside it.")
        return cls(identity, notary or None) if identity else None


def build(out: Path) -> list[Path]:
    """Make the .dmg in `out`."""
    on_a_mac = sys.platform == "darwin"
    if not on_a_mac:
        raise NotHere("This is made on a Mac, for codesign, notarytool and hdiutil are nowhere else.")
    signing = Signing.from_environment()
    try:
        said("xcode-select", "--print-path")
    except CannotBuild:
        raise CannotBuild("Xcode’s command line tools are missing: `xcode-select --install` installs them.") from None
    # Else PyInstaller goes on with an app that it could not sign.
    program = freeze(environment(Path(sys.executable)), PYINSTALLER_STRICT_BUNDLE_CODESIGN_ERROR="1")
    image = out / image_name(version(), platform.machine())
    with tempfile.TemporaryDirectory(prefix="gatelight-dmg-") as folder:
        try:
            for command in commands(program.parent / bundle.NAME, image, Path(folder), signing):
                call(*command)
        except CannotBuild:
            # One that Apple refused looks like any other.
            image.unlink(missing_ok=True)
            raise
    list_parts(image, parts_of(program))
    return [image]


def image_name(number: str, machine: str) -> str:
    """The file name of the .dmg of a version, for Macs with that kind of processor."""
    return f"gatelight-{number}-{machine}.dmg"


def commands(app: Path, image: Path, folder: Path, signing: Signing | None) -> Iterator[Command]:
    """All that is run to make the .dmg of an app, in this order; `folder` is empty, and thrown away afterwards."""
    # The build does not say what it did not find; the program does.
    yield (app / "Contents/MacOS/gatelight", "try-own-files")
    yield verify(app)
    if signing and signing.notary:
        # A ticket of its own, so that the app opens also where there is no network.
        sent = folder / "app.zip"
        yield ("ditto", "-c", "-k", "--keepParent", app, sent)
        yield submit(sent, signing.notary)
        yield staple(app)
    shown = folder / "image"
    yield ("mkdir", shown)
    yield ("ditto", app, shown / app.name)
    yield ("ln", "-s", "/Applications", shown / "Applications")
    yield make_image(shown, image)
    if signing:
        yield sign_image(image, signing.identity)
        if signing.notary:
            yield submit(image, signing.notary)
            yield staple(image)
            yield assess(image)


def verify(app: Path) -> Command:
    """Fails where something in the app is not signed or was changed afterwards; without a certificate it is ad hoc."""
    return ("codesign", "--verify", "--deep", "--strict", "--verbose=2", app)


def submit(file: Path, notary: str) -> Command:
    """Have Apple look at a file, and wait for the answer."""
    return ("xcrun", "notarytool", "submit", file, "--keychain-profile", notary, "--wait")


def staple(file: Path) -> Command:
    """Put Apple's ticket on a file; fails where Apple refused it, which `submit` does not always."""
    return ("xcrun", "stapler", "staple", file)


def make_image(shown: Path, image: Path) -> Command:
    """Make the .dmg of a folder, compressed."""
    how = ("-volname", "Gatelight", "-fs", "HFS+", "-format", "UDZO", "-ov")
    return ("hdiutil", "create", *how, "-srcfolder", shown, image)


def sign_image(image: Path, identity: str) -> Command:
    """Sign the .dmg; what is in it has been signed."""
    return ("codesign", "--sign", identity, "--timestamp", image)


def assess(image: Path) -> Command:
    """Fails where another Mac would not open the .dmg."""
    return ("spctl", "--assess", "--type", "open", "--context", "context:primary-signature", "--verbose", image)

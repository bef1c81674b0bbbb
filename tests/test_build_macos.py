"""`installer/build_macos.py`: the commands that a Mac runs, with stand-ins for its tools, and what the app says."""

import os
import plistlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import build as building
import build_macos
import pytest
import start
from build_macos import Signing, commands
from macos import bundle
from packaged import CannotBuild, version

ROOT = Path(__file__).resolve().parent.parent
IDENTITY = "Developer ID Application: Jörg Müller (ABCDE12345)"
UNSIGNED = None
SIGNED = Signing(IDENTITY)
NOTARISED = Signing(IDENTITY, "gatelight")
APP, IMAGE, FOLDER = Path("/made here/Gatelight.app"), Path("/out put/gatelight.dmg"), Path("/a folder")
TOOLS = ("xcode-select", "codesign", "xcrun", "ditto", "hdiutil", "spctl")
STAND_IN = """#!/bin/sh
echo "$(basename "$0") $*" >> "$GATELIGHT_TOLD"
case " $GATELIGHT_FAILS " in *" $(basename "$0")-$2 "*) exit 65 ;; esac
case "$(basename "$0") $1" in
    "ditto -c") for last; do :; done; touch "$last" ;;
    "ditto "*) cp -R "$1" "$2" ;;
    "hdiutil create") for last; do :; done; (cd "${10}" && find . | sort) > "$last" ;;
esac
"""


def words(signing: Signing | None) -> list[list[str]]:
    return [[str(word) for word in command] for command in commands(APP, IMAGE, FOLDER, signing)]


def steps(signing: Signing | None) -> list[str]:
    """What is done to which file, in order."""
    told = []
    for command in words(signing):
        tool = command[1] if command[0] == "xcrun" else command[0]
        does = {"notarytool": "submit", "stapler": "staple", "hdiutil": "make", "spctl": "assess"}.get(tool, tool)
        told.append(f"{does} {Path(command[3] if does == 'submit' else command[-1]).name}")
    return told


def test_the_app_is_tried_before_anything_is_made_of_it() -> None:
    for signing in (UNSIGNED, SIGNED, NOTARISED):
        assert words(signing)[0] == [f"{APP}/Contents/MacOS/gatelight", "try-own-files"]


def test_without_a_certificate_nothing_is_signed_and_nothing_leaves_the_machine() -> None:
    assert steps(UNSIGNED)[1:] == [
        "codesign Gatelight.app",
        "mkdir image",
        "ditto Gatelight.app",
        "ln Applications",
        "make gatelight.dmg",
    ]
    assert "--verify" in words(UNSIGNED)[1]


def test_with_a_certificate_the_image_is_signed_too() -> None:
    assert steps(SIGNED) == [*steps(UNSIGNED), "codesign gatelight.dmg"]
    assert words(SIGNED)[-1] == ["codesign", "--sign", IDENTITY, "--timestamp", str(IMAGE)]


def test_apple_sees_the_app_before_the_image_is_made_of_it_and_then_the_image() -> None:
    assert steps(NOTARISED)[2:] == [
        "ditto app.zip",
        "submit app.zip",
        "staple Gatelight.app",
        "mkdir image",
        "ditto Gatelight.app",
        "ln Applications",
        "make gatelight.dmg",
        "codesign gatelight.dmg",
        "submit gatelight.dmg",
        "staple gatelight.dmg",
        "assess gatelight.dmg",
    ]


def test_notarytool_waits_for_the_answer_and_is_given_no_secret() -> None:
    submit = next(command for command in words(NOTARISED) if "submit" in command)

    assert submit == [
        *("xcrun", "notarytool", "submit", f"{FOLDER}/app.zip"),
        *("--keychain-profile", "gatelight", "--wait"),
    ]


def test_the_image_has_the_app_and_the_way_to_the_applications() -> None:
    made = next(command for command in words(UNSIGNED) if command[0] == "hdiutil")

    assert made[-2:] == [f"{FOLDER}/image", str(IMAGE)]
    assert made[made.index("-format") + 1] == "UDZO"
    assert ["ln", "-s", "/Applications", f"{FOLDER}/image/Applications"] in words(UNSIGNED)


def test_nothing_is_signed_deep() -> None:
    """What is inside has entitlements and a signature of its own."""
    signing = [command for command in words(NOTARISED) if "--sign" in command]

    assert len(signing) == 1
    assert "--deep" not in signing[0]


def test_what_is_signed_is_asked_of_the_environment() -> None:
    assert Signing.from_environment({}) is None
    assert Signing.from_environment({bundle.IDENTITY: IDENTITY}) == SIGNED
    assert Signing.from_environment({bundle.IDENTITY: IDENTITY, build_macos.NOTARY: "gatelight"}) == NOTARISED
    with pytest.raises(CannotBuild, match=bundle.IDENTITY):
        Signing.from_environment({build_macos.NOTARY: "gatelight"})


@pytest.mark.skipif(sys.platform == "darwin", reason="on a Mac it builds")
def test_elsewhere_it_says_what_it_needs_a_mac_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = building.main(["macos", "--out", str(tmp_path)])

    assert status == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "on a Mac" in line
    assert "codesign, notarytool and hdiutil" in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="the stand-ins are scripts of the shell")
class TestOnAMadeUpMac:
    @pytest.fixture(autouse=True)
    def mac(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        tools = tmp_path / "tools"
        tools.mkdir()
        for name in TOOLS:
            (tools / name).write_text(STAND_IN)
            (tools / name).chmod(0o755)
        monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
        monkeypatch.setenv("GATELIGHT_TOLD", str(tmp_path / "told"))
        monkeypatch.setenv("GATELIGHT_FAILS", "")
        monkeypatch.setattr(sys, "platform", "darwin")
        monkeypatch.setattr("platform.machine", lambda: "arm64")
        monkeypatch.setattr(build_macos, "environment", lambda base: base)
        monkeypatch.setattr(build_macos, "freeze", lambda _python, **_more: packaged(tmp_path / "made here"))

    def test_the_image_and_the_list_of_its_parts_are_made(self, tmp_path: Path) -> None:
        out = tmp_path / "out put"
        out.mkdir()
        (image,) = build_macos.build(out)

        assert image == out / f"gatelight-{version()}-arm64.dmg"
        listed = image.read_text().splitlines()
        assert {"./Applications", "./Gatelight.app/Contents/MacOS/gatelight"} <= set(listed)
        assert {file.name for file in out.iterdir()} == {image.name, image.name + ".parts.json"}

    def test_all_is_signed_and_seen_by_apple_where_it_is_asked_for(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(bundle.IDENTITY, IDENTITY)
        monkeypatch.setenv(build_macos.NOTARY, "gatelight")
        build_macos.build(tmp_path)
        told = (tmp_path / "told").read_text().splitlines()

        tools = [line.split()[0] for line in told]
        assert tools == [
            *("xcode-select", "codesign", "ditto", "xcrun", "xcrun", "ditto", "hdiutil"),
            *("codesign", "xcrun", "xcrun", "spctl"),
        ]

    @pytest.mark.parametrize(
        ("fails", "said"), [("xcrun-staple", "stapler staple"), ("spctl---type", "spctl --assess")]
    )
    def test_what_apple_refuses_is_no_package(
        self, fails: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(bundle.IDENTITY, IDENTITY)
        monkeypatch.setenv(build_macos.NOTARY, "gatelight")
        monkeypatch.setenv("GATELIGHT_FAILS", fails)

        with pytest.raises(CannotBuild, match=said):
            build_macos.build(tmp_path)
        assert list(tmp_path.glob("*.dmg*")) == []

    def test_missing_tools_are_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "tools/xcode-select").write_text("#!/bin/sh\nexit 2\n")

        with pytest.raises(CannotBuild, match="xcode-select --install"):
            build_macos.build(tmp_path)


def packaged(made: Path) -> Path:
    """A packaged program as PyInstaller leaves it, in the app and in a folder."""
    program = made / bundle.NAME / "Contents/MacOS/gatelight"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    inside = made / "gatelight/_internal"
    inside.mkdir(parents=True)
    (inside / "THIRD-PARTY-PARTS.json").write_text("[]")
    return made / "gatelight"


class TestSpec:
    """`installer/gatelight.spec` as on a Mac, with stand-ins for PyInstaller."""

    @pytest.fixture
    def made(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], dict[str, dict[str, Any]]]:
        hooks = ModuleType("PyInstaller.utils.hooks")
        modules = ["agent.simulator.application", "agent.page.server"]
        hooks.collect_submodules = lambda *_, **__: modules  # type: ignore[attr-defined]
        hooks.collect_data_files = lambda *_: []  # type: ignore[attr-defined]
        hooks.collect_entry_point = lambda name: ([], [f"found by {name}"])  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, hooks.__name__, hooks)
        config = ModuleType("PyInstaller.config")
        config.CONF = {"code_cache": {}}  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, config.__name__, config)
        monkeypatch.setattr("third_party.parts", lambda _files: [])
        monkeypatch.setattr("sysconfig.get_config_var", lambda _name: "13.0")
        monkeypatch.setattr(sys, "platform", "darwin")
        monkeypatch.setattr(sys, "path", [*sys.path])
        monkeypatch.setenv("PYSTRAY_BACKEND", "dummy")
        told: dict[str, dict[str, Any]] = {}

        def noting(name: str) -> Callable[..., SimpleNamespace]:
            def part(*_parts: object, **wishes: Any) -> SimpleNamespace:
                told[name] = wishes
                pure = [("pystray._base", "/x/pystray/_base.py", "PYMODULE")]
                return SimpleNamespace(pure=pure, binaries=[], datas=[], scripts=[])

            return part

        def run() -> dict[str, dict[str, Any]]:
            spec = ROOT / "installer/gatelight.spec"
            names = {name: noting(name) for name in ("Analysis", "PYZ", "EXE", "COLLECT", "BUNDLE")}
            given = {"SPECPATH": str(spec.parent), "workpath": str(tmp_path), **names}
            exec(compile(spec.read_text(encoding="utf-8"), str(spec), "exec"), given)
            return told

        return run

    def test_the_app_is_made_with_what_macos_is_told_of_it(self, made: Callable[[], dict[str, Any]]) -> None:
        told = made()

        assert told["BUNDLE"]["name"] == bundle.NAME
        assert told["BUNDLE"]["version"] == version()
        assert told["BUNDLE"]["info_plist"] == bundle.info(version(), "13.0")
        assert Path(told["BUNDLE"]["icon"]).is_file()
        assert "codesign_identity" not in told["EXE"]
        assert "found by keyring.backends" in told["Analysis"]["hiddenimports"]

    def test_what_is_in_it_is_signed_with_the_entitlements(
        self, made: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(bundle.IDENTITY, IDENTITY)
        told = made()

        assert told["EXE"]["codesign_identity"] == IDENTITY
        assert told["EXE"]["entitlements_file"] == bundle.ENTITLEMENTS


class TestBundle:
    def test_what_macos_is_told_of_the_app_is_a_property_list(self) -> None:
        told = bundle.info("0.2.0")

        assert plistlib.loads(plistlib.dumps(told)) == told

    def test_it_has_an_icon_in_the_menu_bar_alone(self) -> None:
        told = bundle.info("0.2.0")

        # Without the second, PyInstaller makes it a program without any icon.
        assert (told["LSUIElement"], told["LSBackgroundOnly"]) == (True, False)
        assert told["NSHighResolutionCapable"] is True

    def test_it_says_its_version_in_numbers(self) -> None:
        assert bundle.info("0.2.0")["CFBundleVersion"] == "0.2.0"

    @pytest.mark.parametrize(
        ("target", "oldest"), [(None, "12.0"), ("10.13", "12.0"), ("12.0", "12.0"), ("12.10", "12.10"), ("15", "15")]
    )
    def test_it_wants_no_older_macos_than_its_python_can_use(self, target: str | None, oldest: str) -> None:
        assert bundle.info("0.2.0", target)["LSMinimumSystemVersion"] == oldest

    def test_the_entitlements_are_a_property_list_of_yes(self) -> None:
        told = plistlib.loads(Path(bundle.ENTITLEMENTS).read_bytes())

        assert set(told.values()) == {True}
        # With it, the program would load libraries of anyone.
        assert "com.apple.security.cs.disable-library-validation" not in told

    def test_a_use_of_another_program_is_allowed_and_explained(self) -> None:
        """The fix that brings a window to the front asks System Events."""
        entitled = plistlib.loads(Path(bundle.ENTITLEMENTS).read_bytes())
        asks = "osascript" in (ROOT / "agent/platforms/foreground/macos.py").read_text(encoding="utf-8")

        assert asks
        assert entitled["com.apple.security.automation.apple-events"] is True
        assert bundle.info("0.2.0")["NSAppleEventsUsageDescription"]

    def test_an_app_that_is_opened_runs(self) -> None:
        opened = bundle.info("0.2.0")["LSEnvironment"]

        assert start.arguments([], opened) == ["run"]
        assert start.arguments(["doctor"], opened) == ["doctor"]
        assert start.arguments([], {}) == []

    def test_what_it_starts_does_not_hear_of_it(self) -> None:
        environment = {"HOME": "/Users/jörg", **bundle.info("0.2.0")["LSEnvironment"]}
        start.restore(environment)

        assert environment == {"HOME": "/Users/jörg"}


@pytest.mark.skipif(os.name != "posix", reason="a script of the shell")
def test_the_script_for_a_mac_can_be_read_by_a_plain_shell() -> None:
    script = ROOT / "installer/macos/install.sh"

    assert subprocess.run(["sh", "-n", str(script)], check=False, timeout=60).returncode == 0

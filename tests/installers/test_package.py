"""What is in the .deb, and what the tools of Debian say about it."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import left_out
import pytest
import release
import third_party
from packaged import PARTS

from tests.installers.clean_system import CleanSystem
from tests.installers.packed import modules_of
from tests.installers.run import LATER

LIBRARY = "usr/lib/gatelight"


@pytest.fixture(scope="module")
def tree(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the package."""
    folder = tmp_path_factory.mktemp("package")
    said("dpkg-deb", "--raw-extract", package, folder)
    return folder


def said(*command: str | Path) -> str:
    done = subprocess.run([str(w) for w in command], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_lintian_has_nothing_to_say(package: Path) -> None:
    assert said("lintian", "--allow-root", "--info", "--fail-on", "error,warning,info", package) == ""


def test_it_brings_no_scripts_that_run_as_root(tree: Path) -> None:
    assert {path.name for path in (tree / "DEBIAN").iterdir()} == {"control", "md5sums"}


def test_it_needs_the_c_library_and_the_time_zones_alone(package: Path) -> None:
    needed = said("dpkg-deb", "-f", package, "Depends").strip()

    assert [part.split()[0] for part in needed.split(", ")] == ["libc6", "tzdata"]


def test_the_desktop_takes_its_entry_and_its_description(tree: Path) -> None:
    said("desktop-file-validate", tree / "usr/share/applications/gatelight.desktop")
    metainfo = tree / "usr/share/metainfo/gatelight.metainfo.xml"
    # The project has no domain of its own that the name could begin with.
    said("appstreamcli", "validate", "--no-net", "--override=cid-desktopapp-is-not-rdns=info", metainfo)


@pytest.mark.parametrize("of", ["system", "user"])
def test_systemd_takes_its_units(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: str) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    unit = (tree / f"usr/lib/systemd/{of}/gatelight.service").read_text()
    here = tmp_path / "gatelight.service"
    # It asks whether the program is there.
    here.write_text(unit.replace("/usr/bin/gatelight", str(tree / LIBRARY / "gatelight")))

    said("systemd-analyze", "--man=no", f"--{of}", "verify", here)


@pytest.mark.parametrize(
    "place",
    [
        "usr/share/icons/hicolor/scalable/apps/gatelight.svg",
        "usr/share/icons/hicolor/256x256/apps/gatelight.png",
        "usr/share/man/man1/gatelight.1.gz",
        "usr/share/bash-completion/completions/gatelight",
        "usr/share/zsh/vendor-completions/_gatelight",
        "usr/share/fish/vendor_completions.d/gatelight.fish",
        "usr/share/doc/gatelight/copyright",
        "usr/share/doc/gatelight/changelog.gz",
        "usr/share/doc/gatelight/examples/compose.yaml",
        "usr/share/doc/gatelight/examples/kubernetes.yaml",
        "usr/share/gatelight/prometheus/gatelight-alerts.yml",
        "usr/share/gatelight/prometheus/gatelight-dashboard.json",
    ],
)
def test_everything_lies_where_the_system_looks_for_it(tree: Path, place: str) -> None:
    assert (tree / place).stat().st_size > 0


def test_the_licence_of_every_part_comes_along(tree: Path) -> None:
    text = (tree / "usr/share/doc/gatelight/third-party-licences.txt").read_text(encoding="utf-8")
    parts = ("aiohttp", "ib_async", "pillow", "pystray", "python-xlib", "bidict", "pyinstaller", "libssl", "libpython")

    assert [part for part in parts if f"\n{part}" not in text] == []
    assert text.count("GNU LESSER GENERAL PUBLIC LICENSE") >= 2
    assert "numpy" not in text.lower()


@pytest.mark.parametrize("part", ["openssl", "sqlite3", "python3.11", "xz-utils", "zlib"])
def test_its_sbom_names_the_libraries_in_it(made: Path, package: Path, tmp_path: Path, part: str) -> None:
    """liblzma is built from xz-utils."""
    for name in (package, next(made.glob("gatelight-*-image.tar.gz"))):
        shutil.copy(name, tmp_path)
        shutil.copy(name.with_name(name.name + PARTS), tmp_path)
    release.release(tmp_path, {})

    for document in tmp_path.glob(f"*{release.ENDING}"):
        told = json.loads(document.read_text(encoding="utf-8"))
        urls = [component["purl"] for component in told["components"]]
        assert [url for url in urls if url.endswith(f"&upstream={part}")], document.name
        assert len(urls) == len(set(urls))


def test_the_sbom_has_what_the_licences_have(tree: Path, package: Path) -> None:
    text = (tree / "usr/share/doc/gatelight/third-party-licences.txt").read_text(encoding="utf-8")
    parts = third_party.from_list(package.with_name(package.name + PARTS).read_text(encoding="utf-8"))

    assert "libsqlite3-0" in {part.name for part in parts}
    assert text.count(f"\n{'=' * 100}\n\n") == len(parts)


def test_what_nothing_uses_stays_out(tree: Path) -> None:
    """`tests/test_left_out.py` shows that the program does without it."""
    library = tree / LIBRARY
    files = {str(file.relative_to(library / "_internal")) for file in library.rglob("_internal/**/*") if file.is_file()}
    found = modules_of(library / "gatelight") | {re.sub(r"(\.cpython-\w+-\w+-\w+-\w+)?\.so$", "", f) for f in files}

    assert {"agent.cli.main", "frozenlist", "PIL/_imaging"} <= found
    assert found & {form for name in left_out.modules() for form in (name, name.replace(".", "/"))} == set()
    assert [name for name in files if not left_out.is_read(name)] == []
    assert {Path(name).suffix for name in files if name.startswith("agent/_icons/")} == {".png", ".svg"}
    assert [name for name in files if "numpy" in name or "libstdc++" in name] == []


def test_what_is_under_the_lgpl_can_be_replaced(installed: CleanSystem) -> None:
    library = installed.root / LIBRARY / "_internal"
    for module in ("pystray/_base.py", "Xlib/__init__.py"):
        assert (library / module).is_file()
    (library / "pystray/__init__.py").write_text("raise SystemExit('another pystray')")

    assert "another pystray" in installed.do("gatelight", "try-own-files", status=1)


def test_the_later_version_is_one(package: Path, later_package: Path) -> None:
    versions = [said("dpkg-deb", "-f", p, "Version").strip() for p in (package, later_package)]

    assert versions[1] == LATER
    said("dpkg", "--compare-versions", versions[0], "lt", versions[1])

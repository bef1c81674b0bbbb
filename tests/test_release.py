"""`installer/release.py`, with made-up packages; and the workflow that runs it."""

import hashlib
import json
import re
import sys
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import build as building
import pytest
import release
import sbom
import third_party
import yaml
from cyclonedx.validation.json import JsonStrictValidator
from packaged import DOWNLOAD, CannotBuild, list_parts, version
from third_party import Part

from agent.core.updates import Release, read_release

ROOT = Path(__file__).resolve().parent.parent
NOW = version()
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
NAMES = (
    f"gatelight_{NOW}_amd64.deb",
    f"gatelight-{NOW}-setup.exe",
    f"gatelight-{NOW}.msi",
    f"gatelight-{NOW}-image.tar.gz",
    f"gatelight-{NOW}-arm64.dmg",
)
LINUX = (
    Part("aiohttp", "3.14.5", "pypi", "Apache-2.0 AND MIT", text="…"),
    Part("pillow", "13.0.0", "pypi", "MIT-CMU", libraries=("libtiff-20b7e810.so.6.3.0",), text="…"),
    Part("pystray", "0.19.5", "pypi", "LGPLv3", text="…"),
    Part("libssl3", "3.0.19-1~deb12u2", "deb", architecture="amd64", source="openssl", system="debian-12", text="…"),
    Part("zlib1g", "1:1.2.13.dfsg-1", "deb", architecture="amd64", source="zlib", system="debian-12", text="…"),
)
WEB = {DOWNLOAD: "https://example.org/gatelight/"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with packages as `build.py` leaves them."""
    for name in NAMES:
        (tmp_path / name).write_bytes(name.encode())
        list_parts(tmp_path / name, third_party.as_list(LINUX))
    return tmp_path


def document(folder: Path, name: str = NAMES[0]) -> dict[str, Any]:
    return dict(json.loads((folder / (name + release.ENDING)).read_text(encoding="utf-8")))


def test_every_package_and_its_sbom_has_its_checksum(folder: Path) -> None:
    release.release(folder, {})
    listed = dict(line.split("  ")[::-1] for line in (folder / release.SUMS).read_text().splitlines())

    assert set(listed) == {*NAMES, *(name + release.ENDING for name in NAMES)}
    assert listed == {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in listed}


def test_what_was_made_is_what_is_there(folder: Path) -> None:
    before = {*folder.rglob("*")}
    made = release.release(folder, WEB)

    assert set(made) == {*folder.rglob("*")} - before - {folder / release.WINGET}


def test_what_an_earlier_run_made_goes(folder: Path) -> None:
    release.release(folder, WEB)
    (folder / f"gatelight-0.0.1.msi{release.ENDING}").touch()
    made = release.release(folder, {})

    assert not (folder / release.LATEST).exists()
    assert not (folder / release.WINGET).exists()
    assert set(folder.glob(f"*{release.ENDING}")) <= set(made)


def test_an_sbom_names_the_package_and_its_parts(folder: Path) -> None:
    release.release(folder, {})
    told = document(folder)
    product = told["metadata"]["component"]
    parts = {part["name"]: part for part in told["components"]}

    assert (product["name"], product["version"]) == ("gatelight", NOW)
    assert product["hashes"][0]["content"] == hashlib.sha256((folder / NAMES[0]).read_bytes()).hexdigest()
    assert parts["libssl3"]["purl"] == (
        "pkg:deb/debian/libssl3@3.0.19-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl"
    )
    assert parts["pillow"]["purl"] == "pkg:pypi/pillow@13.0.0"
    assert [inside["name"] for inside in parts["pillow"]["components"]] == ["libtiff-20b7e810.so.6.3.0"]
    assert parts["aiohttp"]["licenses"] == [{"expression": "Apache-2.0 AND MIT"}]
    assert parts["pystray"]["licenses"] == [{"license": {"name": "LGPLv3"}}]
    assert "licenses" not in parts["libssl3"]
    needed = {one["ref"]: one.get("dependsOn", []) for one in told["dependencies"]}
    assert sorted(needed[NAMES[0]]) == sorted(part["bom-ref"] for part in told["components"])


def test_the_same_package_has_the_same_sbom(folder: Path) -> None:
    release.release(folder, {})
    first = document(folder)
    release.release(folder, {})

    assert document(folder) == first
    assert document(folder, NAMES[1])["serialNumber"] != first["serialNumber"]


def test_a_part_that_is_there_twice_is_one(folder: Path) -> None:
    list_parts(folder / NAMES[0], third_party.as_list([*LINUX, *LINUX]))
    release.release(folder, {})

    assert len(document(folder)["components"]) == len(LINUX)


def test_an_sbom_that_is_not_valid_is_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = JsonStrictValidator.validate_str
    monkeypatch.setattr(
        JsonStrictValidator, "validate_str", lambda self, text: honest(self, text.replace('"bomFormat"', '"format"'))
    )

    with pytest.raises(CannotBuild, match="not valid"):
        sbom.document(folder / NAMES[0], NOW, LINUX, 0)


@pytest.mark.parametrize("text", [None, "{", "[{}]", '[{"name": "x", "more": 1}]', "[1]"])
def test_a_package_without_the_list_of_its_parts_is_not_released(folder: Path, text: str | None) -> None:
    listed = folder / (NAMES[2] + ".parts.json")
    listed.unlink()
    if text is not None:
        listed.write_text(text)

    with pytest.raises(CannotBuild, match=re.escape(listed.name)):
        release.release(folder, {})


def test_a_folder_without_packages_is_no_release(tmp_path: Path) -> None:
    with pytest.raises(CannotBuild, match=r"build\.py all"):
        release.release(tmp_path, {})


@pytest.mark.parametrize("other", ["9.9.9", f"{NOW}.1", f"1{NOW}", f"{NOW}rc1"])
@pytest.mark.parametrize("name", ["gatelight_{}_amd64.deb", "gatelight-{}.msi", "gatelight-{}-setup.exe"])
def test_a_package_of_another_version_is_not_released(folder: Path, name: str, other: str) -> None:
    (folder / name.format(other)).touch()

    with pytest.raises(CannotBuild, match=re.escape(other)):
        release.release(folder, {})


def test_the_notes_are_what_the_changelog_says_of_the_version(folder: Path) -> None:
    text = "# Changelog\n\n## 0.2.0 (1 December 2026)\n\n- New.\n\n### Mended\n\n- It.\n\n## 0.1.0\n\n- Old.\n"

    assert release.notes_of(text, "0.2.0") == "# Gatelight 0.2.0\n\n- New.\n\n### Mended\n\n- It.\n"
    assert release.notes_of(text, "0.1.0") == "# Gatelight 0.1.0\n\n- Old.\n"
    release.release(folder, {})
    assert (folder / release.NOTES).read_text(encoding="utf-8") == release.notes_of(CHANGELOG, NOW)


@pytest.mark.parametrize("text", ["", "## 0.2.0\n\n## 0.1.0\n\n- Old.\n", "## 0.2.01\n\n- Other.\n"])
def test_a_version_without_notes_is_not_released(text: str) -> None:
    with pytest.raises(CannotBuild, match="CHANGELOG"):
        release.notes_of(text, "0.2.0")


def test_the_check_for_updates_finds_the_version_and_its_page(folder: Path) -> None:
    release.release(folder, WEB)
    told = json.loads((folder / release.LATEST).read_text())
    release.release(folder, WEB | {release.PAGE: "https://example.org/news/1"})
    elsewhere = json.loads((folder / release.LATEST).read_text())

    assert told.keys() == {"schema", "version", "date", "page"}
    assert (told["schema"], told["version"], told["page"]) == (1, NOW, "https://example.org/gatelight")
    assert elsewhere == told | {"page": "https://example.org/news/1"}


def test_the_page_is_of_the_host_that_is_asked(folder: Path) -> None:
    with pytest.raises(CannotBuild, match="two hosts"):
        release.release(folder, WEB | {release.PAGE: "https://example.com/news"})


def test_the_manifest_for_winget_names_the_very_setup(folder: Path) -> None:
    release.release(folder, WEB)
    (file,) = (folder / release.WINGET).glob("*.installer.yaml")
    (told,) = yaml.safe_load(file.read_text(encoding="utf-8"))["Installers"]

    assert told["InstallerUrl"] == f"https://example.org/gatelight/{NAMES[1]}"
    assert told["InstallerSha256"] == hashlib.sha256((folder / NAMES[1]).read_bytes()).hexdigest().upper()


@pytest.mark.parametrize(
    "address", ["http://example.org/x", "example.org", "https://", "https://example.org/a b", "https://example.org/ü"]
)
@pytest.mark.parametrize("name", [DOWNLOAD, release.PAGE])
def test_an_address_that_is_none_is_told(folder: Path, name: str, address: str) -> None:
    with pytest.raises(CannotBuild, match=name):
        release.release(folder, {name: address})


def test_the_latest_release_is_what_the_check_for_new_versions_reads() -> None:
    page = "https://example.org/gatelight/index.html"
    read = read_release(release.latest(NOW, 1_795_442_400, page).encode(), "https://example.org/gatelight")

    assert read == Release(NOW, page)


def test_a_tag_is_that_of_the_version() -> None:
    release.check_tag(None)
    release.check_tag(f"v{NOW}")
    with pytest.raises(CannotBuild, match=NOW):
        release.check_tag("v0.0.9")


def test_as_a_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert release.main([str(folder), "--tag", f"v{NOW}"]) == 0
    assert str(folder / release.SUMS) in capsys.readouterr().out
    assert release.main([str(folder / "none")]) == 1
    assert "There is no package" in capsys.readouterr().err


class TestParts:
    def test_a_list_is_read_as_it_was_written(self) -> None:
        read = third_party.from_list(third_party.as_list(LINUX))

        assert [(p.name, p.version, p.kind, p.libraries, p.source) for p in read] == [
            (p.name, p.version, p.kind, p.libraries, p.source) for p in LINUX
        ]
        assert {part.text for part in read} == {""}

    def test_the_licences_are_printed_whole(self) -> None:
        text = third_party.licence_texts([Part("bidict", "0.24.1", "pypi", "MPL-2.0", text="Mozilla …")])

        assert "\nbidict 0.24.1\n" in text
        assert "Mozilla …" in text

    @pytest.mark.parametrize(
        ("system", "libraries", "found"),
        [
            ("win32", ("python311.dll", "libcrypto-3.dll", "sqlite3.dll"), {"Python", "OpenSSL", "SQLite"}),
            ("darwin", ("Python", "libcrypto.3.dylib", "_sqlite3.cpython-313.so"), {"Python", "OpenSSL", "SQLite"}),
            ("darwin", ("Python",), {"Python"}),
        ],
    )
    def test_python_brings_libraries_where_it_is_no_package(
        self, system: str, libraries: tuple[str, ...], found: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "LICENSE.txt").write_text("The licence of Python")
        monkeypatch.setattr(third_party, "distributions", lambda: distributions(path=[str(tmp_path)]))
        monkeypatch.setattr(sys, "platform", system)
        monkeypatch.setattr(sys, "base_prefix", str(tmp_path))

        parts = third_party.parts(tmp_path / name for name in libraries)

        assert {part.name for part in parts} == found
        assert all(part.text and re.fullmatch(r"\d+\.\d+.*", part.version) for part in parts)

    def test_a_library_that_a_wheel_brings_is_named_with_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        about = tmp_path / "pillow-13.0.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text("Metadata-Version: 2.4\nName: pillow\nVersion: 13.0.0\nLicense-Expression: X\n")
        files = ("PIL/a.so", "pillow.libs/libtiff.so.6", "pillow.libs/libavif.so.1")
        for file in files:
            (tmp_path / file).parent.mkdir(exist_ok=True)
            (tmp_path / file).touch()
        (about / "RECORD").write_text("".join(f"{file},,\n" for file in files))
        (tmp_path / "LICENSE.txt").write_text("The licence of Python")
        monkeypatch.setattr(third_party, "distributions", lambda: distributions(path=[str(tmp_path)]))
        monkeypatch.setattr(sys, "platform", "darwin")
        monkeypatch.setattr(sys, "base_prefix", str(tmp_path))

        parts = third_party.parts([tmp_path / "PIL/a.so", tmp_path / "pillow.libs/libtiff.so.6"])

        assert [part.libraries for part in parts if part.name == "pillow"] == [("libtiff.so.6",)]


class TestWorkflow:
    """`.github/workflows/release.yml` decides nothing."""

    @pytest.fixture
    def workflow(self) -> dict[str, Any]:
        return dict(yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8")))

    @pytest.fixture
    def steps(self, workflow: dict[str, Any]) -> list[dict[str, Any]]:
        return [step for job in workflow["jobs"].values() for step in job["steps"]]

    def test_its_steps_run_the_two_commands_alone(self, steps: list[dict[str, Any]]) -> None:
        run = [step["run"] for step in steps if "run" in step]
        build, make = "python3 installer/build.py ", 'python3 installer/release.py --tag "$GITHUB_REF_NAME"'
        systems = {command.removeprefix(build) for command in run if command.startswith(build)}

        assert run.count(make) == 1
        assert len(run) == len(systems) + 1
        # The image is made of the .deb, and both are kept.
        assert systems == building.SYSTEMS.keys() - {"linux"}
        assert [step for step in steps if {"if", "shell", "working-directory"} & step.keys()] == []

    def test_its_actions_are_of_one_major_version(self, steps: list[dict[str, Any]]) -> None:
        used = [step["uses"] for step in steps if "uses" in step]

        assert used
        assert [action for action in used if re.fullmatch(r"[\w-]+/[\w-]+@v\d+(\.\d+)*", action) is None] == []

    def test_only_the_release_may_write(self, workflow: dict[str, Any]) -> None:
        jobs = workflow["jobs"]

        assert workflow["permissions"] == {"contents": "read"}
        assert [name for name, job in jobs.items() if "permissions" in job] == ["release"]
        assert set(jobs["release"]["needs"]) == jobs.keys() - {"release"}

    def test_it_publishes_what_a_release_has(self, steps: list[dict[str, Any]], folder: Path) -> None:
        release.release(folder, WEB)
        (published,) = (step["with"] for step in steps if "body_path" in step.get("with", {}))
        patterns = [pattern.removeprefix("dist/") for pattern in published["files"].split()]
        there = {file.name for pattern in patterns for file in folder.glob(pattern)}

        assert published["draft"] is True
        assert published["body_path"] == f"dist/{release.NOTES}"
        assert there == {file.name for file in folder.iterdir() if file.is_file()} - {
            release.NOTES,
            *(name + ".parts.json" for name in NAMES),
        }

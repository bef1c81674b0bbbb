"""What is made for Windows beside setup.exe: signatures, the programs’ properties, the .msi, winget’s manifest."""

import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import build_windows
import left_out
import pytest
import third_party
from build_windows import PROGRAMS, Signing
from packaged import parts_of, version
from third_party import from_list
from windows import winget

from tests.installers.packed import modules_of
from tests.installers.windows_home import WindowsHome, until, windows_home
from tests.installers.windows_setups import TESTED

pytestmark = pytest.mark.timeout(600)

NOW = version()


@pytest.fixture
def home() -> Iterator[WindowsHome]:
    with windows_home() as made:
        yield made


@pytest.fixture
def certificate(tmp_path: Path) -> Signing:
    """A certificate of our own for code signing."""
    made = Signing(tmp_path / "certificate.pem", tmp_path / "key.pem")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Gatelight test"]
    command += ["-addext", "extendedKeyUsage=codeSigning", "-out", str(made.certificate), "-keyout", str(made.key)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return made


def signature(program: Path, certificate: Signing) -> str:
    """What osslsigncode says of a program’s signature."""
    command = ["osslsigncode", "verify", "-CAfile", str(certificate.certificate), "-in", str(program)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout


def test_with_a_certificate_all_that_a_user_starts_is_signed(
    home: WindowsHome, certificate: Signing, tmp_path: Path
) -> None:
    folder = tmp_path / "gatelight"
    subprocess.run(["cp", "-r", str(TESTED / "gatelight"), str(folder)], check=True, timeout=60)
    for name in PROGRAMS:
        certificate.sign(folder / name)
    setup = build_windows.make_setup(folder, NOW, home.folder / "setup.exe", signing=certificate, quick=True)
    setup.chmod(0o644)
    status, _output = home.run(setup, "/S")
    signed = [setup, *(home.programs / name for name in (*PROGRAMS, "uninstall.exe"))]
    unsigned = signature(TESTED / f"setup-{NOW}.exe", certificate)

    assert status == 0
    for program in signed:
        assert "Signature verification: ok" in signature(program, certificate), program.name
    assert "Signature verification: ok" not in unsigned
    assert home.gatelight("--version")[0] == 0
    assert (home.programs / "_internal" / third_party.LICENCES).stat().st_size > 0


def test_the_msi_is_installed_and_removed_without_a_question(home: WindowsHome, tmp_path: Path) -> None:
    made = build_windows.make_msi(TESTED / "gatelight", NOW, tmp_path / "gatelight.msi")
    given = home.folder / "gatelight.msi"
    given.write_bytes(made.read_bytes())
    folder = home.drive / "Program Files/Gatelight"
    before = home.files()
    installed, _output = home.run("msiexec", "/i", given, "/qn")
    answered, said = home.run(folder / "gatelight.exe", "--version")
    licences = (folder / "_internal" / third_party.LICENCES).read_text(encoding="utf-8")
    link = [name for name in home.files() - before if name.endswith("Gatelight.lnk")]
    removed, _output = home.run("msiexec", "/x", given, "/qn")
    until(lambda: not folder.exists(), "the end of the program’s folder")

    assert (installed, answered, removed) == (0, 0, 0)
    assert NOW in said
    assert "\nOpenSSL 3" in licences
    assert len(link) == 1
    assert {name for name in home.files() - before if "gatelight" in name.lower()} == set()


def test_the_licence_of_every_part_comes_along() -> None:
    text = (TESTED / "gatelight/_internal" / third_party.LICENCES).read_text(encoding="utf-8")
    parts = from_list(parts_of(TESTED / "gatelight"))
    named = {part.name for part in parts}

    assert {"Python", "OpenSSL", "SQLite", "aiohttp", "ib_async", "pillow", "pystray", "bidict", "pyinstaller"} <= named
    assert [part.name for part in parts if f"\n{part.name} {part.version}\n" not in text] == []
    assert "Microsoft Distributable Code" in text
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in text
    assert "Apache License" in text.split("\naiohttp ")[1].split("=" * 100)[1]


def test_what_nothing_uses_stays_out() -> None:
    """`tests/test_left_out.py` shows that the program does without it."""
    inside = TESTED / "gatelight/_internal"
    files = {str(file.relative_to(inside)) for file in inside.rglob("*") if file.is_file()}
    found = modules_of(TESTED / "gatelight" / PROGRAMS[0]) | {file.split(".cp311-")[0] for file in files}

    assert {"agent.cli.main", "frozenlist", "PIL/_imaging", "tzdata/zoneinfo/Europe/Berlin"} <= found
    assert found & {form for name in left_out.modules() for form in (name, name.replace(".", "/"))} == set()
    assert [name for name in files if not left_out.is_read(name)] == []
    assert {Path(name).suffix for name in files if name.startswith("agent/_icons/")} == {".png", ".svg", ".ico"}


def test_the_programs_say_what_they_are() -> None:
    for name in PROGRAMS:
        told = (TESTED / "gatelight" / name).read_bytes().decode("utf-16-le", errors="ignore")
        told += (TESTED / "gatelight" / name).read_bytes()[1:].decode("utf-16-le", errors="ignore")
        assert "FileDescription\0Gatelight" in told.replace("\0\0", "\0")
        assert name in told


def test_the_manifest_names_the_very_file(tmp_path: Path) -> None:
    setup = TESTED / f"setup-{NOW}.exe"
    files = winget.write(tmp_path, NOW, setup, "https://example.org/gatelight-setup.exe")
    read = {file.name: dict(_pairs(file.read_text(encoding="utf-8"))) for file in files}
    installer = read[f"{winget.IDENTIFIER}.installer.yaml"]

    assert {m["ManifestType"] for m in read.values()} == {"version", "installer", "defaultLocale"}
    assert {(m["PackageIdentifier"], m["PackageVersion"]) for m in read.values()} == {(winget.IDENTIFIER, NOW)}
    assert installer["InstallerType"] == "nullsoft"
    assert installer["InstallerSha256"] == hashlib.sha256(setup.read_bytes()).hexdigest().upper()
    assert installer["InstallerUrl"] == "https://example.org/gatelight-setup.exe"
    assert 3 <= len(read[f"{winget.IDENTIFIER}.locale.en-US.yaml"]["ShortDescription"]) <= 256


def _pairs(text: str) -> list[tuple[str, str]]:
    lines = (line.strip(" -").partition(": ") for line in text.splitlines() if ": " in line)
    return [(key, value) for key, _, value in lines]


def test_no_program_for_users_has_what_the_tests_need(monkeypatch: pytest.MonkeyPatch) -> None:
    """The packaged program of the tests runs a file of theirs first; that of a build does not."""
    started: list[dict[str, str]] = []

    def run(_python: object, _command: list[str], **told: str) -> str:
        started.append(told)
        return ""

    monkeypatch.setattr(build_windows, "run_windows", run)
    build_windows.freeze()

    assert len(started) == 1
    assert "GATELIGHT_TEST_HOOK" not in started[0]
    assert "GATELIGHT_TEST_HOOK" not in build_windows.PYTHON.environment()

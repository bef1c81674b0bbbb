"""The other ways in: pipx from a checkout, and the container image."""

import os
import subprocess
from pathlib import Path

import pytest

LICENCES = "/usr/share/doc/gatelight/third-party-licences.txt"


@pytest.fixture(scope="module")
def pipx(made: Path) -> Path:
    """What `pipx install .` made."""
    return made / "pipx Jörg Müller"


def said(*command: str | Path, **environment: str) -> str:
    done = subprocess.run(
        [str(w) for w in command],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_pipx_makes_the_command(pipx: Path, package: Path) -> None:
    version = package.name.split("_")[1]

    assert said(pipx / "bin/gatelight", "version").startswith(f"gatelight {version}")


def test_the_demonstration_runs_in_it(pipx: Path, tmp_path: Path) -> None:
    told = said(pipx / "bin/gatelight", "demo", "--scenario", "read-only", "--no-tray", HOME=str(tmp_path))

    assert "1 notice about a problem, and its end once." in told


def test_the_image_is_the_command(made: Path, package: Path, tmp_path: Path) -> None:
    image = next(made.glob("gatelight-*-image.tar"))
    store = ("--root", str(tmp_path / "store"), "--runroot", str(tmp_path / "run"))
    buildah = ("buildah", *store)
    more = {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}
    name = said(*buildah, "from", f"oci-archive:{image}", **more).split()[-1]
    try:
        about = said(*buildah, "inspect", "--format", "{{.OCIv1.Config}}", name, **more)
        version = said(*buildah, "run", name, "--", "gatelight", "version", **more)
        who = said(*buildah, "run", name, "--", "id", "-un", **more)
        licences = said(*buildah, "run", name, "--", "cat", LICENCES, **more)
    finally:
        said(*buildah, "rm", name, **more)
        said(*buildah, "rmi", "--all", **more)

    assert version.startswith(f"gatelight {package.name.split('_')[1]}")
    assert who == "gatelight\n"
    assert "\npystray 0" in licences
    assert "[gatelight] [run --no-tray]" in about

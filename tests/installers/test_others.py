"""The other ways in: pipx from a checkout, and the container image."""

import gzip
import json
import os
import subprocess
from pathlib import Path

import build_image
import pytest

LIVED = f"""
healthy() {{ {build_image.HEALTH}; }}
before=0; healthy || before=1
gatelight run --no-tray &
for _ in $(seq 100); do sleep 0.3; after=0; healthy && break; after=1; done
gatelight stop >/dev/null 2>&1
wait
echo "$before then $after"
"""
"""Asks as the health check does, without an agent and with one."""
LICENCES = "/usr/share/doc/gatelight/third-party-licences.txt"


@pytest.fixture(scope="module")
def pipx(made: Path) -> Path:
    """What `pipx install '.[remote]'` made."""
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
    # Docker and Podman load it as it is; buildah does not.
    image = tmp_path / "image.tar"
    image.write_bytes(gzip.decompress(next(made.glob("gatelight-*-image.tar.gz")).read_bytes()))
    store = ("--root", str(tmp_path / "store"), "--runroot", str(tmp_path / "run"))
    buildah = ("buildah", *store)
    more = {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}
    name = said(*buildah, "from", f"docker-archive:{image}", **more).split()[-1]
    try:
        about = json.loads(said(*buildah, "inspect", name, **more))["Docker"]["config"]
        version = said(*buildah, "run", name, "--", "gatelight", "version", **more)
        who = said(*buildah, "run", name, "--", "id", "-un", **more)
        health = said(*buildah, "run", name, "--", "sh", "-ec", LIVED, **more)
        licences = said(*buildah, "run", name, "--", "cat", LICENCES, **more)
    finally:
        said(*buildah, "rm", name, **more)
        said(*buildah, "rmi", "--all", **more)

    assert version.startswith(f"gatelight {package.name.split('_')[1]}")
    assert who == "gatelight\n"
    assert "\npystray 0" in licences
    assert about["Entrypoint"] == ["gatelight"]
    assert about["Cmd"] == ["run", "--no-tray", "-v", "--log-format", "json"]
    assert about["User"] == "1000:1000"
    assert list(about["Volumes"]) == [build_image.DATA]
    assert about["Healthcheck"]["Test"] == ["CMD-SHELL", build_image.HEALTH]
    assert health.splitlines()[-1] == "1 then 0"

"""The container image: Debian's own packages below, the .deb on top. No registry is needed; root is."""

import os
import subprocess
import tempfile
import uuid
from pathlib import Path

import build_linux
from packaged import PARTS, WORK, NotHere, call, list_parts, need, said, version
from third_party import DEBIAN_LIST, as_list, debian_packages, from_list

SUITE = "bookworm"
"""Debian 12."""
DATA = "/var/lib/gatelight"
"""The folder of the data in the image."""
_SET_UP = f"""
dpkg -i /tmp/gatelight.deb >/dev/null
rm /tmp/gatelight.deb
useradd -m -u 1000 gatelight
install -d -o gatelight -g gatelight -m 700 {DATA}
"""
HEALTH = "gatelight status >/dev/null 2>&1; test $? -le 1"
"""Healthy is a Gatelight that answers, whatever it tells of TWS."""
CONFIGURATION = (
    # A number: Kubernetes sees by it that this is not root.
    *("--user", "1000:1000"),
    *("--entrypoint", '["gatelight"]'),
    # What a container says is its log.
    *("--cmd", "run --no-tray -v --log-format json"),
    # The settings are those of /etc/gatelight/config.toml, where there is one.
    *("--env", f"GATELIGHT_DATA_DIR={DATA}", "--env", "XDG_CONFIG_HOME=/etc"),
    *("--volume", DATA, "--port", "9464"),
    *("--healthcheck", f"CMD-SHELL '{HEALTH}'"),
    *("--healthcheck-interval", "60s", "--healthcheck-timeout", "20s", "--healthcheck-start-period", "30s"),
)
"""How the image starts: options of `buildah config`, each with its value."""
_STORE = {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}


def build(out: Path) -> list[Path]:
    """Make the image in `out`, with the .deb that is in it."""
    if os.name != "posix" or os.geteuid() != 0:
        raise NotHere("The image is built as root, on Linux.")
    need("mmdebstrap", "buildah", "crun")
    package = build_linux.build(out)[0]
    image = out / f"gatelight-{version()}-image.tar.gz"
    image.unlink(missing_ok=True)
    base = base_system(SUITE)
    name = f"gatelight-{uuid.uuid4().hex[:8]}"
    store = ("--root", str(WORK / "image"), "--runroot", str(WORK / "image-run"))
    buildah = ("buildah", *store)
    # OCI’s format knows no health check.
    call(*buildah, "from", "--format", "docker", "--name", name, "scratch", **_STORE)
    try:
        call(*buildah, "add", "-q", name, base, "/", **_STORE)
        below = debian_packages(said(*buildah, "run", name, "--", "sh", "-c", DEBIAN_LIST, **_STORE))
        call(*buildah, "copy", "-q", name, package, "/tmp/gatelight.deb", **_STORE)
        call(*buildah, "run", name, "--", "sh", "-ec", _SET_UP, **_STORE)
        call(*buildah, "config", *CONFIGURATION, name, **_STORE)
        call(*buildah, "run", name, "--", "gatelight", "version", **_STORE)
        call(*buildah, "commit", "-q", "--format", "docker", name, name, **_STORE)
        with tempfile.TemporaryDirectory(prefix="gatelight-image-", dir=out) as folder:
            made = Path(folder) / image.with_suffix("").name
            call(*buildah, "push", "-q", name, f"docker-archive:{made}:gatelight:{version()}", **_STORE)
            # Docker and Podman load it as it is.
            call("gzip", "-n", "-9", made)
            made.with_name(image.name).rename(image)
    finally:
        subprocess.run([*buildah, "rm", name], check=False, env=os.environ | _STORE, stdout=subprocess.DEVNULL)
        subprocess.run([*buildah, "rmi", name], check=False, env=os.environ | _STORE, stdout=subprocess.DEVNULL)
    brought = from_list(package.with_name(package.name + PARTS).read_text(encoding="utf-8"))
    list_parts(image, as_list([*below, *brought]))
    return [package, image]


def base_system(suite: str) -> Path:
    """A small Debian as a tar file, made once."""
    tar = WORK / f"{suite}.tar"
    if not tar.exists():
        need("mmdebstrap")
        WORK.mkdir(exist_ok=True)
        part = WORK / f"{suite}.part.tar"
        call("mmdebstrap", "--quiet", "--variant=minbase", suite, part)
        part.rename(tar)
    return tar

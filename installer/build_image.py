"""The container image: Debian's own packages below, the .deb on top. No registry is needed; root is."""

import os
import subprocess
import uuid
from pathlib import Path

import build_linux
from packaged import PARTS, WORK, NotHere, call, list_parts, need, said, version
from third_party import DEBIAN_LIST, as_list, debian_packages, from_list

SUITE = "bookworm"
"""Debian 12."""
_STORE = {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}


def build(out: Path) -> list[Path]:
    """Make the image in `out`, with the .deb that is in it."""
    if os.name != "posix" or os.geteuid() != 0:
        raise NotHere("The image is built as root, on Linux.")
    need("mmdebstrap", "buildah", "crun")
    package = build_linux.build(out)[0]
    image = out / f"gatelight-{version()}-image.tar"
    image.unlink(missing_ok=True)
    base = base_system(SUITE)
    name = f"gatelight-{uuid.uuid4().hex[:8]}"
    store = ("--root", str(WORK / "image"), "--runroot", str(WORK / "image-run"))
    buildah = ("buildah", *store)
    call(*buildah, "from", "--name", name, "scratch", **_STORE)
    try:
        call(*buildah, "add", "-q", name, base, "/", **_STORE)
        below = debian_packages(said(*buildah, "run", name, "--", "sh", "-c", DEBIAN_LIST, **_STORE))
        call(*buildah, "copy", "-q", name, package, "/tmp/gatelight.deb", **_STORE)
        set_up = "dpkg -i /tmp/gatelight.deb >/dev/null && rm /tmp/gatelight.deb && useradd -m gatelight"
        call(*buildah, "run", name, "--", "sh", "-c", set_up, **_STORE)
        start = ("--user", "gatelight", "--entrypoint", '["gatelight"]', "--cmd", "run --no-tray")
        call(*buildah, "config", *start, name, **_STORE)
        call(*buildah, "run", name, "--", "gatelight", "version", **_STORE)
        call(*buildah, "commit", "-q", name, name, **_STORE)
        call(*buildah, "push", "-q", name, f"oci-archive:{image}:gatelight:{version()}", **_STORE)
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

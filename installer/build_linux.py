"""The .deb: the packaged program in /usr/lib/gatelight, and what makes it at home on a desktop. No maintainer scripts.

Built with Debian's own Python, so that the program needs nothing of the system but its C library and time zones.
"""

import gzip
import hashlib
import os
import shutil
import tempfile
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache
from pathlib import Path

from packaged import (
    HERE,
    ROOT,
    CannotBuild,
    call,
    environment,
    freeze,
    list_parts,
    need,
    parts_of,
    said,
    source_date,
    version,
)

PYTHON = Path("/usr/bin/python3")
MAINTAINER = "The Gatelight authors <gatelight@example.org>"
_LINUX = HERE / "linux"
_SHARE = HERE / "share"
_CONTROL = """Package: gatelight
Version: {version}
Architecture: {architecture}
Maintainer: {maintainer}
Installed-Size: {size}
Depends: libc6 (>= {libc}), tzdata
Recommends: xdg-utils
Section: net
Priority: optional
Description: watches the link to TWS and IB Gateway
 Sits in the tray and watches Trader Workstation or IB Gateway of Interactive
 Brokers, their API port, and their own link to the servers. When something is
 wrong it says which one thing it is, and the steps that put it right.
 .
 It never trades, never logs in, and never stores a password.
"""
_CHANGELOG = """gatelight ({version}) stable; urgency=medium

  * See CHANGELOG.md.

 -- {maintainer}  {date}
"""


@cache
def build(out: Path) -> list[Path]:
    """Make the package in `out`; once, also where the image needs it too."""
    need("python3")
    minor = said(PYTHON, "-c", "import sys; print('%d.%d' % sys.version_info[:2])")
    need("binutils", "dpkg-dev", "xz-utils", f"libpython{minor}", f"python{minor}-venv")
    program = freeze(environment(PYTHON))
    architecture = said("dpkg", "--print-architecture")
    package = out / f"gatelight_{version()}_{architecture}.deb"
    with tempfile.TemporaryDirectory(prefix="gatelight-deb-") as folder:
        tree = Path(folder) / "tree"
        _lay_out(program, tree)
        _describe(tree, architecture)
        _set_times_and_rights(tree)
        how = ("--root-owner-group", "-Zxz", "-z9", "-Sextreme")
        call("dpkg-deb", *how, "--build", tree, package, SOURCE_DATE_EPOCH=str(source_date()))
    list_parts(package, parts_of(program))
    return [package]


def _lay_out(program: Path, tree: Path) -> None:
    """Put every file in its place."""
    usr = tree / "usr"
    share, docs = usr / "share", usr / "share/doc/gatelight"
    shutil.copytree(program, usr / "lib/gatelight", symlinks=True)
    _link(usr / "bin/gatelight", "../lib/gatelight/gatelight")
    shutil.copytree(_SHARE / "bash-completion", share / "bash-completion")
    # Debian's zsh and fish look there.
    shutil.copytree(_SHARE / "zsh/site-functions", share / "zsh/vendor-completions")
    shutil.copytree(_SHARE / "fish", share / "fish")
    shutil.copytree(HERE / "prometheus", share / "gatelight/prometheus")
    shutil.copytree(HERE / "server", docs / "examples")
    for page in (_SHARE / "man").rglob("*.[1-8]"):
        _packed(share / "man" / page.relative_to(_SHARE / "man").with_name(f"{page.name}.gz"), page.read_bytes())
    for source, place in {
        _LINUX / "gatelight.desktop": share / "applications/gatelight.desktop",
        _LINUX / "gatelight-user.service": usr / "lib/systemd/user/gatelight.service",
        _LINUX / "gatelight-system.service": usr / "lib/systemd/system/gatelight.service",
        _LINUX / "lintian-overrides": share / "lintian/overrides/gatelight",
        _LINUX / "copyright": docs / "copyright",
        ROOT / "icons/gatelight.svg": share / "icons/hicolor/scalable/apps/gatelight.svg",
        ROOT / "icons/gatelight.png": share / "icons/hicolor/256x256/apps/gatelight.png",
    }.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, place)
    _link(docs / "third-party-licences.txt", "../../../lib/gatelight/_internal/THIRD-PARTY-LICENCES.txt")
    made = datetime.fromtimestamp(source_date(), UTC)
    words = {"version": version(), "date": made.strftime("%Y-%m-%d")}
    metainfo = (_LINUX / "gatelight.metainfo.xml").read_text(encoding="utf-8")
    (share / "metainfo").mkdir()
    (share / "metainfo/gatelight.metainfo.xml").write_text(metainfo.format(**words), encoding="utf-8")
    told = _CHANGELOG.format(version=version(), maintainer=MAINTAINER, date=format_datetime(made))
    _packed(docs / "changelog.gz", told.encode())


def _describe(tree: Path, architecture: str) -> None:
    """Write what dpkg wants to know."""
    files = sorted(path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    about = tree / "DEBIAN"
    about.mkdir()
    sums = (f"{hashlib.md5(f.read_bytes()).hexdigest()}  {f.relative_to(tree)}\n" for f in files)
    (about / "md5sums").write_text("".join(sums), encoding="utf-8")
    libc = (os.confstr("CS_GNU_LIBC_VERSION") or "").split()
    if not libc:
        raise CannotBuild("This system’s C library is not the one of Debian.")
    control = _CONTROL.format(
        version=version(),
        architecture=architecture,
        maintainer=MAINTAINER,
        size=sum(-(-f.stat().st_size // 1024) for f in files),
        libc=libc[1],
    )
    (about / "control").write_text(control, encoding="utf-8")


def _set_times_and_rights(tree: Path) -> None:
    """Everything may be read by all; the program alone is executable. Two builds of one source have the same times."""
    when = source_date()
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path == tree / "usr/lib/gatelight/gatelight" else 0o644)
        os.utime(path, (when, when), follow_symlinks=False)


def _link(place: Path, target: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target)


def _packed(place: Path, content: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(gzip.compress(content, 9, mtime=0))

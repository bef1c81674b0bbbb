"""Makes the packages: `python3 installer/build.py linux`, `windows`, `macos`, `image`, or `all` that can be made here.

What a build needs it installs by itself where it may. The packages lie in `dist` afterwards.
"""

import argparse
import sys
from importlib import import_module
from pathlib import Path

from packaged import ROOT, CannotBuild

SYSTEMS = {
    "linux": "the .deb for Debian and Ubuntu",
    "image": "the container image",
    "windows": "the installer for Windows, and the .msi",
    "macos": "the .dmg for macOS",
}
"""What can be built, each by the file `build_NAME.py` beside this one."""


def main(arguments: list[str]) -> int:
    """Build what is asked for; returns the exit status."""
    parser = argparse.ArgumentParser(prog="build.py", description="Makes the packages of Gatelight.")
    parser.add_argument("system", choices=(*SYSTEMS, "all"), help="what to build")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="the folder for the packages (dist)")
    asked = parser.parse_args(arguments)
    out = asked.out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    made: list[Path] = []
    for system in SYSTEMS if asked.system == "all" else (asked.system,):
        try:
            made += import_module(f"build_{system}").build(out)
        except CannotBuild as fault:
            print(f"{SYSTEMS[system]}: {fault}", file=sys.stderr, flush=True)
            if asked.system != "all":
                return 1
    for package in made:
        print(f"{package} ({package.stat().st_size / 1e6:.1f} MB)")
    return 0 if made else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

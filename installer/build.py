"""Makes the packages: `python3 installer/build.py linux`, `windows`, `macos`, `image`, or `all` that can be made here.

What a build needs it installs by itself where it may. The packages lie in `dist` afterwards, each with a list of its
parts beside it, for `release.py`.
"""

import argparse
import sys
from importlib import import_module
from pathlib import Path

from packaged import HERE, ROOT, CannotBuild, NotHere

SYSTEMS = {
    "linux": "the .deb for Debian and Ubuntu",
    "image": "the container image",
    "windows": "the installer for Windows, and the .msi",
    "macos": "the .dmg for macOS",
}
"""What is built, each by the file `build_NAME.py` beside this one."""


def main(arguments: list[str]) -> int:
    """Build what is asked for; returns the exit status."""
    possible = [system for system in SYSTEMS if (HERE / f"build_{system}.py").exists()]
    parser = argparse.ArgumentParser(prog="build.py", description="Makes the packages of Gatelight.")
    parser.add_argument("system", choices=(*possible, "all"), help="what to build")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="the folder for the packages (dist)")
    asked = parser.parse_args(arguments)
    out = asked.out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    made: dict[Path, None] = {}
    failed = False
    for system in possible if asked.system == "all" else (asked.system,):
        try:
            made |= dict.fromkeys(import_module(f"build_{system}").build(out))
        except CannotBuild as fault:
            print(f"{SYSTEMS[system]}: {fault}", file=sys.stderr, flush=True)
            # Who asks for all gets what this system can make.
            failed = failed or asked.system != "all" or not isinstance(fault, NotHere)
    for package in made:
        print(f"{package} ({package.stat().st_size / 1e6:.1f} MB)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

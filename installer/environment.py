"""A Python environment of the project's own in `.venv`, with the locked packages; the machine's own stay untouched.

Needs Python 3.11 or newer and pip, nothing else: also where Debian's `python3-venv` is missing.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".venv"
OLDEST = (3, 11)


def prepare(lock: str) -> Path:
    """Bring `.venv` to the state of a lock file (path inside the checkout) and return its Python; quick when it is."""
    if sys.version_info < OLDEST:
        sys.exit(f"Gatelight needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    python = _python()
    if not python.exists():
        _call(sys.executable, "-m", "venv", "--without-pip", str(FOLDER))
    wanted = _fingerprint(ROOT / lock, ROOT / "pyproject.toml")
    seal = FOLDER / f"installed-{Path(lock).parent.name or 'gatelight'}"
    if not seal.exists() or seal.read_text(encoding="ascii") != wanted:
        print(f"Preparing {FOLDER.name} from {lock} (once) …", file=sys.stderr, flush=True)
        pip = (sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "-q")
        _call(*pip, "install", "--require-hashes", "-r", str(ROOT / lock))
        _call(*pip, "install", "--no-deps", "--no-build-isolation", "-e", str(ROOT))
        seal.write_text(wanted, encoding="ascii")
    return python


def script(name: str) -> Path:
    """A command that the environment brings."""
    return _python().parent / (f"{name}.exe" if os.name == "nt" else name)


def _python() -> Path:
    return FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _fingerprint(*files: Path) -> str:
    return hashlib.sha256(b"\0".join(f.read_bytes() for f in files)).hexdigest()


def _call(*command: str) -> None:
    try:
        done = subprocess.run(command, check=False)
    except KeyboardInterrupt:
        # What is half installed is installed by the next call.
        sys.exit(130)
    if done.returncode:
        sys.exit(f"`{' '.join(command[1:4])} …` failed: see the lines above. Is the network there, and pip up to date?")

"""Signs a Windows program in its place: `sign.py CERTIFICATE KEY [--time ADDRESS] FILE`, with osslsigncode."""

import subprocess
import sys
from pathlib import Path


def sign(file: Path, certificate: str, key: str, time_server: str | None = None) -> int:
    """Sign a file; returns the exit status of osslsigncode."""
    signed = file.with_name(file.name + ".signed")
    command = ["osslsigncode", "sign", "-h", "sha256", "-n", "Gatelight", "-certs", certificate, "-key", key]
    command += ["-ts", time_server] if time_server else []
    status = subprocess.run([*command, "-in", str(file), "-out", str(signed)], check=False, timeout=120).returncode
    if status == 0:
        signed.replace(file)
    return status


if __name__ == "__main__":
    given = sys.argv[1:]
    at = given[3] if given[2] == "--time" else None
    sys.exit(sign(Path(given[-1]), given[0], given[1], at))

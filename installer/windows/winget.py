"""The manifest for winget, Microsoft's package manager: three files, as its repository wants them."""

import hashlib
from pathlib import Path

IDENTIFIER = "Gatelight.Gatelight"
_SCHEMA = "1.6.0"
_VERSION = """PackageIdentifier: {identifier}
PackageVersion: {version}
DefaultLocale: en-US
ManifestType: version
ManifestVersion: {schema}
"""
_INSTALLER = """PackageIdentifier: {identifier}
PackageVersion: {version}
MinimumOSVersion: 10.0.0.0
InstallerType: nullsoft
Scope: user
InstallModes:
- interactive
- silent
UpgradeBehavior: install
ProductCode: Gatelight
Installers:
- Architecture: x64
  InstallerUrl: {address}
  InstallerSha256: {sha256}
ManifestType: installer
ManifestVersion: {schema}
"""
_LOCALE = """PackageIdentifier: {identifier}
PackageVersion: {version}
PackageLocale: en-US
Publisher: Gatelight
PackageName: Gatelight
License: MIT
ShortDescription: Watches the link to Interactive Brokers’ TWS and IB Gateway, and says what is wrong with it
Moniker: gatelight
Tags:
- ib-gateway
- interactive-brokers
- tws
- trading
ManifestType: defaultLocale
ManifestVersion: {schema}
"""


def write(folder: Path, version: str, setup: Path, address: str) -> list[Path]:
    """Write the manifest of a setup.exe that will be fetched from `address`; returns its files."""
    folder.mkdir(parents=True, exist_ok=True)
    facts = {
        "identifier": IDENTIFIER,
        "version": version,
        "schema": _SCHEMA,
        "address": address,
        "sha256": hashlib.sha256(setup.read_bytes()).hexdigest().upper(),
    }
    made = []
    for ending, text in ((".yaml", _VERSION), (".installer.yaml", _INSTALLER), (".locale.en-US.yaml", _LOCALE)):
        file = folder / f"{IDENTIFIER}{ending}"
        file.write_text(text.format(**facts), encoding="utf-8", newline="\n")
        made.append(file)
    return made

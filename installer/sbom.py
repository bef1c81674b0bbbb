"""What is in a package, as a CycloneDX document; needs `release.lock`."""

import hashlib
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaged import CannotBuild
from packageurl import PackageURL
from third_party import Part


def document(package: Path, version: str, parts: Sequence[Part], when: int) -> str:
    """The document of a package, the same for the same file; `when`: seconds since 1970. CannotBuild for a bad one."""
    digest = hashlib.sha256(package.read_bytes())
    product = Component(
        name="gatelight",
        version=version,
        type=ComponentType.APPLICATION,
        bom_ref=package.name,
        description=package.name,
        licenses=[LicenseFactory().make_from_string("MIT")],
        purl=PackageURL("generic", name="gatelight", version=version, qualifiers={"file_name": package.name}),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest.hexdigest())],
    )
    # Debian lays a library below the program, and the program brings its own copy: that is one part.
    components = list({str(_url(part)): _component(part) for part in parts}.values())
    bom = Bom(
        components=components,
        serial_number=uuid.UUID(bytes=digest.digest()[:16], version=4),
        metadata=BomMetaData(component=product, timestamp=datetime.fromtimestamp(when, UTC)),
    )
    bom.register_dependency(product, components)
    text = JsonV1Dot6(bom).output_as_string(indent=1)
    if (fault := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)) is not None:
        raise CannotBuild(f"The SBOM of {package.name} is not valid: {str(fault).splitlines()[0]}")
    return text + "\n"


def _component(part: Part) -> Component:
    url = _url(part)
    return Component(
        name=part.name,
        version=part.version,
        bom_ref=str(url),
        licenses=[LicenseFactory().make_from_string(part.licence)] if part.licence else [],
        purl=url,
        # Their names are all that is known of them; the number in a name is not that of the version.
        components=[Component(name=name, type=ComponentType.FILE, bom_ref=f"{url}#{name}") for name in part.libraries],
    )


def _url(part: Part) -> PackageURL:
    if part.kind == "deb":
        more = {"arch": part.architecture, "distro": part.system, "upstream": part.source}
        return PackageURL("deb", part.system.partition("-")[0], part.name, part.version, more)
    return PackageURL(part.kind, name=part.name, version=part.version)

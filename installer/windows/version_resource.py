"""What Windows shows among the properties of a program; imported by the spec, in the Python that builds it."""

from typing import Any

_LANGUAGE = "040904b0"
"""English of the United States, in Unicode; Windows shows it where there is no other."""


def version_resource(name: str, version: str) -> Any:
    """The version resource of a program called `name`, for PyInstaller's EXE."""
    from PyInstaller.utils.win32 import versioninfo as parts

    numbers = tuple([*(int(n) for n in version.split("+")[0].split(".") if n.isdigit()), 0, 0, 0, 0][:4])
    said = {
        "CompanyName": "Gatelight",
        "FileDescription": "Gatelight",
        "FileVersion": version,
        "InternalName": name,
        "LegalCopyright": "MIT licence",
        "OriginalFilename": f"{name}.exe",
        "ProductName": "Gatelight",
        "ProductVersion": version,
    }
    strings = [parts.StringStruct(key, value) for key, value in said.items()]
    return parts.VSVersionInfo(
        ffi=parts.FixedFileInfo(filevers=numbers, prodvers=numbers),
        kids=[
            parts.StringFileInfo([parts.StringTable(_LANGUAGE, strings)]),
            parts.VarFileInfo([parts.VarStruct("Translation", [0x0409, 0x04B0])]),
        ],
    )

"""`installer/remote.lock`: exactly what the extra `remote` needs on each system, as the packages themselves say it."""

import re
import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
SYSTEMS = {
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    "windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
    "macos": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
}
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
LEFT_OUT = {"linux": {"keyring"}}
"""Of the extra itself, not installed on a system: see `installer/gatelight.spec`."""
NEED_NOTHING = {"pywin32-ctypes"}
"""Packages for other systems, whose needs cannot be asked here: the version that is locked has none."""


Environment = dict[str, str]
"""What markers ask for, by name."""


def locked(name: str, environment: Environment) -> dict[str, str]:
    """What a lock file installs there: versions by name."""
    found: dict[str, str] = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if line[:1].isalnum():
            requirement = Requirement(line.removesuffix("\\").strip())
            if requirement.marker is None or requirement.marker.evaluate(environment):
                found[canonicalize_name(requirement.name)] = str(requirement.specifier).removeprefix("==")
    return found


def needed(wanted: Iterable[str], environment: Environment, without: Iterable[str] = ()) -> dict[str, Requirement]:
    """All that is needed there for these requirements, by name; `without` some and what they alone need."""
    found: dict[str, Requirement] = {}
    for requirement in map(Requirement, wanted):
        name = canonicalize_name(requirement.name)
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": "", **environment})
        if not applies or name in found or name in without:
            continue
        assert not requirement.extras, f"{requirement} asks for an extra, which is not followed here"
        found[name] = requirement
        if name not in NEED_NOTHING:
            found |= needed(distribution(name).requires or (), environment, without)
    return found


def of_the_extra() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    told: list[str] = project["optional-dependencies"]["remote"]
    return told


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("system", SYSTEMS)
def test_it_names_what_the_extra_needs_and_nothing_else(system: str, python: str) -> None:
    environment: Environment = {key: str(value) for key, value in default_environment().items()} | SYSTEMS[system]
    environment |= {"python_version": python, "python_full_version": f"{python}.0"}
    wanted = needed(of_the_extra(), environment, LEFT_OUT.get(system, ()))
    extra, program = locked("installer/remote.lock", environment), locked("requirements.lock", environment)

    # What the program has anyway need not be named again.
    assert wanted.keys() - program.keys() <= extra.keys() <= wanted.keys()
    assert {name: program[name] for name in extra.keys() & program.keys()}.items() <= extra.items()
    both = program | extra
    assert [f"{name} {both[name]}" for name, it in wanted.items() if not it.specifier.contains(both[name])] == []


def test_what_was_asked_here_are_the_packages_that_are_locked() -> None:
    pins = re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "installer/remote.lock").read_text(encoding="utf-8"), re.MULTILINE)
    other = []
    for name, pinned in pins:
        try:
            here = distribution(name).version
        except PackageNotFoundError:
            assert name in NEED_NOTHING, f"{name} is not installed here, so its needs are not known"
            continue
        if here != pinned:
            other.append(f"{name} {here}, not {pinned}")

    assert other == []


def test_every_version_of_python_that_the_program_runs_on_is_asked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    allowed = Requirement(f"gatelight{project['requires-python']}").specifier

    assert [version for version in (f"3.{minor}" for minor in range(30)) if allowed.contains(version)] == list(PYTHONS)

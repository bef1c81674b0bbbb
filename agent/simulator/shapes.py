"""How a real TWS or IB Gateway looks in the process table and on disk, by operating system and launcher."""

import sys
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from agent.simulator.disguise import Disguise
from agent.simulator.settings_folder import USER_FOLDER, IbcChoices, ibc_config, jts_ini
from agent.tws.applications import ApplicationKind, TradingMode
from agent.tws.reset_windows import Region

DEFAULT_HEAP = 768
"""Megabytes: the `-Xmx` that IB's installer writes."""

_JRE = Path(".local", "share", "i4j_jres", "Oda-jK0QgTEmVssfllLP", "17.0.16.0.101-zulu_64", "bin")
_IBC_FOLDER = Path("opt", "ibc")
_SESSION_ID = "a1b2c3d4"


class Shape(StrEnum):
    """How the application was started."""

    ITSELF = "itself"
    """By its own launcher."""
    IBC = "ibc"
    """By IBC, in a Java of its own."""
    CONTAINER = "container"
    """By IBC in a container, with a network of its own; clients reach it through a relay. Where the system gives no
    process a network of its own, only the relay can be seen, as where Docker runs in a virtual machine."""


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that determines how a simulated application looks from outside."""

    kind: ApplicationKind = ApplicationKind.GATEWAY
    mode: TradingMode = TradingMode.PAPER
    version: str = "10.45"
    shape: Shape = Shape.ITSELF
    region: Region = Region.AMERICA
    heap: int = DEFAULT_HEAP
    """Megabytes of `-Xmx`."""
    restarted: bool = False
    """Whether it is an automatic restart: `-Drestart=` is on the command line."""
    ibc: IbcChoices = field(default_factory=IbcChoices)


@dataclass(frozen=True, slots=True)
class ShapeLayout:
    """The paths of one simulated application, and its disguise."""

    program: Path
    """The numbered program folder."""
    settings: Path
    """The TWS settings folder, with jts.ini."""
    ibc_config: Path | None
    """IBC's config.ini, where IBC started it."""
    disguise: Disguise


def compact(version: str) -> str:
    """A version in the form of folders and jars: "10.45" becomes "1045"."""
    major, _, minor = version.partition(".")
    return f"{major}{minor.split('.')[0]:0>2}" if minor else major


def lay_out(folder: Path, look: Look, platform: str = sys.platform) -> ShapeLayout:
    """Paths and command line of an application whose home is `folder`. Pure: no file is touched."""
    if look.shape is not Shape.ITSELF:
        return _started_by_ibc(folder, look, platform)
    if platform == "win32":
        return _windows(folder, look)
    if platform == "darwin":
        return _mac(folder, look)
    return _linux(folder, look)


def furnish(layout: ShapeLayout, look: Look) -> None:
    """Make the folders and files of a layout: program, settings, IBC's configuration, renamed interpreter."""
    number = compact(look.version)
    jars = layout.program / "jars"
    for made in (jars, layout.program / ".install4j", layout.settings / USER_FOLDER):
        made.mkdir(parents=True, exist_ok=True)
    for jar in (f"jts4launch-{number}.jar", f"twslaunch-{number}.jar", "total-2025.jar"):
        (jars / jar).touch()
    (layout.settings / "jts.ini").write_text(jts_ini(look.mode, look.region), encoding="utf-8")
    if layout.ibc_config is not None:
        layout.ibc_config.parent.mkdir(parents=True, exist_ok=True)
        layout.ibc_config.write_text(ibc_config(look.kind, look.mode, look.ibc), encoding="utf-8")
    marker = layout.settings / USER_FOLDER / "autorestart"
    if look.restarted:
        marker.write_bytes(b"IBGZENC\x00")
    else:
        marker.unlink(missing_ok=True)
    layout.disguise.put_on()


def _main_class(kind: ApplicationKind) -> str:
    return "install4j.jclient.LoginFrame" if kind is ApplicationKind.TWS else "install4j.ibgateway.GWClient"


def _program(folder: Path, look: Look) -> Path:
    root = folder / "Jts"
    # Container images name the folder after the full version with patch letter; installers drop the point.
    number = f"{look.version}.1d" if look.shape is Shape.CONTAINER else compact(look.version)
    return root / number if look.kind is ApplicationKind.TWS else root / "ibgateway" / number


def _restart(look: Look) -> tuple[str, ...]:
    return (f"-Drestart={USER_FOLDER}",) if look.restarted else ()


def _options(look: Look) -> tuple[str, ...]:
    return (f"-Xmx{look.heap}m", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=200")


def _linux(folder: Path, look: Look) -> ShapeLayout:
    program, settings = _program(folder, look), folder / "Jts"
    tws = look.kind is ApplicationKind.TWS
    arguments = (
        f"-DinstallDir={program}/",
        f"-Djava.library.path={program}",
        f"-DjtsConfigDir={settings}",
        *(("-Dchannel=stable", "-DprivateLabel=ib", "-DproductName=Trader Workstation") if tws else ()),
        *_restart(look),
        "-cp",
        f"{program}/jars/*",
        _main_class(look.kind),
        *((str(settings),) if tws else ()),
    )
    disguise = Disguise(folder / _JRE / "java", _options(look), arguments, program)
    return ShapeLayout(program, settings, None, disguise)


def _windows(folder: Path, look: Look) -> ShapeLayout:
    # The launcher is itself the Java process. Its command line has no main class: only the program's name tells.
    program, settings = _program(folder, look), folder / "Jts"
    name = "tws.exe" if look.kind is ApplicationKind.TWS else "ibgateway.exe"
    arguments = (f"-J-DjtsConfigDir={settings}", *_restart(look))
    return ShapeLayout(program, settings, None, Disguise(program / name, _options(look), arguments, program))


def _mac(folder: Path, look: Look) -> ShapeLayout:
    name = f"{'Trader Workstation' if look.kind is ApplicationKind.TWS else 'IB Gateway'} {look.version}"
    program, settings = folder / "Applications" / name, folder / "Jts"
    stub = program / f"{name}.app" / "Contents" / "MacOS" / "JavaApplicationStub"
    arguments = (f"-DjtsConfigDir={settings}", *_restart(look))
    return ShapeLayout(program, settings, None, Disguise(stub, _options(look), arguments, program))


def _started_by_ibc(folder: Path, look: Look, platform: str) -> ShapeLayout:
    program, settings, ibc = _program(folder, look), folder / "Jts", folder / _IBC_FOLDER
    config, number = ibc / "config.ini", compact(look.version)
    main = "ibcalpha.ibc.IbcTws" if look.kind is ApplicationKind.TWS else "ibcalpha.ibc.IbcGateway"
    jars = (
        program / "jars" / f"jts4launch-{number}.jar",
        program / "jars" / f"twslaunch-{number}.jar",
        program / "jars" / "total-2025.jar",
        program / ".install4j" / "i4jruntime.jar",
        ibc / "IBC.jar",
    )
    arguments = (
        "--add-opens=java.base/java.util=ALL-UNNAMED",
        "--add-opens=java.desktop/javax.swing=ALL-UNNAMED",
        "-cp",
        (";" if platform == "win32" else ":").join(map(str, jars)),
        "-Dtwslaunch.autoupdate.serviceImpl=com.ib.tws.twslaunch.install4j.Install4jAutoUpdateService",
        "-Dchannel=latest",
        "-Dexe4j.isInstall4j=true",
        "-Dinstall4jType=standalone",
        f"-DjtsConfigDir={settings}",
        f"-Dibcsessionid={_SESSION_ID}",
        *_restart(look),
        main,
        str(config),
        *look.ibc.arguments,
        look.mode.value,
    )
    name = "java.exe" if platform == "win32" else "java"
    return ShapeLayout(program, settings, config, Disguise(folder / _JRE / name, _options(look), arguments, program))

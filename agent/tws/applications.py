"""TWS and IB Gateway as values, and how to recognise one by its name, executable and command line.

A command line is never passed on: IBC writes the user's password into it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from agent.tws.outside import FromOutside, OutsideName, RawText


class ApplicationKind(StrEnum):
    """Which of the two applications."""

    TWS = "tws"
    GATEWAY = "gateway"
    UNKNOWN = "unknown"

    @property
    def title(self) -> str:  # type: ignore[override]
        """The name that users know."""
        return {"tws": "TWS", "gateway": "IB Gateway"}.get(self.value, "TWS or IB Gateway")


class TradingMode(StrEnum):
    """Live or paper trading."""

    LIVE = "live"
    PAPER = "paper"
    UNKNOWN = "unknown"


def is_paper(account: str) -> bool:
    """Whether an account is for paper trading: its number then begins with a D."""
    return account.upper().startswith("D")


class Launcher(StrEnum):
    """What started the application."""

    ITSELF = "itself"
    IBC = "ibc"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Application(FromOutside):
    """A recognised TWS or IB Gateway, as its process shows it from outside."""

    kind: ApplicationKind
    version: OutsideName | None = None
    """Like "10.45"; None where neither path nor JAR names tell the version."""
    launched_by: Launcher = Launcher.UNKNOWN
    settings_folder: RawText | None = None
    """From `-DjtsConfigDir=`, where the option holds a real folder name."""
    ibc_config: RawText | None = None
    """Path of IBC's config.ini from the command line."""
    mode_hint: TradingMode = TradingMode.UNKNOWN
    """Live or paper where the command line says so; no proof."""
    restarted: bool = False
    """The command line has `-Drestart=`: the process is an automatic restart."""
    heap_limit: int | None = None
    """Bytes of `-Xmx`, where given."""


@dataclass(frozen=True, slots=True)
class ClientPortal:
    """The Client Portal Gateway, another product of IBKR: it has a REST interface and no socket API."""


_GATEWAY_CLASSES = frozenset(
    {
        "install4j.ibgateway.GWClient",
        "ibgateway.GWClient",
        "ibcalpha.ibc.IbcGateway",
        "ibcontroller.IBGatewayController",
    }
)
_TWS_CLASSES = frozenset(
    {
        "install4j.jclient.LoginFrame",
        "jclient.LoginFrame",
        "ibcalpha.ibc.IbcTws",
        "ibcontroller.IBController",
    }
)
_CLIENT_PORTAL_CLASS = "ibgroup.web.core.clientportal.gw.GatewayStart"
_IBC_PREFIX = "ibcalpha.ibc."
_INSTALL4J_PREFIX = "install4j."

_EXE_KINDS = {
    "tws.exe": ApplicationKind.TWS,
    "tws1.exe": ApplicationKind.TWS,
    "ibgateway.exe": ApplicationKind.GATEWAY,
    "ibgateway1.exe": ApplicationKind.GATEWAY,
}
"""install4j's Windows executables run Java in their own process. IBC adds the 1, so that they cannot restart alone."""

_JAVA_NAMES = frozenset({"java", "java.exe", "javaw", "javaw.exe"})
_STUB_PREFIX = "javaappli"
"""macOS cuts the name of install4j's JavaApplicationStub; where it cuts depends on the tool."""

_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "fish", "busybox", "cmd.exe", "powershell.exe", "pwsh"})
"""A shell: a wrapper script named "java" is not the Java that it starts."""

_OPTIONS_WITH_VALUE = frozenset(
    {
        *("-cp", "-classpath", "--class-path", "-p", "--module-path", "-m", "--module", "--source"),
        *("--add-opens", "--add-exports", "--add-reads", "--add-modules", "--limit-modules"),
        *("--upgrade-module-path", "--patch-module", "--enable-native-access"),
    }
)
_CLASS_NAME = re.compile(r"[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)+")
_FILE_ENDINGS = (".jar", ".exe", ".app", ".png", ".ini", ".vmoptions")

_WORD = re.compile(r'(?:"[^"]*"|[^\s"])+')
_BUNDLE = re.compile(r"/(Trader Workstation|IB Gateway)([^/]*)\.app/Contents/MacOS/", re.IGNORECASE)
_BUNDLE_VERSION = re.compile(r"/(?:Trader Workstation|IB Gateway) (\d+(?:\.\d+)?)")
_JAR_VERSION = re.compile(r"(?:jts4launch|twslaunch)-(\d{3,4})\.jar")
_FOLDER_VERSION = re.compile(
    r"[\\/](?:Jts|tws|ibgateway|IBKR)[\\/](\d{3,4}|\d{1,2}\.\d{1,2}[0-9a-z.]*)(?=[\\/]|$)", re.IGNORECASE
)
_PROGRAM_FOLDER_VERSION = re.compile(
    r"[\\/](1\d{3}|9\d{2})[\\/](?:jars[\\/]|\.install4j|tws1?(?:\.exe)?$|ibgateway1?(?:\.exe)?$)", re.IGNORECASE
)
_HEAP = re.compile(r"-Xmx([0-9]{1,15})([kmgt]?)", re.IGNORECASE | re.ASCII)
"""Of any user's process: a number with more digits is no memory limit, and Python refuses one of thousands."""
_HEAP_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


def may_be_application(name: str) -> bool:
    """Whether a process of this name is worth a look at its command line."""
    lowered = _basename(name)
    return lowered in _EXE_KINDS or _is_java(lowered)


def recognise(name: str, exe: str | None, cmdline: Sequence[str] | None) -> Application | ClientPortal | None:
    """What a process is, by its name, executable path and command line (None: withheld); None: neither of the two.

    The command line is one string per argument, or all arguments joined in one string.
    """
    if not cmdline:
        return _by_executable(name, exe, "", (), joined=False)
    joined = len(cmdline) == 1 and " " in cmdline[0]
    arguments = [w.replace('"', "") for w in _WORD.findall(cmdline[0])] if joined else list(cmdline)
    if not arguments or _basename(arguments[0]) in _SHELLS:
        return None
    if any(_is_java(_basename(x)) for x in (name, exe or "", arguments[0])):
        at = _main_class_at(arguments)
        if at is not None:
            if arguments[at] == _CLIENT_PORTAL_CLASS:
                return ClientPortal()
            return _from_java(arguments, at, exe, joined)
    return _by_executable(name, exe, cmdline[0], arguments[1:], joined)


def version_of(path: str) -> str | None:
    """The version in the path of one of the application's files, like "10.45"; None where there is none."""
    for pattern in (_JAR_VERSION, _BUNDLE_VERSION, _FOLDER_VERSION, _PROGRAM_FOLDER_VERSION):
        if found := pattern.search(path):
            return spelled_version(found[1])
    return None


def spelled_version(folder: str) -> str:
    """A version as people write it: folder "1045" is 10.45, "978" stays, "10.50.1d" is 10.50."""
    if folder.isdigit() and len(folder) == 4:
        return f"{folder[:2]}.{folder[2:]}"
    return ".".join(folder.split(".")[:2])


def bundle_kind(path: str) -> ApplicationKind | None:
    """The application whose macOS bundle holds an executable; None for other programs, installers and uninstallers."""
    found = _BUNDLE.search(path)
    if found is None or "install" in found[2].lower():
        return None
    return ApplicationKind.TWS if found[1].lower().startswith("trader") else ApplicationKind.GATEWAY


def _basename(path: str) -> str:
    return path.replace("\\", "/").rsplit("/", 1)[-1].strip().lower()


def _is_java(lowered: str) -> bool:
    return lowered in _JAVA_NAMES or lowered.startswith(_STUB_PREFIX)


def _by_executable(
    name: str, exe: str | None, first: str, arguments: Sequence[str], joined: bool
) -> Application | None:
    for path in (exe or "", name, first):
        kind = _EXE_KINDS.get(_basename(path))
        if kind is None and _is_java(_basename(name)):
            kind = bundle_kind(path)
        if kind is not None:
            version = version_of(exe or "") or version_of(first)
            # On the command line of install4j's executable an option for Java has -J before it.
            options = [argument.removeprefix("-J") for argument in arguments]
            return Application(
                kind,
                version,
                launched_by=Launcher.ITSELF,
                settings_folder=_property(options, "jtsConfigDir", joined),
                restarted=_property(options, "restart", joined) is not None,
                heap_limit=_heap_limit(options),
            )
    return None


def _main_class_at(arguments: Sequence[str]) -> int | None:
    """Index of Java's main class, when it is one of those above; another program may only have one as an argument."""
    value_of_option = False
    for at, argument in enumerate(arguments[1:], start=1):
        if value_of_option:
            value_of_option = False
        elif argument in _OPTIONS_WITH_VALUE:
            value_of_option = True
        elif argument == "-jar":
            return None
        elif argument in _GATEWAY_CLASSES or argument in _TWS_CLASSES or argument == _CLIENT_PORTAL_CLASS:
            return at
        elif _CLASS_NAME.fullmatch(argument) and not argument.lower().endswith(_FILE_ENDINGS):
            return None
    return None


def _from_java(arguments: Sequence[str], at: int, exe: str | None, joined: bool) -> Application:
    main_class = arguments[at]
    options = arguments[:at]
    after = arguments[at + 1 :]
    by_ibc = main_class.startswith(_IBC_PREFIX)
    launcher = Launcher.UNKNOWN
    if by_ibc:
        launcher = Launcher.IBC
    elif main_class.startswith(_INSTALL4J_PREFIX):
        launcher = Launcher.ITSELF
    folder = _property(options, "jtsConfigDir", joined)
    by_itself = main_class.endswith((".LoginFrame", ".GWClient"))
    if folder is None and by_itself and len(after) == 1 and _is_absolute(after[0]):
        folder = after[0]
    return Application(
        kind=ApplicationKind.GATEWAY if main_class in _GATEWAY_CLASSES else ApplicationKind.TWS,
        version=_version(exe, options, joined),
        launched_by=launcher,
        settings_folder=folder,
        ibc_config=_ibc_config(after, joined) if by_ibc else None,
        mode_hint=_ibc_mode(after, joined) if by_ibc else TradingMode.UNKNOWN,
        restarted=_property(options, "restart", joined) is not None,
        heap_limit=_heap_limit(options),
    )


def _version(exe: str | None, options: Sequence[str], joined: bool) -> str | None:
    """The version, by JAR names first: the names of folders are the user's choice."""
    whole = " ".join(options) if joined else "\n".join(options)
    if found := _JAR_VERSION.search(whole):
        return spelled_version(found[1])
    return next((v for v in map(version_of, [exe or "", *options, whole]) if v is not None), None)


def _property(options: Sequence[str], name: str, joined: bool) -> str | None:
    """Value of `-Dname=`; None where it is missing, empty, or an unsubstituted `${…}` of install4j."""
    start = f"-D{name}="
    for at, option in enumerate(options):
        if option.startswith(start):
            words = [option.removeprefix(start)]
            if joined:
                for following in options[at + 1 :]:
                    if following.startswith("-"):
                        break
                    words.append(following)
            value = " ".join(words).strip()
            return value if value and "${" not in value else None
    return None


def _is_absolute(path: str) -> bool:
    return "${" not in path and (path.startswith("/") or re.match(r"[A-Za-z]:[\\/]", path) is not None)


def _ibc_config(after: Sequence[str], joined: bool) -> str | None:
    """IBC's configuration, its first argument; in a joined command line, a path with spaces is in pieces."""
    if not joined:
        return after[0] if after else None
    last = next((at for at, word in enumerate(after) if word.lower().endswith(".ini")), None)
    return None if last is None else " ".join(after[: last + 1])


def _ibc_mode(after: Sequence[str], joined: bool) -> TradingMode:
    """IBC's last argument. It follows the configuration and pairs of user name and password, so the count is even."""
    if len(after) > 1 and (joined or len(after) % 2 == 0) and after[-1].lower() in ("live", "paper"):
        return TradingMode(after[-1].lower())
    return TradingMode.UNKNOWN


def _heap_limit(options: Sequence[str]) -> int | None:
    limit = None
    for option in options:
        if found := _HEAP.fullmatch(option):
            limit = int(found[1]) * _HEAP_UNITS[found[2].lower()]
    return limit

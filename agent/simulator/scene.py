"""Decides which processes must run, and how, from what is simulated and the faults in force. `world` starts them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from agent.simulator.disguise import Disguise, named_process
from agent.simulator.launcher_log import ACCEPTED, UNTRIED
from agent.simulator.shapes import Look, Shape, lay_out
from agent.simulator.state import CLIENT_PLACES
from agent.tws.applications import ApplicationKind

MEGABYTE = 1 << 20

FULL_MEMORY = 0.96
"""Share of `-Xmx` that the fault `memory` fills with resident memory."""

_FIRST_CLIENT_ID = 9000
"""The first client ID of a crowd: far from the IDs that users give their programs."""

_NOT_LOGGED_IN = ("starting", "login-pending", "restart-stuck")
_NOT_LISTENING = ("no-listener", "port-taken", "container-not-ready")
_GONE = ("not-running", "client-portal")


@dataclass(frozen=True, slots=True)
class Companion:
    """A process beside the application."""

    disguise: Disguise
    first: dict[str, Any]
    """The order that starts the process."""
    look: Look | None = None
    """How it looks, where it is a TWS or IB Gateway too."""

    @property
    def crowd(self) -> bool:
        """Whether the process is a crowd of clients, which must start again with each new application."""
        return bool(self.first["part"] == "clients")


@dataclass(frozen=True, slots=True)
class StagedApplication:
    """How the application must run."""

    look: Look
    home: Path
    linked: bool
    listening: bool
    port: int
    stuck: bool
    memory: int | None
    """Bytes of resident memory to fill; None: none."""
    own_network: bool = False
    """Whether it has a network of its own, as in a container."""
    hidden: bool = False
    """Whether the process table does not tell what it is, as with Docker in a virtual machine."""
    login: str = ACCEPTED
    """How far its log-in has come, as `launcher_log.TROUBLES` names it."""
    bridge: str | None = None
    """Path of the Unix socket by which the relay reaches it."""


@dataclass(frozen=True, slots=True)
class Scene:
    """All processes that must run."""

    application: StagedApplication | None
    port: int
    """The port for clients."""
    companions: Mapping[str, Companion] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Setting:
    """What is simulated, apart from faults, and what was found out at the start."""

    folder: Path
    look: Look
    port: int
    """The port for clients."""
    spare_port: int
    """Another free port, used behind a relay or by a second application."""
    profile: Mapping[str, Any]
    """The arguments that start the wire server."""
    upstream: tuple[str, int]
    """Address and port of the process that plays IB's servers."""
    own_network: bool = False
    """Whether a process here may have a network of its own."""
    logged_in: bool = True
    present: bool = True
    """False after the application was ended from outside, until it is started again."""


def stage(setting: Setting, faults: Mapping[str, str]) -> Scene:
    """The processes that must run under these faults."""
    look = setting.look
    if "wrong-application" in faults:
        look = replace(look, kind=other_kind(look.kind))
    if "updated" in faults:
        look = replace(look, version=faults["updated"])
    if "memory" in faults:
        look = replace(look, heap=int(faults["memory"]))
    in_container = look.shape is Shape.CONTAINER
    isolated = in_container and setting.own_network
    port = int(faults.get("other-port") or faults.get("restart-other-port") or setting.port)
    # Where Docker runs in a virtual machine, only the relay of a container can be seen.
    only_relay = "container-not-ready" in faults and not in_container
    application = None
    if setting.present and not only_relay and not any(name in faults for name in _GONE):
        logged_in = setting.logged_in and not any(name in faults for name in _NOT_LOGGED_IN)
        application = StagedApplication(
            look=look,
            home=setting.folder / "home",
            linked=logged_in and "container-not-ready" not in faults and not isolated,
            listening=logged_in and not any(name in faults for name in _NOT_LISTENING),
            port=setting.spare_port if in_container else port,
            stuck="close-wait" in faults,
            memory=int(look.heap * MEGABYTE * FULL_MEMORY) if "memory" in faults else None,
            own_network=isolated,
            login=ACCEPTED if logged_in else next((faults[f] for f in _NOT_LOGGED_IN if faults.get(f)), UNTRIED),
            hidden=in_container and not isolated,
            bridge=_bridge(setting) if isolated else None,
        )
    companions: dict[str, Companion] = {}
    if "port-taken" not in faults and (only_relay or (in_container and "client-portal" not in faults)):
        companions["relay"] = _relay(setting, port)
    companions |= _companions(setting, faults, look, port, application)
    return Scene(application, port, companions)


def other_kind(kind: ApplicationKind) -> ApplicationKind:
    """The other of the two applications."""
    return ApplicationKind.GATEWAY if kind is ApplicationKind.TWS else ApplicationKind.TWS


def first_order(
    setting: Setting, look: Look, *, linked: bool, listening: bool, port: int, login: str = ACCEPTED
) -> dict[str, Any]:
    """The order that starts an application."""
    return {
        "part": "application",
        **setting.profile,
        "kind": look.kind.value,
        "command_port": look.ibc.command_server_port if look.shape is Shape.IBC else 0,
        "upstream": list(setting.upstream),
        "linked": linked,
        "listening": listening,
        "port": port,
        "login": login,
    }


def _companions(
    setting: Setting, faults: Mapping[str, str], look: Look, port: int, application: StagedApplication | None
) -> dict[str, Companion]:
    tools = setting.folder / "tools"
    found: dict[str, Companion] = {}
    if "port-taken" in faults:
        disguise = named_process(tools, "webserver", "--port", str(port))
        found["webserver"] = Companion(disguise, {"part": "bystander", "ports": [port], "speaks": "http"})
    if "client-portal" in faults:
        portal = int(faults["client-portal"])
        found["client-portal"] = Companion(
            client_portal(tools), {"part": "bystander", "ports": [portal], "speaks": "http"}
        )
    if "several" in faults:
        second = replace(look, shape=Shape.ITSELF, restarted=False)
        listening = faults["several"] != "same-port"
        found["second"] = Companion(
            lay_out(setting.folder / "second", second).disguise,
            first_order(setting, second, linked=True, listening=listening, port=setting.spare_port + 1),
            second,
        )
    for name, stay, count in (
        ("too-many-clients", True, CLIENT_PLACES),
        ("close-wait", False, int(faults.get("close-wait", 0))),
    ):
        if name in faults and application is not None and application.listening:
            found[name] = Companion(
                named_process(tools, "trading-bot"),
                {
                    "part": "clients",
                    "port": port,
                    "count": count,
                    "stay": stay,
                    "first_client_id": _FIRST_CLIENT_ID,
                },
            )
    return found


def client_portal(folder: Path) -> Disguise:
    """The Client Portal Gateway: Java too, by the same maker, and no socket API."""
    return named_process(
        folder,
        "java",
        "-server",
        "-Dvertx.disableDnsResolver=true",
        "-Djava.net.preferIPv4Stack=true",
        "-classpath",
        "root:dist/ibgroup.web.core.iblink.router.clientportal.gw.jar:build/lib/runtime/*",
        "ibgroup.web.core.clientportal.gw.GatewayStart",
    )


def _relay(setting: Setting, port: int) -> Companion:
    disguise = named_process(
        setting.folder / "tools",
        "docker-proxy",
        *("-proto", "tcp", "-host-ip", "127.0.0.1", "-host-port", str(port)),
        *("-container-ip", "172.18.0.2", "-container-port", str(setting.spare_port)),
    )
    inner = _bridge(setting) if setting.own_network else setting.spare_port
    return Companion(disguise, {"part": "relay", "port": port, "inner": inner})


def _bridge(setting: Setting) -> str:
    return str(setting.folder / "inside")

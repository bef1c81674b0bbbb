"""A simulated TWS or IB Gateway as real processes, with its surroundings; for tests, demo and benchmarks."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from agent.simulator.child import Child, PortInUse, ProcessEnded
from agent.simulator.configuration import DEFAULT_CONFIGURATION, configuration_of
from agent.simulator.counters import Counters
from agent.simulator.disguise import named_process
from agent.simulator.faults import WIRE_FAULTS, value_for
from agent.simulator.free_ports import free_port
from agent.simulator.ibc_server import ENABLE_API, RECONNECT_ACCOUNT, RECONNECT_DATA
from agent.simulator.process_faults import FAULTS, PROCESS_FAULTS, known, split_fault
from agent.simulator.processes import SimulatedProcesses, log_of
from agent.simulator.scene import Setting, stage
from agent.simulator.settings_folder import IbcChoices, as_set_by
from agent.simulator.shapes import Look, Shape, lay_out
from agent.simulator.state import FARM_FAULTS, NEWEST_SERVER_VERSION
from agent.tws.api_settings import Configuration
from agent.tws.applications import ApplicationKind, TradingMode
from agent.tws.reset_windows import Region

__all__ = ["FAULTS", "PROCESS_FAULTS", "Counters", "PortInUse", "ProcessEnded", "SimulatedApplication", "free_port"]

_ACCOUNTS = {TradingMode.LIVE: ("U1234567",), TradingMode.PAPER: ("DU1234567",)}

_CURED_BY = {
    ENABLE_API: frozenset({"no-listener"}),
    RECONNECT_DATA: frozenset(FARM_FAULTS),
    RECONNECT_ACCOUNT: frozenset({"link-lost"}),
}
"""Faults that each command to IBC cures."""


class SimulatedApplication:
    """One simulated application; `async with await SimulatedApplication.start(folder) as app:`.

    Its processes end with this handle, and also when the process that holds the handle ends or is killed.
    """

    def __init__(self, setting: Setting, servers: Child, say: Callable[[str], None]) -> None:
        self._setting = setting
        self._servers = servers
        self._processes = SimulatedProcesses(setting.folder, say, self._take_wish)
        self._lock = asyncio.Lock()
        self._process_faults: dict[str, str] = {}
        self._wire_faults: dict[str, str] = {}
        self._wishes: set[asyncio.Task[None]] = set()
        self._scene = stage(setting, {})

    @classmethod
    async def start(
        cls,
        folder: Path,
        *,
        kind: ApplicationKind | str = ApplicationKind.GATEWAY,
        mode: TradingMode | str = TradingMode.PAPER,
        port: int = 0,
        version: str = "10.45",
        server_version: int = NEWEST_SERVER_VERSION,
        shape: Shape | str = Shape.ITSELF,
        faults: Iterable[str] = (),
        logged_in: bool = True,
        accounts: tuple[str, ...] = (),
        region: Region = Region.AMERICA,
        tick_seconds: float = 0.25,
        configuration: Configuration = DEFAULT_CONFIGURATION,
        ibc: IbcChoices | None = None,
        say: Callable[[str], None] | None = None,
    ) -> Self:
        """Start an application in an empty folder; port 0: any free one. `faults` are as typed after `--fault`."""
        look = Look(ApplicationKind(kind), TradingMode(mode), version, Shape(shape), region, ibc=ibc or IbcChoices())
        wanted = [split_fault(fault) for fault in faults]
        tell = say or (lambda _: None)
        folder = _absolute(folder)
        servers, at = await Child.start(
            named_process(folder / "tools", "ib-servers"), {"part": "ib-servers"}, log_of(folder, "ib-servers")
        )
        profile = {
            "mode": look.mode.value,
            "version": version,
            "server_version": server_version,
            "accounts": list(accounts or _ACCOUNTS[look.mode]),
            "region": region.value,
            "tick_seconds": tick_seconds,
            "configuration": (configuration if ibc is None else as_set_by(ibc, configuration)).to_json(),
        }
        upstream = (at["address"], at["port"])
        setting = Setting(
            folder, look, port or free_port(), free_port(pair=True), profile, upstream, logged_in=logged_in
        )
        application = cls(setting, servers, tell)
        try:
            if look.shape is Shape.CONTAINER:
                await application._try_own_network()
            await application._begin(wanted)
        except BaseException:
            await application.close()
            raise
        return application

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # ── what it is ──────────────────────────────────────────────────────────────────────────────

    @property
    def pid(self) -> int:
        """Process ID of the application. ProcessEnded while there is none."""
        return self._processes.application.pid

    @property
    def running(self) -> bool:
        """Whether the process of the application runs."""
        return self._processes.running

    @property
    def port(self) -> int:
        """The port for clients: the one asked for, or the one a fault has moved the application to."""
        return self._scene.port

    @property
    def asked_port(self) -> int:
        """The port that was asked for, even while a fault moves the application to another."""
        return self._setting.port

    @property
    def look(self) -> Look:
        """How the application looks from outside, with the faults in force."""
        return self._scene.application.look if self._scene.application else self._setting.look

    @property
    def settings_folder(self) -> Path:
        """The TWS settings folder, with jts.ini."""
        return lay_out(self._setting.folder / "home", self.look).settings

    @property
    def upstream(self) -> tuple[str, int]:
        """Address and port of the process that plays IB's servers."""
        return self._setting.upstream

    @property
    def companions(self) -> Mapping[str, tuple[int, int]]:
        """Process ID and port (0: none) of each process beside the application, by its name in `scene`."""
        return self._processes.companions

    @property
    def faults(self) -> Mapping[str, str]:
        """The faults in force, with their values."""
        return {**self._wire_faults, **self._process_faults}

    async def counters(self) -> Counters:
        """Messages and connections since the start."""
        async with self._lock:
            return await self._processes.counters()

    async def configuration(self) -> Configuration:
        """The application's settings, as reqConfig tells them. ProcessEnded while there is no application."""
        async with self._lock:
            return configuration_of((await self._processes.application.ask("configuration"))["told"])

    # ── what can happen to it ───────────────────────────────────────────────────────────────────

    async def fault(self, name: str, value: str | int | None = None) -> None:
        """Put a fault in force, or make a one-time one happen. ValueError, in one sentence: no such fault or value."""
        async with self._lock:
            await self._fault(name, None if value is None else str(value))

    async def heal(self, name: str | None = None) -> None:
        """End one fault, or all of them."""
        async with self._lock:
            if name is not None:
                known(name)
            for process_fault in [name] if name else list(self._process_faults):
                self._process_faults.pop(process_fault, None)
            if self.running and (name is None or name in WIRE_FAULTS):
                await self._processes.application.ask("heal", name=name)
            for wire_fault in [name] if name else list(self._wire_faults):
                self._wire_faults.pop(wire_fault, None)
            await self._settle()

    async def notify(
        self, code: int, text: str | None = None, *, request_id: int = -1, client_id: int | None = None
    ) -> None:
        """Have a notice sent to the connected clients."""
        async with self._lock:
            await self._processes.application.ask(
                "notify", code=code, text=text, request_id=request_id, client_id=client_id
            )

    async def configure(self, changes: Configuration) -> None:
        """Change settings as the user does in the windows; they outlast a restart."""
        async with self._lock:
            port = changes.settings.socket_port
            rest = replace(changes, settings=replace(changes.settings, socket_port=None))
            await self._processes.application.ask("configure", changes=rest.to_json())
            if port is not None and port != self.port:
                await self._wire_fault("port-changed", str(port))

    async def log_in(self) -> None:
        """Log in as the user does: the link to IB's servers stands, and the API port opens."""
        await self._change(logged_in=True)

    async def log_out(self) -> None:
        """Back to the log-in screen."""
        await self._change(logged_in=False)

    async def kill(self) -> None:
        """End the application as `kill -9` does; `restart` starts it again."""
        await self._change(present=False)

    async def terminate(self) -> None:
        """End the application as its menu does; `restart` starts it again."""
        async with self._lock:
            await self._processes.end_application(kindly=True)
            self._setting = replace(self._setting, present=False)
            await self._settle()

    async def ended(self) -> None:
        """Wait until the process of the application has ended, for any reason."""
        if self._processes.running:
            await self._processes.application.ended()

    async def restart(self, port: int | None = None, marked: bool = True, delay: float = 0.5) -> None:
        """End the application and start it again after `delay` seconds.

        `marked`: with the signs of an automatic restart, such as `-Drestart=`.
        """
        async with self._lock:
            await self._restart(port, marked, delay)

    async def close(self) -> None:
        """End every process."""
        for wish in self._wishes:
            wish.cancel()
        await asyncio.gather(self._processes.close(), self._servers.kill())

    # ── how it is done ──────────────────────────────────────────────────────────────────────────

    async def _begin(self, faults: list[tuple[str, str | None]]) -> None:
        for name, value in faults:
            if name in PROCESS_FAULTS and not PROCESS_FAULTS[name].one_shot:
                self._process_faults[name] = self._value(name, value)
        if "restart-stuck" in self._process_faults:
            self._setting = replace(self._setting, look=replace(self._setting.look, restarted=True))
        await self._settle()
        for name, value in faults:
            if name not in self._process_faults:
                await self._fault(name, value)

    async def _try_own_network(self) -> None:
        """Find out whether a process here may have a network of its own, as in a container."""
        trial, answer = await Child.start(
            named_process(self._setting.folder / "tools", "trial"),
            {"part": "bystander", "own_network": True},
            log_of(self._setting.folder, "trial"),
        )
        await trial.kill()
        self._setting = replace(self._setting, own_network=answer["own_network"])

    async def _fault(self, name: str, value: str | None) -> None:
        known(name)
        if name not in PROCESS_FAULTS:
            await self._wire_fault(name, value)
            return
        value = self._value(name, value)
        if name == "restart":
            await self._restart(None, True, float(value))
            return
        self._process_faults[name] = value
        if name in ("restart-other-port", "restart-stuck", "starting", "updated"):
            await self._restart(None, name != "starting", 0.0)
        else:
            await self._settle()

    async def _wire_fault(self, name: str, value: str | None) -> None:
        fault = WIRE_FAULTS[name]
        if fault.one_shot or self.running:
            self._learn(await self._processes.application.ask("fault", name=name, value=value))
        else:
            self._wire_faults[name] = value_for(fault, value)
        await self._settle()

    def _take_wish(self, wish: str) -> None:
        """Carry out a command that IBC's command server got: it cures the faults that the command is for."""
        task = asyncio.get_running_loop().create_task(self._grant(wish))
        self._wishes.add(task)
        task.add_done_callback(self._wishes.discard)

    async def _grant(self, wish: str) -> None:
        for fault in _CURED_BY[wish].intersection(self.faults):
            await self.heal(fault)

    def _learn(self, answer: Mapping[str, Any]) -> None:
        """Take over the effects of a wire fault: it may have ended another fault or moved the server's port."""
        self._wire_faults = {name: value for name, value in answer["faults"].items() if name not in PROCESS_FAULTS}
        application = self._scene.application
        moved = int(answer["port"])
        if application is None or not application.listening or moved in (0, application.port):
            return
        if self._setting.look.shape is Shape.CONTAINER:
            self._setting = replace(self._setting, spare_port=moved)
        else:
            self._setting = replace(self._setting, port=moved)
            self._process_faults.pop("other-port", None)
            self._process_faults.pop("restart-other-port", None)

    def _value(self, name: str, value: str | None) -> str:
        chosen = value_for(PROCESS_FAULTS[name], value)
        return str(free_port()) if name in ("other-port", "restart-other-port") and not chosen else chosen

    async def _restart(self, port: int | None, marked: bool, delay: float) -> None:
        await self._processes.end_application()
        await asyncio.sleep(delay)
        self._processes.renew()
        self._setting = replace(
            self._setting,
            port=port or self._setting.port,
            present=True,
            look=replace(self._setting.look, restarted=marked),
        )
        await self._settle()

    async def _change(self, **changes: Any) -> None:
        async with self._lock:
            self._setting = replace(self._setting, **changes)
            await self._settle()

    async def _settle(self) -> None:
        """Bring the processes in line with the setting and the faults."""
        if self._processes.ended_by_itself:
            self._processes.forget_application()
            self._setting = replace(self._setting, present=False)
        self._scene = stage(self._setting, self._process_faults)
        crowd = self._process_faults.get("too-many-clients")
        await self._processes.settle(self._setting, self._scene, self._wire_faults, crowd)


def _absolute(folder: Path) -> Path:
    return folder.resolve()

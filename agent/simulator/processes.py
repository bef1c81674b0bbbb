"""The processes of a simulated application and those beside it, started and ended to match a scene."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent.simulator.child import Child, PortInUse, ProcessEnded
from agent.simulator.counters import Counters
from agent.simulator.disguise import named_process
from agent.simulator.scene import Companion, Scene, Setting, StagedApplication, first_order
from agent.simulator.shapes import furnish, lay_out
from agent.tws.applications import ApplicationKind

_LINK_FAULTS = frozenset({"link-lost"})
"""Wire faults under which the application has no connection to IB's servers."""


class SimulatedProcesses:
    """The application's process and its companions. The caller makes one call at a time."""

    def __init__(self, folder: Path, say: Callable[[str], None], take_wish: Callable[[str], None]) -> None:
        """`take_wish` takes each command that IBC's command server got."""
        self._folder = folder
        self._say = say
        self._take_wish = take_wish
        self._application: tuple[Child, tuple[object, ...]] | None = None
        self._companions: dict[str, tuple[Child, Companion, int]] = {}
        self._generation = 0
        self._counted = Counters()
        self._kept: dict[str, Any] = {}

    @property
    def application(self) -> Child:
        """The application's process. ProcessEnded while there is none."""
        if self._application is None:
            raise ProcessEnded("The simulated application is not running; restart it first")
        return self._application[0]

    @property
    def running(self) -> bool:
        """Whether that process runs."""
        return self._application is not None and self._application[0].running

    @property
    def ended_by_itself(self) -> bool:
        """Whether the process was ended from outside. Then it stays away until a restart."""
        return self._application is not None and not self.running

    @property
    def companions(self) -> Mapping[str, tuple[int, int]]:
        """Process ID and port (0: none) of each companion, by its name in `scene`."""
        return {name: (child.pid, port) for name, (child, _, port) in self._companions.items()}

    async def counters(self) -> Counters:
        """Messages and connections since the start."""
        return self._counted.plus(await self._count())

    async def settle(
        self, setting: Setting, scene: Scene, wire_faults: Mapping[str, str], crowd: str | None = None
    ) -> None:
        """Start and end processes to match the scene and the faults. `crowd`: the value of too-many-clients."""
        for name in list(self._companions):
            child, companion, _ = self._companions[name]
            if scene.companions.get(name) != companion or not child.running:
                del self._companions[name]
                await child.kill()
        if scene.application is None:
            await self.end_application()
        else:
            await self._settle_application(setting, scene.application, wire_faults)
        if "too-many-clients" in scene.companions and "too-many-clients" not in self._companions:
            # The fault is lifted first, so that the crowd finds free places.
            await self.application.ask("heal", name="too-many-clients")
        await self._start_companions(scene)
        if "too-many-clients" in self._companions:
            # The fault comes into force only after the crowd: it turns all further clients away.
            await self.application.ask("fault", name="too-many-clients", value=crowd)

    def renew(self) -> None:
        """Make the next `settle` start a new application process, even where the scene is the same."""
        self._generation += 1

    async def end_application(self, *, kindly: bool = False) -> None:
        """End the application as `kill -9` does, `kindly` as its menu does. The next one gets its changed settings."""
        for name in [name for name, (_, companion, _) in self._companions.items() if companion.crowd]:
            await self._companions.pop(name)[0].kill()
        if self._application is not None:
            self._counted = await self.counters()
            await self._keep_configuration()
            child, self._application = self._application[0], None
            await (child.terminate() if kindly else child.kill())

    def forget_application(self) -> None:
        """Note that the application was ended from outside."""
        self._application = None

    async def close(self) -> None:
        """End every process."""
        children = [child for child, _, _ in self._companions.values()]
        children += [self._application[0]] if self._application else []
        self._companions.clear()
        self._application = None
        await asyncio.gather(*(child.kill() for child in children))

    # ── how it is done ──────────────────────────────────────────────────────────────────────────

    async def _settle_application(
        self, setting: Setting, wanted: StagedApplication, wire_faults: Mapping[str, str]
    ) -> None:
        identity = (self._generation, wanted.look, wanted.memory)
        linked = wanted.linked and not _LINK_FAULTS.intersection(wire_faults)
        stand = {"linked": linked, "listening": wanted.listening, "port": wanted.port, "login": wanted.login}
        if self._application is not None and self._application[1] != identity:
            await self.end_application()
        try:
            if self._application is None:
                child = await self._start_application(setting, wanted, wire_faults, stand)
                self._application = (child, identity)
            else:
                await self.application.ask("stand", **stand)
        except PortInUse as error:
            raise _in_use(wanted.port) from error
        await self.application.ask("stuck", on=wanted.stuck)

    async def _start_application(
        self, setting: Setting, wanted: StagedApplication, wire_faults: Mapping[str, str], stand: dict[str, Any]
    ) -> Child:
        layout = lay_out(wanted.home, wanted.look)
        furnish(layout, wanted.look)
        setting = replace(setting, profile={**setting.profile, **self._kept})
        first = first_order(setting, wanted.look, **stand)
        first |= {"faults": list(wire_faults.items()), "memory": wanted.memory}
        first |= {"own_network": wanted.own_network, "bridge": wanted.bridge}
        if wanted.look.kind is ApplicationKind.GATEWAY:
            first |= {"launcher_log": str(layout.settings)}
        hidden = named_process(self._folder / "tools", "virtual-machine")
        disguise = hidden if wanted.hidden else layout.disguise
        child, _ = await Child.start(disguise, first, log_of(self._folder, "application"), self._say, self._take_wish)
        return child

    async def _start_companions(self, scene: Scene) -> None:
        for name, companion in scene.companions.items():
            if name in self._companions:
                continue
            if companion.look is not None:
                furnish(lay_out(self._folder / name, companion.look), companion.look)
            try:
                log = log_of(self._folder, name)
                child, answer = await Child.start(companion.disguise, companion.first, log, self._say)
            except PortInUse as error:
                raise _in_use(companion.first.get("port") or companion.first["ports"][0]) from error
            self._companions[name] = (child, companion, int(answer.get("port", 0)))

    async def _count(self) -> Counters:
        if not self.running:
            return Counters()
        try:
            answer = await self.application.ask("counters")
        except ProcessEnded:
            return Counters()
        return Counters(answer["connections_accepted"], {int(key): n for key, n in answer["received"].items()})

    async def _keep_configuration(self) -> None:
        """Keep the settings for the next process: a real application keeps them on disk."""
        if self.running:
            with contextlib.suppress(ProcessEnded):
                self._kept = {"configuration": (await self.application.ask("configuration"))["kept"]}


def log_of(folder: Path, name: str) -> Path:
    """Where a process of a simulated application writes its log."""
    return folder / "logs" / f"{name}.log"


def _in_use(port: int) -> PortInUse:
    return PortInUse(f"Port {port} is in use by another program; end that program, or choose another port.")

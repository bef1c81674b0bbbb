"""macOS: what detection needs to know about it."""

from pathlib import Path

from agent.core.facts import Installation
from agent.platforms import installations
from agent.platforms.through_psutil import PsutilPlatform


class MacOs(PsutilPlatform):
    """macOS as a `Platform`."""

    def __init__(self, root: Path = Path("/"), home: Path | None = None) -> None:
        self._root = root
        self._home = home or Path.home()

    def settings_roots(self) -> tuple[Path, ...]:
        """See `Platform`."""
        return (self._home / "Jts",)

    def installations(self) -> tuple[Installation, ...]:
        """See `Platform`."""
        return installations.in_bundles((self._home / "Applications", self._root / "Applications"))

    def with_window(self, pids: frozenset[int]) -> frozenset[int] | None:
        """See `Platform`."""
        from agent.platforms.foreground import macos

        return macos.with_window(pids)

    def bring_to_front(self, pid: int) -> str | None:
        """See `Platform`."""
        from agent.platforms.foreground import macos

        return macos.bring_to_front(pid)

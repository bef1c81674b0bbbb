"""TWS and IB Gateway on disk. Asked for by a thorough look only: it reads folders."""

from agent.core.facts import Fact, Installation, Known, Unknown
from agent.platforms import Platform


class InstalledObserver:
    """Looks into the folders installers use."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def observe(self) -> Fact[tuple[Installation, ...]]:
        """What is installed, in a steady order."""
        try:
            found = self._platform.installations()
        except OSError:
            return Unknown("the program folders could not be read")
        return Known(tuple(sorted(found, key=lambda i: (i.kind, i.version or "", i.path))))

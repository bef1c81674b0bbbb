"""Reads what the relays count for the page, while it shows that; on a page without a relay nothing of it is loaded."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from agent.core.clock import Moment
from agent.core.facts import MachineFacts
from agent.runtime.aside import OneAtATime
from agent.runtime.paths import Places

if TYPE_CHECKING:
    from agent.observers.relays import RelayObserver

_READ_SECONDS = 4.0
"""Seconds that reading the reports may take; a few of them need some thousandths."""


class RelayPictures:
    """Asked on the agent's loop; reads aside, one time after the other."""

    def __init__(self, places: Places, now: Callable[[], Moment]) -> None:
        self._places = places
        self._now = now
        self._reader = OneAtATime("reports of relays")
        self._observer: RelayObserver | None = None

    async def read(self, machine: MachineFacts) -> list[dict[str, Any]]:
        """The relays of each application, as `core.shown.relayed` tells them; `machine`: the latest look."""
        try:
            return await self._reader.within(_READ_SECONDS, lambda: self._read(machine))
        except TimeoutError:
            return [{"name": "", "unknown": "the disk does not answer"}]

    def _read(self, machine: MachineFacts) -> list[dict[str, Any]]:
        if not self._places.relays.is_dir():
            return []
        # Imported late: most users have no relay.
        from agent.core.evidence.relays import names_past
        from agent.core.shown.relayed import relay_use_to_json
        from agent.observers.relays import RelayObserver
        from agent.platforms import current

        if self._observer is None:
            self._observer = RelayObserver(self._places.relays, current().socket_reader)
        now = self._now()
        found, looked = self._observer.told_together(now), now.wall_of(machine.taken)
        return [
            relay_use_to_json(told | {"past": names_past(machine, str(told.get("application", ""))), "looked": looked})
            for told in found
        ]

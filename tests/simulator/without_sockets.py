"""A simulated TWS whose sessions have no socket: bytes in, bytes out, by a clock that moves only when told."""

import asyncio
from collections.abc import Callable
from typing import Any

from agent.simulator.server import Simulator
from agent.simulator.session import ClientSession
from agent.simulator.state import Profile
from agent.tws.codec import PROTOBUF_OFFSET, Era, era_of, fields_bytes, frame
from agent.tws.requests import REQUEST_MESSAGES, REQUEST_SCHEMA
from agent.tws.schema import Values, encode


def request(number: int, version: int, values: Values) -> bytes:
    """A client's message as its own library writes it."""
    schema, layout = REQUEST_MESSAGES[number]
    match era_of(version):
        case Era.TEXT:
            return frame(fields_bytes([str(number), *layout.write(values, version)]))
        case Era.RAW_ID:
            return frame(number.to_bytes(4, "big") + fields_bytes(layout.write(values, version)))
        case _:
            return frame((number + PROTOBUF_OFFSET).to_bytes(4, "big") + encode(schema, values, REQUEST_SCHEMA))


class _Wire(asyncio.Transport):
    """Hands on what the simulated TWS writes."""

    def __init__(self, hear: Callable[[bytes], None]) -> None:
        super().__init__()
        self._hear = hear
        self.closed = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 1) if name == "peername" else default

    def write(self, data: Any) -> None:
        if not self.closed:
            self._hear(bytes(data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


class Connection:
    """A program's connection to it. `hear` gets what TWS says."""

    def __init__(self, simulator: Simulator, hear: Callable[[bytes], None]) -> None:
        self._wire = _Wire(hear)
        self.session = ClientSession(simulator, simulator._answers.answer)
        self.session.connection_made(self._wire)

    @property
    def open(self) -> bool:
        """Whether TWS has not ended it."""
        return not self._wire.closed

    def send(self, data: bytes) -> None:
        """The program sends this."""
        self.session.data_received(data)

    def close(self) -> None:
        """The connection ends."""
        self._wire.closed = True
        self.session.connection_lost(None)


def simulated(clock: Callable[[], float], version: int) -> Simulator:
    """A simulated TWS that listens nowhere; needs a running event loop once it is connected to."""
    return Simulator(Profile(server_version=version), port=0, clock=clock)

"""Sends one bare message to a simulator of the protobuf era, as no careful client would."""

import asyncio

from agent.tws.protobuf import field
from agent.tws.wire import ErrorMessage, Frames, NextValidId, hello, parse_message, request_frame, start_api

PATIENCE = 30.0
"""Seconds after which an answer that should come has failed to."""


async def refusal(port: int, version: int, number: int, req_id: int = 9) -> int:
    """The code of the notice by which a request is refused."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    frames = Frames()
    ready = False
    writer.write(hello())
    writer.write(start_api(version, 7))
    try:
        async with asyncio.timeout(PATIENCE):
            await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big"))
            while True:
                for body in frames.feed(await reader.read(4096)):
                    message = parse_message(version, body)
                    if isinstance(message, NextValidId) and not ready:
                        ready = True
                        writer.write(request_frame(version, number, (req_id,), field(1, req_id)))
                    if isinstance(message, ErrorMessage) and message.request_id == req_id:
                        return message.code
    finally:
        writer.close()

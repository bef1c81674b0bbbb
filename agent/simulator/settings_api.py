"""The answers of the simulated TWS to reqConfig and updateConfig, with the faults of both."""

import random

from agent.simulator.configuration import (
    WARNING,
    accepted_warnings,
    objections,
    response_values,
    wanted_changes,
    with_unknown_fields,
    with_wrong_types,
)
from agent.simulator.messages import REPLIES, reply_frame
from agent.simulator.notices import simulated_text
from agent.simulator.session import ClientSession
from agent.simulator.spoiling import GARBAGE_SEED
from agent.simulator.state import Situation
from agent.tws.api_settings import CONFIG_SINCE, UPDATE_CONFIG_SINCE
from agent.tws.codec import PROTOBUF_OFFSET, RAW_ID_SIZE, frame
from agent.tws.requests import ClientRequest
from agent.tws.schema import Values, raw_field

HUGE = 12 * 1024 * 1024
"""Bytes of the answer under the fault `config-huge`: just within what the API allows for one message."""

_NOT_SERVED = 322
_READ_ONLY = 321


class SettingsApi:
    """Tells the settings and changes them."""

    def __init__(self, situation: Situation) -> None:
        self._situation = situation

    def tell(self, session: ClientSession, request: ClientRequest) -> None:
        """Answer a reqConfig. A Read-Only API answers it too."""
        if self._is_turned_away(session, request, CONFIG_SINCE):
            return
        values = response_values(request.request_id, self._situation.reported_configuration)
        self._reply(session, "ConfigResponse", values)

    def change(self, session: ClientSession, request: ClientRequest) -> None:
        """Answer an updateConfig, and make the change unless it is refused."""
        situation = self._situation
        if self._is_turned_away(session, request, UPDATE_CONFIG_SINCE):
            return
        if situation.read_only:
            session.notice(_READ_ONLY, request_id=request.request_id)
            return
        changes = wanted_changes(request.values)
        objected = [*objections(changes), *_beyond_simulation(request)]
        answer: Values
        if objected:
            answer = {
                "status": "error",
                "message": "Validating configuration update request has failed",
                "errors": objected,
            }
        elif situation.has("config-warnings") and WARNING["message_id"] not in accepted_warnings(request.values):
            answer = {
                "status": "warning",
                "message": "Configuration update has to be confirmed",
                "warnings": [WARNING],
            }
        else:
            changed = situation.configure(changes)
            answer = {"status": "success", "message": "Configuration updated", "changed_fields": changed}
        self._reply(session, "UpdateConfigResponse", {"request_id": request.request_id, **answer})

    def _is_turned_away(self, session: ClientSession, request: ClientRequest, since: int) -> bool:
        situation = self._situation
        if (session.server_version or 0) < since:
            session.notice(_NOT_SERVED, request_id=request.request_id)
            return True
        if situation.has("config-refused"):
            code = int(situation.value("config-refused"))
            session.notice(code, simulated_text(code), request.request_id)
            return True
        return situation.has("config-silent")

    def _reply(self, session: ClientSession, name: str, values: Values) -> None:
        """Send an answer, spoilt if a fault demands it."""
        situation = self._situation
        if situation.has("config-half"):
            session.spoil("half-frame", reply_frame(name, values, session.server_version or 0))
        elif situation.has("config-garbage"):
            session.write(_framed(name, random.Random(GARBAGE_SEED).randbytes(512)))
        elif situation.has("config-huge"):
            session.write(_framed(name, raw_field(1, 1) + raw_field(3, bytes(HUGE))))
        elif situation.has("config-unknown-fields"):
            session.write(_framed(name, with_unknown_fields(name, values)))
        elif situation.has("config-wrong-types"):
            session.write(_framed(name, with_wrong_types(name, values)))
        else:
            session.send(name, values)


def _beyond_simulation(request: ClientRequest) -> list[str]:
    return [path for name, path in _NOT_SIMULATED.items() if name in request.values]


_NOT_SIMULATED = {"prompts": "configuration.messages", "orders": "configuration.orders"}
"""Parts of an updateConfig that the simulator refuses to change, with the path it names in the error."""


def _framed(name: str, body: bytes) -> bytes:
    return frame((REPLIES[name].number + PROTOBUF_OFFSET).to_bytes(RAW_ID_SIZE, "big") + body)

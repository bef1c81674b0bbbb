"""Every problem Gatelight knows, causes before consequences.

To add one: write `<code>.py` here (underscores for hyphens) with a pure `_check` and one `Problem` named like the code
in capitals, write `agent/guides/<code>.md`, and list it below, after everything that hides it.
`tests/problems/test_contract.py` names what is still missing.
Where a problem is about getting to the API port, its obstacle is decided in `shared.reach`, so that no two claim one
fault.
"""

from agent.core.problem import Problem
from agent.problems.agent_cannot_see import AGENT_CANNOT_SEE
from agent.problems.api_disabled import API_DISABLED
from agent.problems.api_flooding import API_FLOODING
from agent.problems.api_port_mismatch import API_PORT_MISMATCH
from agent.problems.api_port_taken import API_PORT_TAKEN
from agent.problems.api_silent import API_SILENT
from agent.problems.api_wedged import API_WEDGED
from agent.problems.app_changed import APP_CHANGED
from agent.problems.app_frozen import APP_FROZEN
from agent.problems.app_memory_low import APP_MEMORY_LOW
from agent.problems.app_not_installed import APP_NOT_INSTALLED
from agent.problems.app_not_running import APP_NOT_RUNNING
from agent.problems.app_outdated import APP_OUTDATED
from agent.problems.app_starting import APP_STARTING
from agent.problems.client_id_in_use import CLIENT_ID_IN_USE
from agent.problems.clock_off import CLOCK_OFF
from agent.problems.competing_session import COMPETING_SESSION
from agent.problems.config_invalid import CONFIG_INVALID
from agent.problems.connection_unstable import CONNECTION_UNSTABLE
from agent.problems.container_not_ready import CONTAINER_NOT_READY
from agent.problems.data_delayed import DATA_DELAYED
from agent.problems.data_farm_broken import DATA_FARM_BROKEN
from agent.problems.data_lines_exhausted import DATA_LINES_EXHAUSTED
from agent.problems.data_lines_near import DATA_LINES_NEAR
from agent.problems.data_lost import DATA_LOST
from agent.problems.data_not_subscribed import DATA_NOT_SUBSCRIBED
from agent.problems.host_unreachable import HOST_UNREACHABLE
from agent.problems.host_unresolvable import HOST_UNRESOLVABLE
from agent.problems.login_due import LOGIN_DUE
from agent.problems.login_pending import LOGIN_PENDING
from agent.problems.message_rate_exceeded import MESSAGE_RATE_EXCEEDED
from agent.problems.message_rate_near import MESSAGE_RATE_NEAR
from agent.problems.network_down import NETWORK_DOWN
from agent.problems.not_tws import NOT_TWS
from agent.problems.pacing_near import PACING_NEAR
from agent.problems.pacing_violation import PACING_VIOLATION
from agent.problems.peer_not_trusted import PEER_NOT_TRUSTED
from agent.problems.precautions_on import PRECAUTIONS_ON
from agent.problems.program_missing import PROGRAM_MISSING
from agent.problems.read_only_api import READ_ONLY_API
from agent.problems.restart_at_risk import RESTART_AT_RISK
from agent.problems.restart_stuck import RESTART_STUCK
from agent.problems.scheduled_outage import SCHEDULED_OUTAGE
from agent.problems.server_link_lost import SERVER_LINK_LOST
from agent.problems.session_not_ready import SESSION_NOT_READY
from agent.problems.several_apps import SEVERAL_APPS
from agent.problems.too_many_clients import TOO_MANY_CLIENTS
from agent.problems.trading_mode_mismatch import TRADING_MODE_MISMATCH
from agent.problems.wrong_application import WRONG_APPLICATION
from agent.problems.wrong_product import WRONG_PRODUCT

PROBLEMS: tuple[Problem, ...] = (
    CONFIG_INVALID,
    AGENT_CANNOT_SEE,
    TRADING_MODE_MISMATCH,
    NETWORK_DOWN,
    SCHEDULED_OUTAGE,
    APP_NOT_INSTALLED,
    APP_NOT_RUNNING,
    WRONG_APPLICATION,
    WRONG_PRODUCT,
    APP_STARTING,
    LOGIN_PENDING,
    RESTART_STUCK,
    API_DISABLED,
    API_PORT_MISMATCH,
    API_PORT_TAKEN,
    SEVERAL_APPS,
    CONTAINER_NOT_READY,
    HOST_UNRESOLVABLE,
    HOST_UNREACHABLE,
    PEER_NOT_TRUSTED,
    API_SILENT,
    API_WEDGED,
    NOT_TWS,
    SERVER_LINK_LOST,
    SESSION_NOT_READY,
    CLIENT_ID_IN_USE,
    TOO_MANY_CLIENTS,
    APP_OUTDATED,
    READ_ONLY_API,
    PRECAUTIONS_ON,
    API_FLOODING,
    APP_FROZEN,
    DATA_LOST,
    DATA_FARM_BROKEN,
    COMPETING_SESSION,
    DATA_NOT_SUBSCRIBED,
    DATA_DELAYED,
    PACING_VIOLATION,
    MESSAGE_RATE_EXCEEDED,
    DATA_LINES_EXHAUSTED,
    PACING_NEAR,
    MESSAGE_RATE_NEAR,
    DATA_LINES_NEAR,
    APP_MEMORY_LOW,
    CONNECTION_UNSTABLE,
    CLOCK_OFF,
    APP_CHANGED,
    PROGRAM_MISSING,
    LOGIN_DUE,
    RESTART_AT_RISK,
)
"""In the order in which they are judged and shown: a cause stands before what it hides."""

"""What Gatelight can do on a click: one file for each fix, and one list of them.

To add a fix: write `<id>.py` here (underscores for hyphens), with a pure `_offer`, a `_do` that touches the world only
through `core.fix.Tools`, and a `Fix` named like the id in capitals. List it below, and name it in its problem.
"""

from collections.abc import Mapping

from agent.core.fix import Fix
from agent.fixes.choose_app import CHOOSE_APP
from agent.fixes.enable_api import ENABLE_API
from agent.fixes.focus_app import FOCUS_APP
from agent.fixes.reconnect_account import RECONNECT_ACCOUNT
from agent.fixes.reconnect_data import RECONNECT_DATA
from agent.fixes.set_auto_restart import SET_AUTO_RESTART
from agent.fixes.set_precautions import SET_PRECAUTIONS
from agent.fixes.start_app import START_APP
from agent.fixes.use_application import USE_APPLICATION
from agent.fixes.use_client_id import USE_CLIENT_ID
from agent.fixes.use_intent import USE_INTENT
from agent.fixes.use_port import USE_PORT
from agent.fixes.use_trading_mode import USE_TRADING_MODE

FIXES: Mapping[str, Fix] = {
    fix.id: fix
    for fix in (
        START_APP,
        FOCUS_APP,
        USE_PORT,
        USE_APPLICATION,
        USE_CLIENT_ID,
        USE_TRADING_MODE,
        USE_INTENT,
        CHOOSE_APP,
        ENABLE_API,
        RECONNECT_DATA,
        RECONNECT_ACCOUNT,
        SET_PRECAUTIONS,
        SET_AUTO_RESTART,
    )
}
"""By id."""

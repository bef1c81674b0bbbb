"""Let the application restart every day instead of logging off, at the same time of day."""

from agent.core.evidence.words import app_name
from agent.core.facts import Facts
from agent.core.fix import Fix, Offer, Question
from agent.fixes.shared import tws_settings
from agent.tws.api_settings import Configuration, LockAndExit

_RESTART = "restart"
"""The value of autoLogoffType for a restart (IBKR's reference of LockAndExitConfig)."""


def _offer(facts: Facts) -> Offer | None:
    known = tws_settings.changeable(facts)
    if known is None or known.lock_and_exit.restarts is not False:
        return None
    app, minute = app_name(facts), known.lock_and_exit.minutes_after_midnight
    at = "" if minute is None else f" ({minute // 60:02}:{minute % 60:02})"
    path = tws_settings.menu_path(facts, "Lock and Exit")
    return tws_settings.offer(
        facts,
        SET_AUTO_RESTART.id,
        "Restart every day, not log off",
        Question(
            title=f"Have {app} (“{facts.connection.name}”) restart every day instead of logging off?",
            changes=(f"{app}, Lock and Exit: “Auto logoff” changes to “Auto restart”; the time stays as it is{at}",),
            given_up=(
                f"{app} no longer ends every day: it comes back logged in, with no one at the keyboard, "
                "until the weekly log-in",
            ),
            remark=f"To undo it, {path} and select “Auto logoff”.",
        ),
        Configuration(lock_and_exit=LockAndExit(auto_logoff_type=_RESTART)),
        f"To do it by hand, {path} and select “Auto restart”.",
    )


SET_AUTO_RESTART = Fix("set-auto-restart", _offer, tws_settings.do)

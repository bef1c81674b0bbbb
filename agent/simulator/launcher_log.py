"""The launcher.log of a simulated IB Gateway: what a real one writes from its start until a log-in succeeds."""

import asyncio
import contextlib
from datetime import UTC, datetime
from pathlib import Path

from agent.simulator.settings_folder import USER_FOLDER

NAME = "launcher.log"
PRETENDED_SECRETS = ("198.51.100.77", "AA-BB-CC-DD-EE-FF", "5e55105e55105e55", "simulated-user")
"""An address, a hardware address, a part of a token and a user name, as real lines hold them: none may turn up
anywhere else."""

ACCEPTED = "accepted"
RESTORING = "restoring"
UNTRIED = "untried"

_ADDRESS, _HARDWARE, _TOKEN, _USER = PRETENDED_SECRETS
_ATTEMPT = "LauncherLoginThread.runLoginWithUI()[hotBackupStrategy=ON,loginAttempt={number},socketDelay=20000]."
_TRACKER = f"SocketTracker[address={_ADDRESS},mac={_HARDWARE},lastReadTimestamp={{epoch}}]"
_PASSWORD = (
    " NS_AUTH_START version=52 pwd=1 soft=0 token(s)=[token=5, tokenSubtype=2, suffix=a[{factor}]] "
    "initialTokenType=PWD authenticationType=MARKET_DATA_CONNECTION identityHashcode=1"
)
_SAVED = (
    f" NS_AUTH_START version=52 pwd=0 soft=1 token(s)=[{_TOKEN}] "
    "initialTokenType=SOFT authenticationType=MARKET_DATA_CONNECTION identityHashcode=1"
)
_WARM = f"Running in auto-restart mode: restoring session token and session ID [userDirname={USER_FOLDER}]"
_BY_PASSWORD = (_ATTEMPT, _TRACKER, _PASSWORD)
_ENDED = "MessageType: null. FailReason: "
_REFUSED = "Authorization failed: "

TROUBLES: dict[str, tuple[str, ...]] = {
    UNTRIED: (),
    "under-way": _BY_PASSWORD,
    "push": (*_BY_PASSWORD, "Received CHALLENGE"),
    "push-unanswered": (*_BY_PASSWORD, "Received CHALLENGE", f"{_REFUSED}SUPPRESS_MESSAGE_BOX. {_ENDED}2147483647"),
    "code": (_ATTEMPT, _TRACKER, _PASSWORD.replace("{factor}", "Security Code Card"), "Received CHALLENGE"),
    "password": (
        *_BY_PASSWORD,
        "AUTH_RESULT indicates wrong password",
        f"{_REFUSED}Invalid username or password for {_USER}. {_ENDED}1",
    ),
    "expired": (
        _WARM,
        _ATTEMPT,
        _SAVED,
        f"{_REFUSED}The security tokens associated with your login credentials have expired (routinely). {_ENDED}99",
    ),
    "locked": (
        "Too many failed login attempts. Please wait 4 minutes & 55 seconds before attempting to re-login again.",
    ),
    "no-way": (_ATTEMPT, "SPLASH Attempt 1: network error, will retry in seconds"),
    "no-answer": (_ATTEMPT, _TRACKER, "Authentication timeout"),
    "refused": (*_BY_PASSWORD, f"{_REFUSED}This version is no longer supported. {_ENDED}99"),
    RESTORING: (_WARM, _ATTEMPT, _SAVED),
    "silent": (),
    ACCEPTED: (
        *_BY_PASSWORD,
        "### onAuthenticationCompleted tokenProtocol=5; authenticated=true",
        "Switching to a new encrypted log...",
    ),
}
"""By trouble, the messages of a log-in that meets it. `silent`: the file is not written at all."""

_CHALLENGED = frozenset({"push", "code"})
_HEARTBEAT, _IDLE = "Sent NS_HEART_BEAT:#%#%0000MISC51;531;{utc};", "instance of control is not created yet"
_HEARTBEAT_EVERY, _IDLE_EVERY = 20.0, 300.0
"""Seconds between the lines that are written while nothing happens."""


class LauncherLog:
    """Writes one file; belongs to the loop of the process that logs in."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._trouble: str | None = None
        self._attempts = 0
        self._waiting: asyncio.Task[None] | None = None

    async def go_to(self, trouble: str) -> None:
        """Write what a log-in that comes so far writes; nothing any more once one was accepted."""
        if trouble in (self._trouble, "silent") or self._trouble == ACCEPTED:
            return
        first, self._trouble = self._trouble is None, trouble
        if self._waiting is not None:
            self._waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._waiting
            self._waiting = None
        begun = (f"{'-' * 31} IB GATEWAY RESTART {'-' * 32}", "Started on {utc}") if first else ()
        self._attempts += 1
        # In one go: a reader meets the stage that is meant, and none on the way there.
        self._write(*begun, *TROUBLES[trouble])
        if trouble != ACCEPTED:
            self._waiting = asyncio.create_task(self._wait())

    async def _wait(self) -> None:
        challenged = self._trouble in _CHALLENGED
        while True:
            await asyncio.sleep(_HEARTBEAT_EVERY if challenged else _IDLE_EVERY)
            self._write(_HEARTBEAT if challenged else _IDLE)

    def _write(self, *messages: str) -> None:
        now = datetime.now(UTC)
        here = now.astimezone().strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        facts = {
            "{number}": str(self._attempts),
            "{epoch}": str(int(now.timestamp() * 1000)),
            "{utc}": now.strftime("%Y%m%d-%H:%M:%S"),
            "{factor}": "IB Key",
        }
        text = "".join(f"{here} INFO  [JTS-Login-1] - {message}\n" for message in messages)
        for name, value in facts.items():
            text = text.replace(name, value)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(text)

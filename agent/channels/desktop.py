"""Desktop notifications through plyer, guarded, because plyer loses some messages without an error on every system.

Measured with plyer 2.1.0. On Linux without dbus-python, plyer runs notify-send, ignores its exit status, drops icon and
urgency, and passes a title such as "-h" as an option. On Windows, a long text raises an error in plyer's own thread.
That thread also delays the end of the program and leaves ghost icons. So this channel first looks for a service,
shortens texts, and calls plyer's implementation where its front end drops something.
"""

import asyncio
import atexit
import contextlib
import importlib
import sys
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agent.channels import ChannelKind, Delivered, Delivery, NotDelivered, Place
from agent.channels.texts import (
    APP_NAME,
    Manner,
    icons_folder,
    linux_text,
    manner_of,
    message_text,
    message_title,
)
from agent.core.shown.display import Notice
from agent.tws.printable import one_line

_SEND_SECONDS = 5.0
"""Seconds for one notice. notify-send needs 40 ms; a service that has to start first needs a second or two."""

_BALLOON_SECONDS = 8.0
"""Seconds plyer's own icon stays on Windows, and the balloon with it; no caller waits for that."""


class DesktopChannel:
    """The desktop's own notifications, through plyer.

    plyer cannot take a notice back, so `withdraw` does nothing. On Linux a later notice of the same key replaces the
    earlier one, if the notification service supports that.
    """

    name = "desktop notifications"

    def __init__(self, icons: Path | None) -> None:
        """`icons` is the folder of built icons, if there is one."""
        self._icons = icons

    async def announce(self, notice: Notice) -> Delivery:
        """See `Channel.announce`."""
        title, manner = message_title(notice), manner_of(notice)
        if sys.platform == "win32":
            send = self._balloon(title, message_text(notice), manner)
        elif sys.platform == "darwin":
            send = self._mac_notice(title, message_text(notice))
        else:
            body = await linux_text(notice)
            if isinstance(body, NotDelivered):
                return body
            send = self._linux_notice(notice.key, title, body, manner)
        try:
            await _in_thread(send, _SEND_SECONDS)
        except TimeoutError:
            return NotDelivered(f"the notification program did not end within {_SEND_SECONDS:g} s")
        except _Refused as refusal:
            return NotDelivered(str(refusal))
        except Exception as failure:
            return NotDelivered(f"plyer failed ({failure or type(failure).__name__})")
        return Delivered(self.name)

    async def withdraw(self, key: str) -> bool:
        """See `Channel.withdraw`."""
        return False

    def _icon_file(self, manner: Manner, suffix: str) -> str:
        return str(manner.icon_file(self._icons, suffix) or "")

    def _linux_notice(self, key: str, title: str, body: str, manner: Manner) -> "_Send":
        icon = self._icon_file(manner, "png")

        def send(sent: Callable[[], None]) -> None:
            plyer = _implementation("linux")
            match type(plyer).__name__:
                case "NotifySendNotification":
                    # The front end passes app_icon, but this implementation reads icon; it takes urgency too.
                    plyer._notify(
                        app_name=APP_NAME,
                        title=title,
                        message=body.replace("\\", "\\\\"),
                        icon=icon,
                        urgency=manner.urgency,
                        expire_time=str(manner.seconds * 1000),
                        hint=f"string:x-canonical-private-synchronous:{one_line(key)}",
                    )
                case "NotifyDbus":
                    hints = {"urgency": importlib.import_module("dbus").Byte(manner.urgency_level)}
                    plyer.notify(
                        title=title,
                        message=body,
                        app_name=APP_NAME,
                        app_icon=icon,
                        timeout=manner.seconds,
                        hints=hints,
                    )
                case "NotifyDesktopPortals":
                    raise _Refused("inside Flatpak plyer cannot tell whether a notification arrives")
                case _:
                    raise _Refused("notify-send is not installed (on Debian and Ubuntu: the package libnotify-bin)")
            sent()

        return send

    def _balloon(self, title: str, text: str, manner: Manner) -> "_Send":
        icon = self._icon_file(manner, "ico")

        def send(sent: Callable[[], None]) -> None:
            # plyer's front end does this in its own thread, whose failure is not reported.
            tips = importlib.import_module("plyer.platforms.win.libs.balloontip")
            tip = tips.WindowsBalloonTip(
                title=title, message=text or title, app_name=APP_NAME, app_icon=icon, timeout=0
            )
            sent()
            time.sleep(_BALLOON_SECONDS)
            # Clean up in the thread that made the window. plyer would clean up at the end of the program, when the
            # window is gone: the icon would stay behind, and every notice would keep its handles until then.
            tip.__del__()
            atexit.unregister(tip.__del__)
            tip._hicon = tip._wnd_class_ex = tip._hwnd = None

        return send

    def _mac_notice(self, title: str, text: str) -> "_Send":
        def send(sent: Callable[[], None]) -> None:
            _implementation("macosx").notify(title=title, message=text, app_name=APP_NAME)
            sent()

        return send


CHANNEL = ChannelKind(lambda _, __: DesktopChannel(icons_folder()), Place.DESKTOP, keys=("desktop",))

_Send = Callable[[Callable[[], None]], None]
"""Sends one notice, blocking; calls its argument once the notice is known to be sent."""


class _Refused(Exception):
    """plyer cannot send here; `str()` says why."""


def _implementation(platform: str) -> Any:
    """plyer's implementation for this system. Raises `_Refused` where there is none, which plyer's front end hides."""
    try:
        module = importlib.import_module(f"plyer.platforms.{platform}.notification")
    except ImportError as missing:
        raise _Refused(f"plyer cannot notify here ({missing})") from missing
    with warnings.catch_warnings():
        # plyer warns when dbus-python is not installed, which is usual and no loss.
        warnings.simplefilter("ignore")
        return module.instance()


async def _in_thread(send: _Send, seconds: float) -> None:
    """Run `send` in a thread until it says that the notice is sent; TimeoutError after `seconds`.

    The thread is not from the loop's pool: the pool waits for its threads, and a stuck one would keep the program from
    ending.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def settle(failure: Exception | None) -> None:
        if done.done():
            return
        if failure is None:
            done.set_result(None)
        else:
            done.set_exception(failure)

    def tell(failure: Exception | None) -> None:
        # RuntimeError: the loop has ended, so no caller waits for the answer.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, failure)

    def work() -> None:
        try:
            send(lambda: tell(None))
        except Exception as failure:
            tell(failure)

    threading.Thread(target=work, name="desktop-notice", daemon=True).start()
    await asyncio.wait_for(done, seconds)

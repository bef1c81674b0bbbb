"""A notification service without a screen, which writes down what it was told."""

from dataclasses import dataclass
from typing import Annotated, Any

from dbus_fast import DBusError
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusDict, DBusInt32, DBusSignature, DBusStr, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method, dbus_signal

from agent.platforms.session_bus import close_session_bus
from tests.tray_host import bare

_Strings = Annotated[list[str], DBusSignature("as")]


@dataclass(frozen=True)
class Recorded:
    """One notification as the service got it."""

    app: str
    icon: str
    title: str
    body: str
    hints: dict[str, Any]
    milliseconds: int
    actions: list[str]
    """Keys and labels by turns; the key "default" is a click on the notice itself."""
    number: int

    @property
    def buttons(self) -> dict[str, str]:
        """Key by label, without the click on the notice itself."""
        pairs = zip(self.actions[::2], self.actions[1::2], strict=True)
        return {label: key for key, label in pairs if key != "default"}


class NoticeRecorder(ServiceInterface):
    """The service; `notices` is what came."""

    def __init__(self, abilities: tuple[str, ...]) -> None:
        super().__init__("org.freedesktop.Notifications")
        self.notices: list[Recorded] = []
        self.closed: list[int] = []
        self.refuse = False
        self._abilities = abilities
        self._bus: MessageBus | None = None

    @classmethod
    async def start(cls, *abilities: str) -> "NoticeRecorder":
        recorder = cls(abilities)
        recorder._bus = await MessageBus().connect()
        recorder._bus.export("/org/freedesktop/Notifications", recorder)
        await recorder._bus.request_name("org.freedesktop.Notifications")
        return recorder

    async def end(self) -> None:
        assert self._bus is not None
        await close_session_bus(self._bus)

    @dbus_method()
    def GetServerInformation(self) -> Annotated[tuple[str, str, str, str], DBusSignature("ssss")]:
        return "recorder", "gatelight", "1", "1.2"

    @dbus_method()
    def GetCapabilities(self) -> _Strings:
        return list(self._abilities)

    @dbus_method()
    def Notify(
        self,
        app: DBusStr,
        replaces: DBusUInt32,
        icon: DBusStr,
        title: DBusStr,
        body: DBusStr,
        actions: _Strings,
        hints: DBusDict,
        milliseconds: DBusInt32,
    ) -> DBusUInt32:
        if self.refuse:
            raise DBusError("org.freedesktop.Notifications.Error.ExcessNotificationGeneration", "too many")
        number = replaces or len(self.notices) + 1
        self.notices.append(Recorded(app, icon, title, body, bare(hints), milliseconds, actions, number))
        return number

    @dbus_method()
    def CloseNotification(self, number: DBusUInt32) -> None:
        self.closed.append(number)
        self.NotificationClosed(number, 3)

    @dbus_signal()
    def NotificationClosed(self, number: int, reason: int) -> Annotated[tuple[int, int], DBusSignature("uu")]:
        return number, reason

    @dbus_signal()
    def ActionInvoked(self, number: int, key: str) -> Annotated[tuple[int, str], DBusSignature("us")]:
        return number, key

"""A notification service without a screen, which writes down what it was told."""

from dataclasses import dataclass
from typing import Annotated, Any

from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusDict, DBusInt32, DBusSignature, DBusStr, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method

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


class NoticeRecorder(ServiceInterface):
    """The service; `notices` is what came."""

    def __init__(self, abilities: tuple[str, ...]) -> None:
        super().__init__("org.freedesktop.Notifications")
        self.notices: list[Recorded] = []
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
        if self._bus.connected:
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
        _actions: _Strings,
        hints: DBusDict,
        milliseconds: DBusInt32,
    ) -> DBusUInt32:
        self.notices.append(Recorded(app, icon, title, body, bare(hints), milliseconds))
        return replaces or len(self.notices)

    @dbus_method()
    def CloseNotification(self, _number: DBusUInt32) -> None:
        pass

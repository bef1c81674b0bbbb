"""A panel without a screen: reads the icon, tooltip and menu of a tray item over D-Bus, and clicks."""

import asyncio
from dataclasses import dataclass, field
from typing import Annotated, Any

from dbus_fast import Message, MessageType, NameFlag, PropertyAccess, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusBool, DBusInt32, DBusSignature, DBusStr
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from agent.platforms.session_bus import close_session_bus

WATCHER = "org.kde.StatusNotifierWatcher"
ITEM = "org.kde.StatusNotifierItem"
MENU = "com.canonical.dbusmenu"


def bare(value: Any) -> Any:
    """The value without D-Bus's wrappings."""
    match value:
        case Variant():
            return bare(value.value)
        case dict():
            return {key: bare(inner) for key, inner in value.items()}
        case list() | tuple():
            return [bare(inner) for inner in value]
        case _:
            return value


class _Watcher(ServiceInterface):
    def __init__(self) -> None:
        super().__init__(WATCHER)
        self.items: list[str] = []
        self.came = asyncio.Event()

    @dbus_method()
    def RegisterStatusNotifierItem(self, name: DBusStr) -> None:
        self.items.append(name)
        self.StatusNotifierItemRegistered(name)
        self.came.set()

    @dbus_property(PropertyAccess.READ)
    def RegisteredStatusNotifierItems(self) -> Annotated[list[str], DBusSignature("as")]:
        return self.items

    @dbus_property(PropertyAccess.READ)
    def IsStatusNotifierHostRegistered(self) -> DBusBool:
        return True

    @dbus_property(PropertyAccess.READ)
    def ProtocolVersion(self) -> DBusInt32:
        return 0

    @dbus_signal()
    def StatusNotifierItemRegistered(self, name: str) -> DBusStr:
        return name


@dataclass
class Line:
    """One line of a menu as the panel got it."""

    number: int
    properties: dict[str, Any]
    children: list["Line"] = field(default_factory=list)

    @property
    def label(self) -> str:
        return str(self.properties.get("label", ""))

    def find(self, label: str) -> "Line":
        for child in self.children:
            if child.label == label:
                return child
            try:
                return child.find(label)
            except LookupError:
                continue
        raise LookupError(label)

    def outline(self, depth: int = 0) -> list[str]:
        """The menu as text, one line each."""
        lines = []
        for child in self.children:
            mark = {1: "[x] ", 0: "[ ] "}.get(child.properties.get("toggle-state", -1), "")
            text = "---" if child.properties.get("type") == "separator" else mark + child.label
            grey = "" if child.properties.get("enabled", True) else " (grey)"
            lines += ["  " * depth + text + grey, *child.outline(depth + 1)]
        return lines


class TrayHost:
    """The panel. `signals` holds the names of all signals of the item and its menu since the last `forget`."""

    def __init__(self, bus: MessageBus, watcher: _Watcher) -> None:
        self._bus = bus
        self._watcher = watcher
        self.signals: list[str] = []
        self.changed: list[Any] = []

    @classmethod
    async def start(cls) -> "TrayHost":
        bus = await MessageBus().connect()
        watcher = _Watcher()
        host = cls(bus, watcher)
        bus.export("/StatusNotifierWatcher", watcher)
        for interface in (ITEM, MENU):
            rule = f"type='signal',interface='{interface}'"
            await bus.call(
                Message("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "AddMatch", signature="s", body=[rule])
            )
        bus.add_message_handler(host._hear)
        await bus.request_name(WATCHER, NameFlag.DO_NOT_QUEUE)
        return host

    def _hear(self, message: Message) -> None:
        if message.message_type is MessageType.SIGNAL and message.interface in (ITEM, MENU) and message.member:
            self.signals.append(message.member)
            if message.member == "ItemsPropertiesUpdated":
                self.changed += bare(message.body[0])

    def forget(self) -> None:
        self.signals.clear()
        self.changed.clear()

    async def end(self) -> None:
        if self._bus.connected:
            await close_session_bus(self._bus)

    async def item_came(self) -> None:
        await asyncio.wait_for(self._watcher.came.wait(), 10)

    @property
    def items(self) -> list[str]:
        return self._watcher.items

    async def heard(self, *signals: str) -> None:
        """Wait until all these signals have come."""
        async with asyncio.timeout(20):
            while not set(signals) <= set(self.signals):  # noqa: ASYNC110 - simpler than an event for each
                await asyncio.sleep(0.005)

    async def call(self, path: str, interface: str, member: str, signature: str = "", *body: Any) -> list[Any]:
        message = Message(self.items[-1], path, interface, member, signature=signature, body=list(body))
        reply = await asyncio.wait_for(self._bus.call(message), 20)
        assert reply is not None
        assert reply.message_type is MessageType.METHOD_RETURN, reply.body
        return list(reply.body)

    async def read(self, name: str) -> Any:
        got = await self.call("/StatusNotifierItem", "org.freedesktop.DBus.Properties", "Get", "ss", ITEM, name)
        return bare(got[0])

    async def read_all(self) -> dict[str, Any]:
        got = await self.call("/StatusNotifierItem", "org.freedesktop.DBus.Properties", "GetAll", "s", ITEM)
        found: dict[str, Any] = bare(got[0])
        return found

    async def menu(self) -> Line:
        _revision, layout = await self.call(await self.read("Menu"), MENU, "GetLayout", "iias", 0, -1, [])

        def line(node: Any) -> Line:
            number, properties, children = node
            return Line(number, properties, [line(child) for child in children])

        return line(bare(layout))

    async def click_line(self, number: int) -> None:
        await self.tell_menu(number, "clicked")

    async def tell_menu(self, number: int, kind: str) -> None:
        """Something happened to a line; line 0 is the whole menu."""
        await self.call(await self.read("Menu"), MENU, "Event", "isvu", number, kind, Variant("i", 0), 0)

    async def click(self, label: str) -> None:
        await self.click_line((await self.menu()).find(label).number)

    async def activate(self) -> None:
        await self.call("/StatusNotifierItem", ITEM, "Activate", "ii", 0, 0)

"""A pystray menu as `com.canonical.dbusmenu`, the protocol in which Linux panels read and click menus."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeAlias

from dbus_fast import DBusError, PropertyAccess, Variant
from dbus_fast.annotations import DBusBool, DBusInt32, DBusSignature, DBusStr, DBusUInt32, DBusVariant
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from agent.tray.menu import pystray

ROOT = 0
"""The number of the menu itself; the numbers of its lines begin at 1."""

_ERROR = "com.canonical.dbusmenu.Error"

Properties: TypeAlias = dict[str, Variant]
_Layout = Annotated[list[Any], DBusSignature("(ia{sv}av)")]
_Strings = Annotated[list[str], DBusSignature("as")]
_Numbers = Annotated[list[int], DBusSignature("ai")]
_ItemProperties = Annotated[list[Any], DBusSignature("a(ia{sv})")]
_Events = Annotated[list[Any], DBusSignature("a(isvu)")]


def constant_property(name: str, signature: str, value: Any) -> Any:
    """A read-only property of an exported object that never changes."""

    def read(_: Any) -> Any:
        return value

    # dbus-fast reads the value through the attribute of the getter's name, and the type from its annotation.
    read.__name__ = name
    read.__annotations__["return"] = signature
    return dbus_property(PropertyAccess.READ)(read)


@dataclass(slots=True)
class _Node:
    """One line of the menu, with the properties that panels have read."""

    number: int
    properties: Properties
    item: Any = None
    children: list["_Node"] = field(default_factory=list)

    def walk(self) -> Iterator["_Node"]:
        yield self
        for child in self.children:
            yield from child.walk()


def _properties(item: Any) -> Properties:
    if item is pystray().Menu.SEPARATOR:
        return {"type": Variant("s", "separator")}
    # A single underscore would underline the next letter.
    found = {"label": Variant("s", item.text.replace("_", "__")), "enabled": Variant("b", bool(item.enabled))}
    if item.checked is not None:
        found["toggle-type"] = Variant("s", "radio" if item.radio else "checkmark")
        found["toggle-state"] = Variant("i", int(bool(item.checked)))
    if item.submenu is not None:
        found["children-display"] = Variant("s", "submenu")
    return found


def _asks_the_same(before: Any, after: Any) -> bool:
    """Whether a click on either line does the same, so that one may replace the other in an open menu."""
    if before is after:
        return True
    first, second = getattr(before, "entry", None), getattr(after, "entry", None)
    return first is not None and second is not None and first.action == second.action


class DBusMenu(ServiceInterface):
    """The exported menu. `update` compares a menu with the one panels have, and sends only the differences.

    A line that does something else gets a new number. So a click in a menu that was open while the menu changed does
    what the user read, or nothing.
    """

    def __init__(self, clicked: Callable[[Any], None], opened: Callable[[], None] = lambda: None) -> None:
        super().__init__("com.canonical.dbusmenu")
        self._clicked = clicked
        self._opened = opened
        self._revision = 0
        self._last_number = ROOT
        self._root = _Node(ROOT, {"children-display": Variant("s", "submenu")})
        self._by_number = {ROOT: self._root}

    def update(self, menu: Any) -> None:
        """Offer this pystray menu (or None) from now on."""
        items = list(menu) if menu else []
        changes: list[tuple[_Node, Properties]] = []
        if self._same_lines(self._root, items, changes):
            self._send_changes(changes)
            return
        self._root = _Node(ROOT, self._root.properties)
        self._add(self._root, items)
        self._by_number = {node.number: node for node in self._root.walk()}
        self._revision += 1
        self.LayoutUpdated()

    def _add(self, parent: _Node, items: list[Any]) -> None:
        for item in items:
            self._last_number += 1
            node = _Node(self._last_number, _properties(item), item)
            parent.children.append(node)
            self._add(node, list(item.submenu or ()))

    def _same_lines(self, parent: _Node, items: list[Any], changes: list[tuple[_Node, Properties]]) -> bool:
        """Whether the lines below `parent` do the same as `items`; adds the properties of each line to `changes`."""
        if len(parent.children) != len(items):
            return False
        for node, item in zip(parent.children, items, strict=True):
            properties = _properties(item)
            same_kind = properties.keys() == node.properties.keys()
            if not same_kind or not _asks_the_same(node.item, item):
                return False
            if not self._same_lines(node, list(item.submenu or ()), changes):
                return False
            changes.append((node, properties))
            node.item = item
        return True

    def _send_changes(self, changes: list[tuple[_Node, Properties]]) -> None:
        sent = []
        for node, properties in changes:
            if new := {key: value for key, value in properties.items() if value != node.properties[key]}:
                node.properties = properties
                sent.append([node.number, new])
        if sent:
            self.ItemsPropertiesUpdated(sent)

    def _node(self, number: int) -> _Node:
        if number not in self._by_number:
            raise DBusError(_ERROR, f"there is no line {number}")
        return self._by_number[number]

    def _layout(self, node: _Node, depth: int, names: list[str]) -> list[Any]:
        children = [Variant("(ia{sv}av)", self._layout(child, depth - 1, names)) for child in node.children]
        return [node.number, _only(node.properties, names), children if depth != 0 else []]

    def _event(self, number: int, kind: str) -> bool:
        node = self._by_number.get(number)
        if node is None:
            return False
        if kind == "clicked" and node.item is not None:
            self._clicked(node.item)
        if kind == "opened" and number == ROOT:
            self._opened()
        return True

    Version = constant_property("Version", "u", 3)
    TextDirection = constant_property("TextDirection", "s", "ltr")
    # "notice" would ask the panel to draw attention to the menu.
    Status = constant_property("Status", "s", "normal")
    # The lines have no icons.
    IconThemePath = constant_property("IconThemePath", "as", [])

    @dbus_method()
    def GetLayout(
        self, parent: DBusInt32, depth: DBusInt32, names: _Strings
    ) -> Annotated[tuple[int, Any], DBusSignature("u(ia{sv}av)")]:
        """The lines below `parent`, `depth` levels of them (-1: all), with the properties in `names` (none: all)."""
        return self._revision, self._layout(self._node(parent), depth, names)

    @dbus_method()
    def GetGroupProperties(self, numbers: _Numbers, names: _Strings) -> _ItemProperties:
        """The properties of several lines (none: of all)."""
        wanted = numbers or list(self._by_number)
        return [[n, _only(self._by_number[n].properties, names)] for n in wanted if n in self._by_number]

    @dbus_method()
    def GetProperty(self, number: DBusInt32, name: DBusStr) -> DBusVariant:
        """One property of one line."""
        properties = self._node(number).properties
        if name not in properties:
            raise DBusError(_ERROR, f"line {number} has no {name}")
        return properties[name]

    @dbus_method()
    def Event(self, number: DBusInt32, kind: DBusStr, _data: DBusVariant, _time: DBusUInt32) -> None:
        """Something happened to a line: "clicked", "hovered", "opened", "closed"."""
        self._event(number, kind)

    @dbus_method()
    def EventGroup(self, events: _Events) -> _Numbers:
        """Several events; the answer is the lines that do not exist."""
        return [number for number, kind, _data, _time in events if not self._event(number, kind)]

    @dbus_method()
    def AboutToShow(self, _number: DBusInt32) -> DBusBool:
        """Whether the panel must read the lines again. It never must: changes are sent when they happen."""
        return False

    @dbus_method()
    def AboutToShowGroup(self, numbers: _Numbers) -> Annotated[tuple[Any, Any], DBusSignature("aiai")]:
        """The lines to read again, and the lines that do not exist."""
        return [], [number for number in numbers if number not in self._by_number]

    @dbus_signal()
    def LayoutUpdated(self) -> Annotated[list[int], DBusSignature("ui")]:
        """Tells panels to read all lines again."""
        return [self._revision, ROOT]

    @dbus_signal()
    def ItemsPropertiesUpdated(
        self, changed: list[Any]
    ) -> Annotated[tuple[Any, Any], DBusSignature("a(ia{sv})a(ias)")]:
        """Tells panels the changed properties of lines. No line loses a property."""
        return changed, []


def _only(properties: Properties, names: list[str]) -> Properties:
    return {key: value for key, value in properties.items() if not names or key in names}

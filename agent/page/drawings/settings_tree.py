"""The tree on the left of the settings window, with the open page and the nodes to click."""

from collections.abc import Mapping, Sequence

from agent.page.drawings.canvas import around, path, rect, text_line
from agent.page.drawings.settings_pages import Page

WIDTH, WIDE = 138, 176
"""Widths of the tree in units; the wide one has room for marks."""
NODE = 30
"""Height of a node."""
_FOOT = 20
"""From the upper edge of a node to the foot line of its label."""


def height_of(pages: Sequence[Page]) -> float:
    """The height of the tree."""
    return NODE * len(_nodes(pages))


def tree(
    pages: Sequence[Page], selected: Page | None, orders: Mapping[str, int | None], x: float, y: float, width: float
) -> str:
    """Draw the tree. `orders`: the label of each marked node, with its number; None for the only one."""
    indent = 22 if any(orders.values()) else 0
    parts = []
    for row, (node, page) in enumerate(_nodes(pages)):
        top, label = y + row * NODE, node[-1]
        left = x + 16 + 16 * (len(node) - 1) + indent
        if page is None:
            parts.append(path(f"M{left - 10 - indent / 2:g} {top + 13:g}h7l-3.5 5z", "d-dot"))
        if label in orders:
            content = text_line(left, top + _FOOT, label, "d-b")
            edge = left - 8 - indent / 2
            last = orders[label] in (None, len(orders))
            parts.append(around(edge, top + 1, x + width - 6 - edge, NODE - 3, content, orders[label], hand=last))
        elif page is not None and page == selected:
            parts.append(rect(x + 5, top + 3, width - 10, NODE - 6, "d-bar", corner=4))
            parts.append(text_line(left, top + _FOOT, label, "d-k"))
        else:
            parts.append(text_line(left, top + _FOOT, label, "d-s"))
    return "".join(parts)


def _nodes(pages: Sequence[Page]) -> list[tuple[tuple[str, ...], Page | None]]:
    """Every node with its page; a node that only holds other nodes has no page."""
    nodes: list[tuple[tuple[str, ...], Page | None]] = []
    for page in pages:
        for depth in range(1, len(page.path)):
            if all(node != page.path[:depth] for node, _ in nodes):
                nodes.append((page.path[:depth], None))
        nodes.append((page.path, page))
    return nodes

"""The files of the page: a fixed table, read from the package when they are first asked for."""

from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from html import escape
from importlib import resources

KEY_PLACE = b"{{key}}"
"""Where a page that has just been opened is told its key; empty on every other way to it."""
VIEW_PLACE = b"{{view}}"
"""Where it is told which view to show."""
AGAIN_PLACE = b"{{again}}"
"""Where it has what loads it again; no other script is in the page itself."""
LOADING_AGAIN = "again.js"

STYLE_SHEET = "page.css"
MORE_STYLE_SHEETS = (
    "page_guide.css",
    "page_history.css",
    "page_limits.css",
    "page_now.css",
    "page_phone.css",
    "page_settings.css",
    "page_setup.css",
)
"""The style sheets of single views, served as one with the first: each request costs a page its time."""
MODULES = (
    "app.js",
    "away.js",
    "bundle.js",
    "card.js",
    "dialog.js",
    "dom.js",
    "finder.js",
    "guide.js",
    "history_ahead.js",
    "history_pictures.js",
    "key.js",
    "live.js",
    "parts.js",
    "phone_form.js",
    "relay_pictures.js",
    "settings_fields.js",
    "settings_link.js",
    "settings_relays.js",
    "setup_steps.js",
    "shapes.js",
    "strip.js",
    "tabs.js",
    "views.js",
    "view_about.js",
    "view_data.js",
    "view_explain.js",
    "view_history.js",
    "view_limits.js",
    "view_now.js",
    "view_phone.js",
    "view_problem.js",
    "view_settings.js",
    "view_setup.js",
)
"""The page's program, one module per view; `views.js` lists them."""

_KINDS = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_TABLE = {"/": "index.html", **{f"/{name}": name for name in (STYLE_SHEET, "icon.svg", *MODULES)}}


@dataclass(frozen=True, slots=True)
class File:
    """One file as it is sent."""

    body: bytes
    kind: str
    charset: str = "utf-8"


def opened(key: str, view: str) -> File:
    """The page as the opener gets it, with its key."""
    body = _read(_TABLE["/"]).replace(KEY_PLACE, escape(key).encode()).replace(VIEW_PLACE, escape(view).encode())
    return File(body.replace(AGAIN_PLACE, _read(LOADING_AGAIN)), _KINDS["html"])


@cache
def policy() -> str:
    """What the page may load and run: the rest of the page, and the one script in it, by its digest."""
    return (
        f"default-src 'none'; script-src 'self' {_digest(_read(LOADING_AGAIN))}; style-src 'self'; "
        "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )


@cache
def find_file(path: str) -> File | None:
    """The file that is served under a path; None for everything that is not in the table. None holds a secret."""
    if path == "/":
        return opened("", "")
    name = _TABLE.get(path)
    if name is None:
        return None
    body = _read(name)
    if name == STYLE_SHEET:
        from agent.page.drawings.style import STYLE

        body = b"".join([body, *map(_read, MORE_STYLE_SHEETS), STYLE.encode()])
    return File(body, _KINDS[name.rsplit(".", 1)[1]])


def _read(name: str) -> bytes:
    return resources.files("agent.page").joinpath("static", name).read_bytes()


def _digest(inline: bytes) -> str:
    """How a policy names what stands in a page."""
    return f"'sha256-{b64encode(sha256(inline).digest()).decode()}'"


_STRANGER_STYLE = (
    ":root{color-scheme:light dark}body{max-width:34rem;margin:4rem auto;padding:0 1.25rem;"
    "font:1.1rem/1.5 system-ui,sans-serif}code{font-size:1.05em}"
)
STRANGER = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Gatelight</title>
<style>{_STRANGER_STYLE}</style>
<main>
<h1>This page is not open yet</h1>
<p>Only you may see it, so it is opened from where Gatelight knows you: click its icon, or a notice, or run
<code>gatelight</code> in a terminal.</p>
</main>
</html>
""".encode()
"""For a tab that has no key: an address that was kept or copied, or a token that has been used."""
STRANGER_POLICY = (
    f"default-src 'none'; style-src {_digest(_STRANGER_STYLE.encode())}; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)

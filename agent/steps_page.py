"""The steps of one problem as a small page of its own: one HTML file without script, readable in every browser."""

import re
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from agent.core.clock import time_of_day as local_time
from agent.core.guide import Guide
from agent.core.status import ShownConnection, ShownProblem, Status
from agent.guides import in_general, load_guides
from agent.tws.applications import ApplicationKind

_STYLE = """
:root { color-scheme: light dark; --ink: #1a1d22; --paper: #fff; --soft: #5c6672; --line: #d8dde3; --mark: #f2f4f7; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8eaee; --paper: #16181c; --soft: #a8b2be; --line: #363b43; --mark: #23272d; }
}
body { margin: 2.5rem auto; max-width: 42rem; padding: 0 1.25rem; background: var(--paper); color: var(--ink);
  font: 1.05rem/1.55 system-ui, "Segoe UI", Roboto, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .75rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
ol, ul { padding-left: 1.6rem; }
ol > li { margin: .6rem 0; }
code { background: var(--mark); border-radius: .25rem; padding: .05rem .3rem; }
.soft { color: var(--soft); }
footer { border-top: 1px solid var(--line); margin-top: 2.5rem; padding-top: .75rem; font-size: .9rem; }
"""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}: Gatelight</title>
<style>{style}</style>
</head>
<body>
<main>
{body}
</main>
<footer class="soft">{footer}</footer>
</body>
</html>
"""


FOLDER = "steps"
"""Under the data folder; one page per problem code, written anew each time it is opened."""


def write_page(data: Path, status: Status | None, connection: str, code: str, now: float, utc_offset: float) -> Path:
    """Write the page about a problem of a connection and return the file. OSError; LookupError for an unknown code."""
    guide = load_guides()[code]
    shown = next((c for c in status.connections if c.name == connection), None) if status is not None else None
    problems = [p for p in shown.problems if p.code == code] if shown is not None else []
    if shown is not None and problems:
        page = page_of_problem(shown, problems, guide, now, utc_offset)
    else:
        page = page_of_guide(guide)
    folder = data / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / f"{code}.html"
    file.write_text(page, encoding="utf-8")
    return file


def page_of_problem(
    connection: ShownConnection, problems: Sequence[ShownProblem], guide: Guide | None, now: float, utc_offset: float
) -> str:
    """The page of a problem that is there now (several of one code belong together). Times are epoch seconds."""
    first = problems[0]
    kind = ApplicationKind.UNKNOWN if connection.application is None else ApplicationKind(connection.application.kind)
    body = [f"<h1>{escape(first.title)}</h1>"]
    body += [f"<p>{escape(problem.text)}</p>" for problem in problems]
    since = local_time(min(p.since for p in problems), utc_offset)
    body.append(f'<p class="soft">{escape(connection.name)}, since {since}</p>')
    seen = [f"<li>{escape(line)}</li>" for problem in problems for line in problem.evidence]
    if seen:
        body += ["<h2>What was seen</h2>", "<ul>", *seen, "</ul>"]
    if first.steps:
        body += _steps("What to do", first.steps)
    body += _more(guide, kind)
    return _page(first.title, body, f"As of {local_time(now, utc_offset)}. Gatelight’s icon shows how things are now.")


def page_of_guide(guide: Guide) -> str:
    """The page of a problem in general: it is over, or never was."""
    told = in_general(guide)
    body = [f"<h1>{escape(told.title)}</h1>", '<p class="soft">This problem is not there now.</p>']
    body += _paragraphs(told.meaning)
    if told.steps[ApplicationKind.TWS] == told.steps[ApplicationKind.GATEWAY]:
        body += _steps("What to do", told.steps[ApplicationKind.TWS])
    else:
        for kind in (ApplicationKind.TWS, ApplicationKind.GATEWAY):
            body += _steps(f"What to do in {kind.title}", told.steps[kind])
    return _page(told.title, body + _more(guide, ApplicationKind.UNKNOWN), "Gatelight’s icon shows how things are now.")


def _page(title: str, body: Iterable[str], footer: str) -> str:
    return _PAGE.format(title=escape(title), style=_STYLE, body="\n".join(body), footer=escape(footer))


def _steps(heading: str, steps: Iterable[str]) -> list[str]:
    return [f"<h2>{escape(heading)}</h2>", "<ol>", *(f"<li>{inline(step)}</li>" for step in steps), "</ol>"]


def _more(guide: Guide | None, kind: ApplicationKind) -> list[str]:
    if guide is None or not guide.more:
        return []
    return ["<h2>Good to know</h2>", *_paragraphs(in_general(guide, kind).more)]


_LIST_LINE = re.compile(r"(?m)^(?:[-*]|\d+\.) ")


def _paragraphs(markdown: str) -> list[str]:
    blocks = []
    for block in re.split(r"\n\s*\n", markdown.strip()):
        lead, *items = _LIST_LINE.split(block)
        if lead.strip():
            blocks.append(f"<p>{inline(lead)}</p>")
        if items:
            blocks.append("<ul>" + "".join(f"<li>{inline(item)}</li>" for item in items) + "</ul>")
    return blocks


_MARKS = (
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*(.+?)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"\[([^\]]+)\]\((https?://[^)\s]+)\)"), r'<a href="\2">\1</a>'),
)


def inline(markdown: str) -> str:
    """A piece of a guide as HTML; whatever it holds besides the guides' own marks is text."""
    html = escape(" ".join(markdown.split()))
    for mark, shape in _MARKS:
        html = mark.sub(shape, html)
    return html

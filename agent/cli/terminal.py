"""What is printed: results and messages, as wide as the terminal, and in colour where people read them."""

import codecs
import contextlib
import os
import re
import sys
from typing import Any, TextIO

from agent.errors import GatelightError
from agent.platforms.called import called_as
from agent.platforms.consoles import is_console

PLAIN_WIDTH = 96
"""Columns of text in a pipe or a file."""
_WIDEST, _NARROWEST = 120, 40
"""Columns: a longer line is hard to read, and a narrower terminal wraps by itself."""
_COMMAND = re.compile(r"(?<=[`“])gatelight(?=[ `”])")
_QUOTED, _GLUE = re.compile(r"`[^`]*`"), "\0"
"""A command is copied as a whole, so it stays on one line; no printable text has the character that holds it."""
_LEAD = re.compile(r"\s*(?:(?:[-✗!·✓?]|\d+\.)\s+|[A-Za-z][A-Za-z ]*:\s{2,})?")
"""The beginning of a line that its continuation is indented by: a mark, a number, or a name and a gap."""


_PLAIN = {
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "…": "...",
    "–": "-",
    "·": "-",
    "✓": "+",
    "✗": "x",
    "›": ">",
    "•": "*",
}
"""What a stream that knows fewer characters shows in the place of those that the texts use."""
_KEYBOARD = str.maketrans("’‘", "''")
"""Apostrophes as they are typed: what a pipe carries is searched with those of the keyboard."""


def show_every_text() -> None:
    """Let standard output and error show each text with the characters they know; a Windows console knows few.

    What is typed or piped in is read in any encoding.
    """
    codecs.register_error("plain", _plainly)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="plain")
    if sys.stdin is not None and hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(errors="replace")


def _plainly(fault: UnicodeError) -> tuple[str, int]:
    if not isinstance(fault, UnicodeEncodeError):
        raise fault
    return "".join(_PLAIN.get(c, "?") for c in fault.object[fault.start : fault.end]), fault.end


def out(text: str) -> None:
    """Print a result as it is; the terminal takes nothing in it for a command."""
    from agent.tws.printable import printable

    _write(printable(text))


def json_text(told: dict[str, Any]) -> str:
    """A JSON object as it is printed: where the stream does not speak UTF-8, every other character is escaped."""
    import json

    # A pipe on Windows, for example.
    utf8 = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"
    return json.dumps(told, ensure_ascii=not utf8, indent=1)


def print_text(text: str) -> None:
    """Print a result for people: lines as wide as the terminal, in colour where there is one, plain in a pipe."""
    from agent.tws.printable import printable

    laid = laid_out(as_called(printable(text)), columns(sys.stdout))
    if is_read(sys.stdout):
        from agent.cli.colours import coloured

        laid = coloured(laid)
    else:
        laid = laid.translate(_KEYBOARD)
    _write(laid)


def tell(text: str) -> None:
    """A message for people, beside the result: as wide as the terminal, in a pipe one line."""
    from agent.tws.printable import printable

    if sys.stderr is not None:
        said = as_called(printable(text))
        with contextlib.suppress(OSError):
            print(laid_out(said, columns(sys.stderr)) if is_terminal(sys.stderr) else said, file=sys.stderr, flush=True)


def agreed(question: str) -> bool:
    """Ask a question at the terminal that Enter answers with yes; a closed terminal is a no."""
    if sys.stderr is not None:
        sys.stderr.write(f"{question} [Y/n] ")
        sys.stderr.flush()
    line = sys.stdin.readline()
    return bool(line) and line.strip().lower() in ("", "y", "yes")


def can_ask() -> bool:
    """Whether a user reads messages here and can type an answer."""
    return is_terminal(sys.stdin) and is_terminal(sys.stderr)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal, and not that of a service, a log-in or a pipe."""
    try:
        if stream is None or not stream.isatty():
            return False
    except ValueError:
        # Closed.
        return False
    try:
        return is_console(stream.fileno())
    except OSError:
        # No file of the system stands behind it.
        return True


def is_read(stream: TextIO | None) -> bool:
    """Whether people read a stream, so that colour is of use: a terminal, or where the user wants it (FORCE_COLOR)."""
    return is_terminal(stream) or bool(os.environ.get("FORCE_COLOR"))


def columns(stream: TextIO | None) -> int:
    """The width for text on a stream."""
    if not is_terminal(stream):
        return PLAIN_WIDTH
    import shutil

    return max(_NARROWEST, min(_WIDEST, shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns))


def laid_out(text: str, width: int) -> str:
    """The text with each long line wrapped, and its continuation indented below where its words begin."""
    return "\n".join(piece for line in text.split("\n") for piece in _pieces(line, width))


def _pieces(line: str, width: int) -> list[str]:
    if len(line) <= width:
        return [line]
    # Imported late: a command that prints no long text must be quick.
    import textwrap

    lead = _LEAD.match(line)
    hang = " " * min(len(lead[0]) if lead else 0, width // 3)
    whole = _QUOTED.sub(lambda quoted: quoted[0].replace(" ", _GLUE), line)
    pieces = textwrap.wrap(whole, width, subsequent_indent=hang, break_on_hyphens=False, break_long_words=False)
    return [piece.replace(_GLUE, " ") for piece in pieces] or [line]


def as_called(text: str) -> str:
    """The text with the command in quotes as this user called it: a checkout has no `gatelight`."""
    called = called_as()
    return text if called == "gatelight" else _COMMAND.sub(lambda _: called, text)


def _write(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:
        raise
    except OSError as fault:
        raise GatelightError(f"The result could not be written ({fault.strerror}).") from None

"""Every text that users read, looked through for what it must not hold: one spelling each, and no word of the inside.

The texts are string constants of Python outside docstrings and log lines, strings of the page's JavaScript, and the
guides. A constant counts as a sentence from two words on.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from agent.config.keys import TABLES
from agent.problems import PROBLEMS

AGENT = Path(__file__).parent.parent / "agent"
ROOMS = (
    *("app", "channels", "cli", "config", "core", "fixes", "guides", "observers", "page", "problems", "relay"),
    *("runtime", "session", "tray", "tws/catalogue", "tws/symptoms", "tws/notices.py"),
)
"""Where texts for users are written."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text, and where it stands."""

    file: str
    line: int
    words: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.words!r}"


@dataclass(frozen=True, slots=True)
class Rule:
    """What no text may hold."""

    name: str
    pattern: re.Pattern[str]
    say: str
    """What to write instead."""
    except_in: tuple[str, ...] = ()
    """Beginnings of files that may, with the reason beside them."""
    in_code: bool = False
    """Lines to type count as well."""


def _words(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words))


_DETERMINER = r"\b(?:[Aa]|[Tt]he|[Ii]ts|[Tt]his|[Tt]hat|[Ee]ach|[Ee]very|[Nn]o|[Ww]eekly|[Ff]ailed|[Yy]our)"
_BEFORE_A_VERB = r"\b(?:to|and|then|must|can|will|not|cannot|may|should|you)"
_KEYS_WITH_A_LINE = sorted({key.name for table in TABLES.values() for key in table.keys if "_" in key.name})
_CODES = sorted(p.code for p in PROBLEMS)

RULES = (
    Rule(
        "straight apostrophe",
        re.compile(r"(?<=\w)'(?=\w)|(?<=s)'(?= \w)"),
        "’",
        # What operating systems say in other languages, to be recognised.
        except_in=("tws/symptoms/socket_texts.py", "tws/symptoms/vague.py"),
    ),
    Rule(
        "straight quotes",
        re.compile(r"(?<![\w=\[])\"[A-Za-z][^\"]*\"(?!\w)"),
        "“…”",
        # Values as they are written in the file.
        except_in=("config/",),
    ),
    Rule(
        "login",
        re.compile(r"\b[Ll]og(?:in|on)s?\b|\b[Ss]ign(?:-| )?in\b|\b[Ll]og on\b"),
        "log in (verb), log-in (noun)",
    ),
    Rule("log-in as a verb", re.compile(rf"{_BEFORE_A_VERB} log-in\b|^Log-in\b(?= (?:to|once|by|again))"), "log in"),
    Rule("log in as a noun", re.compile(rf"{_DETERMINER} [Ll]og in\b"), "log-in"),
    Rule(
        "log off",
        _words(rf"{_BEFORE_A_VERB} log-off\b", rf"{_DETERMINER} [Ll]og off\b", r"\blogoff\b"),
        "log off, log-off",
    ),
    Rule(
        "second factor",
        _words(r"\b2FA\b", r"\b[Ss]econd[- ]factor", r"\b2-factor", r"\b[Tt]wo factor", r"\bMFA\b"),
        "two-factor",
        # IBC calls it so in the lines that these explain: a user looks for the words of the line.
        except_in=("tws/symptoms/log_in.py",),
    ),
    Rule(
        "Gateway alone",
        re.compile(r"(?<!IB )(?<!IBKR )(?<!Portal )(?<!Brokers )(?<!Paper )\bGateways?\b"),
        "IB Gateway",
    ),
    Rule("IBKR", re.compile(r"\bIBKR\b(?! (?:Mobile|Gateway))"), "IB"),
    Rule(
        "socket port", re.compile(r"(?<!\*\*)(?<!“)\b[Ss]ocket port\b"), "API port; **Socket port** as the label of TWS"
    ),
    Rule("setup", re.compile(r"(?<![\w`#/.-])[Ss]etup\b(?!`)(?= |$|[,.:;])"), "set up (verb), set-up (noun)"),
    Rule("names of actions", _words(r"\bLook now\b", r"“(?:Connect|Disconnect)”"), "Check now, Watch, Stop watching"),
    Rule(
        "a person without a name",
        re.compile(r"\b(?:[Nn]obody|[Ss]omebody|[Ww]hoever|[Ss]omeone)\b"),
        "the user, a program",
    ),
    Rule(
        "American spelling",
        re.compile(r"\b(?:[Cc]olor|[Bb]ehavior|[Cc]enter|[Cc]anceled|[Gg]ray)\b"),
        "British spelling",
    ),
    Rule(
        "a key of the configuration",
        re.compile(rf"\b(?:{'|'.join(_KEYS_WITH_A_LINE)})\b|`(?:host|port|name|client_id|intent)`"),
        "the field by the name that Settings has for it",
        in_code=True,
        # A configuration is written with them: its errors and its commands name file, line and key.
        except_in=("config/", "cli/"),
    ),
    Rule(
        "a code of a problem",
        re.compile(rf"(?<![\w`/-])(?:{'|'.join(_CODES)})(?![\w`-])"),
        "the title of the problem",
    ),
    Rule(
        "a placeholder",
        re.compile(r"<[a-z][a-z -]*>|\bTODO\b|\bFIXME\b|\bXXX\b|%[sd]\b"),
        "the value",
        except_in=("runtime/logs.py",),
    ),
)


# ── where the texts are ─────────────────────────────────────────────────────────────────────────

_LOGGED = {"debug", "info", "warning", "error", "exception", "critical", "log"}
_NO_TEXT = {"compile", "search", "match", "fullmatch", "sub", "split", "getLogger", "Record", "AssertionError"}
"""Calls whose arguments no user reads: patterns, and lines of the log."""


def texts_of_python(source: str, file: str) -> Iterator[Text]:
    """The constants of a module that a user may read. The parts of an f-string are put together, with … for values."""
    tree, lines = ast.parse(source), source.splitlines()
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if node in skipped:
            skipped.update(ast.iter_child_nodes(node))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(node.value)
        elif isinstance(node, ast.Call) and _is_for_nobody(node.func):
            skipped.update(ast.iter_child_nodes(node))
        elif isinstance(node, ast.JoinedStr):
            skipped.update(part for part in node.values if isinstance(part, ast.Constant))
            yield Text(file, node.lineno, "".join(_part(part) for part in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not _is_raw(lines, node):
            yield Text(file, node.lineno, node.value)


def _part(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else "…"


def _is_raw(lines: list[str], node: ast.Constant) -> bool:
    """Whether it is a pattern."""
    return lines[node.lineno - 1].encode()[node.col_offset :].startswith((b"r'", b'r"'))


def _is_for_nobody(called: ast.expr) -> bool:
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    owner = getattr(called.value, "id", "") if isinstance(called, ast.Attribute) else ""
    return name in _NO_TEXT or (name in _LOGGED and owner in ("logger", "_log", "log"))


_JS_TEXT = re.compile(r'(?<![\w$])"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\\n]|\\.)*)`')
_JS_COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'`\w])//[^\n]*", re.DOTALL)


def texts_of_javascript(source: str, file: str) -> Iterator[Text]:
    """The strings of a script; what is put into a template is …."""
    plain = _JS_COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), source)
    for found in _JS_TEXT.finditer(plain):
        words = found[1] if found[1] is not None else re.sub(r"\$\{[^}]*\}", "…", found[2])
        yield Text(file, plain.count("\n", 0, found.start()) + 1, words)


def texts_of_markdown(source: str, file: str) -> Iterator[Text]:
    """The lines of a guide."""
    for number, line in enumerate(source.splitlines(), 1):
        yield Text(file, number, line)


_READERS = {".py": texts_of_python, ".js": texts_of_javascript, ".md": texts_of_markdown}


_TWO_WORDS = re.compile(r"[A-Za-z’']+[,;:]? [A-Za-z…{“*`(\"]")


@cache
def texts() -> tuple[Text, ...]:
    """All texts for users, as far as they are sentences."""
    return tuple(text for text in _all_texts() if _is_sentence(text))


def _is_sentence(text: Text) -> bool:
    codes_only = set(text.words.split()) <= set(_CODES)
    return bool(_TWO_WORDS.search(text.words)) and not codes_only and not _INSIDE.search(text.words)


def _all_texts() -> Iterator[Text]:
    for room in ROOMS:
        place = AGENT / room
        for file in [place] if place.is_file() else sorted(place.rglob("*")):
            if file.suffix in _READERS and file.name != "README.md":
                yield from _READERS[file.suffix](file.read_text("utf-8"), str(file.relative_to(AGENT)))


def offences(rule: Rule, found: Iterable[Text]) -> list[str]:
    """The texts that break a rule, without those that may."""
    return [
        str(text)
        for text in found
        if not text.file.startswith(rule.except_in or ("-",))
        and rule.pattern.search(_without_allowed(text.words, rule))
    ]


# ── what is allowed ─────────────────────────────────────────────────────────────────────────────

ALLOWED = {
    # Labels and questions exactly as TWS, IB Gateway and their installers show them.
    "Continue Login": "a button of TWS",
    "Auto logoff": "a label of TWS",
    "apply the new socket port setting": "a question of TWS",
    # Names that IB gives its own things.
    "IBKR Mobile": "the app on the phone",
    "IBKR Hong Kong": "a company of the group",
    "IBKR Lite": "a kind of account",
    "IBKR Pro": "a kind of account",
    "Client Portal Gateway": "another product",
    # Lines for a terminal.
    "gatelight setup": "a command",
    '"Paper Gateway"': "an argument of a command, as a shell wants it",
    "gatelight snooze data-lost 1h": "a command, whose argument is a code",
    '"Gatelight" "User Commands"': "the head of a manual page, in its own language",
}
"""Words that break a rule rightly, each with the reason."""

_TYPED, _FILLED_IN = re.compile(r"`[^`]*`"), re.compile(r"\{[^{}]*\}")
"""A line to type; the name of a value that is filled in."""
_INSIDE = re.compile(r"var\(--|color-scheme|<svg |<!doctype|^## (?:When|Cases of) ")
"""Styles and pages, and headings of a guide that only Gatelight reads."""


def _without_allowed(words: str, rule: Rule) -> str:
    for allowed in ALLOWED:
        words = words.replace(allowed, "")
    words = _FILLED_IN.sub("…", words)
    return words if rule.in_code else _TYPED.sub("…", words)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_no_text_for_users_breaks_a_rule(rule: Rule) -> None:
    found = offences(rule, texts())

    assert not found, f"say {rule.say}:\n" + "\n".join(found)


def test_what_is_allowed_is_still_said_somewhere() -> None:
    said = "\n".join(text.words for text in texts())

    assert [words for words in ALLOWED if words not in said] == []


# ── the rules can be broken, and each way of writing a text is read ─────────────────────────────

BROKEN = {
    "straight apostrophe": "TWS has lost IB's servers",
    "straight quotes": 'Untick the box "Read-Only API" there',
    "login": "TWS waits for a login",
    "log-in as a verb": "Start it and log-in by hand",
    "log in as a noun": "The log in was refused",
    "log off": "It is set to log-off every day",
    "second factor": "Confirm the 2FA push",
    "Gateway alone": "The Gateway does not run",
    "IBKR": "IBKR refused the password",
    "socket port": "Enter the socket port there",
    "setup": "The setup is done",
    "names of actions": "Click “Disconnect” in the menu",
    "a person without a name": "A window waits until somebody clicks",
    "American spelling": "Read the color of the icon",
    "a key of the configuration": "Set client_id to another number",
    "a code of a problem": "This is hidden by server-link-lost now",
    "a placeholder": "The lock ends at <time> today",
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_rule_finds_what_it_is_for(rule: Rule) -> None:
    broken = BROKEN[rule.name]

    assert offences(rule, [Text("app/made_up.py", 1, broken)])
    assert not offences(rule, [Text("app/made_up.py", 1, "IB Gateway waits for a two-factor log-in: log in by hand")])


MADE_UP = {
    ".py": '''
"""A docstring with IB's servers."""
logger.info("a line with IB's servers")
PATTERN = re.compile("it's a pattern")
RAW = r"it's a pattern too"
NAME = f"{app} lost IB's servers at {time}"
PARTS = ("the first part "
         "of TWS's text")
''',
    ".js": "// a comment with IB's servers\nconst a = \"lost IB's servers\";\nconst b = `${app} lost TWS's link`;\n",
    ".md": "# A title\n\nLost IB's servers, and TWS's link\n",
}
"""By kind of file: texts that break the first rule, beside what is none."""


@pytest.mark.parametrize("kind", MADE_UP)
def test_a_text_is_read_however_it_is_written(kind: str) -> None:
    found = [text for text in _READERS[kind](MADE_UP[kind], f"app/made_up{kind}") if _is_sentence(text)]
    lines = {".py": [6, 7], ".js": [2, 3], ".md": [3]}[kind]

    assert [text.line for text in found if offences(RULES[0], [text])] == lines


def test_every_room_has_texts() -> None:
    for room in ROOMS:
        assert any(text.file.startswith(room) for text in texts()), room

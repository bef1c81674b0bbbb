"""The lines of the values in a TOML file, which tomllib does not tell."""

import re
import tomllib
from collections.abc import Iterator

KeyPath = tuple[str | int, ...]
"""Keys and list indexes (from 0) that lead to a value in tomllib's result."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\r\n]*")
_SPACE = re.compile(r"[ \t]*")
_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRINGS = (
    re.compile(r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}', re.DOTALL),
    re.compile(r"'''(?:[^']|'(?!''))*'{3,5}", re.DOTALL),
    re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    re.compile(r"'[^'\n]*'"),
)


class Lines:
    """The line of every key of a text that tomllib has accepted."""

    def __init__(self, text: str) -> None:
        self._lines = dict(_Scan(text).document())

    def line(self, path: KeyPath) -> int:
        """The line of a value, or else of the nearest table around it that has a line; 1 where none has."""
        while path:
            if path in self._lines:
                return self._lines[path]
            path = path[:-1]
        return 1


class _Scan:
    """One pass over a text that tomllib has accepted; it ends at a place that it does not understand."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._counted = 0
        self._repeated: dict[KeyPath, int] = {}
        """Index of the latest entry of each `[[table]]`."""

    def document(self) -> Iterator[tuple[KeyPath, int]]:
        table: KeyPath = ()
        while True:
            self._skip(_GAP)
            if self._at >= len(self._text):
                return
            line = self._current_line()
            if self._eat("[["):
                names = self._key()
                path = (*self._resolve(names[:-1]), names[-1])
                index = self._repeated.get(path, -1) + 1
                self._repeated[path] = index
                yield from ((path, line),) if index == 0 else ()
                table = (*path, index)
                yield table, line
                self._eat("]]")
            elif self._eat("["):
                table = self._resolve(self._key())
                yield table, line
                self._eat("]")
            else:
                start = self._at
                yield from self._assignment(table)
                if self._at == start:
                    return

    def _assignment(self, table: KeyPath) -> Iterator[tuple[KeyPath, int]]:
        line = self._current_line()
        names = self._key()
        # Dotted keys make the tables between them; such a table begins on the first line that names it.
        for depth in range(1, len(names)):
            inner = (*table, *names[:depth])
            yield from ((inner, line),) if inner not in self._repeated else ()
        path = (*table, *names)
        yield path, line
        self._skip(_SPACE)
        self._eat("=")
        self._skip(_SPACE)
        yield from self._value(path)

    def _value(self, path: KeyPath) -> Iterator[tuple[KeyPath, int]]:
        if self._eat("["):
            index = 0
            while self._more("]"):
                yield (*path, index), self._current_line()
                yield from self._value((*path, index))
                index += 1
        elif self._eat("{"):
            while self._more("}"):
                start = self._at
                yield from self._assignment(path)
                if self._at == start:
                    return
        elif not any(self._skip(string) for string in _STRINGS):
            self._skip(_SCALAR)

    def _more(self, close: str) -> bool:
        """Whether a list or inline table goes on; skips commas, comments and the end."""
        self._skip(_GAP)
        while self._eat(","):
            self._skip(_GAP)
        return self._at < len(self._text) and not self._eat(close)

    def _key(self) -> tuple[str, ...]:
        names: list[str] = []
        while True:
            self._skip(_SPACE)
            start = self._at
            if self._skip(_BARE):
                names.append(self._text[start : self._at])
            elif any(self._skip(string) for string in _STRINGS[2:]):
                names.append(next(iter(tomllib.loads(self._text[start : self._at] + "=0"))))
            else:
                return tuple(names) or ("",)
            self._skip(_SPACE)
            if not self._eat("."):
                return tuple(names)

    def _resolve(self, names: tuple[str, ...]) -> KeyPath:
        """The path of a table, where each `[[table]]` in it stands for its latest entry."""
        path: KeyPath = ()
        for name in names:
            path = (*path, name)
            if path in self._repeated:
                path = (*path, self._repeated[path])
        return path

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        found = pattern.match(self._text, self._at)
        if found is None:
            return False
        self._at = found.end()
        return True

    def _eat(self, token: str) -> bool:
        if not self._text.startswith(token, self._at):
            return False
        self._at += len(token)
        return True

    def _current_line(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

"""The log as JSON lines, for programs that collect logs, and such lines as text again."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

TEXT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
"""How a record reads in the log for people."""
ABOUT = ("connection", "code")
"""What a record may be about: the name of a connection, the code of a problem."""


def log_time(epoch: float) -> str:
    """Local time with its offset: users compare it with their clock, and other readers need the offset."""
    return datetime.fromtimestamp(epoch).astimezone().isoformat(" ", "milliseconds")


class JsonLines(logging.Formatter):
    """One object a line: time (RFC 3339, UTC), level, logger, message; connection, code and traceback where known."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record that was cleaned."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        said: dict[str, Any] = {
            "time": time.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        said |= {name: value for name in ABOUT if (value := getattr(record, name, ""))}
        if trace := "\n".join(part for part in (record.exc_text, record.stack_info) if part):
            said["traceback"] = trace
        return json.dumps(said, ensure_ascii=False)


def as_text(line: str) -> str:
    """A line of the log as people read it; one that is not of JSON stays as it is."""
    if not line.startswith('{"time": '):
        return line
    try:
        said = json.loads(line)
        when = log_time(datetime.fromisoformat(said["time"]).timestamp())
        text = f"{when} {said['level'].upper():<7} {said['logger']}: {said['message']}"
        return "\n".join([text, *([said["traceback"]] if "traceback" in said else [])])
    except (ValueError, TypeError, KeyError, AttributeError):
        return line

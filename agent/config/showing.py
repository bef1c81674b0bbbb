"""Shows the configuration in force as TOML, and every key as a table."""

from dataclasses import MISSING, fields
from typing import Any

from agent.config.key import KeyTable
from agent.config.keys import TABLES
from agent.core.settings import Settings


def show(settings: Settings) -> str:
    """The configuration in force as TOML: every key that a file can have, with secrets masked."""
    blocks = []
    for declared in TABLES.values():
        section = declared.held_by(settings)
        if declared.repeated:
            blocks += [
                _block(declared, f"[[{declared.name}]]", entry)
                for entry in section
                if not getattr(entry, "implicit", False)
            ]
        else:
            blocks.append(_block(declared, f"[{declared.name}]", section))
    return "\n".join(blocks)


def table() -> str:
    """Every key as a Markdown table, for `agent/config/README.md`."""
    rows = ["| key | default | allowed | meaning |", "|---|---|---|---|"]
    for declared in TABLES.values():
        prefix = f"{declared.name}[n]" if declared.repeated else declared.name
        for key in declared.keys:
            default = declared.default(key.name)
            written = "must be given" if default is MISSING else f"`{key.kind.write(default)}`"
            cells = (f"`{prefix}.{key.name}`", written, key.kind.allowed, key.meaning)
            rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def _block(declared: KeyTable, header: str, section: Any) -> str:
    written = {field.name for field in fields(section)}
    keys = (key for key in declared.keys if key.name in written)
    rows = [f"{key.name} = {key.kind.write(key.shown(getattr(section, key.name)))}" for key in keys]
    return "\n".join([header, *rows]) + "\n"

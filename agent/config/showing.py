"""Shows the configuration in force as TOML, and every key as a table."""

from dataclasses import MISSING, fields
from typing import Any

from agent.config.key import KeyTable
from agent.config.keys import TABLES
from agent.config.sources import Sources
from agent.core.settings import Settings


def show(settings: Settings, sources: Sources | None = None) -> str:
    """The configuration in force as TOML: every key that a file can have, with secrets masked.

    `sources`: the files that it was read from; of several, each table says which one it comes from.
    """
    blocks = []
    for declared in TABLES.values():
        section = declared.held_by(settings)
        if not declared.repeated:
            blocks.append(_from(sources, declared, None) + _block(declared, f"[{declared.name}]", section))
            continue
        for index, entry in enumerate(section):
            if not getattr(entry, "implicit", False):
                blocks.append(_from(sources, declared, index) + _block(declared, f"[[{declared.name}]]", entry))
    return "\n".join(blocks)


def _from(sources: Sources | None, declared: KeyTable, index: int | None) -> str:
    if sources is None or len(sources.files) == 1:
        return ""
    if index is None and not sources.holds(declared):
        return "# in no file: these are the defaults\n"
    return f"# {sources.files[sources.file_of(declared, index)[0]].name}\n"


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

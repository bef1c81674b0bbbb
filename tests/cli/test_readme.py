"""The page about commands says what the parser does."""

from pathlib import Path

from agent.cli.commands import commands_table

PAGE = Path(__file__).resolve().parents[2] / "agent" / "cli" / "README.md"
PRINT_THE_TABLE = 'python -c "from agent.cli.commands import commands_table; print(commands_table())"'


def test_its_table_is_the_one_of_the_code() -> None:
    text = PAGE.read_text(encoding="utf-8")
    missing = [row for row in commands_table().splitlines() if row not in text.splitlines()]

    assert not missing, f"put the table into {PAGE} as this prints it: {PRINT_THE_TABLE}\n" + "\n".join(missing)
    assert commands_table().strip() in text, f"{PAGE} has rows that are no commands; {PRINT_THE_TABLE}"

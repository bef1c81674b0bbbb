"""The page about settings says what the code does."""

from pathlib import Path

from agent.config.reading import parse_settings
from agent.config.showing import table

PAGE = Path(__file__).resolve().parents[2] / "agent" / "config" / "README.md"
TEXT = PAGE.read_text(encoding="utf-8")
PRINT_THE_TABLE = 'python -c "from agent.config.showing import table; print(table())"'


def test_its_table_is_the_one_of_the_code() -> None:
    missing = [row for row in table().splitlines() if row not in TEXT.splitlines()]

    assert not missing, f"put the table into {PAGE} as this prints it: {PRINT_THE_TABLE}\n" + "\n".join(missing)
    assert table().strip() in TEXT, f"{PAGE} has rows that are no settings; the table is: {PRINT_THE_TABLE}"


def test_its_example_is_a_valid_configuration() -> None:
    example = TEXT.split("```toml\n")[1].split("```")[0]

    assert parse_settings(example, "README").connections[0].port == 4002

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from agent.core.display import IconState
from agent.core.status import ShownApplication, ShownConnection, ShownProblem, Status
from agent.guides import load_guides
from agent.steps_page import inline, page_of_guide, page_of_problem, write_page

PROBLEM = ShownProblem(
    code="api-disabled",
    severity="error",
    title="The API of <TWS> is off",
    text="TWS is logged in & has no API port.",
    evidence=("TWS (pid 42) listens on <nothing>",),
    steps=("Open **File > Global Configuration...**.", "Tick `x`."),
    since=1_700_000_000.0,
    visible=True,
)
CONNECTION = ShownConnection(
    name="Paper <one>",
    host="127.0.0.1",
    port=7497,
    overall=IconState.PROBLEM,
    phase="blocked",
    since=0.0,
    application=ShownApplication("tws", "10.45", 42, 0.0, ()),
    problems=(PROBLEM,),
)
STATUS = Status("0.1.0", 1, 0.0, (CONNECTION,))
NOW = 1_700_003_600.0


class Reader(HTMLParser):
    """Which elements a page has, whether they are closed in order, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.append(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += data


def test_a_problem_is_told_with_its_evidence_and_numbered_steps() -> None:
    page = page_of_problem(CONNECTION, [PROBLEM], load_guides()["api-disabled"], NOW, 3600.0)
    reader = Reader(page)

    assert reader.open == []
    assert "The API of <TWS> is off" in reader.text
    assert "Paper <one>, since 23:13" in reader.text
    assert "TWS (pid 42) listens on <nothing>" in reader.text
    assert "<li>Open <strong>File &gt; Global Configuration...</strong>.</li>\n<li>Tick <code>x</code>.</li>" in page
    assert "Good to know" in reader.text


def test_a_page_runs_nothing_and_asks_nobody() -> None:
    page = page_of_problem(CONNECTION, [PROBLEM], load_guides()["api-disabled"], NOW, 0.0)

    assert "script" not in Reader(page).seen
    assert "default-src 'none'" in page
    assert not re.search(r"\b(?:src|href|url)\b *[=(]", page)
    assert "prefers-color-scheme: dark" in page


@pytest.mark.parametrize("code", sorted(load_guides()))
def test_every_guide_makes_a_whole_page(code: str) -> None:
    reader = Reader(page_of_guide(load_guides()[code]))

    assert reader.open == []
    assert "This problem is not there now." in reader.text
    assert "{" not in reader.text
    assert "**" not in reader.text
    assert "`" not in reader.text


@pytest.mark.parametrize("code", sorted(load_guides()))
def test_background_of_a_present_problem_has_no_gaps(code: str) -> None:
    page = page_of_problem(CONNECTION, [replace(PROBLEM, code=code)], load_guides()[code], NOW, 0.0)

    assert "{" not in Reader(page).text


def test_the_page_is_written_below_the_data_folder(tmp_path: Path) -> None:
    file = write_page(tmp_path, STATUS, "Paper <one>", "api-disabled", NOW, 0.0)
    again = write_page(tmp_path, STATUS, "another", "api-disabled", NOW, 0.0)

    assert file == again == tmp_path / "steps" / "api-disabled.html"
    assert "This problem is not there now." in file.read_text(encoding="utf-8")


def test_an_unknown_code_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(LookupError):
        write_page(tmp_path, STATUS, "Paper <one>", "../../evil", NOW, 0.0)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("a **b** `c`", "a <strong>b</strong> <code>c</code>"),
        ("<b>&", "&lt;b&gt;&amp;"),
        ("[IBKR](https://ibkr.com/a?b=1&c)", '<a href="https://ibkr.com/a?b=1&amp;c">IBKR</a>'),
        ("[x](javascript:alert)", "[x](javascript:alert)"),
        ('[x](https://a"onclick=1)', '<a href="https://a&quot;onclick=1">x</a>'),
    ],
)
def test_marks_of_the_guides_become_html_and_everything_else_is_text(markdown: str, html: str) -> None:
    assert inline(markdown) == html

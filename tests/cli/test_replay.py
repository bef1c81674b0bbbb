"""`gatelight replay`: what the command says of a file, and with which exit status."""

import zipfile
from pathlib import Path

import pytest

from agent.cli.main import main
from tests.recorded_day import RecordedDay


def test_a_recording_is_told_line_by_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    day = RecordedDay()
    day.start()
    day.run(30.0)
    path = tmp_path / "recording.jsonl"
    path.write_text(day.lines()[:-5], encoding="utf-8")

    assert main(["replay", str(path)]) == 0
    told = capsys.readouterr()
    assert told.out.splitlines()[0] == "# an agent of Gatelight 0.1.0 on linux"
    assert "# from line " in told.out
    assert f"{len(day.steps) - 1} steps, 0 notices, 1 torn piece." in told.err


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"hello\n", "{}: This is no recording of Gatelight."),
        (b"", "{}: This is no recording of Gatelight."),
        (b"PK\x03\x04 broken", "{} is no bundle of Gatelight: it is damaged."),
        (
            b'{"gatelight-recording":99,"version":"9.0"}\n',
            "{}: A later version of Gatelight (9.0) made this recording: replay it with that one.",
        ),
    ],
)
def test_anything_else_is_one_sentence_and_a_2(
    content: bytes, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)

    assert main(["replay", str(path)]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", sentence.format(path) + "\n")


def test_a_file_that_is_not_there_is_a_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(tmp_path / "none")]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_an_empty_archive_is_a_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile(tmp_path / "e.zip", "w") as archive:
        archive.writestr("about.txt", "x")

    assert main(["replay", str(tmp_path / "e.zip")]) == 2
    assert "there is no recording.jsonl in it" in capsys.readouterr().err

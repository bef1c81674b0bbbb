"""Where a recording is read from: nothing in a file that a stranger sent hurts, fills the disk or the memory."""

import zipfile
import zlib
from pathlib import Path

import pytest

from agent.errors import UsageError
from agent.history.recording import reading
from agent.history.recording.reading import RECORDING_NAME, recorded_pieces, recording_in

LINE = '{"gatelight-recording":1}\n'


def archive(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in members.items():
            made.writestr(name.replace("__", "."), text)
    return path


def refused(path: Path) -> str:
    with pytest.raises(UsageError) as no:
        list(recording_in(path))
    assert no.value.exit_status == 2
    assert "\n" not in str(no.value)
    return str(no.value)


def test_it_is_found_in_a_bundle_and_alone(tmp_path: Path) -> None:
    bundle = archive(tmp_path / "b.zip", about__txt="x", recording__jsonl=LINE * 3)
    alone = tmp_path / RECORDING_NAME
    alone.write_text(LINE * 2)

    assert list(recording_in(bundle)) == [LINE] * 3
    assert list(recording_in(alone)) == [LINE] * 2


def test_names_that_lead_elsewhere_are_not_followed(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    bundle = inside / "b.zip"
    with zipfile.ZipFile(bundle, "w") as made:
        for name in ("../out.txt", "/etc/out.txt", f"../{RECORDING_NAME}", f"a/{RECORDING_NAME}"):
            made.writestr(name, LINE)

    assert refused(bundle) == f"{bundle} is no bundle of Gatelight: there is no {RECORDING_NAME} in it."
    with zipfile.ZipFile(bundle, "a") as made:
        made.writestr(RECORDING_NAME, LINE)
    assert list(recording_in(bundle)) == [LINE]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["b.zip", "inside"]


def test_an_archive_that_grows_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_READ", 1 << 20)
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as made, made.open(RECORDING_NAME, "w") as member:
        for _ in range(64):
            member.write(b" " * (1 << 20))
    assert bomb.stat().st_size < 1 << 20

    assert refused(bomb) == f"{bomb} is no bundle of Gatelight: it is larger than any that Gatelight makes."


def test_an_archive_that_lies_about_its_size_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_READ", 1 << 20)
    bomb = archive(tmp_path / "b.zip", recording__jsonl=" " * (4 << 20))
    raw = bomb.read_bytes()
    small = raw.replace((4 << 20).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert small != raw
    bomb.write_bytes(small)

    assert "is no bundle of Gatelight" in refused(bomb)


def test_a_damaged_archive_is_refused_wherever_it_is_damaged(tmp_path: Path) -> None:
    whole = archive(tmp_path / "b.zip", recording__jsonl="".join(f'{{"n":{n}}}\n' for n in range(500))).read_bytes()
    told = set()
    for at in range(4, len(whole), 7):
        path = tmp_path / "d.zip"
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            list(recording_in(path))
        except UsageError as fault:
            told.add(str(fault).partition(": ")[2])
    for at in range(4, len(whole), 31):
        path.write_bytes(whole[:at])
        told.add(refused(path).partition(": ")[2])

    assert told == {"it is damaged.", f"there is no {RECORDING_NAME} in it."}


def test_an_encrypted_member_or_another_compression_is_refused(tmp_path: Path) -> None:
    bundle = archive(tmp_path / "b.zip", recording__jsonl=LINE)
    raw = bytearray(bundle.read_bytes())
    for signature in (b"PK\x01\x02", b"PK\x03\x04"):
        at = raw.index(signature) + (8 if signature == b"PK\x01\x02" else 6)
        raw[at] |= 1
    bundle.write_bytes(raw)

    assert refused(bundle) == f"{bundle} is no bundle of Gatelight: it is damaged."


def test_what_cannot_be_read_is_said_with_its_reason(tmp_path: Path) -> None:
    missing = tmp_path / "none.zip"

    assert refused(missing) == (
        f"{missing} cannot be read (No such file or directory): give a bundle of Gatelight, "
        f"or the {RECORDING_NAME} in it."
    )
    assert "cannot be read" in refused(tmp_path)


def test_too_large_a_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_READ", 1000)
    path = tmp_path / "large.jsonl"
    path.write_text(LINE * 100)

    assert refused(path) == f"{path} is no bundle of Gatelight: it is larger than any that Gatelight makes."


def test_any_bytes_are_lines(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"\xff\xfe\n\x00\r" + zlib.compress(b"x"))

    assert "".join(recording_in(path))


def test_of_a_data_folder_without_a_recording_there_is_none(tmp_path: Path) -> None:
    assert list(recorded_pieces(tmp_path)) == []
    (tmp_path / "recording").write_text("no folder")
    assert list(recorded_pieces(tmp_path)) == []

"""What an agent does whose program files are replaced, removed, or replaced by half."""

from pathlib import Path

import pytest

from agent.runtime.program_watch import FILE_PARTS, GONE_TURNS, ProgramWatch
from tests.waiting import until


class Installation:
    """Files of a program, and what became of a watch on them."""

    def __init__(self, folder: Path, settle: float = 3600.0, count: int = 2) -> None:
        self.files = tuple(folder / f"{number:02}.py" for number in range(count))
        for file in self.files:
            file.write_text("1")
        self.works = True
        self.tried = 0
        self.told: list[str] = []
        self.watch = ProgramWatch(
            self.files,
            works=self._try,
            replaced=lambda: self.told.append("replaced"),
            removed=lambda: self.told.append("removed"),
            settle=settle,
        )

    def _try(self) -> bool:
        self.tried += 1
        return self.works

    def replace(self, text: str, *which: int) -> None:
        for number in which or (0, 1):
            new = self.files[number].with_suffix(".new")
            new.write_text(text)
            new.replace(self.files[number])

    async def turns(self, count: int) -> None:
        for _ in range(count):
            await self.watch.look()


@pytest.fixture
def installed(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


async def test_files_that_stay_are_not_tried(installed: Installation) -> None:
    await installed.turns(30)

    assert installed.told == []
    assert installed.tried == 0


async def test_new_files_are_told_once_they_have_settled(installed: Installation) -> None:
    installed.replace("2", 0)
    await installed.turns(1)
    installed.replace("2", 1)
    await installed.turns(1)
    half = list(installed.told)
    await installed.turns(5)

    assert half == []
    assert installed.told == ["replaced"]
    assert installed.tried == 1


async def test_new_files_are_looked_at_again_before_the_next_turn(tmp_path: Path) -> None:
    installed = Installation(tmp_path, settle=0.01)
    installed.replace("2")
    await installed.turns(1)
    await until(lambda: installed.told == ["replaced"])

    assert installed.tried == 1


@pytest.mark.parametrize("number", range(2 * FILE_PARTS + 1))
async def test_any_one_of_many_files_is_found_to_be_new_and_the_first_at_once(tmp_path: Path, number: int) -> None:
    installed = Installation(tmp_path, count=2 * FILE_PARTS + 1)
    await installed.turns(FILE_PARTS + 3)
    installed.replace("2", number)
    await installed.turns(2 if number == 0 else FILE_PARTS + 1)

    assert installed.told == ["replaced"]


async def test_files_of_the_same_text_are_new_too(installed: Installation) -> None:
    installed.replace("1")
    await installed.turns(2)

    assert installed.told == ["replaced"]


async def test_files_that_do_not_work_are_tried_once_and_those_after_them_again(installed: Installation) -> None:
    installed.works = False
    installed.replace("half", 0)
    await installed.turns(20)
    refused, tried = list(installed.told), installed.tried
    installed.works = True
    installed.replace("whole", 1)
    await installed.turns(2)

    assert refused == []
    assert tried == 1
    assert installed.told == ["replaced"]


async def test_an_installer_that_puts_the_old_files_back_changes_nothing(installed: Installation) -> None:
    installed.works = False
    kept = [file.rename(file.with_suffix(".old")) for file in installed.files]
    await installed.turns(2)
    for old, file in zip(kept, installed.files, strict=True):
        old.rename(file)
    await installed.turns(20)

    assert installed.told == []
    assert installed.tried == 0


async def test_files_that_are_gone_for_a_while_end_the_agent(installed: Installation) -> None:
    for file in installed.files:
        file.unlink()
    await installed.turns(GONE_TURNS - 1)
    before = list(installed.told)
    await installed.turns(5)

    assert before == []
    assert installed.told == ["removed"]


async def test_files_that_come_back_are_new_files(installed: Installation) -> None:
    for file in installed.files:
        file.unlink()
    await installed.turns(GONE_TURNS - 1)
    installed.replace("2")
    await installed.turns(2)

    assert installed.told == ["replaced"]

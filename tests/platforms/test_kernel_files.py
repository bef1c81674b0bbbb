"""Files of the kernel, read whole."""

import os
import sys
import threading
from pathlib import Path

import pytest

from agent.platforms.kernel_files import kernel_file

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc exists on Linux")


def test_it_is_read_whole_in_however_many_parts_it_comes(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    parts = ["x" * 100_000, "y", "ü\n"]

    def write() -> None:
        with pipe.open("w", encoding="utf-8") as file:
            for part in parts:
                file.write(part)
                file.flush()

    writer = threading.Thread(target=write)
    writer.start()
    told = kernel_file(pipe)
    writer.join()

    assert told == "".join(parts)
    assert kernel_file("/proc/self/stat").startswith(f"{os.getpid()} (")


def test_what_is_no_text_is_replaced_and_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "told").write_bytes(b"a\xffb")

    assert kernel_file(tmp_path / "told") == "a\ufffdb"
    with pytest.raises(FileNotFoundError):
        kernel_file(tmp_path / "nothing")

"""A program that any user can run: it says that its command line is as long as it likes. Linux only.

Arguments: megabytes, and the name it goes by. It writes a line when it is ready, and ends when its input does.
"""

import ctypes
import mmap
import sys
from pathlib import Path

PR_SET_NAME, PR_SET_MM, PR_SET_MM_MAP = 15, 35, 14


class _Map(ctypes.Structure):
    """`struct prctl_mm_map` (linux/prctl.h)."""

    _fields_ = (
        *(
            (name, ctypes.c_uint64)
            for name in (
                "start_code",
                "end_code",
                "start_data",
                "end_data",
                "start_brk",
                "brk",
                "start_stack",
                "arg_start",
                "arg_end",
                "env_start",
                "env_end",
                "auxv",
            )
        ),
        ("auxv_size", ctypes.c_uint32),
        ("exe_fd", ctypes.c_uint32),
    )


def main() -> None:
    size = int(sys.argv[1]) << 20
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    text = (ctypes.c_char * size).from_buffer(memory)
    start = ctypes.addressof(text)
    ctypes.memset(start, ord("a"), size)
    # With a zero at its end it is taken for arguments, and not for a title of one page.
    memory[size - 1] = 0
    stat = Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()

    def told(place: int) -> int:
        """A field of proc_pid_stat(5)."""
        return int(stat[place - 3])

    libc = ctypes.CDLL(None, use_errno=True)
    libc.sbrk.restype = ctypes.c_void_p
    wish = _Map(
        start_code=told(26),
        end_code=told(27),
        start_data=told(45),
        end_data=told(46),
        start_brk=told(47),
        brk=libc.sbrk(0),
        start_stack=told(28),
        arg_start=start,
        arg_end=start + size,
        env_start=told(50),
        env_end=told(51),
        exe_fd=0xFFFFFFFF,
    )
    done = libc.prctl(PR_SET_MM, PR_SET_MM_MAP, ctypes.byref(wish), ctypes.sizeof(wish), 0)
    libc.prctl(PR_SET_NAME, sys.argv[2].encode(), 0, 0, 0)
    sys.stdout.write("ready\n" if done == 0 else f"refused ({ctypes.get_errno()})\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()

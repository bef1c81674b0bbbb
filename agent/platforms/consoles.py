"""Whether a user sits at an open file."""

import sys


def is_console(number: int) -> bool:
    """Whether an open file that counts as a terminal is one: on Windows the null device counts as well.

    Only a console has a mode there (learn.microsoft.com, GetConsoleMode).
    """
    if sys.platform == "win32":
        import ctypes
        import msvcrt

        handle = ctypes.c_void_p(msvcrt.get_osfhandle(number))
        return bool(ctypes.windll.kernel32.GetConsoleMode(handle, ctypes.byref(ctypes.c_ulong())))
    return True

"""What the program that an update ends leaves for the one that the update brings. Import it on Windows only.

In the user's part of the registry, where only this user and administrators write, wherever the data folder is.
"""

import contextlib
import sys
import winreg

assert sys.platform == "win32"

_KEY = r"Software\Gatelight Update"
_NAME = "Note"


class UpdateNote:
    """The note of this user; there is one at most."""

    def leave(self, text: str) -> None:
        """Write it, in the place of an earlier one; raises OSError."""
        with winreg.CreateKeyEx(winreg.HKEY_CURRENT_USER, _KEY, access=winreg.KEY_SET_VALUE) as key:
            winreg.SetValueEx(key, _NAME, 0, winreg.REG_SZ, text)

    def take(self) -> str | None:
        """Read and remove it; None where there is none. Raises OSError where it cannot be removed."""
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _KEY) as key, contextlib.suppress(FileNotFoundError):
                return str(winreg.QueryValueEx(key, _NAME)[0])
        except FileNotFoundError:
            return None
        finally:
            # Whatever it says, it is said once.
            with contextlib.suppress(FileNotFoundError):
                winreg.DeleteKey(winreg.HKEY_CURRENT_USER, _KEY)
        return None

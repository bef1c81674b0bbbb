"""Pages that were open when the agent ended, and how they are sent to where it is now.

While the agent was away, another user's program may have listened on the page's port: it may have heard what waiting
pages ask, and it may have left scripts in the browser for that address (a service worker, a cached file) that would
run in every page served there later. So nothing is served on the old port again. A waiting page, whose program is in
its memory since before, asks there where Gatelight is, and goes there only if the answer is signed with a key that
it never sent and keeps in memory alone. The token it enters with is not in the answer: only that key yields it.

With a fixed `page.port` the old port is the new one as well, and what was left in the browser there cannot be shut out.

Pure but for the secrets.
"""

import secrets
from collections.abc import Callable, Mapping

from agent.page.guard import SECRET_BYTES, signed


class Waiting:
    """The pages that wait on a port of a server before, each with the key that is named `wait` in its session."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._keys = dict(keys)
        # One each, so that a page that asks often does not use up the tokens of others.
        self._salts = {page: secrets.token_hex(SECRET_BYTES) for page in self._keys}

    def answer(self, page: str, nonce: str, port: int, expect: Callable[[str], None]) -> dict[str, str] | None:
        """Where a page finds the server: on `port`, which from now on expects its token. None for an unknown page."""
        key = self._keys.get(page)
        if key is None:
            return None
        salt = self._salts[page]
        expect(signed(key, "enter", salt))
        return {"port": str(port), "salt": salt, "proof": signed(key, "moved", nonce, str(port), salt)}

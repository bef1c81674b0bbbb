"""Pages that were open when the agent ended, and how they find the agent after its restart.

While the agent was away, another user's program may have listened on the page's port. It may have heard what waiting
pages ask. It may also have left scripts in the browser for that address (a service worker, a cached file), which would
run in every page served there later. So no page is served on the old port again.

A waiting page still runs the script it was loaded with. It asks on the old port where Gatelight is, and goes there only
if the answer is signed with a key that the page never sent and holds in memory only. The answer does not contain the
token for entering: the page derives the token from that key.

With a fixed `page.port` the old port is also the new one, and scripts left in the browser there cannot be shut out.

Pure except for the secrets.
"""

import secrets
from collections.abc import Callable, Mapping

from agent.page.guard import SECRET_BYTES, signed


class Waiting:
    """The pages that wait on the port of an earlier server, each with its key `TabSession.wait`."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._keys = dict(keys)
        # One salt per page: a page that asks often gets the same token, and does not use up the tokens of others.
        self._salts = {page: secrets.token_hex(SECRET_BYTES) for page in self._keys}

    def answer(self, page: str, nonce: str, port: int, expect: Callable[[str], None]) -> dict[str, str] | None:
        """Tell a page the `port` of the server, and have `expect` accept its token there. None for an unknown page."""
        key = self._keys.get(page)
        if key is None:
            return None
        salt = self._salts[page]
        expect(signed(key, "enter", salt))
        return {"port": str(port), "salt": salt, "proof": signed(key, "moved", nonce, str(port), salt)}

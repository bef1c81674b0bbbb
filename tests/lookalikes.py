"""Real processes that look like TWS and IB Gateway to the system, and do nothing but listen."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

PLAY = """
import os, socket, sys
servers = [socket.create_server((a, p)) for a, p in {listen!r}]
links = [socket.create_connection(x) for x in {connect!r}]
print(*[s.getsockname()[1] for s in servers], flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class Lookalike:
    """A running look-alike and the ports it listens on."""

    process: subprocess.Popen[bytes]
    ports: tuple[int, ...]

    @property
    def pid(self) -> int:
        return self.process.pid


Start = Callable[..., Lookalike]


@contextmanager
def lookalikes(folder: Path) -> Iterator[Start]:
    """A way to start look-alikes by name and arguments; all end with the context."""
    with ExitStack() as stack:

        def begin(
            *arguments: str,
            name: str = "java",
            listen: tuple[tuple[str, int], ...] = (),
            connect: tuple[tuple[str, int], ...] = (),
            before: tuple[str, ...] = (),
        ) -> Lookalike:
            program = folder / name
            if not program.exists():
                program.symlink_to(os.path.realpath(sys.executable))
            process = stack.enter_context(
                subprocess.Popen(
                    # Python ignores -X options it does not know, as Java does.
                    [*before, str(program), "-Xmx768m", "-c", PLAY.format(listen=listen, connect=connect), *arguments],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    cwd=folder,
                    env={**os.environ, "PYTHONHOME": sys.base_prefix},
                )
            )
            stack.callback(process.kill)
            assert process.stdout is not None
            return Lookalike(process, tuple(int(x) for x in process.stdout.readline().split()))

        yield begin

"""`python -m agent` is the command `gatelight`."""

import gc
import sys


def run() -> int:
    """The command; Ctrl-C ends it without a word also while it is still being loaded."""
    try:
        if sys.argv[1:] == ["send-remote"]:
            # This and the next ones are for the agent alone: see `agent.channels.remote_sender`,
            # `agent.platforms.key_store`, `agent.runtime.fetcher`, `agent.app.own_files` and
            # `agent.runtime.relay_process`, which are not imported for the sake of a name; the last one is for the
            # .msi.
            from agent.channels.remote_sender import send_remote

            send_remote()
        if sys.argv[1:] == ["key-store"]:
            from agent.platforms.key_store import answer_key_store

            answer_key_store()
            return 0
        if sys.argv[1:] == ["fetch-file"]:
            from agent.runtime.fetcher import fetch_file

            fetch_file()
        if sys.argv[1:] == ["try-own-files"]:
            from agent.app.own_files import load_every_module

            load_every_module()
            return 0
        if sys.argv[1:2] == ["keep-relay"] and len(sys.argv) == 3:
            from agent.cli.relay import keep_relay

            return keep_relay(sys.argv[2])
        if sys.argv[1:2] == ["around-update"] and len(sys.argv) == 3:
            from agent.cli.around_update import around_update

            return around_update(sys.argv[2])
        if sys.argv[1:2] == ["status"]:
            # It is over before there is garbage worth looking for, which took a twentieth of its time.
            gc.disable()
        from agent.platforms.late_modules import OF_A_COMMAND, OF_THE_LIBRARY, keep_out

        keep_out(*OF_THE_LIBRARY, *OF_A_COMMAND)
        from agent.cli.main import main

        return main()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(run())

"""`python -m agent` is the command `gatelight`."""

import sys


def run() -> int:
    """The command; Ctrl-C ends it without a word also while it is still being loaded."""
    try:
        if sys.argv[1:] == ["send-remote"]:
            # For the agent alone: see `agent.channels.remote_sender`, which is not imported for the sake of a name.
            from agent.channels.remote_sender import send_remote

            send_remote()
        from agent.cli.main import main

        return main()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(run())

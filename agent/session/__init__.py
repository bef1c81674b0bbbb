"""Our API sessions: the watching one and the data self-test's over ib_async, and the settings session."""

from agent.session.no_numpy import keep_numpy_out

# Here, because every module that imports ib_async lies in this room.
keep_numpy_out()

"""Our API sessions: the watching one and the data self-test's over ib_async, and the settings session."""

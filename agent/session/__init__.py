"""Our own API session over ib_async."""

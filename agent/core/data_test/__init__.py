"""The market data self-test: what was seen, judged."""

"""What Gatelight decides: pure functions over frozen values. No I/O, no clock, no threads, no logging."""

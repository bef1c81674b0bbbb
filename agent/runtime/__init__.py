"""The moving part: loop, effects, schedule, clock, the lock of the data folder, logs."""

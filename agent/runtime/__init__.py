"""The moving part: loop, effects, schedule, clock, single instance, logs."""

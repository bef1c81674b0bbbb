"""The parts that several fixes share."""

"""A simulated TWS or IB Gateway, for the demonstration and the tests. Never a judge of itself."""

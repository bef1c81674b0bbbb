"""Gatelight: watches the link to Trader Workstation and IB Gateway, and says what is wrong with it."""

__version__ = "0.1.0"

"""What the notice numbers of TWS and IB Gateway mean, as data. By number alone: texts are translated and change.

Each number has a row of its own; a number without a row is unknown, even among numbers that have one.

Sources: IBKR's table of message codes (2025), the error list of its Python client 10.51, the lists of rust-ibapi,
ib_async, Lean, NautilusTrader, stoqey and deephaven-ib, and users' reports for 2139, 2152 and 10141. All wording is
ours.
"""

from agent.tws.catalogue.client import CLIENT
from agent.tws.catalogue.late import LATE
from agent.tws.catalogue.orders import ORDERS
from agent.tws.catalogue.requests import REQUESTS
from agent.tws.catalogue.system import SYSTEM

CATALOGUE = {notice.code: notice for notice in (*SYSTEM, *CLIENT, *REQUESTS, *ORDERS, *LATE)}
"""Every notice by its number."""

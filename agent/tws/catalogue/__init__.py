"""What the notice numbers of TWS and IB Gateway mean, as data. Numbers, never texts: texts are translated and change.

Every number was looked at by itself; a range has no meaning, and a number without a row is not known.

Sources: IBKR's table of message codes (2025), the error list of its Python client 10.51, the lists kept by rust-ibapi,
ib_async, Lean, NautilusTrader, stoqey and deephaven-ib, and reports of users for 2139, 2152 and 10141. All wording is
ours.
"""

from agent.tws.catalogue.client import CLIENT
from agent.tws.catalogue.late import LATE
from agent.tws.catalogue.orders import ORDERS
from agent.tws.catalogue.requests import REQUESTS
from agent.tws.catalogue.system import SYSTEM

CATALOGUE = {notice.code: notice for notice in (*SYSTEM, *CLIENT, *REQUESTS, *ORDERS, *LATE)}
"""Every notice by its number."""

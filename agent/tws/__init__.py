"""The vocabulary of the TWS API, as pure functions and values: no I/O, no clock, no threads.

Glossary, used in code, log, messages and guides alike:

* **TWS** is Trader Workstation, **IB Gateway** its sibling without charts; each is an *application*.
* **API port**: the port of the application's API ("Socket port" in its settings).
* **client ID**: the number by which the application tells API clients apart; 0 adopts manual orders.
* **notice**: a message of the application with a code (1100, 2104 …), whether good news or bad.
* **farm**: one of IB's data servers: market data, historical (HMDS), or security definition.
* **server version**: the protocol number agreed in the API handshake.
* **live / paper**: the trading mode of a log-in; paper accounts have IDs that begin with D.
* **pacing violation**, **competing session**, **daily restart**, **server reset**: IBKR's terms.
"""

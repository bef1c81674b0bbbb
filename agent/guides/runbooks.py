"""What to do about an alert that no problem of the user’s computer stands for: a plain text each, for its link."""

RELAY_DOWN = """A relay does not run

Programs that connect to the port of this relay of Gatelight cannot reach TWS or IB Gateway through it, or it runs and
does not tell what it counts. Connections to the port of TWS itself are not touched by that.

What to do
1. Ask what Gatelight says about it: `gatelight relay status` names the relays that run, and the notice or the log that
   came when it ended has the reason.
2. If another program uses its port, end that program, or give the relay another port: Settings, Relays, Port; then
   let programs connect to that one.
3. If `gatelight relay stop` ended it, it stays so until Gatelight starts again. `gatelight relay NAME` runs it until
   then, and says in one sentence what is in its way.
4. To go on without it, let programs connect to the port of TWS or IB Gateway again, and remove the relay in Settings.

Good to know
Gatelight starts a relay that has ended again at once, and after three times in ten minutes once a minute. Programs have
lost their connections then, and have to connect again.
"""

RUNBOOKS = {"relay-down": RELAY_DOWN}
"""By the name in the link."""

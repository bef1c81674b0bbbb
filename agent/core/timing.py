"""How long Gatelight waits before it believes what it sees: every grace period, in seconds, with its source."""

from dataclasses import dataclass, fields, replace


@dataclass(frozen=True, slots=True)
class Timing:
    """The grace periods of one agent. Seconds throughout; `scaled` makes a demonstration of a day fit a minute."""

    start_grace: float = 45.0
    """A process younger than this is starting, not stuck. TWS needs up to a minute and a half until its API port is
    open after an automatic log-in; with `login_grace` a log-in screen is told after a minute."""
    settled_link: float = 30.0
    """A connection to IB's servers counts as a log-in only after this long: the log-in screen opens short ones."""
    api_opening: float = 60.0
    """A connection to IB's servers that has stood this long without an API port is told: while TWS loads its layout
    after a log-in, the port takes up to some 40 s, and the link may stand before that."""
    restart_allowance: float = 300.0
    """After an automatic restart the API port is back within 2 to 3 minutes; after 5 it will not come by itself."""
    restart_forgotten: float = 3600.0
    """A TWS this long after its restart that is logged in is one whose API is off, for all that can be seen."""
    exit_grace: float = 10.0
    """How long an application may be gone before that is a problem: a user who restarts it needs a few seconds."""
    first_sight_grace: float = 60.0
    """The same at start-up, for an application that was not seen yet: at log-in it may still be about to start."""
    login_grace: float = 15.0
    """A log-in screen this long after the start grace is waiting for the user."""
    link_grace: float = 5.0
    """Shorter losses of the link to IB's servers heal by themselves and are not worth a word."""
    reset_elsewhere: float = 600.0
    """Where the region of a log-in is not known, a loss inside the reset window of some region counts as planned for
    this long: single sessions are usually down for seconds to a few minutes (IB's system-status page)."""
    farm_grace: float = 60.0
    """A data farm may be broken this long: flaps of a few seconds are usual, one of minutes is not."""
    silence_grace: float = 2.0
    """How long a failed handshake must stand before it is shown: a restart passes through every failure."""
    reply_timeout: float = 5.0
    """A heartbeat without an answer for this long is missed (`checks.reply_timeout`)."""
    path_grace: float = 65.0
    """A session with another machine whose path is gone ends within about a minute (`session.ib`)."""
    heartbeat_every: float = 10.0
    """A quiet session is asked for the time this often (`checks.heartbeat_every`)."""
    second_heartbeat: float = 1.2
    """The second heartbeat follows an unanswered first one after this long; TWS ignores a second call within 1 s."""
    look_every: float = 5.0
    """Processes and sockets are read this often (`checks.look_every`)."""
    handshake_every: float = 30.0
    """While nothing changes, a port that fails the handshake is knocked at no more often than this."""
    backoff_first: float = 1.0
    """Delay before the first reconnect that is not immediate; doubles up to `backoff_longest`."""
    backoff_longest: float = 60.0
    """Longest delay between two attempts to connect."""
    turn_every: float = 0.1
    """Where more attempts could begin at one moment than are wanted, the others follow at this distance."""
    stable_session: float = 60.0
    """A session must have lasted this long before the back-off starts over and losses are forgiven."""
    young_session: float = 15.0
    """A session this young that has not told of the link to IB's servers may still do so; it usually takes a moment."""
    id_release: float = 1.0
    """TWS frees a client ID only after the socket is closed; it is not used again within this time."""
    id_release_late: float = 3.0
    """One that is refused so soon after its socket was closed is asked for again after this long, once: it takes TWS
    1 to 3 s to free it."""
    wake_grace: float = 20.0
    """After sleep the network needs a while; nothing is announced until then."""
    not_ready_grace: float = 15.0
    """Accounts and nextValidId normally come within milliseconds; a slow log-in may take some seconds."""
    instability_window: float = 600.0
    """Three losses within this many seconds make the connection unstable."""
    unstable_covers: float = 60.0
    """While the connection is unstable, what a single loss brings about is told only when it has stood this long."""
    notice_lasting: float = 600.0
    """How long a problem known only from a notice (pacing, limits, subscriptions) is shown after the last one."""
    settings_every: float = 1800.0
    """The API settings are asked for again this often while nothing happens: they change by hand, seldom."""
    settings_followed: float = 600.0
    """How long steps count as being followed after they were shown: a setting that they change is noticed soon."""
    program_lasting: float = 300.0
    """A program that was connected this long holds a connection: a script that asks and leaves is not missed."""
    program_return: float = 300.0
    """A program that was cut off is missed this long after the API port is back, or later if it has needed longer."""
    expected_restart_allowance: float = 300.0
    """Around the application's own daily restart its absence is expected for this long."""

    def scaled(self, factor: float) -> "Timing":
        """The same timing with every period multiplied by `factor` (0.05 plays a day in about a minute)."""
        return replace(self, **{f.name: getattr(self, f.name) * factor for f in fields(self)})

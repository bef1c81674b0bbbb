"""What relays and tunnels write: socat before a container's IB Gateway, and SSH.

Such a line tells which side of the relay failed. Sources: socat(1), the messages of OpenSSH's channels.c,
clientloop.c and ssh.c.
"""

from agent.tws.symptoms.shapes import Symptom, symptom

_SOCAT = r"socat\[?\d*\]?\W+[EW]\W.{0,80}"

RELAYS: tuple[Symptom, ...] = (
    symptom(
        "relay-refused",
        "The IB Gateway behind the relay is not ready",
        "A relay such as socat accepted the program and was refused by the IB Gateway behind it, which does not listen "
        "yet.",
        "container-not-ready login-pending app-not-running",
        rf"{_SOCAT}connection\s+refused",
    ),
    symptom(
        "relay-unanswered",
        "The IB Gateway behind the relay takes no more connections",
        "A relay such as socat accepted the program and waited in vain for the IB Gateway behind it, which listens and "
        "has stopped accepting: it hangs, and the queue of connections that wait is full.",
        "api-wedged api-silent",
        rf"{_SOCAT}timed\s+out",
        steps=("Restart the container, or the IB Gateway behind the relay.",),
    ),
    symptom(
        "tunnel-end-refused",
        "Nothing listens at the end of the tunnel",
        "The SSH tunnel stands. At its other end the connection was refused: TWS or IB Gateway is not running there, "
        "not logged in, or listens on another port than the tunnel leads to.",
        "container-not-ready app-not-running api-port-mismatch",
        r"channel\s+\d+:\s+open\s+failed:\s+connect\s+failed",
    ),
    symptom(
        "tunnel-forbidden",
        "The SSH server does not allow the tunnel",
        "SSH is connected, but the server refuses to pass connections on, so that the tunnel leads nowhere.",
        "",
        r"open\s+failed:\s+administratively\s+prohibited",
        steps=("On the server, let `AllowTcpForwarding` and `PermitOpen` of sshd_config allow the API port.",),
    ),
    symptom(
        "tunnel-gone",
        "The SSH tunnel does not stand",
        "SSH itself lost its connection to the server, or never got one, so there is no tunnel. TWS or IB Gateway did "
        "not close anything.",
        "app-not-running network-down",
        r"client_loop:\s+send\s+disconnect|packet_write_wait:\s+connection\s+to",
        r"timeout,\s+server\s+\S+\s+not\s+responding",
        r"\bssh:\s+connect\s+to\s+host\s+\S+\s+port\s+\d+",
        steps=(
            "Start the tunnel again.",
            "Let autossh or a service with `ServerAliveInterval` start it, so that it comes back by itself.",
        ),
    ),
)
"""In the order they are tried."""

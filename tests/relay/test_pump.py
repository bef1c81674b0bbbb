"""What goes in comes out, in order and whole; ends and resets are carried over; nothing is held without bound."""

import contextlib
import hashlib
import random
import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable

import pytest

from agent.errors import RelayError
from agent.relay.link import BUFFER
from agent.relay.pump import MOST_RELAYED, Relay, RelayOrder
from tests.attacks.scale import whole
from tests.relay.conftest import Between, Ends
from tests.relaying import PATIENCE, relaying

CONNECTIONS = 4
BYTES = 5 * 2**30 if whole() else 6 * 2**20
"""Bytes of each direction of all connections together."""
RESET = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < deadline
        select.select([], [], [], 0.001)


def reset(wire: socket.socket) -> None:
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    wire.close()


def closed_by_reset(wire: socket.socket) -> bool:
    """Whether what is left of a connection ends with a reset; False for a regular end."""
    try:
        while wire.recv(BUFFER):
            pass
    except ConnectionResetError:
        return True
    return False


def refused(ends: Ends) -> bool:
    """Whether a program that connects is reset, as early as that may come."""
    try:
        return closed_by_reset(ends.program())
    except ConnectionResetError:
        return True


def send_on(wire: socket.socket) -> None:
    """Send until that is no longer possible."""
    while True:
        wire.sendall(b"x")


def send_random(wire: socket.socket, seed: int, size: int, hashes: dict[str, str], key: str) -> None:
    chance, sum_ = random.Random(seed), hashlib.blake2b()
    left = size
    while left:
        piece = chance.randbytes(min(left, chance.choice((1, 7, 60, 4096, BUFFER, 3 * BUFFER))))
        wire.sendall(piece)
        sum_.update(piece)
        left -= len(piece)
    wire.shutdown(socket.SHUT_WR)
    hashes[key] = sum_.hexdigest()


def take_all(wire: socket.socket, seed: int, hashes: dict[str, str], key: str) -> None:
    """Take everything in random pieces; now and then nothing, until the sender can send no more."""
    chance, sum_ = random.Random(seed), hashlib.blake2b()
    while piece := wire.recv(chance.choice((1, 100, 5000, BUFFER))):
        sum_.update(piece)
        if chance.random() < 0.01:
            threading.Event().wait(chance.random() / 100)
    hashes[key] = sum_.hexdigest()


@pytest.mark.timeout(3600 if whole() else 300)
def test_random_traffic_arrives_byte_for_byte_in_both_directions(between: Between) -> None:
    ends = between()
    sent: dict[str, str] = {}
    came: dict[str, str] = {}
    threads = []
    for number in range(CONNECTIONS):
        near, far = ends.pair()
        for way, source, target in (("to", near, far), ("from", far, near)):
            key, seed, size = f"{number} {way}", 2 * number + (way == "to"), BYTES // CONNECTIONS
            threads.append(threading.Thread(target=send_random, args=(source, seed, size, sent, key)))
            threads.append(threading.Thread(target=take_all, args=(target, seed, came, key)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(sent) == 2 * CONNECTIONS
    assert came == sent
    until(lambda: ends.relay.connections == 0)


def test_a_receiver_that_does_not_read_stops_its_sender_alone(between: Between) -> None:
    ends = between()
    near, far = ends.pair()
    other, its = ends.pair()
    near.setblocking(False)
    pushed = 0
    while select.select([], [near], [], 0.5)[1]:
        pushed += near.send(b"x" * BUFFER)

    held = [side.waiting for link, side in ends.relay._links.values() if side.waiting is not None]
    assert [len(one) <= BUFFER for one in held] == [True]

    # The same connection backwards, and another one, go on.
    far.sendall(b"still here")
    near.setblocking(True)
    assert near.recv(100) == b"still here"
    other.sendall(b"mine")
    assert its.recv(100) == b"mine"

    came = 0
    while came < pushed:
        came += len(far.recv(BUFFER))
    near.sendall(b"end")
    assert far.recv(100) == b"end"


@pytest.mark.parametrize("program_first", [True, False])
def test_a_side_that_has_ended_can_still_be_sent_to(between: Between, program_first: bool) -> None:
    near, far = between().pair()
    first, second = (near, far) if program_first else (far, near)
    first.sendall(b"all I had")
    first.shutdown(socket.SHUT_WR)

    assert second.recv(100) == b"all I had"
    assert second.recv(100) == b""
    second.sendall(b"and I more")
    assert first.recv(100) == b"and I more"
    second.close()
    assert first.recv(100) == b""


@pytest.mark.parametrize("program_first", [True, False])
def test_a_reset_is_carried_over(between: Between, program_first: bool) -> None:
    ends = between()
    near, far = ends.pair()
    first, second = (near, far) if program_first else (far, near)
    first.sendall(b"hello")
    assert second.recv(100) == b"hello"
    reset(first)

    assert closed_by_reset(second)
    until(lambda: ends.relay.connections == 0)


@pytest.mark.skipif(not hasattr(select, "epoll"), reason="only there a resting socket tells of its reset")
def test_a_reset_is_carried_over_while_the_other_side_reads_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, relaying(listening.getsockname()[1]) as relay:
        ends = Ends(relay, listening)
        near, far = ends.pair()
        near.setblocking(False)
        while select.select([], [near], [], 0.3)[1]:
            near.send(b"x" * BUFFER)
        reset(near)

        until(lambda: relay.connections == 0)
        assert closed_by_reset(far)
        far.close()


def test_what_tws_says_before_it_closes_reaches_a_program_that_goes_on_sending(between: Between) -> None:
    ends = between()
    for _ in range(20):
        near, far = ends.pair()
        far.sendall(b"client ID 7 is in use")
        far.close()
        assert near.recv(100) == b"client ID 7 is in use"
        with pytest.raises(ConnectionError):
            send_on(near)


def test_a_tws_that_does_not_listen_is_a_reset_and_one_sentence(between: Between) -> None:
    ends = between()
    ends.listening.close()
    for _ in range(3):
        assert refused(ends)

    assert len(ends.said) == 1
    assert f":{ends.relay._order.port} does not take the connection (" in ends.said[0]
    until(lambda: ends.relay.connections == 0)


def test_it_is_said_again_once_tws_had_answered_in_between(between: Between) -> None:
    ends = between()
    port = ends.listening.getsockname()[1]
    ends.listening.close()
    assert refused(ends)
    with socket.create_server(("127.0.0.1", port)) as listening:
        near = ends.program()
        far, _ = listening.accept()
        near.sendall(b"x")
        assert far.recv(1) == b"x"
        far.close()
    assert refused(ends)

    assert len(ends.said) == 2


def test_a_relay_that_leads_to_itself_says_so_and_holds_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    said: list[str] = []
    with relaying(port, listen=port, say=said.append) as relay:
        for _ in range(3):
            with (
                contextlib.suppress(ConnectionResetError),
                socket.create_connection(("127.0.0.1", port), PATIENCE) as program,
            ):
                closed_by_reset(program)
        until(lambda: relay.connections == 0)

    assert said == ["Relay “test” leads to itself: write into `to` where TWS or IB Gateway listens."]


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RelayError, match=f"cannot listen on port {port}, which another program uses: end that"):
            Relay(RelayOrder("test", port, "127.0.0.1", 1), lambda _: None).open()


def test_an_unknown_computer_is_one_sentence() -> None:
    with pytest.raises(RelayError, match=r"cannot find the computer “nowhere\.invalid” \(.*\): correct `to`\."):
        Relay(RelayOrder("test", 0, "nowhere.invalid", 1), lambda _: None).open()


def test_more_connections_than_any_tws_takes_are_refused_in_one_sentence(between: Between) -> None:
    ends = between()
    kept = [ends.pair() for _ in range(MOST_RELAYED)]
    for _ in range(40):
        assert ends.program().recv(1) == b""

    assert ends.said == [
        "Relay “test” has 128 connections and takes no more, since TWS takes 32 clients: "
        "close programs that do not need theirs."
    ]
    near, far = kept[5]
    near.sendall(b"still mine")
    assert far.recv(100) == b"still mine"
    for near, far in kept:
        near.close()
        far.close()
    until(lambda: ends.relay.connections == 0)
    assert ends.relay._links == {}
    ends.pair()


def test_the_end_of_the_relay_closes_every_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        with relaying(listening.getsockname()[1]) as relay:
            near, far = Ends(relay, listening).pair()
        assert near.recv(1) == b""
        assert far.recv(1) == b""
        near.close()
        far.close()

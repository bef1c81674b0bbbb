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
from collections.abc import Callable, Iterator

import psutil
import pytest

from agent.errors import RelayError
from agent.relay.link import BUFFER
from agent.relay.pump import MOST_RELAYED, Relay, RelayOrder
from agent.tws.codec import frame
from tests.attacks.scale import whole
from tests.relay.conftest import Between, Ends
from tests.relaying import PATIENCE, relaying

CONNECTIONS = 4
"""With traffic that is not counted; two more have sessions of the TWS API."""
BYTES = 5 * 2**30 if whole() else 100 * 2**20
"""Bytes of each direction of those four together."""
SESSION_BYTES = 256 * 2**20 if whole() else 2**20
CUTS = 5000 if whole() else 300
"""Connections that are reset in the midst."""
POOL = random.Random(20261129).randbytes(1 << 20)
"""What random traffic is cut out of."""
HELLO = b"API\0" + frame(b"v100..178")
WELCOME = frame(b"178\x0020261129 20:00:00 UTC\0")
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


def pieces(chance: random.Random, size: int) -> Iterator[bytes]:
    """Random traffic of so many bytes."""
    while size > 0:
        length = min(size, chance.choice((1, 7, 60, 4096, BUFFER, 3 * BUFFER)))
        at = chance.randrange(len(POOL) - length)
        yield POOL[at : at + length]
        size -= length


def messages(chance: random.Random, size: int, first: bytes) -> Iterator[bytes]:
    """A session of the TWS API in which a tenth of the messages is damaged, behind the length."""
    yield first
    size -= len(first)
    while size > 0:
        many = bytearray()
        for _ in range(chance.choice((1, 3, 500))):
            one = bytearray(frame(b"%d\0%d\x001\0" % (chance.choice((1, 2, 4, 20, 46, 49, 57)), chance.randrange(99))))
            if chance.random() < 0.1:
                one[chance.randrange(4, len(one))] = chance.randrange(256)
            many += one
        yield bytes(many[:size])
        size -= len(many)


def send_all(wire: socket.socket, traffic: Iterator[bytes], hashes: dict[str, str], key: str) -> None:
    sum_ = hashlib.blake2b()
    for piece in traffic:
        wire.sendall(piece)
        sum_.update(piece)
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


@pytest.mark.timeout(7200 if whole() else 300)
def test_random_traffic_arrives_byte_for_byte_in_both_directions(between: Between) -> None:
    ends = between()
    sent: dict[str, str] = {}
    came: dict[str, str] = {}
    threads = []
    for number in range(CONNECTIONS + 2):
        near, far = ends.pair()
        for way, source, target in (("to", near, far), ("from", far, near)):
            key, seed = f"{number} {way}", 2 * number + (way == "to")
            chance, first = random.Random(seed), HELLO if way == "to" else WELCOME
            counted = number >= CONNECTIONS
            traffic = messages(chance, SESSION_BYTES, first) if counted else pieces(chance, BYTES // CONNECTIONS)
            threads.append(threading.Thread(target=send_all, args=(source, traffic, sent, key)))
            threads.append(threading.Thread(target=take_all, args=(target, seed, came, key)))
    for thread in threads:
        thread.start()
    held = 0
    while any(thread.is_alive() for thread in threads):
        waiting = [side.waiting for _, side in tuple(ends.relay._links.values())]
        held = max(held, *(len(one) for one in waiting if one is not None), 0)
        threads[0].join(0.01)
    for thread in threads:
        thread.join()

    assert len(sent) == 2 * (CONNECTIONS + 2)
    assert came == sent
    assert held <= BUFFER
    until(lambda: ends.relay.connections == 0)


@pytest.mark.timeout(3600 if whole() else 300)
def test_of_a_connection_that_is_reset_the_beginning_has_arrived(between: Between) -> None:
    ends, chance, cut_short = between(), random.Random(20261130), 0
    for number in range(CUTS):
        near, far = ends.pair()
        source, target = (near, far) if number % 2 else (far, near)
        source.setblocking(False)
        sent, came, left = bytearray(), bytearray(), chance.randrange(1, 4 * BUFFER)
        for piece in pieces(chance, left):
            with contextlib.suppress(BlockingIOError):
                sent += piece[: source.send(piece)]
            if chance.random() < 0.5:
                target.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    came += target.recv(chance.choice((1, 100, BUFFER)))
        if chance.random() < 0.5:
            # What was asked the other way is on its way, too.
            target.settimeout(PATIENCE)
            target.sendall(b"asked")
        reset(source)
        target.settimeout(PATIENCE)
        with contextlib.suppress(ConnectionResetError):
            while piece := target.recv(BUFFER):
                came += piece
        target.close()
        assert sent.startswith(came)
        cut_short += 0 < len(came) < len(sent)
    assert cut_short > CUTS / 10
    until(lambda: ends.relay.connections == 0)
    assert ends.relay._links == {}


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
    files = psutil.Process().num_fds()
    for _ in range(1000 - MOST_RELAYED):
        more = ends.program()
        assert more.recv(1) == b""
        more.close()
    until(lambda: psutil.Process().num_fds() <= files)

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

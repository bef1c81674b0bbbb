"""Throws damaged settings at the decoder: nothing but `WireError` may come out, no memory may run away, nothing false.

Whatever our decoder claims to know of bytes that IBKR's own classes can read too, they must read the same.

Run: python tests/benchmarks/fuzz_config.py [--seconds 3600] [--seed N]
Or, with atheris installed: python tests/benchmarks/fuzz_config.py --atheris [options of libFuzzer]
"""

import argparse
import importlib
import inspect
import random
import sys
import time
from collections import Counter
from collections.abc import Callable

import psutil
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from ibapi.protobuf.ConfigResponse_pb2 import ConfigResponse as IbkrConfigResponse
from ibapi.protobuf.UpdateConfigResponse_pb2 import UpdateConfigResponse as IbkrUpdateResponse

from agent.tws import api_settings, protobuf, wire
from agent.tws.api_settings import decode_config_response, decode_update_response
from agent.tws.api_settings_table import FIELDS, FieldKind
from agent.tws.protobuf import WireError, encoded_varint, field
from agent.tws.wire import Frames, parse_message
from tests.ibkr_settings import filled, ibkr_group, ibkr_response

LONGEST_INPUT = 64 * 1024
"""Bytes."""
MOST_MEMORY = 64 * 1024 * 1024
"""Bytes by which the process may grow over the whole run; most of it is Python's own free lists."""
SLOWEST = 0.25
"""Seconds of processor time one input may take."""
REPORT_EVERY = 10.0
"""Seconds."""
ERA_OF_PROTOBUF = 226
"""Server version."""


def examine(body: bytes) -> str:
    """Decode one input in every way there is; returns what came of it. AssertionError where something is wrong."""
    began = time.process_time()
    outcome = _config(body)
    for read in (decode_update_response, _framed, _message):
        try:
            read(body)
        except WireError:
            continue
    assert time.process_time() - began < SLOWEST, f"{time.process_time() - began:.2f} s"
    return outcome


def _config(body: bytes) -> str:
    try:
        ours = decode_config_response(body)
    except WireError:
        return "refused"
    try:
        theirs = IbkrConfigResponse.FromString(body)
    except DecodeError:
        return "read by us alone"
    for setting in ours.present:
        value = getattr(ibkr_group(theirs, setting), setting.wire_name)
        assert ours.value(setting) == (tuple(value) if setting.kind is FieldKind.TEXTS else value), setting.name
    return "read alike" if ours.present else "nothing in it"


def _message(body: bytes) -> object:
    return parse_message(ERA_OF_PROTOBUF, body)


def _framed(body: bytes) -> object:
    return Frames().feed(body)


def seeds() -> list[bytes]:
    """Whole answers, as IBKR's classes write them."""
    prompts = ibkr_response(filled(True))
    for number in range(40):
        prompts.messages.add(id=number, title="Title", message="<html>text</html>", enabled=True)
    update = IbkrUpdateResponse(reqId=1, status="success", message="Configuration updated", changedFields=["a", "b"])
    update.warnings.add(messageId=131, title="Title", message="Message")
    messages = [ibkr_response(filled(True)), ibkr_response(filled(False)), prompts, update]
    single = [ibkr_response(filled(True)) for _ in FIELDS]
    for message, setting in zip(single, FIELDS, strict=True):
        ibkr_group(message, setting).ClearField(setting.wire_name)
    return [message.SerializeToString() for message in (*messages, *single)]


def damaged(body: bytes, chance: random.Random) -> bytes:
    """The bytes after a few accidents."""
    out = bytearray(body)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        at = chance.randrange(len(out) + 1)
        end = min(len(out), at + chance.choice((1, 2, 8, 64)))
        match chance.randrange(7):
            case 0 if at < len(out):
                out[at] ^= 1 << chance.randrange(8)
            case 1:
                out[at:at] = chance.randbytes(chance.choice((1, 4, 40)))
            case 2:
                del out[at:end]
            case 3:
                out[at:at] = out[at:end] * chance.choice((1, 2, 200))
            case 4:
                out[at:end] = encoded_varint(chance.choice((0, 1, 127, 2**31, 2**32 - 1, 2**63, 2**64 - 1)))
            case 5:
                out[at:at] = encoded_varint(chance.randrange(1, 1000) << 3 | chance.randrange(8))
            case _:
                del out[at:]
    return bytes(out[:LONGEST_INPUT])


def damaged_inside(chance: random.Random) -> bytes:
    """An answer whose lengths are right and whose groups are damaged."""
    whole = ibkr_response(filled(chance.random() < 0.5))
    groups = (whole.lockAndExit, whole.api.precautions, whole.api.settings)
    lock, precautions, settings = (_perhaps(group.SerializeToString(), chance) for group in groups)
    return field(1, 1) + field(2, lock) + field(4, field(1, precautions) + field(2, settings))


def _perhaps(body: bytes, chance: random.Random) -> bytes:
    return damaged(body, chance) if chance.random() < 0.5 else body


def fuzz(seconds: float, seed: int, say: Callable[[str], None]) -> None:
    """Go on for some time; says what it has seen."""
    chance = random.Random(seed)
    pool = seeds()
    seen: Counter[str] = Counter()
    process = psutil.Process()
    for body in pool:
        seen[examine(body)] += 1
    before = process.memory_info().rss
    began = reported = time.monotonic()
    while (now := time.monotonic()) - began < seconds:
        body = damaged_inside(chance) if chance.random() < 0.5 else damaged(chance.choice(pool), chance)
        try:
            seen[examine(body)] += 1
        except Exception:
            say(f"seed {seed}, after {seen.total()} inputs: {body.hex()}")
            raise
        if now - reported >= REPORT_EVERY:
            reported = now
            _report(seen, now - began, process.memory_info().rss - before, say)
    grown = process.memory_info().rss - before
    _report(seen, time.monotonic() - began, grown, say)
    assert grown < MOST_MEMORY, f"the process has grown by {grown} bytes"


def _report(seen: Counter[str], elapsed: float, grown: int, say: Callable[[str], None]) -> None:
    kinds = ", ".join(f"{count} {outcome}" for outcome, count in seen.most_common())
    say(f"{elapsed:.0f} s, {seen.total()} inputs: {kinds}; memory {grown / 1024:+.0f} KiB")


def main() -> None:
    """Fuzz as the command line says."""
    say = lambda line: print(line, flush=True)  # noqa: E731
    if "--atheris" in sys.argv:
        atheris = importlib.import_module("atheris")
        for module in (api_settings, protobuf, wire):
            for function in vars(module).values():
                if inspect.isfunction(function) and function.__module__ == module.__name__:
                    atheris.instrument_func(function)
        atheris.Setup([word for word in sys.argv if word != "--atheris"], lambda body: examine(body) and None)
        atheris.Fuzz()
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    chosen = parser.parse_args()
    fuzz(chosen.seconds, chosen.seed, say)


if __name__ == "__main__":
    main()

"""Throws the byte streams of `streams` at a victim, many at a time."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from streams import Case, make_case
from victim import PATIENCE_S, Broken, Victim, suffering

AT_ONCE = 48
BATCH = 480
"""Cases between two looks at the victim."""
WELCOME = b"\x07WELCOME"


def fuzz_streams(
    seed: int, numbers: range, folder: Path, *, progress: Callable[[int], None] = lambda done: None
) -> None:
    """Cases `numbers` of `seed`. Raises `Broken`; the cases that were under way are then in `folder`."""
    with suffering(folder / "victim.log") as victim:
        for begin in range(numbers.start, numbers.stop, BATCH):
            batch = range(begin, min(begin + BATCH, numbers.stop))
            try:
                asyncio.run(_throw(victim, seed, batch))
                victim.check()
                victim.check_descriptors()
                victim.check_memory()
            except Broken as error:
                saved = folder / f"streams-{seed}-{batch.start}.json"
                saved.write_text(json.dumps({"seed": seed, "first": batch.start, "end": batch.stop}))
                raise Broken(f"{error}\nto see it again: make fuzz FUZZ='--replay {saved}'") from error
            progress(batch.stop - numbers.start)
        victim.check_log()


def replay_streams(saved: Path, folder: Path) -> None:
    """The cases of a saved failure one by one, until one of them breaks the victim. Raises `Broken`."""
    what = json.loads(saved.read_text())
    with suffering(folder / "victim.log") as victim:
        for number in range(what["first"], what["end"]):
            try:
                asyncio.run(_throw(victim, what["seed"], range(number, number + 1)))
                victim.check()
            except Broken as error:
                case = make_case(what["seed"], number, "TOKEN")
                raise Broken(f"case {number}, {case.kind}: {error}\n{case.data!r}") from error


async def _throw(victim: Victim, seed: int, numbers: range) -> None:
    todo = iter(numbers)

    async def thrower() -> None:
        for number in todo:
            case = make_case(seed, number, victim.connection.token)
            try:
                heard = await asyncio.wait_for(_say(victim.address, case), PATIENCE_S)
            except asyncio.TimeoutError:
                raise Broken(f"case {number} ({case.kind}): neither answered nor ended") from None
            _check_answer(case, heard, victim.connection.token.encode())

    await asyncio.gather(*(thrower() for _ in range(AT_ONCE)))


def _check_answer(case: Case, heard: bytes, token: bytes) -> None:
    answered = b'"eva":1' in heard
    if answered and token not in case.data:
        raise Broken(f"case {case.number} ({case.kind}) was answered without the token: {heard!r}")
    if case.kind == "good" and not answered:
        raise Broken(f"case {case.number}: a good stream was not answered, but heard {heard!r}")


async def _say(address: tuple[str, int], case: Case) -> bytes:
    """Say it all; what came back until the other side hung up."""
    loop = asyncio.get_running_loop()
    heard = b""
    with socket.socket() as there:
        there.setblocking(False)
        there.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if (
            sys.platform == "linux"
        ):  # the ports of one address would run out: each rests a minute after its use
            there.bind(
                (f"127.{case.number >> 16 & 127}.{case.number >> 8 & 255}.{case.number & 255 or 1}", 0)
            )
        if case.end == "reset":
            there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with suppress(OSError):  # it may hang up in the middle of our words
            await loop.sock_connect(there, address)
            if case.opening:
                await loop.sock_sendall(there, case.opening)
                heard += await _until(loop, there, WELCOME)
            for portion in case.portions:
                await loop.sock_sendall(there, portion)
                await asyncio.sleep(0)
            if case.end == "reset":
                await asyncio.sleep(random.Random(case.number).random() * 0.005)
                return b""
            if case.kind == "good":  # who hangs up at once does not wait for an answer
                heard += await _until(loop, there, b'"eva":1')
            there.shutdown(socket.SHUT_WR)
            while more := await loop.sock_recv(there, 65536):
                heard += more
    return heard


async def _until(loop: asyncio.AbstractEventLoop, there: socket.socket, sign: bytes) -> bytes:
    heard = b""
    while sign not in heard and (more := await loop.sock_recv(there, 65536)):
        heard += more
    return heard

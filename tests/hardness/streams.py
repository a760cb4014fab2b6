"""Byte streams for the port: noise, and recorded good streams with something wrong in them.

A case is made from a seed and its number alone: the same two give the same case (up to the daemon's token).
"""

from __future__ import annotations

import json
import random
import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

VECTORS = Path(__file__).parents[1] / "vectors"
TRANSCRIPTS = json.loads((VECTORS / "zmtp" / "transcripts.json").read_text(encoding="utf-8"))
MESSAGES = [
    bytes.fromhex(vector["hex"]) if "hex" in vector else vector["raw"].encode("utf-8")
    for name in ("requests.json", "bad_requests.json", "events.json")
    for vector in json.loads((VECTORS / name).read_text(encoding="utf-8"))
]
HEALTH = b'{"eva":1,"type":"health","id":"h1"}'
GOOD_EVERY = 50
"""Each so manieth case has nothing wrong in it, and must be answered."""

Kind = Literal["good", "noise", "greeting", "handshake", "frames", "messages", "splice"]
WRONG: tuple[Kind, ...] = ("noise", "greeting", "handshake", "frames", "messages", "splice")

GREETING = bytes.fromhex(TRANSCRIPTS[0]["greeting"])
INITIATE = (
    bytes.fromhex("04 2c 08")
    + b"INITIATE"
    + bytes.fromhex("0b 536f636b65742d54797065 00000006 4445414c4552 08 4964656e74697479 00000000")
)
COMMANDS = (
    b"\x04\x06\x05ERROR",
    b"\x04\x0b\x05ERROR\x04oops!",
    b"\x04\x07\x04PING\x00\x00",
    b"\x04\x0b\x04PONGabcdef",
    b"\x04\x08\x07WELCOME",
    b"\x04\x06\x05READY",
    b"\x04\x0a\x09SUBSCRIBE",
    b"\x04\x01\x00",
    b"\x04\x00",
    b"\x04\x01\xff",
    b"\x06\x00\x00\x00\x00\x00\x00\x00\x07\x04PING\x00\x00",
)
LENGTHS = (0, 1, 127, 255, 256, 65536, 16 * 2**20, 16 * 2**20 + 1, 2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 1)


def frame(body: bytes, flags: int = 0) -> bytes:
    if len(body) < 256 and not flags & 2:
        return bytes([flags, len(body)]) + body
    return bytes([flags | 2]) + struct.pack(">Q", len(body)) + body


def hello(token: bytes, user: bytes = b"eva") -> bytes:
    body = b"\x05HELLO" + bytes([len(user)]) + user + bytes([len(token)]) + token
    return frame(body, 4)


@dataclass(frozen=True)
class Case:
    """What one connection says, and how it ends.

    - `opening`: sent first; then the daemon's WELCOME is waited for, since libzmq ends a connection on
      which anything follows the token before that.
    - `portions`: what comes then, cut as it is sent.
    - `end`: `shut` says that no more comes and waits for the daemon to hang up; `reset` just goes away.
    """

    number: int
    kind: Kind
    opening: bytes
    portions: tuple[bytes, ...]
    end: Literal["shut", "reset"]

    @property
    def data(self) -> bytes:
        return self.opening + b"".join(self.portions)


def make_case(seed: int, number: int, token: str) -> Case:
    """Case `number` of `seed`."""
    chance = random.Random(f"{seed}/{number}")
    secret = token.encode()
    if number % GOOD_EVERY == 0:
        return Case(
            number, "good", GREETING + hello(secret), _portions(chance, INITIATE + frame(HEALTH)), "shut"
        )
    kind = WRONG[number % len(WRONG)]
    end: Literal["shut", "reset"] = "reset" if chance.random() < 0.15 else "shut"
    data = _MAKERS[kind](chance, secret)
    opening = GREETING + hello(secret)
    if data.startswith(opening) and (kind in ("frames", "messages") or chance.random() < 0.7):
        return Case(number, kind, opening, _portions(chance, data[len(opening) :]), end)
    return Case(number, kind, b"", _portions(chance, data), end)


def _noise(chance: random.Random, token: bytes) -> bytes:
    data = chance.randbytes(chance.choice((0, 1, 9, 10, 11, 12, 63, 64, 65, 200, 3000)))
    start = chance.choice(
        (b"", b"", b"\xff", b"\xff" + bytes(8) + b"\x7f", GREETING[:11], GREETING[:12], b"GET / ")
    )
    return start + data


def _greeting(chance: random.Random, token: bytes) -> bytes:
    greeting = bytearray(GREETING)
    choice = chance.randrange(5)
    if choice == 0:  # another version, older ones among them, which knew no tokens
        greeting[10] = chance.choice((0, 1, 2, 3, 4, 255))
        greeting[11] = chance.choice((0, 1, 2, 255))
    elif choice == 1:
        name = chance.choice((b"NULL", b"CURVE", b"GSSAPI", b"PLAI", b"plain", b"X" * 20, bytes(20)))
        greeting[12:32] = name.ljust(20, b"\0")
    elif choice == 2:
        greeting[32] = chance.randrange(256)  # as-server
    elif choice == 3:  # ZMTP 1.0: no signature, a short identity first
        return chance.choice((b"\x01\x00", b"\x05\x00abcd")) + frame(HEALTH, 0) * chance.randrange(3)
    else:
        greeting = bytearray(mutated(chance, bytes(greeting)))
    return bytes(greeting) + hello(token) + INITIATE + frame(HEALTH)


def _handshake(chance: random.Random, token: bytes) -> bytes:
    commands = [hello(token), INITIATE]
    choice = chance.randrange(6)
    if choice == 0:
        commands = [mutated(chance, commands[0]), commands[1]]
    elif choice == 1:
        commands = [commands[0], mutated(chance, commands[1])]
    elif choice == 2:
        extra = [
            *commands,
            *COMMANDS,
            frame(HEALTH),
            hello(b"wrong"),
            hello(token[:-1]),
            hello(token, b"admin"),
        ]
        commands = chance.choices(extra, k=chance.randrange(6))
    elif choice == 3:  # a length that is not so
        flags = chance.randrange(8)
        commands.insert(chance.randrange(3), bytes([flags | 2]) + struct.pack(">Q", chance.choice(LENGTHS)))
    elif choice == 4:  # properties of all kinds
        body = b"\x08INITIATE" + b"".join(
            bytes([chance.randrange(256)]) + chance.randbytes(chance.randrange(12)) for _ in range(4)
        )
        commands[1] = frame(body, 4)
    else:
        commands = [
            hello(chance.randbytes(chance.randrange(256)), chance.randbytes(chance.randrange(100))),
            INITIATE,
        ]
    return GREETING + b"".join(commands) + frame(HEALTH)


def _frames(chance: random.Random, token: bytes) -> bytes:
    out = [GREETING, hello(token), INITIATE]
    for _ in range(chance.randrange(1, 8)):
        choice = chance.randrange(7)
        body = chance.choice((HEALTH, b"", chance.randbytes(chance.randrange(300)), chance.choice(MESSAGES)))
        if choice == 0:
            out.append(chance.choice(COMMANDS))
        elif choice == 1:  # a length that is not so
            out.append(bytes([2 | chance.randrange(2)]) + struct.pack(">Q", chance.choice(LENGTHS)) + body)
        elif choice == 2:  # very many frames in one message, which may never end
            out.append(frame(b"", 1) * chance.randrange(400))
        elif choice == 3:
            out.append(frame(body, chance.randrange(256)))
        elif choice == 4:
            out.append(chance.randbytes(chance.randrange(40)))
        elif choice == 5:
            out.append(mutated(chance, frame(body)))
        else:
            out.append(frame(body, chance.randrange(2)))
    return b"".join(out)


def _messages(chance: random.Random, token: bytes) -> bytes:
    bodies = [mutated(chance, chance.choice(MESSAGES)) for _ in range(chance.randrange(1, 5))]
    return GREETING + hello(token) + INITIATE + b"".join(frame(body) for body in bodies)


def _splice(chance: random.Random, token: bytes) -> bytes:
    """Pieces of what real peers, clients and servers alike, have said."""
    out = b""
    for _ in range(chance.randrange(1, 4)):
        parts = chance.choice(TRANSCRIPTS)
        names = chance.sample(("greeting", "handshake", "request", "answers", "server"), k=3)
        out += b"".join(bytes.fromhex(parts[name]) for name in names)
    begin = GREETING + hello(token) if chance.random() < 0.3 else b""
    return begin + (mutated(chance, out) if chance.random() < 0.7 else out)


_MAKERS = {
    "noise": _noise,
    "greeting": _greeting,
    "handshake": _handshake,
    "frames": _frames,
    "messages": _messages,
    "splice": _splice,
}


def mutated(chance: random.Random, data: bytes) -> bytes:
    """`data` with one to four places changed."""
    out = bytearray(data)
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(out) + 1)
        span = chance.randrange(1, 9)
        choice = chance.randrange(7)
        if choice == 0 and at < len(out):
            out[at] ^= 1 << chance.randrange(8)
        elif choice == 1 and at < len(out):
            out[at] = chance.choice((0, 1, 2, 4, 0x22, 0x5C, 0x7B, 0x7F, 0x80, 0xFF))
        elif choice == 2:
            del out[at : at + span]
        elif choice == 3:
            out[at:at] = out[at : at + span] * chance.choice((1, 2, 50))
        elif choice == 4:
            out[at:at] = chance.randbytes(span)
        elif choice == 5:
            del out[at:]
        else:
            other = chance.randrange(len(out) + 1)
            out[at : at + span] = out[other : other + span]
    return bytes(out)


def _portions(chance: random.Random, data: bytes) -> tuple[bytes, ...]:
    cuts = sorted(chance.randrange(len(data) + 1) for _ in range(chance.choice((0, 0, 0, 1, 2))))
    edges = [0, *cuts, len(data)]
    return tuple(data[begin:end] for begin, end in pairwise(edges))

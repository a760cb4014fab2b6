#!/usr/bin/env python3
"""Records what a real libzmq DEALER and a real libzmq ROUTER say to each other, byte for byte:

    python tests/zmtp/record.py > tests/vectors/zmtp/transcripts.json

A TCP relay stands between them and notes both directions. Each transcript is one connection; what its fields
mean stands in tests/vectors/README.md. Run it again after a new libzmq, and look at what has changed.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import zmq
from zap import PASSWORD, USERNAME, zap_handler

PATIENCE_S = 10.0
REQUEST = b"hello"
GREETING = 64  # octets


class Relay:
    """Carries the bytes of one connection to `port` and keeps them."""

    def __init__(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.client, self.server = bytearray(), bytearray()
        threading.Thread(target=self._run, args=(port,), daemon=True).start()

    def _run(self, port: int) -> None:
        near, _ = self._listener.accept()
        far = socket.create_connection(("127.0.0.1", port))
        back = threading.Thread(target=self._carry, args=(far, near, self.server), daemon=True)
        back.start()
        self._carry(near, far, self.client)
        back.join()
        near.close()
        far.close()

    @staticmethod
    def _carry(source: socket.socket, target: socket.socket, log: bytearray) -> None:
        try:
            while data := source.recv(65536):
                log += data
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:  # the other direction has ended the connection
            pass

    def close(self) -> None:
        self._listener.close()


class Pair:
    """A DEALER and a ROUTER that know each other."""

    def __init__(self, dealer: zmq.Socket[bytes], router: zmq.Socket[bytes]) -> None:
        self.dealer, self.router = dealer, router
        self.dealer.send(REQUEST)
        if not router.poll(PATIENCE_S * 1000):
            raise TimeoutError("the ROUTER heard nothing")
        self._client, first = router.recv_multipart()
        assert first == REQUEST

    def tell(self, *frames: bytes) -> None:
        """A message from ROUTER to DEALER, which must arrive."""
        self.router.send_multipart([self._client, *frames])
        if not self.dealer.poll(PATIENCE_S * 1000):
            raise TimeoutError("the DEALER heard nothing")
        assert self.dealer.recv_multipart() == list(frames)


@contextmanager
def sockets(
    mechanism: str, password: str, identity: bytes, heartbeat: bool
) -> Iterator[tuple[Any, Any, Relay]]:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    router, dealer = context.socket(zmq.ROUTER), context.socket(zmq.DEALER)
    router.linger = dealer.linger = 0
    dealer.reconnect_ivl = -1
    if mechanism == "PLAIN":
        router.plain_server, router.zap_domain = True, b"tests"
        dealer.plain_username, dealer.plain_password = USERNAME.encode(), password.encode()
    if identity:
        dealer.routing_id = identity
    if heartbeat:
        router.heartbeat_ivl, router.heartbeat_ttl = 100, 2500
    relay = Relay(router.bind_to_random_port("tcp://127.0.0.1"))
    with zap_handler(context):
        dealer.connect(f"tcp://127.0.0.1:{relay.port}")
        try:
            yield dealer, router, relay
        finally:
            relay.close()
            dealer.close()
            router.close()
    context.term()


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("what was to be recorded did not come")
        time.sleep(0.02)


def record(
    name: str,
    messages: list[list[bytes]],
    *,
    mechanism: str = "PLAIN",
    password: str = PASSWORD,
    identity: bytes = b"",
    heartbeats: int = 0,
) -> dict[str, Any]:
    """One transcript: after the DEALER's request the ROUTER sends `messages`, then so many heartbeats."""
    with sockets(mechanism, password, identity, heartbeats > 0) as (dealer, router, relay):
        if password == PASSWORD:
            pair = Pair(dealer, router)
            for frames in messages:
                pair.tell(*frames)
            until(lambda: relay.client.count(b"\x04PONG") >= heartbeats)
        else:
            until(lambda: relay.server.endswith(b"\x03400"))
        # The heartbeat goes on while this is read: what is written down ends with the last whole answer.
        client, server = bytes(relay.client), bytes(relay.server)
    if heartbeats:
        client = _cut(client, b"\x04PONG", heartbeats)
        server = _cut(server, b"\x04PING", heartbeats, after=2)
    handshake, request, answers = client[GREETING:].partition(bytes([0, len(REQUEST)]) + REQUEST)
    return {
        "name": name,
        "mechanism": mechanism,
        "username": USERNAME,
        "password": password,
        "identity": identity.hex(),
        "greeting": client[:GREETING].hex(),
        "handshake": handshake.hex(),
        "request": request.hex(),
        "answers": answers.hex(),
        "server": server.hex(),
        "messages": [[frame.hex() for frame in frames] for frames in messages],
        "pings": heartbeats,
        "refused": None if password == PASSWORD else "400",
    }


def _cut(data: bytes, name: bytes, count: int, after: int = 0) -> bytes:
    """`data` up to the `count`-th occurrence of a command's name and `after` bytes more."""
    end = 0
    for _ in range(count):
        end = data.index(name, end) + len(name)
    return data[: end + after]


def transcripts() -> list[dict[str, Any]]:
    return [
        record("PLAIN, short frames", [[b"{}"], [b""], [bytes(range(255))]]),
        record("PLAIN, the wrong password", [], password="wrong"),
        record("PLAIN, long frames", [[b"x" * 255], [b"y" * 256], [bytes(range(256)) * 2]]),
        record("PLAIN, a message of several frames", [[b"a", b"", b"b" * 300, b"c"], [b"d"]]),
        record("PLAIN, heartbeats", [[b"before"]], heartbeats=3),
        record("PLAIN, an identity", [[b"to you"]], identity=b"lean-\x01\xff"),
        record("NULL", [[b"{}"], [b"a", b"b"]], mechanism="NULL"),
    ]


if __name__ == "__main__":
    json.dump(transcripts(), sys.stdout, indent=1)
    print()

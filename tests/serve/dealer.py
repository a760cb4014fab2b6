"""A client that can say anything, in any shape."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import zmq
from scripted import PATIENCE_S

from eva import protocol
from eva.runtime import Connection


class Dealer:
    """A bare DEALER with the token: says anything, in any shape."""

    def __init__(self, connection: Connection, **options: Any) -> None:
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.plain_username = b"eva"
        self.socket.plain_password = connection.token.encode()
        for name, value in options.items():
            setattr(self.socket, name, value)
        self.socket.connect(connection.endpoint)

    def send(self, *frames: bytes) -> None:
        self.socket.send_multipart(frames, zmq.DONTWAIT)

    def ask(self, type: str, id: str = "r1", **fields: Any) -> None:
        self.send(json.dumps({"eva": 1, "type": type, "id": id} | fields).encode())

    def score(self, id: str = "r1", tactics: tuple[str, ...] = ("simp",), **fields: Any) -> None:
        steps = [{"goals": ["⊢ p"], "tactic": tactic} for tactic in tactics]
        self.ask("score", id, **{"steps": steps, "critique": False} | fields)

    def hear(self) -> dict[str, Any]:
        assert self.socket.poll(PATIENCE_S * 1000), "the daemon says nothing"
        [frame] = self.socket.recv_multipart()
        event: dict[str, Any] = json.loads(frame)
        protocol.parse_event(frame)
        return event

    def hear_until(self, *types: str) -> list[dict[str, Any]]:
        heard = [self.hear()]
        while heard[-1]["type"] not in types:
            heard.append(self.hear())
        return heard

    def is_quiet(self, ms: int = 100) -> bool:
        return not self.socket.poll(ms)

    def close(self) -> None:
        self.socket.close()
        self.context.term()


@contextmanager
def dealing(connection: Connection, **options: Any) -> Iterator[Dealer]:
    dealer = Dealer(connection, **options)
    try:
        yield dealer
    finally:
        dealer.close()

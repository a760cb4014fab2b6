"""A client that says anything, and knows by `docs/protocol.md` what it must hear.

The model of the protocol: a message is refused at once, or it is a request that ends in exactly one `done` or
`error`, with every index's score once before that, its words in order, and nothing after it.
"""

from __future__ import annotations

import json
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import zmq
from dealer import Dealer
from victim import PATIENCE_S, Broken

from eva import protocol
from eva.protocol import CancelRequest, HealthRequest, ProtocolError, ScoreRequest
from eva.runtime import Connection

NEVER_SCORED = ("raise", "hold")
FAILING = (*NEVER_SCORED, "raise late", "nan", "skip")
REFUSALS = ("bad_request", "unsupported_version", "too_large")


@dataclass(eq=False)
class Flight:
    """A score request that was said and has not ended."""

    request: ScoreRequest
    cancelled: bool = False
    scored: set[int] = field(default_factory=set)
    wordless: set[int] = field(default_factory=set)
    final: set[int] = field(default_factory=set)
    worded: bool = False
    talked: bool = False

    def hear(self, event: dict[str, Any]) -> bool:
        """Whether it ends with `event`. Raises `Broken`."""
        kind = event["type"]
        if kind == "score":
            self._hear_score(event)
        elif kind == "critique":
            self._hear_words(event)
        elif kind == "done":
            self._hear_done(event)
        elif kind == "error":
            self._hear_error(event["code"])
        else:
            raise Broken(f"a score request heard {event}")
        self.talked = True
        return kind in ("done", "error")

    def _hear_score(self, event: dict[str, Any]) -> None:
        index = event["index"]
        if not 0 <= index < len(self.request.steps) or index in self.scored:
            raise Broken(f"a score that nobody asked for, or again: {event}")
        tactic = self.request.steps[index].tactic
        if (event["status"] == "too_long") != (tactic == "too long") or tactic in NEVER_SCORED:
            raise Broken(f"{tactic!r} cannot be scored so: {event}")
        self.scored.add(index)
        if event["status"] == "too_long":
            self.wordless.add(index)

    def _hear_words(self, event: dict[str, Any]) -> None:
        index = event["index"]
        if not self.request.critique or index in self.final or index in self.wordless:
            raise Broken(f"words that nobody asked for, or after the last: {event}")
        if self.request.order == "score_first" and index not in self.scored:
            raise Broken(f"words before the score: {event}")
        self.worded = True
        if event["final"]:
            self.final.add(index)

    def _hear_done(self, event: dict[str, Any]) -> None:
        every = set(range(len(self.request.steps)))
        words = every - self.wordless if self.request.critique else set()
        if self.scored != every or self.final != words or event["steps"] != len(every):
            raise Broken(f"done, with scores of {sorted(self.scored)} and words of {sorted(self.final)}")

    def _hear_error(self, code: str) -> None:
        may = {
            "cancelled": self.cancelled,
            "deadline": self.request.deadline_ms < PATIENCE_S * 1000,
            # words that have begun cannot be begun again: they share the fate of a batch that fails
            "model_error": self.worded or any(step.tactic in FAILING for step in self.request.steps),
            "busy": not self.talked,
        }
        if not may.get(code, False):
            raise Broken(f"{self.request.id!r} cannot end with {code!r}")


@dataclass(eq=False)
class _Direct:
    """What is answered at once: `kind` is `health` or the code of a refusal.

    `before`: the last request under `id` that was said before and had not ended then.
    """

    kind: str
    id: str
    before: Flight | None = None


class Talker:
    """One connection. `said` counts its messages."""

    def __init__(self, connection: Connection) -> None:
        self.said = 0
        self._dealer = Dealer(connection)
        self._flights: dict[str, deque[Flight]] = {}
        # refusals and health are answered at once, so in the order of the messages
        self._direct: deque[_Direct] = deque()

    @property
    def ids(self) -> list[str]:
        """Of the requests in flight."""
        return list(self._flights)

    def say(self, *frames: bytes) -> str:
        """Send one message; what it is: the type of a request, or the code with which it must be refused."""
        kind = self._expect(frames)
        self.said += 1
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                self._dealer.send(*frames)
                return kind
            except zmq.Again:
                self.hear(0.01)
            if time.monotonic() > end:
                raise Broken("the server takes no more messages")

    def hear(self, wait: float = 0.0) -> bool:
        """One event, if there is one within `wait` seconds; whether there was. Raises `Broken`."""
        if not self._dealer.socket.poll(int(wait * 1000)):
            return False
        frames = self._dealer.socket.recv_multipart()
        if len(frames) != 1:
            raise Broken(f"an event of {len(frames)} frames")
        protocol.parse_event(frames[0])
        self._take(json.loads(frames[0]))
        return True

    def settle(self) -> None:
        """Hear until nothing is owed any more, and then nothing. Raises `Broken`."""
        end = time.monotonic() + PATIENCE_S
        while self._direct or self._flights:
            if not self.hear(1.0) and time.monotonic() > end:
                raise Broken(f"never answered: {self._direct or self.ids}")
        if self.hear(0.005):
            raise Broken("something was said after the end")

    def cancel_all(self) -> None:
        for id in self.ids:
            self.say(protocol.encode_request(CancelRequest(id)))

    def close(self) -> None:
        self._dealer.close()

    def _expect(self, frames: tuple[bytes, ...]) -> str:
        if len(frames) != 1:
            self._direct.append(_Direct("bad_request", ""))
            return "bad_request"
        try:
            request = protocol.parse_request(frames[0])
        except ProtocolError as refusal:
            before = self._flights.get(refusal.id)
            self._direct.append(_Direct(refusal.code, refusal.id, before[-1] if before else None))
            return refusal.code
        if isinstance(request, HealthRequest):
            self._direct.append(_Direct("health", request.id))
            return "health"
        if isinstance(request, ScoreRequest):
            self._flights.setdefault(request.id, deque()).append(Flight(request))
            return "score"
        for flight in self._flights.get(request.id, ()):
            flight.cancelled = True
        return "cancel"

    def _take(self, event: dict[str, Any]) -> None:
        id, code = event["id"], event.get("code", event["type"])
        if code == "bad_request" and "is in use by" in event["message"]:
            self._take_in_use(event)
        elif code in REFUSALS or code == "health":
            if not self._direct:
                raise Broken(f"an answer to nothing: {event}")
            due = self._direct.popleft()
            if code != due.kind or id not in ({due.id, ""} if due.before else {due.id}):
                raise Broken(f"due was {due}, not {event}")
            if id and code != "health" and due.before in self._flights.get(id, ()):
                raise Broken(f"reads as the end of a request that is in flight: {event}")
        elif id not in self._flights:
            raise Broken(f"an event of no request in flight: {event}")
        elif self._flights[id][0].hear(event):
            self._flights[id].popleft()
            if not self._flights[id]:
                del self._flights[id]

    def _take_in_use(self, event: dict[str, Any]) -> None:
        """A second request under one id was refused; the one in flight is the first."""
        for id, flights in self._flights.items():
            if repr(id) in event["message"] and len(flights) > 1 and event["id"] == "":
                del flights[1]
                return
        raise Broken(f"an id is said to be in use that is not: {event}")

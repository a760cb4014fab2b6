"""Asking the daemon for scores.

    from eva.client import Client

    with Client() as client:
        for event in client.stream(steps):
            ...

Light: neither torch nor transformers is imported. Every wait has a deadline, and every error says what to do.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from eva import protocol
from eva.link import Link, LinkLost, WrongToken
from eva.protocol import CancelRequest, Done, Event, Failure, Health, HealthRequest, ScoreRequest
from eva.runtime import (
    BadConnectionFile,
    Connection,
    DaemonError,
    DaemonMissing,
    StaleDaemon,
    read_connection,
)
from eva.step import CritiquePiece, Order, ProofStep, Scored, ScoreEvent, Status, StepScore

__all__ = [
    "BadConnectionFile",
    "Client",
    "DaemonError",
    "DaemonGone",
    "DaemonMissing",
    "DeadlinePassed",
    "RequestFailed",
    "StaleDaemon",
    "WrongToken",
]

GRACE_S = 2.0
"""How much longer than its deadline the daemon is waited for, so that it may say itself what became of it."""

_REMEDIES = {
    "bad_request": "correct the request",
    "unsupported_version": "install the same version of eva on both sides",
    "too_large": "send fewer steps at a time",
    "busy": "try again later",
    "cancelled": "ask again if it is wanted after all",
    "model_error": "see the daemon's log, or serve another model",
}


class Unanswered(DaemonError):
    """A request that ended without all its answers.

    Where `Client.score` raises this, `scores` has one entry a step: what was scored before keeps its numbers,
    the rest has the status `deadline`, `cancelled` or `error`. From `Client.stream` it is empty.
    """

    status: Status = "error"

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what, remedy)
        self.scores: list[StepScore] = []


class DaemonGone(Unanswered):
    """The daemon went away, or does not answer any more."""


class DeadlinePassed(Unanswered):
    """The request's deadline passed."""

    status: Status = "deadline"


class RequestFailed(Unanswered):
    """The daemon answered with an error: `code` and `message` are those of `docs/protocol.md`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{message} ({code})", _REMEDIES.get(code, "see the daemon's log"))
        self.code = code
        self.message = message
        if code == "cancelled":
            self.status = "cancelled"


class Client:
    """Speaks to one daemon, whose connection is found as `docs/protocol.md` says.

    - `connection`: a connection, or the path of a connection file; by default the file of this machine.
    - `timeout`: seconds that connecting, and each answer that needs no model, may take.

    It connects at the first request, and again where the connection has ended since the last one, so it
    outlives a daemon: only a request under way is lost with it (`DaemonGone`), and may be asked again. One
    client serves one thread of one process; make one for each.

    Every method raises `DaemonMissing`, `StaleDaemon`, `BadConnectionFile`, `WrongToken` or `DaemonGone` (all
    of them `DaemonError`) where the daemon cannot be spoken to.
    """

    def __init__(self, connection: Connection | Path | None = None, *, timeout: float = 5.0) -> None:
        self._given = connection
        self._timeout = timeout
        self._link: Link | None = None
        self._ids = itertools.count(1)
        self._inbox: dict[str, deque[Event]] = {}
        self._left: set[str] = set()  # cancelled here; the daemon has not ended them yet

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; requests in flight are left by the daemon when it notices."""
        if self._link is not None:
            self._link.close()
            self._link = None
        self._inbox.clear()
        self._left.clear()

    def score(
        self,
        steps: Sequence[ProofStep],
        *,
        critique: bool = True,
        order: Order = "score_first",
        deadline: float = 60.0,
    ) -> list[StepScore]:
        """Judge `steps`; the result has their order. See `stream` for the arguments and what it raises.

        What it raises for an unanswered request holds the partial result in `scores`.
        """
        scores: dict[int, StepScore] = {}
        words: dict[int, str] = {}
        try:
            for event in self.stream(steps, critique=critique, order=order, deadline=deadline):
                if isinstance(event, Scored):
                    scores[event.score.index] = event.score
                else:
                    words[event.index] = words.get(event.index, "") + event.text
        except Unanswered as error:
            for index in range(len(steps)):
                scores.setdefault(index, StepScore(index, error.status, message=error.what))
            error.scores = _with_words(scores, words)
            raise
        return _with_words(scores, words)

    def stream(
        self,
        steps: Sequence[ProofStep],
        *,
        critique: bool = True,
        order: Order = "score_first",
        deadline: float = 60.0,
        id: str | None = None,
    ) -> Iterator[ScoreEvent]:
        """Judge `steps` (at most 1000), giving each event as it comes.

        - `critique`: whether words are wanted.
        - `order`: scores at once and words after, or scores that have read the words.
        - `deadline`: seconds for the whole request, from now; more than an hour is taken as an hour.
        - `id`: the request's name for `cancel` (1 to 64 characters), chosen here by default.

        Closing the iterator midway cancels the request. Several streams of one client may be read in turn.
        Raises `RequestFailed`, `DeadlinePassed` and what the class names.
        """
        if not steps:
            return
        id = id or self._free_id("r")
        if id in self._inbox:
            raise RequestFailed("bad_request", f"the id {id!r} is in use")
        deadline = min(protocol.MAX_DEADLINE_MS / 1000, deadline)
        end = time.monotonic() + deadline
        try:
            link = self._connected(min(self._timeout, deadline))
        except DaemonGone:
            if time.monotonic() < end:
                raise
            raise _late(deadline) from None
        while id in self._left:  # what is still to come of that request must not be taken for this one's
            if not self._receive(link, id, end):
                raise _late(deadline)
        left = max(1, round((end - time.monotonic()) * 1000))
        frame = protocol.encode_request(ScoreRequest(id, tuple(steps), critique, order, left))
        if len(frame) > protocol.MAX_BYTES:
            raise RequestFailed(
                "too_large", f"the request has {len(frame)} bytes, at most {protocol.MAX_BYTES} are allowed"
            )
        yield from self._answers(link, id, frame, deadline, end)

    def cancel(self, id: str) -> None:
        """Cancel the request `id` of this client; its stream then raises `RequestFailed` with `cancelled`."""
        if self._link is not None:
            self._send(self._link, protocol.encode_request(CancelRequest(id)))

    def health(self) -> Health:
        """The daemon's state; it answers at once, also while its model works."""
        id = self._free_id("h")
        end = time.monotonic() + self._timeout
        link = self._connected(self._timeout)
        self._inbox[id] = deque()
        try:
            self._send(link, protocol.encode_request(HealthRequest(id)))
            event = self._event(link, id, end)
        finally:
            self._inbox.pop(id, None)
        if isinstance(event, Health):
            return event
        if isinstance(event, Failure):
            raise RequestFailed(event.code, event.message)
        self.close()
        raise DaemonGone(
            f"the daemon did not answer within {self._timeout:g} s", "restart it: see 'eva status'"
        )

    def _free_id(self, kind: str) -> str:
        """A name that no request in flight has, one that the caller chose included."""
        taken = self._inbox.keys() | self._left
        return next(id for number in self._ids if (id := f"{kind}{number}") not in taken)

    def _connected(self, timeout: float) -> Link:
        if self._link is not None and not self._inbox and self._link.is_lost():
            self.close()  # nobody waits for anything of that daemon: the next one will do
        if self._link is None:
            given = self._given
            connection = given if isinstance(given, Connection) else read_connection(given)
            try:
                self._link = Link(connection, timeout)
            except (WrongToken, StaleDaemon, LinkLost) as error:
                if connection.path is not None:
                    read_connection(connection.path)  # it may have ended just now: that explains it better
                if isinstance(error, LinkLost):
                    raise DaemonGone(str(error), "restart it: see 'eva status'") from None
                raise
        return self._link

    def _send(self, link: Link, frame: bytes) -> None:
        try:
            link.send(frame)
        except LinkLost as error:
            raise self._gone(error) from None

    def _answers(
        self, link: Link, id: str, frame: bytes, deadline: float, end: float
    ) -> Iterator[ScoreEvent]:
        """Ask, and give each event until the request has ended; whoever stops reading before cancels it."""
        inbox = self._inbox[id] = deque()
        self._send(link, frame)
        open_ = True
        try:
            while open_:
                event = self._event(link, id, end + GRACE_S)
                if event is None:
                    raise _late(deadline)
                open_ = not isinstance(event, Done | Failure)
                if isinstance(event, Scored | CritiquePiece):
                    yield event
                elif isinstance(event, Failure):
                    raise _failed(event, deadline)
        finally:
            open_ = open_ and not any(isinstance(unread, Done | Failure) for unread in inbox)
            self._inbox.pop(id, None)
            if open_ and self._link is link:
                self._left.add(id)
                with contextlib.suppress(DaemonGone):
                    self.cancel(id)

    def _event(self, link: Link, id: str, until: float) -> Event | None:
        """The next event of request `id`; others are put into their inboxes. `None`: none by `until`."""
        while True:
            if self._link is not link:
                raise DaemonGone("the connection was closed meanwhile", "ask again")
            if waiting := self._inbox.get(id):
                return waiting.popleft()
            if not self._receive(link, id, until):
                return None

    def _receive(self, link: Link, id: str, until: float) -> bool:
        """Put the next event into its request's inbox, and say whether there was one by `until`.

        An error that names no request is taken for one of `id`.
        """
        try:
            frame = link.receive(until)
            if frame is None:
                return False
            owner, event = protocol.parse_event(frame)
        except LinkLost as error:
            raise self._gone(error) from None
        except protocol.BadEvent as error:
            self.close()
            raise DaemonGone(
                f"the daemon sent something unreadable: {error}",
                "install the same version of eva on both sides",
            ) from None
        if owner == "" and isinstance(event, Failure):
            owner = id
        if owner in self._inbox:
            self._inbox[owner].append(event)
        elif isinstance(event, Done | Failure):
            self._left.discard(owner)
        return True

    def _gone(self, error: LinkLost) -> DaemonGone:
        self.close()
        return DaemonGone(
            str(error), "it may have ended: see 'eva status', start one with 'eva serve --detach'"
        )


def _late(deadline: float) -> DeadlinePassed:
    return DeadlinePassed(f"no answer within {deadline:g} s", "give more time, or look at 'eva status'")


def _failed(event: Failure, deadline: float) -> Unanswered:
    if event.code == "deadline":
        return DeadlinePassed(
            f"the daemon was not done within {deadline:g} s", "give more time, or ask for less at a time"
        )
    return RequestFailed(event.code, event.message)


def _with_words(scores: dict[int, StepScore], words: dict[int, str]) -> list[StepScore]:
    return [
        replace(score, critique=words[index].strip()) if index in words else score
        for index, score in sorted(scores.items())
    ]

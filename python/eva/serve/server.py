"""The daemon's half of `docs/protocol.md`: one ROUTER, one event loop, one scheduler."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import zmq
import zmq.asyncio

import eva
from eva import protocol
from eva.protocol import Done, Event, Failure, Health, ProtocolError, ScoreRequest, Work
from eva.runtime import Connection
from eva.serve.auth import Gate, new_token
from eva.serve.config import ConfigError, ServeConfig, split_address
from eva.serve.handoff import Handoff
from eva.serve.inbox import Inbox
from eva.serve.log import REFUSALS_EVERY_S, Seldom
from eva.serve.model_thread import ModelThread
from eva.serve.post import Post
from eva.serve.records import Records, resident_bytes
from eva.serve.scheduler import Busy, Finished, Job, Judge, Scheduler
from eva.step import Scored, ScoreEvent

log = logging.getLogger(__name__)

MESSAGES_AHEAD = 16
"""Messages of one client that libzmq reads before the daemon does; then the client's own sending stalls."""
HANDSHAKE_S = 10.0
"""Who has not said a good token by then is hung up on."""
BACKLOG = 1024
"""Connections that may wait to be accepted: editors and searches connect in crowds."""
UNREAD = "the client left too many events unread"
"""What a client that does not read finds when it reads again, for all it waited or asked for meanwhile."""
LAST_WORDS_S = 1.0
"""How long a stopping daemon tries to get its last events out, and waits for its model."""


@dataclass(eq=False)
class _Request:
    """A score request in flight, and the job that answers it."""

    client: bytes
    id: str
    arrived: float
    job: Job
    scored: bool = False
    timer: asyncio.TimerHandle | None = None


class Server:
    """Answers requests with `judge`, which `thread` has loaded, until `stop`.

    Construct it within a running event loop. It is bound then; `connection` says how to reach it. Raises
    `ConfigError` where the address cannot be bound.
    """

    def __init__(self, config: ServeConfig, judge: Judge, thread: ModelThread | None = None) -> None:
        self._judge = judge
        self._drain_s = config.drain_s
        self._loop = asyncio.get_running_loop()
        self._started = time.monotonic()
        self._records = Records()
        self._requests: dict[tuple[bytes, str], _Request] = {}
        self._refused = 0
        self._refusals = Seldom(REFUSALS_EVERY_S)
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self._handoff = Handoff(self._loop, self._hear)
        self._scheduler = Scheduler(judge, batch=config.batch, limit=config.queue, thread=thread)
        self._context = zmq.asyncio.Context()
        token = new_token()
        self._gate = Gate(self._context, token, curve=config.curve)
        self._router: zmq.Socket[bytes] = zmq.Context(self._context).socket(zmq.ROUTER)
        self._router.linger = 0
        self._router.router_mandatory = True
        self._router.maxmsgsize = protocol.MAX_FRAME
        self._router.rcvhwm = MESSAGES_AHEAD
        self._router.handshake_ivl = int(HANDSHAKE_S * 1000)
        self._router.backlog = BACKLOG
        self._router.ipv6 = split_address(config.bind)[0].version == 6
        self._gate.guard(self._router)
        self._inbox = Inbox(self._loop, self._router, self._receive)
        self._post = Post(self._router, self._inbox.look, self._forget, self._cut_off)
        try:
            endpoint = self._bind(config.bind)
        except zmq.ZMQError as error:
            self.close()
            raise ConfigError(f"{config.bind} cannot be bound: {os.strerror(error.errno or 0)}") from None
        self.connection = Connection.of_this_process(endpoint, token, judge.name, self._gate.keys)

    async def run(self) -> bool:
        """Serve until `stop`, then drain and close; whether the model's thread ended as well.

        Raises `scheduler.Ended` where the scheduler ends before: a daemon that scores nothing is none.
        """
        self._inbox.open()
        work: list[asyncio.Future[Any]] = [
            asyncio.create_task(self._gate.run()),
            asyncio.create_task(self._post.run()),
            self._inbox.broken,
            asyncio.wrap_future(self._scheduler.start()),
        ]
        stopped: asyncio.Future[Any] = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait([stopped, *work], return_when=asyncio.FIRST_COMPLETED)
            for task in work:
                if task.done():
                    task.result()  # none of them ends but by an error, and that ends the daemon
            await self._drain()
        finally:
            stopped.cancel()
            for task in work:
                task.cancel()
            self._inbox.close()
            await asyncio.gather(stopped, *work, return_exceptions=True)
            self._handoff.close()
            ended = self._scheduler.stop(LAST_WORDS_S)
            self.close()
        return ended

    def stop(self) -> None:
        """Take no more requests and answer those that were taken; called again, do not wait for them."""
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    def health(self) -> Health:
        """The daemon's state."""
        queued, running = self._scheduler.counts()
        return Health(
            version=eva.__version__,
            pid=os.getpid(),
            model=self._judge.name,
            scale=self._judge.scale,
            dimensions=self._judge.dimensions,
            weights=dict(self._judge.weights),
            uptime_s=round(time.monotonic() - self._started, 3),
            queued_steps=queued,
            queue_limit=self._scheduler.limit,
            running_steps=running,
            scored_steps=self._scheduler.scored,
            state="draining" if self._stop.is_set() else "ready",
            work=self._work(),
        )

    def _work(self) -> Work:
        usage = self._judge.usage
        first_score, answer = self._records.times()
        return Work(
            outcomes=dict(self._records.outcomes),
            refused_clients=self._gate.refused,
            batches=self._scheduler.batches,
            batch_limit=self._scheduler.batch_limit,
            scores_remembered=usage.remembered,
            tokens=usage.tokens,
            tokens_computed=usage.computed,
            critique_tokens=usage.written,
            first_score=first_score,
            answer=answer,
            memory_bytes=resident_bytes(),
        )

    def _bind(self, address: str) -> str:
        """Bind; the endpoint that clients on this machine connect to."""
        host, port = split_address(address)
        shown = f"[{host}]" if host.version == 6 else str(host)
        self._router.bind(f"tcp://{shown}:{port}")
        bound = self._router.get_string(zmq.LAST_ENDPOINT).rpartition(":")[2]
        if host.is_unspecified:
            shown = "[::1]" if host.version == 6 else "127.0.0.1"
        return f"tcp://{shown}:{bound}"

    def close(self) -> None:
        """Close the sockets; `run` does so at its end."""
        self._router.close(linger=int(LAST_WORDS_S * 1000))
        self._gate.close()
        self._context.term()

    async def _drain(self) -> None:
        log.info("draining", extra={"requests": len(self._requests)})
        end = time.monotonic() + self._drain_s
        while self._requests and not self._hurry.is_set() and time.monotonic() < end:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), 0.02)
        for request in list(self._requests.values()):
            self._end(request, Failure("busy", "the daemon stopped before the request was answered"))
        await self._post.flush(LAST_WORDS_S)

    def _receive(self, message: list[bytes]) -> None:
        client, *frames = message
        if not self._post.is_full(client):
            self._handle(client, frames)

    def _handle(self, client: bytes, frames: list[bytes]) -> None:
        try:
            if len(frames) != 1:
                raise ProtocolError("bad_request", f"a message is one frame, not {len(frames)}: use a DEALER")
            request = protocol.parse_request(frames[0])
            if isinstance(request, protocol.CancelRequest):
                if there := self._requests.get((client, request.id)):
                    self._end(there, Failure("cancelled", "the client asked for it"))
            elif self._post.is_deaf(client):
                raise ProtocolError("busy", UNREAD, request.id)
            elif isinstance(request, ScoreRequest):
                self._accept(client, request)
            else:
                self._tell(client, request.id, self.health())
        except ProtocolError as error:
            self._log_refusal(client, error)
            versions = protocol.VERSIONS if error.code == "unsupported_version" else ()
            # under the id of a request in flight it would read as that one's end
            id = "" if (client, error.id) in self._requests else error.id
            self._tell(client, id, Failure(error.code, error.message, versions))

    def _log_refusal(self, client: bytes, error: ProtocolError) -> None:
        self._refused += 1
        level = logging.INFO if self._refusals.is_due() else logging.DEBUG
        about = {"client": client.hex(), "code": error.code, "refused": self._refused}
        log.log(level, "refused", extra=about)

    def _accept(self, client: bytes, asked: ScoreRequest) -> None:
        if (client, asked.id) in self._requests:
            raise ProtocolError(
                "bad_request", f"field 'id': {asked.id!r} is in use by a request in flight", asked.id
            )
        if self._stop.is_set():
            raise ProtocolError("busy", "the daemon is about to stop", asked.id)

        job = Job(asked.steps, asked.critique, asked.order, lambda event: self._handoff.put((request, event)))
        request = _Request(client, asked.id, time.monotonic(), job)
        try:
            self._scheduler.submit(job)
        except Busy as error:
            raise ProtocolError("busy", str(error), asked.id) from None
        self._requests[client, asked.id] = request
        late = Failure("deadline", f"not done within {asked.deadline_ms} ms")
        request.timer = self._loop.call_later(asked.deadline_ms / 1000, self._end, request, late)
        log.debug("accepted", extra={"client": client.hex(), "steps": len(asked.steps)})

    def _hear(self, told: tuple[_Request, ScoreEvent | Finished]) -> None:
        """Pass on what the scheduler told, unless the request has ended meanwhile."""
        request, event = told
        if self._requests.get((request.client, request.id)) is not request:
            return
        if not isinstance(event, Finished):
            if isinstance(event, Scored) and not request.scored:
                request.scored = True
                self._records.first_score(round((time.monotonic() - request.arrived) * 1000, 3))
            try:
                self._tell(request.client, request.id, event)
            except ValueError:  # JSON has no NaN
                self._end(request, Failure("model_error", "the model gave numbers that are none (NaN)"))
        elif event.failure is not None:
            self._end(request, Failure("model_error", event.failure))
        else:
            elapsed = round((time.monotonic() - request.arrived) * 1000, 3)
            self._end(request, Done(len(request.job.steps), self._judge.name, elapsed))

    def _end(self, request: _Request, event: Done | Failure) -> None:
        """The last event of a request; the model leaves its steps."""
        self._discard(request)
        outcome = event.code if isinstance(event, Failure) else "done"
        elapsed = round((time.monotonic() - request.arrived) * 1000, 3)
        self._records.ended(outcome, elapsed)
        about = {"client": request.client.hex(), "steps": len(request.job.steps)}
        # an editor cancels at every keystroke
        level = logging.DEBUG if outcome in ("done", "cancelled") else logging.INFO
        log.log(level, "answered", extra=about | {"outcome": outcome, "elapsed_ms": elapsed})
        self._tell(request.client, request.id, event)

    def _tell(self, client: bytes, id: str, event: Event) -> None:
        self._post.send(client, protocol.encode_event(id, event))

    def _discard(self, request: _Request) -> None:
        self._requests.pop((request.client, request.id), None)
        self._scheduler.drop(request.job)
        if request.timer is not None:
            request.timer.cancel()

    def _of(self, client: bytes) -> Iterator[_Request]:
        return iter([request for request in self._requests.values() if request.client == client])

    def _forget(self, client: bytes) -> None:
        """The client has vanished: nobody waits for its answers."""
        for request in self._of(client):
            log.info("client gone", extra={"client": client.hex(), "steps": len(request.job.steps)})
            self._discard(request)

    def _cut_off(self, client: bytes) -> None:
        """The client does not read: end what it waits for, and let it find out when it reads again."""
        for request in self._of(client):
            self._end(request, Failure("busy", UNREAD))

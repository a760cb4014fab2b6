"""`python -m benchmarks.trip`: a round trip of one small request, built up part by part."""

from __future__ import annotations

import asyncio
import os
import statistics
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection as Pipe
from queue import SimpleQueue
from typing import Annotated, Any

import typer
import zmq

from benchmarks.costless import SCORE, eva_daemon, in_process
from benchmarks.harness import seconds
from benchmarks.overhead import REQUEST
from eva.client import Client
from eva.protocol import Done, ScoreRequest, encode_event, encode_request, parse_event, parse_request
from eva.serve.handoff import Handoff
from eva.serve.inbox import Inbox
from eva.step import DIMENSIONS, Scored, StepScore

PATIENCE_MS = 10_000
ASKED = ScoreRequest("r1", tuple(REQUEST), critique=False)
SCORED = Scored(StepScore(0, "scored", 0.72, dict.fromkeys(DIMENSIONS, SCORE)))
ENDED = Done(1, "costless", 0.1)
QUESTION, ANSWER, DONE = encode_request(ASKED), encode_event("r1", SCORED), encode_event("r1", ENDED)


def main(
    trips: Annotated[int, typer.Option(help="Of each kind in a round.")] = 500,
    rounds: Annotated[int, typer.Option(help="Kinds take turns.")] = 7,
) -> None:
    """What each layer adds to a round trip: libzmq, event loop, the model's thread, the rest; medians."""
    with ExitStack() as stack:
        asks = {
            "libzmq: DEALER and ROUTER in two processes": stack.enter_context(_asking(_bare)),
            "+ an event loop, both answers sent": stack.enter_context(_asking(_in_loop)),
            "+ to a thread for the model and back": stack.enter_context(_asking(_with_thread)),
            "+ protocol, deadlines, scheduler: eva's daemon": stack.enter_context(_asking_daemon()),
            "+ eva.client": stack.enter_context(_asking_as_users_do()),
        }
        taken: dict[str, list[float]] = {name: [] for name in asks}
        for number in range(rounds + 1):
            for name, ask in asks.items():
                found = [_microseconds(ask) for _ in range(trips)]
                taken[name] += found if number else []
    print(f"{trips * rounds:,} round trips of each kind, {os.cpu_count()} cores; medians in microseconds\n")
    before = 0.0
    for name, found in taken.items():
        median = statistics.median(found)
        print(f"{median:6.0f}  {median - before:+6.0f}  {name}")
        before = median
    print("\nof which the protocol's own work, in one process:\n")
    works: dict[str, Callable[[], object]] = {
        "client: encode the request": lambda: encode_request(ASKED),
        "daemon: parse and check it": lambda: parse_request(QUESTION),
        "daemon: encode score and `done`": lambda: (
            encode_event("r1", SCORED),
            encode_event("r1", ENDED),
        ),
        "client: parse and check them": lambda: (parse_event(ANSWER), parse_event(DONE)),
    }
    for name, work in works.items():
        print(f"{statistics.median(_microseconds(work) for _ in range(2000)):6.0f}          {name}")


def _microseconds(work: Callable[[], object]) -> float:
    return seconds(work) * 1e6


@contextmanager
def _asking(serve: Callable[[Pipe], None]) -> Iterator[Callable[[], object]]:
    """A bare socket asks a server of fixed frames."""
    with in_process(serve) as (endpoint, _), _dealer() as socket:
        socket.connect(endpoint)
        yield lambda: _ask(socket)


@contextmanager
def _asking_daemon() -> Iterator[Callable[[], object]]:
    """A bare socket asks eva's daemon."""
    with eva_daemon() as (connection, _), _dealer() as socket:
        socket.plain_username = b"eva"
        socket.plain_password = connection.token.encode()
        socket.connect(connection.endpoint)
        yield lambda: _ask(socket)


@contextmanager
def _asking_as_users_do() -> Iterator[Callable[[], object]]:
    with eva_daemon() as (connection, _), Client(connection) as client:
        yield lambda: client.score(REQUEST, critique=False)


@contextmanager
def _dealer() -> Iterator[zmq.Socket[bytes]]:
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.linger = 0
        socket.rcvtimeo = PATIENCE_MS
        yield socket


def _ask(socket: zmq.Socket[bytes]) -> None:
    socket.send(QUESTION)
    while b'"done"' not in socket.recv():
        pass


def _router() -> tuple[zmq.Socket[bytes], str]:
    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.ROUTER)
    port = socket.bind_to_random_port("tcp://127.0.0.1")
    return socket, f"tcp://127.0.0.1:{port}"


def _answer(socket: zmq.Socket[bytes], client: bytes) -> None:
    socket.send_multipart([client, ANSWER])
    socket.send_multipart([client, DONE])


def _bare(pipe: Pipe) -> None:
    socket, endpoint = _router()
    pipe.send(endpoint)
    while True:
        client = socket.recv_multipart()[0]
        socket.send_multipart([client, DONE])


def _in_loop(pipe: Pipe) -> None:
    def wire(loop: asyncio.AbstractEventLoop, answer: Callable[[bytes], None]) -> Callable[[bytes], None]:
        return answer

    asyncio.run(_serve(pipe, wire))


def _with_thread(pipe: Pipe) -> None:
    def wire(loop: asyncio.AbstractEventLoop, answer: Callable[[bytes], None]) -> Callable[[bytes], None]:
        questions: SimpleQueue[bytes] = SimpleQueue()
        handoff = Handoff(loop, answer)

        def model() -> None:
            while True:
                handoff.put(questions.get())

        threading.Thread(target=model, daemon=True).start()
        return questions.put

    asyncio.run(_serve(pipe, wire))


async def _serve(pipe: Pipe, wire: Callable[[Any, Callable[[bytes], None]], Callable[[bytes], None]]) -> None:
    """A ROUTER on an event loop; `wire` says what becomes of a question before it is answered."""
    loop = asyncio.get_running_loop()
    socket, endpoint = _router()

    def answer(client: bytes) -> None:
        _answer(socket, client)
        inbox.look()

    take = wire(loop, answer)
    inbox = Inbox(loop, socket, lambda frames: take(frames[0]))
    inbox.open()
    pipe.send(endpoint)
    await inbox.broken


if __name__ == "__main__":
    typer.run(main)

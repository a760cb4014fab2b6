"""Many clients at once, each in a process of its own, that ask when they are told to."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from typing import Any

from eva.protocol import ScoreRequest, encode_request
from eva.runtime import Connection
from eva.step import ProofStep, StepScore

PATIENCE_S = 600.0


@dataclass(frozen=True, slots=True)
class Task:
    """What a client is to do: `count` requests, or as many as fit into `seconds`.

    - `way`: `eva`, `httpx` or `httpx async`, the client library.
    - `where`: the daemon's connection, or the address.
    - `hello`: what is asked first, untimed, so that connecting is no part of a round trip.
    - `interval`: seconds between two requests, 0 for one after the other; `delay`: seconds before the first.
    """

    way: str
    where: Connection | str
    requests: Sequence[Sequence[ProofStep]]
    hello: Sequence[ProofStep]
    count: int = 0
    seconds: float = 0.0
    interval: float = 0.0
    delay: float = 0.0


class ClientFailed(Exception):
    """What went wrong in clients."""


class Crowd:
    """`size` client processes. They start together, and each keeps its connection from task to task."""

    def __init__(self, size: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._barrier = context.Barrier(size)
        self._pipes: list[Pipe] = []
        self._processes = []
        for _ in range(size):
            here, there = context.Pipe()
            process = context.Process(target=_work, args=(there, self._barrier), daemon=True)
            process.start()
            there.close()
            self._pipes.append(here)
            self._processes.append(process)

    def __len__(self) -> int:
        return len(self._pipes)

    def run(self, tasks: Sequence[Task]) -> list[list[float]]:
        """The round trips of each client in seconds; one task for each client. Raises `ClientFailed`."""
        for pipe, task in zip(self._pipes, tasks, strict=True):
            pipe.send(task)
        answers = []
        for pipe in self._pipes:
            if not pipe.poll(PATIENCE_S):
                raise TimeoutError(f"a client was not done within {PATIENCE_S:g} s")
            answers.append(pipe.recv())
        failures = [answer for answer in answers if isinstance(answer, str)]
        if failures:
            raise ClientFailed("; ".join(dict.fromkeys(failures)))
        return answers

    def close(self) -> None:
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(10)
            if process.is_alive():
                process.kill()


@contextmanager
def gathered(size: int) -> Iterator[Crowd]:
    """A crowd that goes home at the end."""
    there = Crowd(size)
    try:
        yield there
    finally:
        there.close()


def _work(pipe: Pipe, barrier: Any) -> None:
    asks: dict[tuple[str, Any], Callable[[Sequence[ProofStep]], int]] = {}
    while True:
        try:
            task: Task = pipe.recv()
        except EOFError:
            return
        answer: list[float] | str
        try:
            if (task.way, task.where) not in asks:
                asks[task.way, task.where] = _WAYS[task.way](task.where)
            asks[task.way, task.where](task.hello)
        except Exception as error:
            barrier.abort()  # the others must not wait for this one
            answer = f"{type(error).__name__}: {error}"
        else:
            barrier.wait()
            answer = _round_trips(task, asks[task.way, task.where])
        pipe.send(answer)


def _round_trips(task: Task, ask: Callable[[Sequence[ProofStep]], int]) -> list[float] | str:
    taken: list[float] = []
    begun = time.perf_counter() + task.delay
    try:
        while len(taken) < task.count if task.count else time.perf_counter() < begun + task.seconds:
            due = begun + len(taken) * task.interval
            if (wait := due - time.perf_counter()) > 0:
                time.sleep(wait)
            steps = task.requests[len(taken) % len(task.requests)]
            sent = time.perf_counter()
            scored = ask(steps)
            taken.append(time.perf_counter() - sent)
            if scored != len(steps):
                raise AssertionError(f"{scored} of {len(steps)} steps were scored")
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return taken


def _by_eva(where: Connection) -> Callable[[Sequence[ProofStep]], int]:
    from eva.client import Client

    client = Client(where, timeout=60.0)
    return lambda steps: len(client.score(steps, critique=False, deadline=PATIENCE_S))


def _by_httpx(where: str) -> Callable[[Sequence[ProofStep]], int]:
    import httpx

    client = httpx.Client(timeout=60.0)

    def ask(steps: Sequence[ProofStep]) -> int:
        return _count(client.post(where, content=_body(steps)).raise_for_status().json())

    return ask


def _by_httpx_async(where: str) -> Callable[[Sequence[ProofStep]], int]:
    import httpx

    loop = asyncio.new_event_loop()
    client = httpx.AsyncClient(timeout=60.0)

    async def ask(steps: Sequence[ProofStep]) -> int:
        answer = await client.post(where, content=_body(steps))
        return _count(answer.raise_for_status().json())

    return lambda steps: loop.run_until_complete(ask(steps))


_WAYS: dict[str, Callable[[Any], Callable[[Sequence[ProofStep]], int]]] = {
    "eva": _by_eva,
    "httpx": _by_httpx,
    "httpx async": _by_httpx_async,
}


def _body(steps: Sequence[ProofStep]) -> bytes:
    return encode_request(ScoreRequest("r", tuple(steps), critique=False))


def _count(answer: dict[str, Any]) -> int:
    """As eva's client does, turn each answer into a score."""
    return len([StepScore.from_json(step) for step in answer["steps"]])

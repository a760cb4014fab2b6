"""A judge that costs nothing, and eva's server with it in a process of its own."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

from eva.runtime import Connection
from eva.step import (
    DIMENSIONS,
    CritiquePiece,
    DimensionScore,
    Order,
    ProofStep,
    Scored,
    ScoreEvent,
    StepScore,
)
from eva.usage import Usage

READY_S = 60.0
SCORE = DimensionScore(3.9, 0.8, {1: 0.02, 2: 0.08, 3: 0.2, 4: 0.4, 5: 0.3}, 0.99)


class CostlessJudge:
    """Has one opinion on everything, at once: what remains of a round trip is the daemon's own."""

    def __init__(self) -> None:
        self.name = "costless"
        self.scale: tuple[int, int] = (1, 5)
        self.dimensions: tuple[str, ...] = DIMENSIONS
        self.weights = dict.fromkeys(DIMENSIONS, 1.0)
        self.usage = Usage()

    def stream(
        self,
        steps: Sequence[ProofStep],
        *,
        critique: bool = True,
        order: Order = "score_first",
        batch_size: int = 16,
        cancelled: Callable[[int], bool] | None = None,
        more: Callable[[int], Sequence[ProofStep]] | None = None,
    ) -> Iterator[ScoreEvent]:
        for index in range(len(steps)):
            yield Scored(StepScore(index, "scored", 0.72, dict.fromkeys(self.dimensions, SCORE)))
            if critique:
                yield CritiquePiece(index, "Nothing to say.", True)


@contextmanager
def eva_daemon() -> Iterator[tuple[Connection, int]]:
    """eva's server in its own process: how to reach it, and its process id."""
    with in_process(_serve_eva) as (connection, pid):
        yield connection, pid


@contextmanager
def in_process(serve: Callable[[Pipe], None]) -> Iterator[tuple[Any, int]]:
    """`serve` in its own process: what it sends once it is ready, and its process id."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(there,), daemon=True)
    process.start()
    there.close()
    try:
        if not here.poll(READY_S):
            raise TimeoutError(f"the server was not ready within {READY_S:g} s")
        assert process.pid is not None
        yield here.recv(), process.pid
    finally:
        process.terminate()
        process.join(10)
        if process.is_alive():
            process.kill()


def _serve_eva(pipe: Pipe) -> None:
    from eva.serve.config import ServeConfig
    from eva.serve.server import Server

    async def run() -> None:
        server = Server(ServeConfig(Path("unused"), queue=100_000), CostlessJudge())
        pipe.send(server.connection)
        await server.run()

    asyncio.run(run())

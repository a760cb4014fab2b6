"""A stand-in for a model, for what no real one can be made to do on demand: wait, raise, give NaN, babble.

Only the tests of scheduling and of the server's failures use it; the end-to-end tests run a real
`RewardModel`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eva.model.errors import ModelError, OutOfMemory
from eva.runtime import Connection
from eva.serve.config import ServeConfig
from eva.serve.server import Server
from eva.step import CritiquePiece, DimensionScore, Order, ProofStep, Scored, ScoreEvent, StepScore
from eva.usage import Usage

PATIENCE_S = 20.0


class Panic(BaseException):
    """As PyO3's for a panic of Rust: no `Exception`."""


def step(tactic: str = "simp", goal: str = "⊢ p") -> ProofStep:
    return ProofStep(goals=(goal,), tactic=tactic)


def numbers(value: float) -> dict[str, DimensionScore]:
    return {"logic": DimensionScore(1 + 4 * value, 0.5, {1: 1 - value, 5: value}, 1.0)}


@dataclass
class Call:
    """One stream that was asked for; `joined`: the steps that came to it later."""

    tactics: list[str]
    critique: bool
    order: str
    joined: list[str] = field(default_factory=list)


@dataclass
class ScriptedJudge:
    """Does what the tactics say: `raise`, `panic`, `nan`, `too long`, `skip` (gives nothing), else it scores.

    A critique has `words` pieces, each `piece`; more than `fits` steps at once are too much for the
    memory. Pieces come while `talk` is set (which `one_by_one` clears after each), scores while `read` is.
    """

    name: str = "scripted"
    scale: tuple[int, int] = (1, 5)
    dimensions: tuple[str, ...] = ("logic",)
    weights: dict[str, float] = field(default_factory=lambda: {"logic": 1.0})
    usage: Usage = field(default_factory=Usage)
    words: int = 3
    piece: str = "word "
    fits: int = 10**9
    one_by_one: bool = False
    talk: threading.Event = field(default_factory=threading.Event)
    read: threading.Event = field(default_factory=threading.Event)
    started: threading.Event = field(default_factory=threading.Event)
    calls: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.talk.set()
        self.read.set()

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
        assert len(steps) <= batch_size
        call = Call([step.tactic for step in steps], critique, order)
        self.calls.append(call)
        self.started.set()
        gone = cancelled or (lambda index: False)
        known: list[ProofStep] = []
        written: dict[int, int] = {}

        def enter(new: Sequence[ProofStep]) -> Iterator[ScoreEvent]:
            for i, step in enumerate(new, len(known)):
                known.append(step)
                if step.tactic == "skip":
                    continue
                if step.tactic == "too long" or not critique or order == "score_first":
                    yield from self._score(i, step, gone)
                if critique and step.tactic != "too long":
                    written[i] = 0

        if len(steps) > self.fits:
            raise OutOfMemory(f"no memory for {len(steps)} steps at once")
        yield from enter(steps)
        while True:
            if critique and more is not None and len(written) < batch_size:
                new = more(batch_size - len(written))
                call.joined += [step.tactic for step in new]
                yield from enter(new)
            for i in [i for i in written if gone(i)]:
                del written[i]
            if not written:
                return
            for i in list(written):
                if known[i].tactic == "raise late" and written[i] == 1:
                    raise ModelError(f"could not finish {known[i].goals[0]}")
                if not self._may(self.talk, gone, i):
                    continue
                if self.one_by_one:
                    self.talk.clear()
                written[i] += 1
                final = written[i] == self.words
                yield CritiquePiece(i, self.piece, final)
                if final:
                    del written[i]
                    if order == "critique_first":
                        yield from self._score(i, known[i], gone)

    def _score(self, i: int, step: ProofStep, gone: Callable[[int], bool]) -> Iterator[ScoreEvent]:
        if not self._may(self.read, gone, i):
            return
        if step.tactic == "raise":
            raise ModelError(f"could not read {step.goals[0]}")
        if step.tactic == "panic":
            raise Panic("index out of bounds")
        if step.tactic == "too long":
            yield Scored(StepScore(i, "too_long", message="5000 tokens"))
        else:
            value = float("nan") if step.tactic == "nan" else (len(step.tactic) % 10) / 10
            yield Scored(StepScore(i, "scored", value, numbers(value)))

    @staticmethod
    def _may(gate: threading.Event, gone: Callable[[int], bool], i: int) -> bool:
        """Wait at the gate as long as step `i` is wanted; whether it (still) is."""
        for _ in range(int(PATIENCE_S / 0.01)):
            if gone(i):
                return False
            if gate.wait(0.01):
                return True
        raise AssertionError("nobody opened the gate")


@dataclass
class Served:
    """A server in a thread of this process."""

    server: Server
    loop: asyncio.AbstractEventLoop
    thread: threading.Thread
    outcome: list[Any]

    @property
    def connection(self) -> Connection:
        return self.server.connection

    def stop(self) -> None:
        with suppress(RuntimeError):  # its loop has ended already
            self.loop.call_soon_threadsafe(self.server.stop)

    def join(self) -> Any:
        """Wait for the end; what `Server.run` returned."""
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive(), "the server does not end"
        return self.outcome[0]


@contextmanager
def serving(judge: ScriptedJudge, **settings: Any) -> Iterator[Served]:
    """A real server on a free port with `judge` behind it."""
    config = ServeConfig(Path("unused"), **{"drain_s": 5.0, **settings})
    begun: list[Served] = []
    up = threading.Event()
    outcome: list[Any] = []

    async def run() -> None:
        server = Server(config, judge)
        begun.append(Served(server, asyncio.get_running_loop(), thread, outcome))
        up.set()
        outcome.append(await server.run())

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert up.wait(PATIENCE_S)
    try:
        yield begun[0]
    finally:
        judge.talk.set()
        judge.read.set()
        if thread.is_alive():
            begun[0].stop()
            begun[0].stop()
            begun[0].join()

"""One model, one thread, many clients: which steps go through the model next.

Two lanes. The *quick* lane reads scores, one forward pass a batch. The *slow* lane generates: critiques, and
the scores of `critique_first`. Quick work goes first, also between two tokens of a critique: a score takes
milliseconds, a critique seconds. In both lanes a batch takes steps of all waiting jobs in turn, so a small
job never waits for the end of a big one. A job that meets an idle model and fits one batch goes straight to
the slow lane, where scores come first as well: that spares it one reading of its prompts.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from eva.step import CritiquePiece, Order, ProofStep, Scored, ScoreEvent

log = logging.getLogger(__name__)

Lane = Literal["quick", "slow"]


class Judge(Protocol):
    """What the daemon needs of a model; `eva.model.RewardModel` is one.

    Only one thread uses it, but a second stream may run while a first one rests between two of its events.
    """

    name: str
    scale: tuple[int, int]
    dimensions: tuple[str, ...]
    weights: dict[str, float]

    def stream(
        self,
        steps: Sequence[ProofStep],
        *,
        critique: bool = True,
        order: Order = "score_first",
        batch_size: int = 16,
        cancelled: Callable[[int], bool] | None = None,
    ) -> Iterator[ScoreEvent]: ...


@dataclass(frozen=True, slots=True)
class Finished:
    """The last thing that a job hears: all is told, or the model failed and `failure` says how."""

    failure: str | None = None


class Busy(Exception):
    """The queue has no room for the job; the message gives the numbers."""


@dataclass(eq=False)
class Job:
    """The steps of one request, and what is still owed for them.

    - `tell`: gets every event, with the job's own indices, then `Finished`; on the scheduler's thread.
    - `over`: nobody listens any more (see `Scheduler.drop`).
    - `owed`: for each unfinished step, which of its `"score"` and `"words"` are still to be told.
    - `quick`, `slow`: the steps that wait in each lane.
    - `alone`: shared a batch that failed; its next ones are its own, to show whose fault it was.
    """

    steps: Sequence[ProofStep]
    critique: bool
    order: Order
    tell: Callable[[ScoreEvent | Finished], None]
    over: bool = False
    alone: bool = False
    owed: dict[int, set[str]] = field(init=False, repr=False)
    quick: deque[int] = field(init=False, repr=False, default_factory=deque)
    slow: deque[int] = field(init=False, repr=False, default_factory=deque)

    def __post_init__(self) -> None:
        parts = {"score", "words"} if self.critique else {"score"}
        self.owed = {index: set(parts) for index in range(len(self.steps))}
        # without words both orders read the score right after the prompt
        first = self.slow if self.critique and self.order == "critique_first" else self.quick
        first.extend(self.owed)


@dataclass(eq=False)
class _Batch:
    """Steps that the model has in hand, and its stream over them. `begun`: those of which words were told."""

    lane: Lane
    items: list[tuple[Job, int]]
    events: Iterator[ScoreEvent]
    begun: set[tuple[Job, int]] = field(default_factory=set)


class Scheduler:
    """Runs `judge` on a thread of its own.

    - `batch`: the most steps that go through the model together.
    - `limit`: the most unfinished steps of all jobs together; a job that does not fit is refused.
    - `scored`: steps scored so far.
    """

    def __init__(self, judge: Judge, *, batch: int, limit: int) -> None:
        self.limit = limit
        self.scored = 0
        self._judge = judge
        self._size = batch
        self._jobs: deque[Job] = deque()
        self._running: set[tuple[Job, int]] = set()
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="eva-model", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float) -> bool:
        """End the thread; whether it ended within `timeout` seconds (no forward pass is interrupted)."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def submit(self, job: Job) -> None:
        """Put a job into the queue. Raises `Busy`."""
        with self._changed:
            queued = self._owed()
            if queued + len(job.steps) > self.limit:
                raise Busy(
                    f"{queued} of at most {self.limit} steps are queued and this request has {len(job.steps)}"
                )
            self._jobs.append(job)
            self._changed.notify()

    def drop(self, job: Job) -> None:
        """Forget a job; what the model has in hand of it is left at the next token."""
        with self._changed:
            job.over = True
            if job in self._jobs:
                self._jobs.remove(job)

    def counts(self) -> tuple[int, int]:
        """Steps that wait, and steps that the model has in hand."""
        with self._changed:
            running = sum(1 for job, index in self._running if not job.over and index in job.owed)
            return self._owed() - running, running

    def _owed(self) -> int:
        return sum(len(job.owed) for job in self._jobs)

    def _run(self) -> None:
        slow: _Batch | None = None
        while True:
            quick, slow = self._next(slow)
            if quick is None and slow is None:
                return
            if quick is not None:
                while self._advance(quick):
                    pass
            if slow is not None and not self._advance(slow):
                slow = None

    def _next(self, slow: _Batch | None) -> tuple[_Batch | None, _Batch | None]:
        """Wait for work: a batch for the quick lane if any, and the slow lane's batch, old or new."""
        with self._changed:
            while not self._stopping:
                if slow is None and self._fits_one_batch():
                    for job in self._jobs:
                        job.slow.extend(job.quick)
                        job.quick.clear()
                quick = self._take("quick", list(self._jobs), "score_first")
                if slow is None and quick is None:
                    orders = [job.order for job in self._jobs if job.slow]
                    for order in orders[:1]:
                        slow = self._take("slow", [job for job in self._jobs if job.order == order], order)
                if quick is not None or slow is not None:
                    return quick, slow
                self._changed.wait()
            return None, None

    def _fits_one_batch(self) -> bool:
        """Whether all that waits wants words after its scores, and goes through the model at once."""
        return sum(len(job.quick) + len(job.slow) for job in self._jobs) <= self._size and all(
            job.critique and job.order == "score_first" and not job.alone for job in self._jobs
        )

    def _take(self, lane: Lane, jobs: Sequence[Job], order: Order) -> _Batch | None:
        """The next batch of a lane out of `jobs`: a step of each in turn, those of one job side by side."""
        jobs = [job for job in jobs if getattr(job, lane)]
        if not jobs:
            return None
        lonely = [job for job in jobs if job.alone]
        taken: dict[Job, list[int]] = {job: [] for job in lonely[:1] or jobs}
        room = self._size
        while room and any(getattr(job, lane) for job in taken):
            for job, mine in taken.items():
                waiting: deque[int] = getattr(job, lane)
                if waiting and room:
                    mine.append(waiting.popleft())
                    room -= 1
        for job, mine in taken.items():
            if mine:  # who was served is last in the next round
                self._jobs.remove(job)
                self._jobs.append(job)
        items = [(job, index) for job, mine in taken.items() for index in mine]
        self._running.update(items)
        return _Batch(lane, items, self._stream(items, critique=lane == "slow", order=order))

    def _stream(
        self, items: Sequence[tuple[Job, int]], *, critique: bool, order: Order
    ) -> Iterator[ScoreEvent]:
        yield from self._judge.stream(
            [job.steps[index] for job, index in items],
            critique=critique,
            order=order,
            batch_size=self._size,
            cancelled=lambda place: self._stopping or items[place][0].over,
        )

    def _advance(self, batch: _Batch) -> bool:
        """Take one event of the batch and tell it; whether there may be more."""
        try:
            event = next(batch.events, None)
            if event is not None:
                self._tell(batch, event)
                return True
            missing = [(job, index) for job, index in batch.items if self._is_missing(batch.lane, job, index)]
            for job in {job for job, _ in missing}:
                self._finish(job, "the model ended without a judgement of every step")
        except Exception as error:  # whatever a model raises, the daemon lives on
            log.exception("model failed", extra={"steps": len(batch.items)})
            self._fail(batch, f"{type(error).__name__}: {error}")
        with self._changed:
            self._running.difference_update(batch.items)
        return False

    def _tell(self, batch: _Batch, event: ScoreEvent) -> None:
        place = event.score.index if isinstance(event, Scored) else event.index
        job, index = batch.items[place]
        owed = job.owed.get(index)
        if job.over or owed is None:
            return
        if isinstance(event, Scored):
            self._tell_score(batch.lane, job, index, event)
        elif "words" in owed and (event.text or event.final):
            batch.begun.add((job, index))
            job.tell(CritiquePiece(index, event.text, event.final))
            if event.final:
                self._settle(job, index, "words")

    def _tell_score(self, lane: Lane, job: Job, index: int, event: Scored) -> None:
        if "score" not in job.owed[index]:  # told by the quick lane before
            return
        score = replace(event.score, index=index)
        self.scored += score.value is not None
        job.tell(Scored(score))
        if score.value is None:
            job.owed[index].discard("words")
        elif lane == "quick" and "words" in job.owed[index]:
            job.slow.append(index)
        self._settle(job, index, "score")

    def _settle(self, job: Job, index: int, part: str) -> None:
        job.owed[index].discard(part)
        if not job.owed[index]:
            del job.owed[index]
        if not job.owed:
            self._finish(job)

    def _is_missing(self, lane: Lane, job: Job, index: int) -> bool:
        owed = job.owed.get(index, set())
        return not job.over and bool(owed & {"score"} if lane == "quick" else owed)

    def _fail(self, batch: _Batch, failure: str) -> None:
        """Tell the job whose batch failed; where several shared it, each gets another chance on its own."""
        jobs = {job for job, _ in batch.items if not job.over and job.owed}
        for job in jobs:
            mine = [
                index
                for owner, index in batch.items
                if owner is job and self._is_missing(batch.lane, job, index)
            ]
            if len(jobs) == 1 or any((job, index) in batch.begun for index in mine):
                self._finish(job, failure)
            else:
                with self._changed:
                    job.alone = True
                    getattr(job, batch.lane).extendleft(reversed(mine))

    def _finish(self, job: Job, failure: str | None = None) -> None:
        self.drop(job)
        job.tell(Finished(failure))

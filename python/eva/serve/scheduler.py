"""One model, one thread, many clients: which steps go through the model next.

Two lanes. The *quick* lane reads scores, a few forward passes a batch. The *slow* lane generates: critiques,
and the scores of `critique_first`. Quick work goes first, also between two tokens of critiques: a score
takes milliseconds, a critique seconds. In both lanes a batch takes steps of all waiting jobs in turn, so a
small job never waits for the end of a big one (in the quick lane small jobs have every other batch for
themselves, so that they wait for one batch at most); and a step whose critique is wanted joins those that are
being written as soon as there is room.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from eva.serve.model_thread import ModelThread
from eva.step import CritiquePiece, Order, ProofStep, Scored, ScoreEvent
from eva.usage import Usage

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

    @property
    def usage(self) -> Usage: ...

    def stream(
        self,
        steps: Sequence[ProofStep],
        *,
        critique: bool = True,
        order: Order = "score_first",
        batch_size: int = 16,
        cancelled: Callable[[int], bool] | None = None,
        more: Callable[[int], Sequence[ProofStep]] | None = None,
    ) -> Iterator[ScoreEvent]: ...


@dataclass(frozen=True, slots=True)
class Finished:
    """The last thing that a job hears: all is told, or the model failed and `failure` says how."""

    failure: str | None = None


class Busy(Exception):
    """The queue has no room for the job; the message gives the numbers."""


class Ended(Exception):
    """The scheduler ended though nobody stopped it; the message names the type of what was raised."""


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


Item = tuple[Job, int]


@dataclass(eq=False)
class _Batch:
    """A stream of the model, and the steps of it that it still owes something.

    - `items`: by their numbers in the stream. `size`: how many there were so far.
    - `begun`: those of which words were told.
    - `shared`: steps of several jobs were in it, so that a failure may be any one's fault.
    """

    lane: Lane
    order: Order
    items: dict[int, Item] = field(default_factory=dict)
    size: int = 0
    shared: bool = False
    begun: set[Item] = field(default_factory=set)
    events: Iterator[ScoreEvent] = field(init=False)

    def add(self, items: Sequence[Item]) -> list[ProofStep]:
        """Number further steps."""
        jobs = {job for job, _ in (*items, *self.items.values())}
        self.shared = self.shared or len(jobs) > 1
        self.items |= dict(enumerate(items, self.size))
        self.size += len(items)
        return [job.steps[index] for job, index in items]


class Scheduler:
    """Runs `judge` on `thread`, the one that loaded it (by default one of its own).

    - `batch`: the most steps that go through the model together.
    - `limit`: the most unfinished steps of all jobs together; a job that does not fit is refused.
    - `scored`: steps scored so far. `batches`: streams of the model so far.
    """

    def __init__(self, judge: Judge, *, batch: int, limit: int, thread: ModelThread | None = None) -> None:
        self.limit = limit
        self.scored = 0
        self.batches = 0
        self._judge = judge
        self._most = batch
        self._express = False  # whether the last quick batch was one of small jobs alone
        self._size = batch  # smaller after the model ran out of memory, until it has nothing to do
        self._jobs: deque[Job] = deque()
        self._running: set[Item] = set()
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = thread or ModelThread()
        self._ended: Future[None] = Future()

    @property
    def batch_limit(self) -> int:
        """How many steps may go through the model together at present."""
        return self._size

    def start(self) -> Future[None]:
        """Begin the work; the future has `Ended` where that ends without `stop`."""
        self._ended = self._thread.submit(self._run)
        return self._ended

    def stop(self, timeout: float) -> bool:
        """End the work; whether it ended within `timeout` seconds (no forward pass is interrupted)."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.end()
        return not wait([self._ended], timeout).not_done

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
            owed = self._owed()  # first: the model's thread may settle steps meanwhile
            running = sum(1 for job, index in self._running if not job.over and index in job.owed)
            return owed - running, running

    def _owed(self) -> int:
        return sum(len(job.owed) for job in self._jobs)

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:
            log.critical("the scheduler's thread ended", exc_info=True)
            # without its words, which may quote a proof
            raise Ended(f"the scheduler ended by {type(error).__name__}") from error

    def _work(self) -> None:
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
                quick = self._open("quick", self._quick_jobs(), "score_first")
                if slow is None:  # also where quick work never ends
                    ready = [job for job in self._jobs if job.slow and not job.quick]
                    for order in [job.order for job in ready[:1]]:
                        slow = self._open("slow", [job for job in ready if job.order == order], order)
                if quick is not None or slow is not None:
                    return quick, slow
                if not self._jobs:
                    self._size = self._most
                self._changed.wait()
            return None, None

    def _quick_jobs(self) -> list[Job]:
        """Those of the next quick batch: every other time the small ones only, where there are big ones."""
        jobs = [job for job in self._jobs if job.quick]
        small = [job for job in jobs if len(job.quick) <= self._size // 4]
        self._express = not self._express and 0 < len(small) < len(jobs)
        return small if self._express else jobs

    def _open(self, lane: Lane, jobs: Sequence[Job], order: Order) -> _Batch | None:
        """The next batch of a lane out of `jobs`."""
        items = self._take(lane, jobs, self._size)
        if not items:
            return None
        self.batches += 1
        batch = _Batch(lane, order)
        steps = batch.add(items)
        alone = any(job.alone for job, _ in items)
        batch.events = self._judge.stream(
            steps,
            critique=lane == "slow",
            order=order,
            batch_size=self._size,
            cancelled=lambda number: self._stopping or self._is_gone(batch, number),
            more=None if lane == "quick" or alone else lambda room: self._more(batch, room),
        )
        return batch

    def _more(self, batch: _Batch, room: int) -> list[ProofStep]:
        """Steps that join a batch of the slow lane: none while a job waits that must not share it."""
        with self._changed:
            waiting = [job for job in self._jobs if job.slow]
            if not waiting or waiting[0].order != batch.order or any(job.alone for job in waiting):
                return []
            jobs = [job for job in waiting if job.order == batch.order]
            return batch.add(self._take("slow", jobs, min(room, self._size)))

    def _take(self, lane: Lane, jobs: Sequence[Job], room: int) -> list[Item]:
        """Up to `room` steps of a lane out of `jobs`: one of each in turn, those of one job side by side."""
        jobs = [job for job in jobs if getattr(job, lane)]
        lonely = [job for job in jobs if job.alone]
        taken: dict[Job, list[int]] = {job: [] for job in lonely[:1] or jobs}
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
        return items

    def _advance(self, batch: _Batch) -> bool:
        """Take one event of the batch and tell it; whether there may be more."""
        try:
            event = next(batch.events, None)
            if event is not None:
                self._tell(batch, event)
                return True
            for job in {job for job, _ in self._missing(batch)}:
                self._finish(job, "the model ended without a judgement of every step")
        except BaseException as error:
            # whatever a model raises, the daemon lives on: a panic of Rust is no `Exception`, and neither
            # `SystemExit` nor `KeyboardInterrupt` is anybody's wish here (signals go to the main thread)
            log.exception("model failed", extra={"steps": len(batch.items)})
            if isinstance(error, MemoryError) and self._size > 1:
                self._size //= 2
                log.warning("out of memory", extra={"batch": self._size})
                self._again(batch, f"{type(error).__name__}: {error}")
            else:
                self._fail(batch, f"{type(error).__name__}: {error}")
        with self._changed:
            self._running.difference_update(batch.items.values())
        return False

    def _tell(self, batch: _Batch, event: ScoreEvent) -> None:
        number = event.score.index if isinstance(event, Scored) else event.index
        if number not in batch.items:
            return
        job, index = batch.items[number]
        owed = job.owed.get(index)
        if job.over or owed is None:
            self._leave(batch, number)
            return
        if isinstance(event, Scored):
            self._tell_score(batch.lane, job, index, event)
        elif "words" in owed and (event.text or event.final):
            batch.begun.add((job, index))
            job.tell(CritiquePiece(index, event.text, event.final))
            if event.final:
                self._settle(job, index, "words")
        if not self._is_missing(batch.lane, job, index):
            self._leave(batch, number)

    def _is_gone(self, batch: _Batch, number: int) -> bool:
        if number in batch.items and batch.items[number][0].over:
            self._leave(batch, number)
        return number not in batch.items

    def _leave(self, batch: _Batch, number: int) -> None:
        """The batch owes nothing for a step any more."""
        item = batch.items.pop(number)
        batch.begun.discard(item)
        with self._changed:
            self._running.discard(item)

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

    def _missing(self, batch: _Batch) -> list[Item]:
        return [item for item in batch.items.values() if self._is_missing(batch.lane, *item)]

    def _fail(self, batch: _Batch, failure: str) -> None:
        """Tell the job whose batch failed; where several shared it, each gets another chance on its own."""
        jobs = {job for job, _ in self._missing(batch)}
        if not batch.shared:
            for job in jobs:
                self._finish(job, failure)
            return
        with self._changed:
            for job in jobs:
                job.alone = True
        self._again(batch, failure)

    def _again(self, batch: _Batch, failure: str) -> None:
        """Put back what a failed batch still owes; a job that has heard words of it cannot start over."""
        missing = self._missing(batch)
        for job in {job for job, _ in missing}:
            mine = [index for owner, index in missing if owner is job]
            if any((job, index) in batch.begun for index in mine):
                self._finish(job, failure)
            else:
                with self._changed:
                    getattr(job, batch.lane).extendleft(reversed(mine))

    def _finish(self, job: Job, failure: str | None = None) -> None:
        self.drop(job)
        job.tell(Finished(failure))

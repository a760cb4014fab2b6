"""What runs next: fairness, batching, and what becomes of everybody when a model fails."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from scripted import PATIENCE_S, ScriptedJudge, step

from eva.model.errors import ModelError
from eva.serve.scheduler import Busy, Finished, Job, Scheduler
from eva.step import CritiquePiece, Order, ProofStep, Scored, ScoreEvent


@dataclass
class Ear:
    """Hears what one job is told."""

    events: queue.Queue[ScoreEvent | Finished] = field(default_factory=queue.Queue)

    def all(self) -> list[ScoreEvent | Finished]:
        """Everything up to the end."""
        heard: list[ScoreEvent | Finished] = []
        while not heard or not isinstance(heard[-1], Finished):
            heard.append(self.events.get(timeout=PATIENCE_S))
        assert self.events.empty()
        return heard

    def next(self) -> ScoreEvent | Finished:
        return self.events.get(timeout=PATIENCE_S)


def a_job(tactics: list[str], *, critique: bool = True, order: Order = "score_first") -> tuple[Job, Ear]:
    ear = Ear()
    return Job([step(tactic) for tactic in tactics], critique, order, ear.events.put), ear


@pytest.fixture
def judge() -> ScriptedJudge:
    return ScriptedJudge()


@pytest.fixture
def scheduler(judge: ScriptedJudge) -> Iterator[Scheduler]:
    scheduler = Scheduler(judge, batch=4, limit=100)
    scheduler.start()
    yield scheduler
    judge.talk.set()
    judge.read.set()
    assert scheduler.stop(PATIENCE_S)


def scores(events: list[ScoreEvent | Finished]) -> list[int]:
    return [event.score.index for event in events if isinstance(event, Scored)]


def words(events: list[ScoreEvent | Finished], index: int) -> str:
    return "".join(
        event.text for event in events if isinstance(event, CritiquePiece) and event.index == index
    )


def finals(events: list[ScoreEvent | Finished]) -> list[int]:
    return sorted(event.index for event in events if isinstance(event, CritiquePiece) and event.final)


@pytest.mark.parametrize("order", ["score_first", "critique_first"])
@pytest.mark.parametrize("count", [1, 4, 5, 11])
def test_every_step_is_scored_once_with_all_its_words(scheduler: Scheduler, count: int, order: Order) -> None:
    job, ear = a_job([f"t{i}" for i in range(count)], order=order)
    scheduler.submit(job)
    heard = ear.all()
    assert sorted(scores(heard)) == list(range(count))
    assert finals(heard) == list(range(count))
    assert {words(heard, index) for index in range(count)} == {"word word word "}
    assert heard[-1] == Finished()
    assert scheduler.counts() == (0, 0)
    assert scheduler.scored == count


@pytest.mark.parametrize("order", ["score_first", "critique_first"])
def test_scores_alone(scheduler: Scheduler, judge: ScriptedJudge, order: Order) -> None:
    job, ear = a_job(["a", "bb", "too long", "cccc", "d"], critique=False, order=order)
    scheduler.submit(job)
    heard = ear.all()
    assert sorted(scores(heard)) == [0, 1, 2, 3, 4]
    assert finals(heard) == []
    assert not any(call.critique for call in judge.calls)


def test_a_step_that_is_too_long_has_no_words_and_keeps_nobody_waiting(scheduler: Scheduler) -> None:
    for tactics in (["too long"], ["a", "too long", "b", "c", "d", "e", "f"]):
        job, ear = a_job(tactics)
        scheduler.submit(job)
        heard = ear.all()
        assert sorted(scores(heard)) == list(range(len(tactics)))
        assert finals(heard) == [i for i, tactic in enumerate(tactics) if tactic != "too long"]
        assert heard[-1] == Finished()


def test_all_scores_of_a_proof_come_before_any_words(scheduler: Scheduler) -> None:
    job, ear = a_job([f"t{i}" for i in range(12)])
    scheduler.submit(job)
    heard = ear.all()
    first_words = next(i for i, event in enumerate(heard) if isinstance(event, CritiquePiece))
    assert len(scores(heard[:first_words])) == 12


def test_a_critique_joins_those_that_are_being_written(scheduler: Scheduler, judge: ScriptedJudge) -> None:
    judge.words = 10**9
    long, long_ear = a_job(["long"])
    scheduler.submit(long)
    assert isinstance(long_ear.next(), Scored)
    assert isinstance(long_ear.next(), CritiquePiece)
    other, other_ear = a_job(["other"])
    scheduler.submit(other)
    assert isinstance(other_ear.next(), Scored)
    assert isinstance(other_ear.next(), CritiquePiece)
    assert [call.joined for call in judge.calls if call.critique] == [["other"]]
    scheduler.drop(other)
    while not long_ear.events.empty():
        long_ear.next()
    assert isinstance(long_ear.next(), CritiquePiece)  # it goes on
    scheduler.drop(long)


def test_the_other_order_gets_its_turn(scheduler: Scheduler, judge: ScriptedJudge) -> None:
    judge.talk.clear()
    jobs = [a_job(["first"])]
    jobs += [a_job([f"{i}"], order="critique_first" if i == 3 else "score_first") for i in range(9)]
    for job, _ in jobs:
        scheduler.submit(job)
    judge.talk.set()
    for _, ear in jobs:
        assert ear.all()[-1] == Finished()
    orders = [call.order for call in judge.calls if call.critique]
    assert orders.count("critique_first") == 1
    after = judge.calls[[call.order for call in judge.calls].index("critique_first") :]
    assert any(call.critique and call.order == "score_first" for call in after), "it was served last"


def test_too_little_memory_makes_batches_smaller(judge: ScriptedJudge) -> None:
    judge.fits = 2
    scheduler = Scheduler(judge, batch=8, limit=100)
    scheduler.start()
    for critique in (False, True):
        job, ear = a_job([f"t{i}" for i in range(16)], critique=critique)
        scheduler.submit(job)
        heard = ear.all()
        assert sorted(scores(heard)) == list(range(16))
        assert heard[-1] == Finished()
    judge.fits = 0
    job, ear = a_job(["t"])
    scheduler.submit(job)
    end = ear.all()[-1]
    assert isinstance(end, Finished)
    assert "OutOfMemory: no memory for 1" in (end.failure or "")
    judge.fits = 8
    job, ear = a_job([f"u{i}" for i in range(8)], critique=False)
    scheduler.submit(job)
    assert ear.all()[-1] == Finished()
    assert len(judge.calls[-1].tactics) == 8, "with nothing to do it tries the whole batch again"
    assert scheduler.stop(PATIENCE_S)


def test_scores_are_given_while_a_critique_is_written(scheduler: Scheduler, judge: ScriptedJudge) -> None:
    judge.words = 10**9
    long, long_ear = a_job(["long"])
    scheduler.submit(long)
    assert isinstance(long_ear.next(), Scored)
    assert isinstance(long_ear.next(), CritiquePiece)
    quick, quick_ear = a_job(["quick"], critique=False)
    scheduler.submit(quick)
    assert scores(quick_ear.all()) == [0]
    while not long_ear.events.empty():
        assert isinstance(long_ear.next(), CritiquePiece)
    assert isinstance(long_ear.next(), CritiquePiece)  # it was interrupted, not ended
    scheduler.drop(long)


def test_a_small_job_does_not_wait_for_a_big_one(scheduler: Scheduler, judge: ScriptedJudge) -> None:
    judge.read.clear()
    big, big_ear = a_job([f"t{i}" for i in range(80)], critique=False)
    scheduler.submit(big)
    assert judge.started.wait(PATIENCE_S)
    small, small_ear = a_job(["small"], critique=False)
    scheduler.submit(small)
    judge.read.set()
    small_ear.all()
    big_ear.all()
    assert judge.calls[1].tactics == ["small"], "it waits for the batch that is running, and shares none"
    assert len(judge.calls) == 21


def test_small_jobs_do_not_hold_up_a_big_one_for_ever(scheduler: Scheduler, judge: ScriptedJudge) -> None:
    judge.read.clear()
    big, big_ear = a_job(["big"] * 8, critique=False)
    scheduler.submit(big)
    assert judge.started.wait(PATIENCE_S)
    ears = [big_ear]
    for _ in range(20):
        job, ear = a_job(["small"], critique=False)
        scheduler.submit(job)
        ears.append(ear)
    judge.read.set()
    for ear in ears:
        ear.all()
    assert "big" in judge.calls[2].tactics


def test_more_jobs_than_fit_a_batch_are_served_in_turn(scheduler: Scheduler, judge: ScriptedJudge) -> None:
    judge.read.clear()
    first, first_ear = a_job(["first"], critique=False)
    scheduler.submit(first)
    assert judge.started.wait(PATIENCE_S)
    ears = [first_ear]
    for number in range(8):
        job, ear = a_job([str(number)] * 5, critique=False)
        scheduler.submit(job)
        ears.append(ear)
    judge.read.set()
    for ear in ears:
        ear.all()
    served = [tactic for call in judge.calls[1:3] for tactic in call.tactics]
    assert sorted(served) == [str(number) for number in range(8)]


def test_jobs_that_wait_together_go_through_the_model_together(
    scheduler: Scheduler, judge: ScriptedJudge
) -> None:
    judge.read.clear()
    first, first_ear = a_job(["first"], critique=False)
    scheduler.submit(first)
    assert judge.started.wait(PATIENCE_S)
    ears = []
    for name in ("a", "b", "c"):
        job, ear = a_job([name], critique=False)
        scheduler.submit(job)
        ears.append(ear)
    judge.read.set()
    for ear in [first_ear, *ears]:
        assert scores(ear.all()) == [0]
    assert [call.tactics for call in judge.calls] == [["first"], ["a", "b", "c"]]


def test_the_queue_is_bounded_in_steps(scheduler: Scheduler, judge: ScriptedJudge) -> None:
    judge.read.clear()
    job, ear = a_job(["t"] * 60, critique=False)
    scheduler.submit(job)
    too_many, _ = a_job(["t"] * 41, critique=False)
    with pytest.raises(Busy, match=r"60 of at most 100 .* 41"):
        scheduler.submit(too_many)
    fits, fits_ear = a_job(["t"] * 40, critique=False)
    scheduler.submit(fits)
    judge.read.set()
    ear.all()
    fits_ear.all()
    scheduler.submit(too_many)


def test_a_dropped_job_is_left_and_its_room_is_free(scheduler: Scheduler, judge: ScriptedJudge) -> None:
    judge.talk.clear()
    job, ear = a_job(["t"] * 100)
    scheduler.submit(job)
    while not isinstance(ear.next(), Scored):
        pass
    scheduler.drop(job)
    assert scheduler.counts() == (0, 0)
    after, after_ear = a_job(["t"] * 100, critique=False)  # needs all the room, and the model's thread
    scheduler.submit(after)
    assert len(scores(after_ear.all())) == 100


@pytest.mark.parametrize("tactic", ["raise", "raise late"])
def test_a_failure_ends_its_job_alone(scheduler: Scheduler, judge: ScriptedJudge, tactic: str) -> None:
    judge.read.clear()
    first, first_ear = a_job(["first"], critique=False)
    scheduler.submit(first)
    assert judge.started.wait(PATIENCE_S)
    good, good_ear = a_job(["good", "fine"])
    bad, bad_ear = a_job([tactic])
    scheduler.submit(good)
    scheduler.submit(bad)
    judge.read.set()
    first_ear.all()
    end = bad_ear.all()[-1]
    assert isinstance(end, Finished)
    assert end.failure is not None
    assert "ModelError: could not" in end.failure
    if tactic == "raise":  # nothing had been told: the innocent are asked again, on their own
        heard = good_ear.all()
        assert sorted(scores(heard)) == [0, 1]
        assert finals(heard) == [0, 1]
        assert heard[-1] == Finished()
    after, after_ear = a_job(["after"])
    scheduler.submit(after)
    assert after_ear.all()[-1] == Finished()


def test_a_model_that_forgets_a_step_has_failed(scheduler: Scheduler) -> None:
    for tactics in (["skip"], ["a", "b", "c", "d", "e", "skip"]):
        job, ear = a_job(tactics)
        scheduler.submit(job)
        end = ear.all()[-1]
        assert isinstance(end, Finished)
        assert end.failure is not None
        assert "without a judgement" in end.failure


def test_many_jobs_of_all_kinds_at_once(judge: ScriptedJudge) -> None:
    scheduler = Scheduler(judge, batch=4, limit=10_000)
    scheduler.start()
    orders: list[Order] = ["score_first", "critique_first"]
    jobs = [
        a_job([f"{i}.{j}" for j in range(1 + i % 7)], critique=i % 3 != 0, order=orders[i % 2])
        for i in range(60)
    ]
    threads = [threading.Thread(target=scheduler.submit, args=(job,)) for job, _ in jobs]
    for thread in threads:
        thread.start()
    for i, (job, ear) in enumerate(jobs):
        heard = ear.all()
        assert sorted(scores(heard)) == list(range(len(job.steps)))
        assert finals(heard) == (list(range(len(job.steps))) if i % 3 else [])
    assert scheduler.counts() == (0, 0)
    assert scheduler.stop(PATIENCE_S)


def test_the_fault_of_a_dropped_job_is_nobody_elses(
    scheduler: Scheduler, judge: ScriptedJudge, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge.read.clear()
    first, first_ear = a_job(["first"], critique=False)
    scheduler.submit(first)
    assert judge.started.wait(PATIENCE_S)
    bad, _ = a_job(["bad"], critique=False)
    good, good_ear = a_job(["good"], critique=False)
    known = judge._score

    def faulty(i: int, step: ProofStep, gone: Callable[[int], bool]) -> Iterator[ScoreEvent]:
        if step.tactic == "bad":
            bad.over = True  # its client went away while the model was at it
            raise ModelError("it was the other one")
        yield from known(i, step, gone)

    monkeypatch.setattr(judge, "_score", faulty)
    scheduler.submit(bad)
    scheduler.submit(good)
    judge.read.set()
    first_ear.all()
    assert good_ear.all()[-1] == Finished()


def test_a_scheduler_that_breaks_says_so(caplog: pytest.LogCaptureFixture, judge: ScriptedJudge) -> None:
    """Its thread is nobody's to watch: what ends it must not end in silence."""
    scheduler = Scheduler(judge, batch=4, limit=100)
    scheduler._next = lambda slow: 1 / 0  # type: ignore[method-assign, assignment, return-value]
    scheduler.start()
    assert scheduler.stop(PATIENCE_S)
    assert "the scheduler's thread ended" in caplog.text and "ZeroDivisionError" in caplog.text


def test_critiques_are_written_however_many_scores_are_asked_for(scheduler: Scheduler) -> None:
    """Each score that is told brings the next request, so that quick work never ends."""
    enough = threading.Event()

    def again(event: ScoreEvent | Finished) -> None:
        if isinstance(event, Finished) and not enough.is_set():
            scheduler.submit(Job([step("quick")], False, "score_first", again))

    again(Finished())
    job, ear = a_job([f"t{i}" for i in range(12)])
    scheduler.submit(job)
    try:
        heard = ear.all()
    finally:
        enough.set()
    assert finals(heard) == list(range(12))
    first_words = next(i for i, event in enumerate(heard) if isinstance(event, CritiquePiece))
    assert len(scores(heard[:first_words])) == 12


def test_no_count_is_negative_though_a_step_is_told_meanwhile(
    scheduler: Scheduler, judge: ScriptedJudge, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge.read.clear()
    job, _ = a_job(["a"], critique=False)
    scheduler.submit(job)
    assert judge.started.wait(PATIENCE_S)
    assert scheduler.counts() == (0, 1)
    known = scheduler._owed

    def owed() -> int:
        job.owed.clear()  # what the model's thread does without the lock
        return known()

    monkeypatch.setattr(scheduler, "_owed", owed)
    assert scheduler.counts() == (0, 0)
    scheduler.drop(job)

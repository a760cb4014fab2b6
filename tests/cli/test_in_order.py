"""Events in any order come out as whole judgements in the order of the steps."""

from __future__ import annotations

import random

from judgements import judged

from eva.cli.in_order import InOrder
from eva.step import CritiquePiece, Scored, ScoreEvent, StepScore


def test_any_interleaving_gives_the_same_judgements() -> None:
    count = 6
    of_step: list[list[ScoreEvent]] = [
        [Scored(judged(i, i / 10)), CritiquePiece(i, f"words {i}"), CritiquePiece(i, " end", True)]
        for i in range(count)
    ]
    of_step[3] = [Scored(StepScore(3, "too_long", message="…"))]  # has no words to wait for
    for seed in range(200):
        shuffled = random.Random(seed)
        queues = [list(events) for events in of_step]
        line = InOrder(count, critique=True)
        out: list[StepScore] = []
        while any(queues):
            queue = shuffled.choice([queue for queue in queues if queue])
            out += line.take(queue.pop(0))
        assert [score.index for score in out] == list(range(count))
        assert [score.critique for score in out] == [
            None if i == 3 else f"words {i} end" for i in range(count)
        ]
        assert not list(line.rest("error", "nothing is left"))


def test_words_may_come_before_the_numbers() -> None:
    line = InOrder(1, critique=True)
    assert not list(line.take(CritiquePiece(0, "words", True)))
    assert line.draft() is None
    assert [score.critique for score in line.take(Scored(judged(0, 0.5)))] == ["words"]


def test_the_draft_is_the_first_step_that_is_not_whole() -> None:
    line = InOrder(2, critique=True)
    list(line.take(Scored(judged(1, 0.5))))
    assert line.draft() is None
    list(line.take(Scored(judged(0, 0.5))))
    list(line.take(CritiquePiece(0, "so f")))
    draft = line.draft()
    assert draft is not None
    assert (draft.index, draft.critique) == (0, "so f")


def test_what_is_left_keeps_its_numbers_but_no_half_critique() -> None:
    line = InOrder(3, critique=True)
    for event in [Scored(judged(1, 0.5)), CritiquePiece(1, "half a sen"), Scored(judged(2, 0.6))]:
        assert not list(line.take(event))
    assert not list(line.take(CritiquePiece(2, "whole", True)))
    left = list(line.rest("deadline", "too late"))
    assert [(s.status, s.value, s.critique, s.message) for s in left] == [
        ("deadline", None, None, "too late"),
        ("scored", 0.5, None, None),
        ("scored", 0.6, "whole", None),
    ]
    assert line.scored == 2

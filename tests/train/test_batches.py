"""The plan of a run: what comes when."""

from __future__ import annotations

import random
from collections import Counter

from eva.train.batches import Texts, schedule

LENGTHS = [random.Random(i).randint(20, 300) for i in range(1000)]


def test_every_pass_uses_every_example_once_but_a_ragged_few():
    plan = schedule(LENGTHS, 16, 3 * 992, seed=1)
    assert [p for _, p in plan] == sorted(p for _, p in plan)
    for number in range(3):
        counts = Counter(index for index, p in plan if p == number)
        assert len(counts) == 992 and set(counts.values()) == {1}
    assert {i for i, p in plan if p == 0} != {i for i, p in plan if p == 1}, "others are left out each time"


def test_batches_hold_texts_of_like_length():
    plan = schedule(LENGTHS, 16, 992, seed=1)
    batches = [[LENGTHS[i] for i, _ in plan[start : start + 16]] for start in range(0, 992, 16)]
    padded, real = sum(max(b) * 16 for b in batches), sum(map(sum, batches))
    assert padded < 1.05 * real
    assert [max(b) for b in batches] != sorted(max(b) for b in batches), "but not in order of length"


def test_the_plan_is_the_seeds_and_a_longer_one_begins_like_a_shorter_one():
    assert schedule(LENGTHS, 16, 500, 3) == schedule(LENGTHS, 16, 2000, 3)[:500]
    assert schedule(LENGTHS, 16, 500, 3) != schedule(LENGTHS, 16, 500, 4)
    assert len(schedule([5, 6, 7], 16, 40, 0)) == 40


def test_both_orders_take_turns():
    class Recorder:
        def write(self, pieces, order):
            return pieces, order

    texts = Texts(Recorder(), ["a", "b"], "both", [(0, 0), (1, 0), (0, 1), (1, 1)])
    assert [texts[i] for i in range(len(texts))] == [
        ("a", "score_first"),
        ("b", "critique_first"),
        ("a", "critique_first"),
        ("b", "score_first"),
    ]
    assert Texts(Recorder(), ["a"], "none", [(0, 5)])[0] == ("a", "none")

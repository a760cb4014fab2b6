"""The plan of a run: what comes when."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from eva.train.batches import Planned, Size, schedule
from eva.train.config import BadConfig
from eva.train.texts import Texts

DRAW = random.Random(0)
SIZES = [Size(DRAW.randint(20, 300), DRAW.randint(20, 60), index // 5) for index in range(1000)]


def turns(plan):
    return [turn for batch in plan for group in batch for turn in group]


def test_nothing_is_left_out_and_nothing_comes_twice_in_a_pass():
    plan = schedule(SIZES, 16, 300, seed=1)
    counts = Counter(turns(plan))
    assert set(counts.values()) == {1}
    for number in range(3):
        assert {index for index, p in counts if p == number} == set(range(1000))


def test_every_batch_has_as_many_examples_and_groups_of_one_size():
    for parts in (1, 2):
        for batch in schedule(SIZES, 16, 200, seed=1, parts=parts):
            assert len({len(group) for group in batch}) == 1
            assert sum(map(len, batch)) == 16
            assert len(batch) % parts == 0
    assert all(len(b) == 15 for b in schedule([Size(5, 5, 0)] * 45, 15, 3, 0)), "15 has no even divisor"


def test_steps_of_a_state_go_together_and_others_do_not():
    plan = schedule(SIZES, 16, 62, seed=1)
    for batch in plan:
        for group in batch:
            assert len({SIZES[index].state for index, _ in group}) == 1
    together = sum(len(group) > 1 for batch in plan for group in batch)
    assert together > 150, "of 200 states of five steps, but for batches that were not filled"


def test_batches_hold_groups_of_like_length():
    sizes = [Size(DRAW.randint(20, 300), 40, index) for index in range(1000)]
    plan = schedule(sizes, 16, 62, seed=1)
    widths = [[sizes[index].prefix + 40 for index, _ in turns([batch])] for batch in plan]
    assert sum(max(w) * 16 for w in widths) < 1.05 * sum(map(sum, widths))
    assert [max(w) for w in widths] != sorted(max(w) for w in widths), "but not in order of length"


def test_the_plan_is_the_seeds_and_a_longer_one_begins_like_a_shorter_one():
    assert schedule(SIZES, 16, 30, 3) == schedule(SIZES, 16, 200, 3)[:30]
    assert schedule(SIZES, 16, 30, 3) != schedule(SIZES, 16, 30, 4)


def test_few_examples_are_seen_again_and_again():
    plan = schedule([Size(5, 5, i) for i in range(3)], 16, 4, 0)
    assert [len(turns([batch])) for batch in plan] == [16] * 4
    assert len(set(turns(plan))) == 64


def test_no_examples_are_refused():
    with pytest.raises(BadConfig, match="3 batches of 16 cannot be made of 0 examples"):
        schedule([], 16, 3, 0)


def test_parts_of_a_batch_are_the_batch():
    plan = schedule(SIZES, 16, 20, seed=1, parts=2)
    parts = Planned(plan, lambda *turn: turn, 2)
    assert len(parts) == 40
    for number, batch in enumerate(plan):
        placed = [[(turn, number, row) for turn in group] for row, group in enumerate(batch)]
        assert parts[2 * number] + parts[2 * number + 1] == placed


class Recorder:
    def write(self, pieces, order):
        return pieces, order


def test_both_orders_take_turns():
    plan = [[[(0, 0)], [(1, 0)]], [[(0, 1)], [(1, 1)]], [[(0, 2), (1, 2)]]]
    texts = Planned(plan, Texts(Recorder(), ["a", "b"], "both"))
    assert [texts[i] for i in range(3)] == [
        [[("a", "score_first")], [("b", "critique_first")]],
        [[("a", "critique_first")], [("b", "score_first")]],
        [[("a", "score_first"), ("b", "score_first")]],
    ]
    parts = Planned(plan[:2], Texts(Recorder(), ["a", "b"], "both"), 2)
    assert [parts[i] for i in range(4)] == [[group] for item in range(2) for group in texts[item]]
    assert Texts(Recorder(), ["a"], "none")((0, 5), 0, 0) == ("a", "none")


def test_a_share_of_the_batches_ends_behind_the_scores():
    plan = [[[(0, number)]] for number in range(1000)]

    def orders(which, share):
        texts = Planned(plan, Texts(Recorder(), ["a"], which, critiques=share))
        return [texts[i][0][0][1] for i in range(len(texts))]

    assert set(orders("score_first", 0.0)) == {"scores_alone"}
    assert set(orders("score_first", 1.0)) == {"score_first"}
    assert 650 < orders("score_first", 0.3).count("scores_alone") < 750
    assert set(orders("none", 1.0)) == {"none"}

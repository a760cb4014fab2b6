"""Figures of made-up judgements on made-up labels, where every one of them can be told by hand."""

from __future__ import annotations

import dataclasses
import json
from itertools import product

import numpy as np
import pytest
from made_up import record

from eva.evaluate.figures import columns, figures, headline, intervals
from eva.evaluate.judgement import Judgement, judgement, parsed, read_judgements, write_judgements
from eva.evaluate.sample import whole_theorems
from eva.model import EvaConfig
from eva.step import DIMENSIONS, DimensionScore, StepScore

WEIGHTS = (0.4, 0.4, 0.2)


RECORDS = [
    record("a", "p", True, True, 4.5, 4.8),
    record("a", "p", True, False, 1.2, 4.4),
    record("a", "p", False, True, 2.0, 2.2),
    record("b", "q", True, True, 4.0, 4.6),
    record("b", "q", False, False, 1.1, 1.8),
    record("b", "q", True, None, 2.6, 4.2),
]


def oracle(r):
    return Judgement("scored", r.targets, None, r.critique)


def test_the_labels_themselves_are_perfect():
    found = figures(RECORDS, [oracle(r) for r in RECORDS], WEIGHTS)
    assert found["auroc_accept"] == found["auroc_finish"] == found["pair_strict"] == 1.0
    assert found["mse"] == found["ece"] == 0.0 and found["critique_verdict_accuracy"] == 1.0
    assert found["pearson"] is None, "clarity is constant here"
    assert found["pearson_logic"] == pytest.approx(1.0)
    assert found["pairs"] == 3, "a rejected step is unsound, whatever could be done before it"
    assert found["in_disguise"] is None and found["statuses"] == {"scored": 6}
    json.dumps(found, allow_nan=False)


def test_finishing_is_judged_on_steps_that_lean_took():
    judged = [oracle(r) for r in RECORDS]
    judged[2] = dataclasses.replace(judged[2], expected={**RECORDS[2].targets, "logic": 5.0})
    assert figures(RECORDS, judged, WEIGHTS)["auroc_finish"] == 1.0
    judged[1] = dataclasses.replace(judged[1], expected={**RECORDS[1].targets, "logic": 4.2})
    assert figures(RECORDS, judged, WEIGHTS)["auroc_finish"] == pytest.approx(0.5)


def test_steps_without_numbers_are_left_out_and_counted():
    judged = [oracle(r) for r in RECORDS[:-1]] + [Judgement("too_long", {})]
    found = figures(RECORDS, judged, WEIGHTS)
    assert found["statuses"] == {"scored": 5, "too_long": 1} and found["steps"] == 6
    with pytest.raises(ValueError, match="no step"):
        figures(RECORDS, [Judgement("too_long", {})] * 6, WEIGHTS)


def test_a_wrong_or_missing_verdict_is_wrong():
    judged = [oracle(r) for r in RECORDS]
    judged[0] = dataclasses.replace(judged[0], critique="Lean rejects this step: no.")
    judged[1] = dataclasses.replace(judged[1], critique="A fine step.")
    judged[2] = dataclasses.replace(judged[2], critique=None)
    assert figures(RECORDS, judged, WEIGHTS)["critique_verdict_accuracy"] == pytest.approx(3 / 5)


def test_scores_come_to_the_labels_scale():
    def score(p):
        anchors = {n: DimensionScore(p, 0.1, {0: 1 - p, 1: p}, 1.0) for n in DIMENSIONS}
        return StepScore(0, "scored", p, anchors)

    judged = judgement(score(0.75), EvaConfig(scale=(0, 1)))
    assert judged.expected["logic"] == pytest.approx(4.0)
    assert judged.distributions["logic"] == {1.0: pytest.approx(0.25), 5.0: pytest.approx(0.75)}
    assert judged.value(WEIGHTS) == pytest.approx(0.75)
    triples = product((1.0, 2.0, 3.0, 4.0, 5.0), repeat=3)
    values = {Judgement("scored", dict(zip(DIMENSIONS, t, strict=True))).value(WEIGHTS) for t in triples}
    assert len(values) == 21, "20 steps of .05 from 0 to 1"
    assert parsed(judged).expected == dict.fromkeys(DIMENSIONS, 5.0)
    found = figures(
        RECORDS, [judgement(score(p), EvaConfig(scale=(0, 1))) for p in np.linspace(0, 1, 6)], WEIGHTS
    )
    assert found["in_disguise"] == pytest.approx(2 / 6), "0 and 1 are integers in disguise"


def test_judgements_are_kept_whole(tmp_path):
    judged = [
        Judgement("scored", {"logic": 1.25}, {"logic": {1.0: 0.75, 2.0: 0.25}}, "∀ words"),
        Judgement("too_long", {}),
    ]
    write_judgements(tmp_path / "a.jsonl", judged)
    assert read_judgements(tmp_path / "a.jsonl") == judged


def test_intervals_hold_the_figure_and_draw_theorems():
    rows = [
        record(
            f"t{i}",
            "p",
            bool(i % 2),
            True,
            1 + 4 * ((i * 7) % 10) / 10,
            1 + 4 * (i % 2) * 0.9,
            3 + (i % 5) / 5,
        )
        for i in range(60)
    ]
    draw = np.random.default_rng(0)
    judged = [
        Judgement("scored", {n: float(np.clip(r.targets[n] + draw.normal(0, 1), 1, 5)) for n in DIMENSIONS})
        for r in rows
    ]
    c = columns(rows, judged, WEIGHTS)
    point, around = headline(c), intervals(c)
    for name in ("auroc_accept", "mse", "pearson", "tie_rate_1e3"):
        assert around[name][0] <= point[name] <= around[name][1] and around[name][0] < around[name][1]


def test_a_part_of_the_data_has_whole_theorems():
    rows = [record(f"t{i // 4}", "p", True, True, 3.0, 4.0) for i in range(40)]
    part = whole_theorems(rows, 10, seed=1)
    assert len(part) == 12 and len({r.theorem_id for r in part}) == 3
    assert whole_theorems(rows, 10, seed=1) == part != whole_theorems(rows, 10, seed=2)
    assert whole_theorems(rows, None) == rows

"""Metrics against brute force on small arrays."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from eva.evaluate.metrics import auroc, clustered_interval, expected_calibration_error, pair_ranking, tie_rate

DRAW = np.random.default_rng(7)


def test_auroc_counts_pairs():
    scores, positive = DRAW.integers(0, 6, 60).astype(float), DRAW.random(60) < 0.4
    pairs = [(a, b) for a in scores[positive] for b in scores[~positive]]
    by_hand = sum((a > b) + 0.5 * (a == b) for a, b in pairs) / len(pairs)
    assert auroc(scores, positive) == pytest.approx(by_hand)
    assert math.isnan(auroc(scores, np.ones(60, dtype=bool)))


@pytest.mark.parametrize("tolerance", [0.0, 1e-3, 1e-2])
def test_tie_rate_counts_pairs(tolerance):
    scores = np.concatenate([DRAW.random(60) / 5, [0.5] * 20])
    by_hand = np.mean([abs(a - b) <= tolerance for a, b in itertools.combinations(scores, 2)])
    assert tie_rate(scores, tolerance) == pytest.approx(by_hand, rel=1e-9)
    assert tie_rate(np.array([1.0, 1.0, 2.0]), 0.0) == pytest.approx(1 / 3)


def test_pairs_are_of_one_state_and_ties_are_wrong():
    scores = np.array([3.0, 2.0, 2.0, 9.0, 1.0])
    sound = np.array([True, False, True, False, False])
    states = ["a", "a", "a", "b", "b"]
    assert pair_ranking(scores, sound, states) == (0.5, 0.75, 2)
    assert pair_ranking(scores, np.zeros(5, dtype=bool), states)[2] == 0


def test_calibration_error():
    assert expected_calibration_error(np.full(100, 0.3), np.arange(100) < 30, bins=1) == pytest.approx(0.0)
    probabilities = np.array([0.1] * 50 + [0.9] * 50)
    assert expected_calibration_error(probabilities, np.arange(100) < 50, bins=2) == pytest.approx(0.9)


def test_interval_draws_whole_clusters():
    values = np.array([0.0] * 50 + [1.0] * 50)
    one_each = [np.array([i]) for i in range(100)]
    two = [np.arange(50), np.arange(50, 100)]
    narrow = clustered_interval(one_each, lambda rows: float(values[rows].mean()))
    wide = clustered_interval(two, lambda rows: float(values[rows].mean()))
    assert wide == (0.0, 1.0) and 0.35 < narrow[0] < 0.5 < narrow[1] < 0.65

"""Metrics against brute force on small arrays."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from eva.evaluate import metrics

DRAW = np.random.default_rng(7)


def test_auroc_counts_pairs():
    scores, positive = DRAW.integers(0, 6, 60).astype(float), DRAW.random(60) < 0.4
    pairs = [(a, b) for a in scores[positive] for b in scores[~positive]]
    by_hand = sum((a > b) + 0.5 * (a == b) for a, b in pairs) / len(pairs)
    assert metrics.auroc(scores, positive) == pytest.approx(by_hand)
    assert math.isnan(metrics.auroc(scores, np.ones(60, dtype=bool)))


@pytest.mark.parametrize("tolerance", [0.0, 1e-3, 1e-2])
def test_tie_rate_counts_pairs(tolerance):
    scores = np.concatenate([DRAW.random(60) / 5, [0.5] * 20])
    by_hand = np.mean([abs(a - b) <= tolerance for a, b in itertools.combinations(scores, 2)])
    assert metrics.tie_rate(scores, tolerance) == pytest.approx(by_hand, rel=1e-9)
    assert metrics.tie_rate(np.array([1.0, 1.0, 2.0]), 0.0) == pytest.approx(1 / 3)


def test_two_copies_of_a_step_are_no_tie():
    scores = np.array([1.0, 1.0, 2.0, 1.0])
    assert metrics.tie_rate(scores, 0.0, [0, 0, 1, 2]) == pytest.approx(2 / 5), (
        "0 with 2, twice, of five pairs"
    )


def test_missed_distinctions_are_ties_that_lean_tells_apart():
    scores, labels = DRAW.integers(0, 4, 700) / 4, DRAW.random(700)
    pairs = [(i, j) for i, j in itertools.combinations(range(700), 2) if abs(labels[i] - labels[j]) > 0.01]
    by_hand = np.mean([scores[i] == scores[j] for i, j in pairs])
    assert metrics.missed_distinctions(scores, labels, 0.0) == pytest.approx(by_hand)
    assert metrics.missed_distinctions(labels, labels, 0.0) == 0.0
    assert metrics.distinct_values(scores) == 4


def test_pairs_are_of_one_state_and_ties_are_wrong():
    scores = np.array([3.0, 2.0, 2.0, 9.0, 1.0, 0.0])
    sound = np.array([True, False, True, False, False, False])
    unsound = np.array([False, True, False, True, True, False])
    states = ["a", "a", "a", "b", "b", "a"]
    found = metrics.pair_ranking(scores, sound, unsound, states)
    assert (found.pairs, found.strict, found.half) == (2, 0.5, 0.75), "a step that is neither makes no pair"
    assert (found.without_ties, found.coverage) == (1.0, 0.5)
    assert metrics.pair_ranking(scores, np.zeros(6, dtype=bool), unsound, states).pairs == 0


def test_best_of_n_draws_among_ties():
    scores = np.array([2.0, 2.0, 1.0, 5.0, 1.0, 7.0])
    sound = np.array([True, False, False, True, False, True])
    states = ["a", "a", "a", "b", "b", "c"]
    found, count = metrics.best_of_n(scores, sound, ~sound, states)
    assert count == 2, "a state of sound steps alone is no choice"
    assert found == pytest.approx((0.5 + 1.0) / 2)


def test_correlations_against_scipy():
    from scipy.stats import kendalltau, pearsonr, spearmanr

    a = DRAW.integers(0, 5, 80).astype(float)
    b = a + DRAW.normal(0, 2, 80)
    assert metrics.pearson(a, b) == pytest.approx(pearsonr(a, b).statistic)
    assert metrics.spearman(a, b) == pytest.approx(spearmanr(a, b).statistic)
    assert metrics.kendall_tau_b(a, b) == pytest.approx(kendalltau(a, b).statistic)
    for metric in (metrics.pearson, metrics.spearman, metrics.kendall_tau_b):
        assert math.isnan(metric(np.ones(80), b))


def test_isotonic_undoes_a_monotone_distortion_and_never_sees_its_own_label():
    labels = DRAW.random(400)
    distorted = labels**3 * 4 + 1
    theorems = [i // 4 for i in range(400)]
    again = metrics.isotonic(distorted, labels, theorems)
    assert ((again - labels) ** 2).mean() < 1e-3 < ((distorted - labels) ** 2).mean()
    noise = DRAW.random(400)
    assert ((metrics.isotonic(noise, labels, theorems) - labels) ** 2).mean() > 0.95 * labels.var()


def test_calibration_error():
    ece = metrics.expected_calibration_error
    assert ece(np.full(100, 0.3), np.arange(100) < 30, bins=1) == pytest.approx(0.0)
    probabilities = np.array([0.1] * 50 + [0.9] * 50)
    assert ece(probabilities, np.arange(100) < 50, bins=2) == pytest.approx(0.9)
    assert ece(np.array([0.2, 0.4]), np.array([0.3, 0.6]), bins=2) == pytest.approx(0.15), "fractions too"
    by_theorem = np.arange(60) % 20 < 10
    assert ece(np.full(60, 0.5), by_theorem) == pytest.approx(0.0), "ties: no bin is of one kind only"
    table = metrics.reliability(DRAW.random(100), DRAW.random(100) < 0.5)
    assert table.shape == (15, 3) and table[:, 2].sum() == 100
    assert metrics.brier_score(np.array([0.5, 1.0]), np.array([True, True])) == pytest.approx(0.125)


def test_samples_are_of_whole_clusters():
    parts = metrics.clusters(["x", "y", "x", "z"])
    assert [part.tolist() for part in parts] == [[0, 2], [1], [3]]
    for rows, copy in metrics.resamples(parts, 20, seed=3):
        assert len(set(copy.tolist())) == 3
        for number in range(3):
            assert rows[copy == number].tolist() in ([0, 2], [1], [3])


def test_interval_is_wider_for_few_clusters():
    values = np.array([0.0] * 50 + [1.0] * 50)

    def means(names):
        found = metrics.resamples(metrics.clusters(names), 200)
        return metrics.interval(float(values[rows].mean()) for rows, _ in found)

    narrow, wide = means(list(range(100))), means([0] * 50 + [1] * 50)
    assert wide == (0.0, 1.0) and 0.35 < narrow[0] < 0.5 < narrow[1] < 0.65

"""Metrics of continuous scores, each with its definition and source; arrays are of one length."""

from eva.evaluate.metrics.bootstrap import clusters, interval, resamples
from eva.evaluate.metrics.calibration import brier_score, expected_calibration_error, reliability
from eva.evaluate.metrics.discretization import distinct_values, missed_distinctions, tie_rate
from eva.evaluate.metrics.fidelity import isotonic, kendall_tau_b, pearson, spearman
from eva.evaluate.metrics.ranking import PairRanking, auroc, best_of_n, pair_ranking

__all__ = [
    "PairRanking",
    "auroc",
    "best_of_n",
    "brier_score",
    "clusters",
    "distinct_values",
    "expected_calibration_error",
    "interval",
    "isotonic",
    "kendall_tau_b",
    "missed_distinctions",
    "pair_ranking",
    "pearson",
    "reliability",
    "resamples",
    "spearman",
    "tie_rate",
]

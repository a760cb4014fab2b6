"""All figures of one judge on one set of labelled steps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from eva.data.critique import stated_verdict
from eva.data.record import LABELS, LabelledStep
from eva.evaluate import metrics
from eva.evaluate.judgement import Judgement
from eva.step import DIMENSIONS

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
MIDDLE = sum(LABELS) / 2  # steps that Lean takes are labelled above it in alignment, others below


@dataclass(frozen=True)
class Columns:
    """Labels and scores of the judged steps as arrays, one row a step that has numbers.

    - `expected`, `target` (rows, 3): on [1, 5]. `value`, `target_value`: weighted means, in [0, 1].
    - `accepted`: Lean's verdict. `finishable`, `refuted`: accepted, and the proof can or cannot be finished
      afterwards (both false where that is not known).
    - `sharpest`: largest P of the alignment distribution; `upper`: P of its anchors above the middle; NaN
      where the judge has no distribution.
    - `verdict_right`: 1 where the critique states Lean's verdict, 0 where it states another or none, NaN
      where there is no critique.
    - `item`, `theorem`, `state`: numbers of the step, its theorem, its proof state.
    """

    expected: Array
    target: Array
    value: Array
    target_value: Array
    accepted: Flags
    finishable: Flags
    refuted: Flags
    sharpest: Array
    upper: Array
    verdict_right: Array
    item: npt.NDArray[np.intp]
    theorem: npt.NDArray[np.intp]
    state: npt.NDArray[np.intp]

    @property
    def sound(self) -> Flags:
        """Lean takes the step and the proof can be finished."""
        return self.accepted & self.finishable

    @property
    def unsound(self) -> Flags:
        """Lean rejects the step, or the proof cannot be finished afterwards."""
        return ~self.accepted | self.refuted

    def take(self, rows: npt.NDArray[np.intp], copy: npt.NDArray[np.intp]) -> Columns:
        """A bootstrap sample; states of two copies of a theorem are two states."""
        taken = Columns(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})
        states = int(self.state.max()) + 1 if len(self.state) else 1
        return Columns(**{**taken.__dict__, "state": taken.state + copy * states})


def columns(
    records: Sequence[LabelledStep], judged: Sequence[Judgement], weights: Sequence[float]
) -> Columns:
    """Put labels and judgements side by side; steps without numbers are left out."""
    kept = [(i, r, j) for i, (r, j) in enumerate(zip(records, judged, strict=True)) if j.expected]
    if not kept:
        raise ValueError("no step got a score")
    # numbers of theorems and states are the records', so that two judges' columns can be drawn alike
    theorems = {name: i for i, name in enumerate(dict.fromkeys(r.theorem_id for r in records))}
    states = {state: i for i, state in enumerate(dict.fromkeys(map(_state, records)))}
    rows = []
    for i, r, j in kept:
        alignment = (j.distributions or {}).get("alignment")
        label = Judgement("scored", r.targets)
        rows.append(
            (
                [j.expected[n] for n in DIMENSIONS],
                [r.targets[n] for n in DIMENSIONS],
                j.value(weights),
                label.value(weights),
                r.accepted,
                r.accepted and r.finishable is True,
                r.accepted and r.finishable is False,
                max(alignment.values()) if alignment else math.nan,
                sum(p for a, p in alignment.items() if a > MIDDLE) if alignment else math.nan,
                math.nan if j.critique is None else float(stated_verdict(j.critique) == r.accepted),
                i,
                theorems[r.theorem_id],
                states[_state(r)],
            )
        )
    return Columns(*(np.array(column) for column in zip(*rows, strict=True)))


def headline(c: Columns) -> dict[str, float]:
    """The figures that a comparison is read by; `figures` defines them."""
    known = c.finishable | c.refuted
    unit, labels = (c.expected - LABELS[0]) / _WIDTH, (c.target - LABELS[0]) / _WIDTH
    each = range(len(DIMENSIONS))
    return {
        "auroc_accept": metrics.auroc(c.expected[:, _ALIGNMENT], c.accepted),
        "auroc_finish": metrics.auroc(c.expected[known, _LOGIC], c.finishable[known]),
        "pair_strict": metrics.pair_ranking(c.value, c.sound, c.unsound, c.state).strict,
        "tie_rate_1e3": metrics.tie_rate(c.value, 1e-3, c.item),
        "pearson": float(np.mean([metrics.pearson(c.expected[:, k], c.target[:, k]) for k in each])),
        "mse": float(((c.expected - c.target) ** 2).mean()),
        "ece": float(np.mean([metrics.expected_calibration_error(unit[:, k], labels[:, k]) for k in each])),
        "critique_verdict_accuracy": _mean(c.verdict_right),
    }


def figures(
    records: Sequence[LabelledStep], judged: Sequence[Judgement], weights: Sequence[float]
) -> dict[str, Any]:
    """Every figure by name; one that is not defined on this set is `None`.

    Sizes
    - `steps`, `theorems`, `statuses`. `scored`: the steps that have numbers, which all figures are over.

    Ranking (`metrics.ranking`)
    - `auroc_accept`: of the alignment score, for "Lean accepts the step".
    - `auroc_finish`: of the logic score, for "the proof can still be finished", over the steps that Lean took
      and after which that is known.
    - `auroc_sound`: of the value, for sound against unsound: sound steps are taken by Lean and can be
      finished, unsound ones are rejected or refuted.
    - `pair_strict`, `pair_half`, `pair_without_ties`, `pair_coverage`, `pairs`: a sound and an unsound step
      of one state, by value. `best_of_n`, `best_of_n_states`: is the highest value of a state on a sound
      step?

    Discretization (`metrics.discretization`), of the value unless said otherwise
    - `tie_rate_0`, `tie_rate_1e3`, `tie_rate_1e2`; `missed_distinctions_1e3`; `distinct_values`.
    - `in_disguise`: share of alignment distributions with max P > .99: an expectation that is an integer.

    Fidelity (`metrics.fidelity`), means over the dimensions, each also by itself (`…_logic`)
    - `mse`, `mae`: against the labels, on [1, 5]; `mse_isotonic`, `mae_isotonic`: after isotonic
      recalibration.
    - `pearson`, `spearman`, `kendall_tau_b`.

    Calibration (`metrics.calibration`), 15 bins of equal mass
    - `ece`: of (s − 1)/4 against (R − 1)/4 of the labels, mean over the dimensions: when it says 3.6, is the
      mean label 3.6?
    - `ece_accept`, `brier_accept`: of (s − 1)/4 of alignment as the probability that Lean accepts the step.
      Labels of rejected steps are up to 3.2, so the labels themselves do not get 0 here.
    - `ece_upper`, `brier_upper`: the same of P(alignment above the middle), which is that probability by
      meaning.

    Critique
    - `critique_verdict_accuracy`: share of critiques that state Lean's verdict rightly; an unclear one is
      wrong.
    """
    c = columns(records, judged, weights)
    statuses: dict[str, int] = {}
    for j in judged:
        statuses[j.status] = statuses.get(j.status, 0) + 1
    out: dict[str, Any] = {
        "steps": len(records),
        "theorems": len(set(c.theorem.tolist())),
        "statuses": statuses,
        "scored": len(c.item),
        **headline(c),
        **_ranking(c),
        **_discretization(c),
        **_calibration(c),
    }
    theorems = c.theorem.tolist()
    by_dimension = [_fidelity(c.expected[:, k], c.target[:, k], theorems) for k in range(len(DIMENSIONS))]
    for name in by_dimension[0]:
        out[name] = float(np.mean([found[name] for found in by_dimension]))
        out |= {f"{name}_{d}": found[name] for d, found in zip(DIMENSIONS, by_dimension, strict=True)}
    return {name: finite(value) for name, value in out.items()}


def intervals(c: Columns, draws: int = 200) -> dict[str, tuple[float, float]]:
    """95 % bootstrap interval of each headline figure, theorems drawn with replacement."""
    found = [
        headline(c.take(*drawn)) for drawn in metrics.resamples(metrics.clusters(c.theorem.tolist()), draws)
    ]
    return {name: metrics.interval(values[name] for values in found) for name in found[0]}


def finite(value: Any) -> Any:
    """`value` with every NaN as `None`, which JSON has a word for."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {k: finite(v) for k, v in value.items()}
    return [finite(v) for v in value] if isinstance(value, tuple | list) else value


def _state(record: LabelledStep) -> Any:
    return record.step.statement, record.step.goals, record.step.earlier


_WIDTH = LABELS[1] - LABELS[0]
_LOGIC, _ALIGNMENT = DIMENSIONS.index("logic"), DIMENSIONS.index("alignment")


def _ranking(c: Columns) -> dict[str, Any]:
    pairs = metrics.pair_ranking(c.value, c.sound, c.unsound, c.state)
    best, count = metrics.best_of_n(c.value, c.sound, c.unsound, c.state)
    either = c.sound | c.unsound
    return {
        "auroc_sound": metrics.auroc(c.value[either], c.sound[either]),
        "pair_half": pairs.half,
        "pair_without_ties": pairs.without_ties,
        "pair_coverage": pairs.coverage,
        "pairs": pairs.pairs,
        "best_of_n": best,
        "best_of_n_states": count,
    }


def _discretization(c: Columns) -> dict[str, Any]:
    sharp = c.sharpest[~np.isnan(c.sharpest)]
    return {
        "tie_rate_0": metrics.tie_rate(c.value, 0.0),
        "tie_rate_1e2": metrics.tie_rate(c.value, 1e-2),
        "missed_distinctions_1e3": metrics.missed_distinctions(c.value, c.target_value, 1e-3),
        "distinct_values": metrics.distinct_values(c.value),
        "in_disguise": float((sharp > 0.99).mean()) if len(sharp) else math.nan,
    }


def _calibration(c: Columns) -> dict[str, Any]:
    accept = (c.expected[:, _ALIGNMENT] - LABELS[0]) / _WIDTH
    known = ~np.isnan(c.upper)
    upper, taken = c.upper[known], c.accepted[known]
    return {
        "ece_accept": metrics.expected_calibration_error(accept, c.accepted),
        "brier_accept": metrics.brier_score(accept, c.accepted),
        "ece_upper": metrics.expected_calibration_error(upper, taken) if len(upper) else math.nan,
        "brier_upper": metrics.brier_score(upper, taken) if len(upper) else math.nan,
    }


def _fidelity(scores: Array, labels: Array, theorems: Sequence[int]) -> dict[str, float]:
    again = metrics.isotonic(scores, labels, theorems)
    return {
        "mse": float(((scores - labels) ** 2).mean()),
        "mae": float(np.abs(scores - labels).mean()),
        "mse_isotonic": float(((again - labels) ** 2).mean()),
        "mae_isotonic": float(np.abs(again - labels).mean()),
        "pearson": metrics.pearson(scores, labels),
        "spearman": metrics.spearman(scores, labels),
        "kendall_tau_b": metrics.kendall_tau_b(scores, labels),
    }


def _mean(values: Array) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan

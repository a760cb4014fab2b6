"""What is found out on the validation set when training is done: the temperature, and the figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from eva.data.record import LABELS, LabelledStep, rescale
from eva.evaluate.judgement import Judgement, judgement
from eva.model.checkpoint import CONFIG_FILE, EvaConfig
from eva.step import DIMENSIONS, Order, StepScore
from eva.train.config import TrainConfig

TEMPERATURES = (0.2, 5.0)


def validate(directory: Path, config: TrainConfig, held: Sequence[LabelledStep]) -> dict[str, Any]:
    """Fit a temperature for each trained order on `held`, write them into `eva.json`; the orders' figures."""
    from eva.evaluate.figures import figures
    from eva.evaluate.judges import decimal_judge, value_judge
    from eva.model.reward_model import RewardModel

    steps = [record.step for record in held]
    if config.scores != "anchors":
        judge = (decimal_judge if config.scores == "decimal" else value_judge)(directory)
        return {"validation": {config.scores: figures(held, judge(steps), config.weights)}}
    model = RewardModel.from_pretrained(str(directory), threads=config.threads)
    orders: list[Order] = ["critique_first"] if config.orders == "critique_first" else ["score_first"]
    if config.orders == "both":
        orders.append("critique_first")
    scores = {o: model.score(steps, order=o, critique=config.orders != "none") for o in orders}
    taus = {order: fit_temperature(held, raw) for order, raw in scores.items()}
    fitted = replace(
        EvaConfig.load(directory / CONFIG_FILE),
        temperature=taus[orders[0]],
        critique_temperature=taus.get("critique_first"),
    )
    fitted.save(directory)
    found = {}
    for order, raw in scores.items():
        judged = [at_temperature(judgement(score, model.config), taus[order]) for score in raw]
        found[order] = figures(held, judged, config.weights)
    return {"temperature": taus, "validation": found}


def at_temperature(judged: Judgement, tau: float) -> Judgement:
    """What was read at τ = 1, as it is read at `tau`."""
    if not judged.distributions:
        return judged
    cooled = {}
    for name, shares in judged.distributions.items():
        powers = {anchor: p ** (1 / tau) for anchor, p in shares.items()}
        cooled[name] = {anchor: power / sum(powers.values()) for anchor, power in powers.items()}
    expected = {name: sum(a * p for a, p in shares.items()) for name, shares in cooled.items()}
    return replace(judged, expected=expected, distributions=cooled)


def fit_temperature(records: Sequence[LabelledStep], scores: Sequence[StepScore]) -> float:
    """τ for which the expected scores are nearest to the labels in the mean square, over all dimensions.

    The squared error is least for the true mean, so this calibrates E itself (Guo et al. 2017 fit the
    likelihood of a class; here the number that is read is E). Scores must have been read at τ = 1: P at
    τ is then P^(1/τ), normalized.
    """
    from scipy.optimize import minimize_scalar

    both = [(r, s) for r, s in zip(records, scores, strict=True) if s.dimensions]
    if not both:
        return 1.0
    anchors = np.array(sorted(both[0][1].dimensions[DIMENSIONS[0]].distribution), dtype=np.float64)
    probabilities = np.array(
        [[[s.dimensions[n].distribution[int(a)] for a in anchors] for n in DIMENSIONS] for _, s in both]
    )
    scale = (float(anchors[0]), float(anchors[-1]))
    targets = np.array([[rescale(r.targets[n], LABELS, scale) for n in DIMENSIONS] for r, _ in both])
    logs = np.log(np.clip(probabilities, 1e-30, None))

    def error(log_tau: float) -> float:
        powers = np.exp(logs / np.exp(log_tau) - (logs / np.exp(log_tau)).max(-1, keepdims=True))
        expected = (powers / powers.sum(-1, keepdims=True)) @ anchors
        return float(((expected - targets) ** 2).mean())

    low, high = np.log(TEMPERATURES)
    found = minimize_scalar(error, bounds=(low, high), method="bounded")
    return round(float(np.exp(found.x)), 4)

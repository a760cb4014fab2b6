"""Plots of the report, as SVG with text that stays text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eva.data.record import LABELS, LabelledStep
from eva.evaluate import metrics
from eva.evaluate.judgement import Judgement
from eva.report.arms import ALONG, PLAIN_WAYS
from eva.report.statistics import Result
from eva.step import DIMENSIONS

Scored = Mapping[str, Sequence[Judgement]]
ANCHORS = {"B8": 2, "anchors_3": 3, "B10": 5, "anchors_11": 11}
ALPHAS = {"B4": 0.0, "alpha_0.1": 0.1, "B10": 0.5, "alpha_1": 1.0, "alpha_2": 2.0, "alpha_5": 5.0}
SHOWN = ("alignment", "logic")  # in histograms; clarity is a rubric's
PROOFS = 6  # courses that are drawn


def _pyplot() -> Any:
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "eva", "font.size": 9})
    from matplotlib import pyplot

    return pyplot


def _save(figure: Any, file: Path) -> None:
    figure.savefig(file, metadata={"Date": None})
    _pyplot().close(figure)


def histograms(file: Path, records: Sequence[LabelledStep], scored: Scored) -> None:
    """Scores of alignment and logic of each arm, and the labels: integers stand as spikes."""
    pyplot = _pyplot()
    rows = {"labels": [Judgement("scored", r.targets) for r in records], **scored}
    figure, axes = pyplot.subplots(
        len(rows), 2, figsize=(8, 1.5 * len(rows)), layout="constrained", sharex=True, squeeze=False
    )
    bins = np.linspace(*LABELS, 81)
    for line, (arm, judged) in zip(axes, rows.items(), strict=True):
        for axis, name in zip(line, SHOWN, strict=True):
            axis.hist(
                [j.expected[name] for j in judged if j.expected],
                bins=bins,
                color="tab:blue",
                histtype="stepfilled",
            )
            axis.set_yticks([])
        line[0].set_ylabel(arm, rotation=0, ha="right", va="center")
    for axis, name in zip(axes[0], SHOWN, strict=True):
        axis.set_title(name)
    _save(figure, file)


def reliability(
    file: Path, records: Sequence[LabelledStep], scored: Scored, titles: Mapping[str, str]
) -> None:
    """Mean label against mean score in 15 bins of equal mass, for each dimension."""
    pyplot = _pyplot()
    figure, axes = pyplot.subplots(1, len(DIMENSIONS), figsize=(10, 3.4), layout="constrained", sharey=True)
    for axis, name in zip(axes, DIMENSIONS, strict=True):
        axis.plot(LABELS, LABELS, color="lightgrey")
        for arm, judged in scored.items():
            pairs = zip(judged, records, strict=True)
            both = np.array([(j.expected[name], r.targets[name]) for j, r in pairs if j.expected])
            table = metrics.reliability(both[:, 0], both[:, 1])
            axis.plot(table[:, 0], table[:, 1], marker=".", label=titles.get(arm, arm))
        axis.set(title=name, xlabel="score", xlim=LABELS, ylim=LABELS)
    axes[0].set_ylabel("mean label")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=7)
    _save(figure, file)


def courses(
    file: Path, records: Sequence[LabelledStep], judged: Sequence[Judgement], weights: Sequence[float]
) -> None:
    """The value along the proofs with the most steps: sound steps, and what else was tried there."""
    pyplot = _pyplot()
    proofs: dict[str, list[tuple[int, float, bool, bool]]] = {}
    for r, j in zip(records, judged, strict=True):
        if j.expected:
            sound = r.accepted and r.finishable is True
            unsound = not r.accepted or r.finishable is False
            proofs.setdefault(r.theorem_id, []).append(
                (len(r.step.earlier), j.value(weights), sound, unsound)
            )

    def length(name: str) -> int:
        return max((at for at, _, sound, _ in proofs[name] if sound), default=-1)

    figure, axes = pyplot.subplots(2, PROOFS // 2, figsize=(10, 5), layout="constrained", sharey=True)
    for axis, name in zip(axes.flat, sorted(proofs, key=lambda name: (-length(name), name)), strict=False):
        good = sorted((at, value) for at, value, sound, _ in proofs[name] if sound)
        bad = [(at, value) for at, value, _, unsound in proofs[name] if unsound]
        best = dict(good)  # of the sound steps at one place the one with the highest value
        axis.plot(list(best), list(best.values()), color="tab:green", linewidth=1)
        for some, colour, label in ((good, "tab:green", "sound"), (bad, "tab:red", "unsound")):
            xs, ys = zip(*some, strict=True) if some else ((), ())
            axis.scatter(xs, ys, color=colour, s=12, label=label)
        axis.set_title(name, fontsize=8)
        axis.set(xlabel="steps before", ylim=(0, 1))
        axis.xaxis.get_major_locator().set_params(integer=True)
    axes.flat[0].set_ylabel("value")
    axes.flat[0].legend(fontsize=7)
    _save(figure, file)


def sweep(
    file: Path, results: Mapping[str, Mapping[str, Result]], points: Mapping[str, float], label: str
) -> bool:
    """Headline figures against a number that the arms differ by; false where there are not two arms."""
    there = {arm: x for arm, x in points.items() if arm in results}
    if len(there) < 2:
        return False
    pyplot = _pyplot()
    names = ("auroc_accept", "pair_strict", "mse", "tie_rate_1e3")
    figure, axes = pyplot.subplots(1, len(names), figsize=(11, 2.8), layout="constrained")
    for axis, name in zip(axes, names, strict=True):
        for split in next(iter(results.values())):
            ys, low, high = [], [], []
            for arm in there:
                found = results[arm][split].summary()[name]
                mean = found["mean"] if found["mean"] is not None else float("nan")
                around = found["interval"] or [mean, mean]
                ys.append(mean)
                low.append(max(0.0, mean - (around[0] if around[0] is not None else mean)))
                high.append(max(0.0, (around[1] if around[1] is not None else mean) - mean))
            axis.errorbar(list(there.values()), ys, yerr=[low, high], marker="o", capsize=2, label=split)
        axis.set(title=name, xlabel=label)
    axes[0].legend(fontsize=7)
    _save(figure, file)
    return True


def search(file: Path, found: Mapping[str, Mapping[str, Any]]) -> None:
    """Theorems proved within so many nodes, for each strategy: a colour an arm, dashed along the path."""
    pyplot = _pyplot()
    arms = list(dict.fromkeys(way.removesuffix(ALONG) for ways in found.values() for way in ways))
    shades = pyplot.get_cmap("tab20").colors
    colours = dict(zip(arms, shades[::2] + shades[1::2], strict=False))
    figure, axes = pyplot.subplots(1, len(found), figsize=(10, 3.6), layout="constrained", squeeze=False)
    for axis, (name, ways) in zip(axes[0], found.items(), strict=True):
        for way, counts in ways.items():
            style = {(False, False): "-", (False, True): "--", (True, False): ":", (True, True): "-."}[
                way in PLAIN_WAYS, way.endswith(ALONG)
            ]
            nodes = range(1, len(counts["within"]) + 1)
            axis.plot(nodes, counts["within"], style, color=colours[way.removesuffix(ALONG)], label=way)
        axis.set(title=name, xlabel="steps run by Lean for each theorem", ylabel="theorems proved")
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside right upper", fontsize=7)
    _save(figure, file)

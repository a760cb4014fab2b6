"""The course of a run, for people (PNG) and for programs (CSV)."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def write_curves(directory: Path, history: Sequence[dict[str, Any]]) -> None:
    """Write `curves.csv` and `curves.png` from the trainer's log history."""
    columns = [
        "step",
        "loss",
        "loss_sft",
        "loss_eva",
        "eval_loss",
        "eval_loss_sft",
        "eval_loss_eva",
        "learning_rate",
    ]
    rows = [row for row in history if "loss" in row or "eval_loss" in row]
    with (directory / "curves.csv").open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, columns, extrasaction="ignore", restval="")
        writer.writeheader()
        writer.writerows(rows)

    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    titles = {"loss_sft": "cross-entropy", "loss_eva": "squared error of E[R]", "loss": "loss"}
    terms = [term for term in ("loss_sft", "loss_eva") if any(term in row for row in rows)] or ["loss"]
    figure, axes = pyplot.subplots(
        1, len(terms), figsize=(5 * len(terms), 4), layout="constrained", squeeze=False
    )
    for axis, term in zip(axes[0], terms, strict=True):
        for name, label in ((term, "training"), (f"eval_{term}", "validation")):
            points = [(row["step"], row[name]) for row in rows if name in row]
            if points:
                axis.plot(*zip(*points, strict=True), label=label)
        axis.set(title=titles[term], xlabel="optimizer step", yscale="log")
        axis.legend()
    figure.savefig(directory / "curves.png", dpi=120)
    pyplot.close(figure)

"""The data card: what is in a folder of labelled steps, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from eva.data.record import LabelledStep
from eva.step import DIMENSIONS

Checked = Mapping[str, Mapping[str, float]]


def write_card(
    path: Path, seed: int, records: Mapping[str, Sequence[LabelledStep]], checked: Checked | None = None
) -> None:
    """Write `card.md`: counts by split, family and origin, a histogram of each target, and what the little
    baselines reach (`eva.data.baseline.check`), where it is known."""
    text = card(seed, records)
    if checked:
        text += "\n" + baselines(checked)
    path.write_text(text, encoding="utf-8")


def baselines(checked: Checked) -> str:
    """The figures of the little baselines as Markdown."""
    splits = list(next(iter(checked.values())))
    out = [
        "## What a bag of words knows",
        "",
        'AUROC of "Lean accepts the step", logistic regression:',
        "",
        "| | " + " | ".join(splits) + " |",
        "|---" * (len(splits) + 1) + "|",
    ]
    out += [
        f"| {name} | " + " | ".join(f"{row[split]:.3f}" for split in splits) + " |"
        for name, row in checked.items()
    ]
    return "\n".join(out) + "\n"


def card(seed: int, records: Mapping[str, Sequence[LabelledStep]]) -> str:
    """The card as Markdown."""
    rows = [record for split in records.values() for record in split]
    out = [
        "# Labelled steps",
        "",
        f"{len({r.theorem_id for r in rows})} theorems, seed {seed}. Every label is an outcome of Lean.",
        "",
    ]
    out += [
        "| split | steps | theorems | accepted | can be finished | harmful |",
        "|---|---|---|---|---|---|",
    ]
    for split, own in records.items():
        if own:
            shares = (
                _share(r.accepted for r in own),
                _share(r.finishable is True for r in own),
                _share(r.origin == "harmful" for r in own),
            )
            out.append(
                f"| {split} | {len(own)} | {len({r.theorem_id for r in own})} | {' | '.join(shares)} |"
            )
    for title, key in (("family", "family"), ("origin", "origin")):
        out += [
            "",
            f"| {title} | steps | accepted | mean logic | mean alignment | mean clarity |",
            "|---|---|---|---|---|---|",
        ]
        groups = Counter(getattr(r, key) for r in rows)
        for name, count in groups.most_common():
            own = [r for r in rows if getattr(r, key) == name]
            means = " | ".join(f"{sum(r.targets[d] for r in own) / count:.2f}" for d in DIMENSIONS)
            out.append(f"| {name} | {count} | {_share(r.accepted for r in own)} | {means} |")
    for dimension in DIMENSIONS:
        values = [r.targets[dimension] for r in rows]
        out += ["", f"## {dimension}", "", f"{len({round(v, 3) for v in values})} distinct values", "", "```"]
        bins = Counter(min(15, int((v - 1) * 4)) for v in values)
        top = max(bins.values(), default=1)
        for i in range(16):
            out.append(f"{1 + i / 4:.2f} {'#' * round(50 * bins[i] / top)} {bins[i]}")
        out.append("```")
    left = Counter(r.steps_left for r in rows if r.accepted)
    shown = sorted(left.items(), key=lambda pair: (pair[0] is None, pair[0] or 0))
    out += ["", "## Steps left after accepted steps", "", ", ".join(f"{k}: {v}" for k, v in shown), ""]
    return "\n".join(out)


def _share(flags: Iterable[bool]) -> str:
    values = list(flags)
    return f"{100 * sum(values) / max(1, len(values)):.1f} %"

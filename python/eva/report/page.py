"""The report as Markdown: every number in it comes from the results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from eva.report.arms import ARMS, BASE, RUNS, SPLITS, is_trained, runs_of
from eva.report.plan import Settings
from eva.report.statistics import HEADLINE, Result

NAMES = {
    "auroc_accept": "AUROC accept",
    "auroc_finish": "AUROC finish",
    "pair_strict": "pairs, strict",
    "tie_rate_1e3": "ties 1e-3",
    "pearson": "Pearson",
    "mse": "MSE",
    "ece": "ECE",
    "critique_verdict_accuracy": "verdict right",
}
COMPARED = (
    ("B10", "B3", "the whole method against parsed integers of plain fine-tuning"),
    ("B4", "B3", "the read-out alone"),
    ("B5", "B4", "sampling in place of the expectation"),
    ("B10", "B4", "the loss alone"),
    ("B10", "B10_parsed", "the read-out, on the same model"),
    ("B10", "B5", "against sampling"),
    ("B10", "B6", "against decimal text"),
    ("B10", "B7", "against a regression head"),
    ("B10", "B8", "five anchors against two"),
    ("B10", "B9", "critiques, in both orders in turn, in place of scores alone"),
    ("score_first", "B9", "critiques behind the scores, in place of scores alone"),
    ("B11", "B10", "no cross-entropy on the digit"),
    ("two_hot", "B10", "two-hot digit"),
    ("B10", "noise_0", "integers in the text that say nothing, in place of the label's"),
    ("noise_0.5", "noise_0", "half of them"),
    ("score_first", "B10", "every text score first, in place of both orders in turn"),
    ("score_first", "sft_score_first", "the loss alone, there"),
    ("score_first", "B7", "against a regression head, there"),
    ("two_stage", "score_first", "what the second stage costs the scores"),
    ("two_stage", "two_stage_parsed", "the read-out, on the same model"),
    ("two_stage", "B10", "two stages against both orders in turn"),
    ("two_stage", "B7", "against a regression head"),
    ("two_stage_critique", "B10_critique", "reading after the own critique, by that recipe"),
    ("two_stage_critique", "two_stage", "reading after the own critique, behind the second stage"),
    ("brief", "brief_sft", "the loss alone, in the recipe of the embedded model"),
    ("brief", "brief_sft_parsed", "the whole method against parsed integers of plain fine-tuning, there"),
    ("brief", "brief_value", "against a regression head, there"),
    ("nano", "brief", "what the second stage of the embedded model costs the scores"),
    ("nano", "nano_parsed", "the read-out, on the same model"),
    ("nano", "brief_sft", "against plain fine-tuning, by expectation"),
    ("nano", "brief_sft_parsed", "the whole method against parsed integers of plain fine-tuning"),
    ("nano", "brief_value", "against a regression head"),
    ("nano", "words_goal", "against words without reading"),
    ("nano_critique", "nano", "reading after the own critique, there"),
    ("nano_critique", "nano_critique_parsed", "the read-out, after the own critique"),
    ("B10_critique", "B10", "reading after the own critique"),
    ("B12", "B10_critique", "the second stage"),
    ("B10_given", "B10_critique", "the label's critique in place of the own: what teacher forcing hides"),
    ("B10", "words_goal", "against words without reading"),
    ("two_stage", "words_goal", "against words without reading"),
    ("B10", "likelihood", "against what the base finds likely"),
    ("two_stage", "likelihood", "against what the base finds likely"),
)
DETAILS = {
    "Discretization": (
        "tie_rate_0", "tie_rate_1e3", "tie_rate_1e2", "missed_distinctions_1e3", "distinct_values",
        "in_disguise",
    ),
    "Ranking": ("auroc_sound", "pair_strict", "pair_half", "pair_without_ties", "pair_coverage", "best_of_n"),
    "Fidelity": ("mse", "mse_isotonic", "mae", "mae_isotonic", "pearson", "spearman", "kendall_tau_b"),
    "By dimension": (
        "mse_logic", "mse_alignment", "mse_clarity", "pearson_logic", "pearson_alignment", "pearson_clarity",
    ),
    "Calibration": ("ece", "ece_accept", "brier_accept", "ece_upper", "brier_upper"),
}  # fmt: skip
SETS = {"in_distribution": "Same families, other theorems", "held_out_families": "Families never trained on"}


def page(
    settings: Settings,
    results: Mapping[str, Mapping[str, Result]],
    report: Mapping[str, Any],
    plots: Sequence[tuple[str, str]],
    note: str = "",
) -> str:
    """The text of `docs/report/README.md`; `report`: as in `report.json`; `plots`: file and caption."""
    parts = [HEAD.format(**_facts(settings, report["facts"])), *([note] if note else [])]
    for split in SPLITS.values():
        parts.append(f"## {SETS[split]}\n\n{_headline(results, split)}{_unscored(results, split)}")
    parts.append(
        "## What makes the difference\n\n" + DIFFERENCE + _differences(report["differences"], results)
    )
    for title, names in DETAILS.items():
        parts.append(f"## {title}\n")
        parts += [f"{SETS[split]}:\n\n{_details(results, split, names)}" for split in SPLITS.values()]
    parts.append("## Which steps are told apart\n\n" + KINDS + _kinds(report["kinds"]))
    if report["search"]:
        parts.append("## Proof search\n\n" + SEARCH.format(nodes=settings.nodes) + _search(report["search"]))
    parts += [f"## {caption}\n\n![{caption}]({file})" for file, caption in plots]
    parts.append(TAIL.format(definitions=DEFINITIONS))
    return "\n\n".join(part.strip() for part in parts) + "\n"


def compared(results: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """The pairs of arms that are both there."""
    return [pair for pair in COMPARED if pair[0] in results and pair[1] in results]


def _facts(settings: Settings, facts: Mapping[str, Any]) -> dict[str, Any]:
    first = {ARMS[arm].run: arm for arm in reversed(settings.arms)}  # arms that readers of the table know
    runs = [(first[name], RUNS[name]) for name in runs_of(settings.arms) if name in first]
    return {
        **facts,
        "seeds": ", ".join(map(str, settings.seeds)),
        "steps": settings.steps,
        "pretrain_steps": settings.pretrain_steps,
        "batch": settings.batch_size,
        "rate": settings.learning_rate,
        "once": _listed(arm for arm, run in runs if run.once),
        "stages": _listed(
            f"{arm} {run.share * settings.steps:,.0f} steps" for arm, run in runs if run.on != BASE
        ),
        "seen": "the" if facts["seen"] == facts["train"] else f"{facts['seen']} (drawn by the seed) of the",
    }


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none here"


def _headline(results: Mapping[str, Mapping[str, Result]], split: str) -> str:
    rows = []
    for arm, sets in results.items():
        found = sets[split].summary()
        rows.append([arm, ARMS[arm].title, *(_with_interval(found[name]) for name in HEADLINE)])
    return _table(["", "", *(NAMES[name] for name in HEADLINE)], rows)


def _unscored(results: Mapping[str, Mapping[str, Result]], split: str) -> str:
    """Which arms have no numbers for some steps; their figures are of the others."""
    lacking = {
        arm: sum(found["steps"] - found["scored"] for found in sets[split].all)
        for arm, sets in results.items()
    }
    told = ", ".join(f"{arm} {steps}" for arm, steps in lacking.items() if steps)
    return (
        f"\n\nSteps without a score, over all seeds, which are in no figure of the arm: {told}."
        if told
        else ""
    )


def _details(results: Mapping[str, Mapping[str, Result]], split: str, names: Sequence[str]) -> str:
    rows = [[arm, *(_number(sets[split].mean(name)) for name in names)] for arm, sets in results.items()]
    return _table(["", *(f"`{name}`" for name in names)], rows)


def _differences(
    differences: Mapping[str, Mapping[str, Any]], results: Mapping[str, Mapping[str, Result]]
) -> str:
    out = []
    for split in SPLITS.values():
        rows = []
        for one, other, words in COMPARED:
            found = differences.get(f"{one}-{other}")
            if found:
                sure = _is_sure(one, other, results)
                cells = (_signed(found[split][name], sure=sure) for name in HEADLINE)
                rows.append([f"{one} − {other}", words, *cells])
        out.append(f"{SETS[split]}:\n\n" + _table(["", "", *(NAMES[name] for name in HEADLINE)], rows))
    return "\n\n".join(out)


def _kinds(found: Mapping[str, Any]) -> str:
    out = []
    for split in SPLITS.values():
        for key, those in found[split].items():
            head = ["", *(f"{name} ({steps})" for name, steps in those["steps"].items())]
            rows = [[arm, *map(_number, aurocs)] for arm, aurocs in those["arms"].items()]
            out.append(f"{SETS[split]}, by {key}:\n\n" + _table(head, rows))
    return "\n\n".join(out)


def _search(found: Mapping[str, Any]) -> str:
    ways = list(next(iter(found.values())))
    rows = [
        [way, *(f"{sets[way]['solved']} of {sets[way]['theorems']}" for sets in found.values())]
        for way in ways
    ]
    return _table(["strategy", *(SETS[split] for split in found)], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if abs(value) >= 20 else f"{value:.3f}" if abs(value) >= 0.01 else f"{value:.2g}"


def _with_interval(found: Mapping[str, Any]) -> str:
    around = found["interval"]
    if found["mean"] is None or around is None or around[0] is None:
        return _number(found["mean"])
    return f"{_number(found['mean'])} ({_number(around[0])} to {_number(around[1])})"


def _is_sure(one: str, other: str, results: Mapping[str, Mapping[str, Result]]) -> bool:
    """Whether an interval has in it what another training would have given, as far as that matters: arms of
    one training share what it gave."""
    if ARMS[one].run == ARMS[other].run:
        return True
    seeds = [len(next(iter(results[arm].values())).all) for arm in (one, other) if is_trained(arm)]
    return min(seeds, default=2) > 1


def _signed(found: Mapping[str, Any], *, sure: bool) -> str:
    if found["mean"] is None or found["interval"] is None or found["interval"][0] is None:
        return "–"
    low, high = found["interval"]
    text = f"{found['mean']:+.3f} ({low:+.3f} to {high:+.3f})"
    mark = "**" if sure else "*"
    return f"{mark}{text}{mark}" if low > 0 or high < 0 else text


HEAD = """\
# EVA against its baselines

Labels come from what Lean did with each step, but for clarity, which is a rubric on the step's text
(`docs/data.md`). All arms start from one base, a Llama of {parameters}
that was trained as a plain language model on the proofs of the training set ({pretrain_steps} steps), and get
{steps} optimizer steps of {batch} examples (learning rate {rate}, cosine) on {seen} {train} training steps
of proofs. Seeds: {seeds}. Compared on {test} labelled steps of {test_theorems} theorems of the training
families, and on {held_out} of {held_out_theorems} theorems of families that no arm has seen. {versions}. The
headline figures alone are in [report.json](report.json); `{command}` makes both anew.

In brackets: 95 % interval by bootstrap over theorems and seeds; with few seeds it is a rough one, with one it
is over theorems alone and says nothing of what another training would have given. An arm without a training
of its own has one seed, and so have the points of a sweep: {once}. A second stage comes on top of its first:
{stages}. `labels` are the labels themselves, read as scores: what no arm can surpass by right in AUROC,
pairs, Pearson and MSE. –: not defined, in at least one seed.
"""
DIFFERENCE = """\
Paired: both arms are drawn on the same theorems, and have the same seeds. **Bold**: the 95 % interval leaves
out zero. *Italic*: likewise, but between two models of which one was trained with a single seed, so that
another seed might say otherwise. For ties, MSE and ECE less is better.

"""
KINDS = """\
AUROC accept: steps of one origin (`docs/data.md`) against all steps on which Lean's verdict is the other one;
steps of one family against each other. In brackets: how many steps.

"""
SEARCH = """\
Best-first search, every strategy with the same candidate steps and {nodes} steps run by Lean for each theorem
(statements of the sets that Lean has been seen to prove). Where priorities tie, steps are tried in the order
in which they were proposed, which is drawn by lot and the same for all. A priority is the value of the step;
with `_path` it is the product of the values of all steps from the start, of logic and alignment alone.
`breadth`, `depth` and `shortest` (the text of the step) know no model; of an arm with several seeds the first
searches.

"""
DEFINITIONS = """\
- AUROC accept: of the alignment score, for Lean's verdict on the step. AUROC finish: of the logic score, for
  whether the proof can be finished after a step that Lean took.
- pairs, strict: a sound step (taken, can be finished) scores above an unsound one (rejected, or refuted) of
  the same state; a tie is wrong. By value, the weighted mean of the dimensions.
- ties 1e-3: share of all pairs of steps whose values differ by at most 0.001.
- Pearson, MSE: against the labels on [1, 5], mean over the dimensions. ECE: of (s − 1)/4 against the labels'
  (R − 1)/4 in 15 bins of equal mass, mean over the dimensions; τ is fitted on the validation set (of the
  base it is 1). Bins of a resample are noisier than those of the set, so the intervals of ECE lie a little
  high.
- verdict right: the critique states Lean's verdict on the step; an unclear one is wrong.
"""
TAIL = """\
## Definitions

{definitions}
Every other figure is defined, with its source, in `python/eva/evaluate/figures.py` and
`python/eva/evaluate/metrics/`.
"""

"""From the scores on disk to `report.json`, plots and `README.md`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eva.data.record import LabelledStep
from eva.evaluate.judgement import Judgement, parsed, read_judgements
from eva.report import plots
from eva.report.arms import ARMS, BASE, PARSED, SPLITS, WEIGHTS, is_trained
from eva.report.goals import OURS
from eva.report.kept import keep
from eva.report.kinds import kinds
from eva.report.page import compared, page
from eva.report.plan import FACTS, Settings, run_directory, scores_file, seeds_of
from eva.report.scoring import set_of
from eva.report.search import found_by
from eva.report.statistics import Result, difference, result, summaries

SHOWN = ("B3", "B4", "B6", "B7", "B10", "brief_sft_parsed", "brief_sft", "brief_value", OURS)
"""Arms in histograms and reliability plots."""


def write_report(
    settings: Settings,
    docs: Path,
    versions: str,
    *,
    draws: int = 200,
    command: str = "make report",
    note: str = "",
) -> None:
    """Make the report of runs and scores that are all there.

    `draws`: of the bootstrap. `command`: what makes it, as the page says. `note`: a paragraph for
    its head.
    """
    docs.mkdir(parents=True, exist_ok=True)
    sets = {split: set_of(settings, split) for split in SPLITS}
    judged = {
        arm: {
            split: [_judged(settings, arm, seed, split) for seed in seeds_of(settings, arm)]
            for split in SPLITS
        }
        for arm in settings.arms
    }
    results: dict[str, dict[str, Result]] = {
        arm: {name: result(sets[split], judged[arm][split], WEIGHTS, draws) for split, name in SPLITS.items()}
        for arm in settings.arms
    }
    differences = {
        f"{one}-{other}": {
            name: difference(*paired(one, other, results[one][name], results[other][name]))
            for name in SPLITS.values()
        }
        for one, other, _ in compared(results)
    }
    search = found_by(settings) if settings.theorems else None
    facts = _facts(settings, sets, versions) | {"command": command, "note": note}
    report = {
        "arms": summaries(results),
        "differences": differences,
        "kinds": {
            name: kinds(sets[split], {arm: judged[arm][split] for arm in settings.arms}, WEIGHTS)
            for split, name in SPLITS.items()
        },
        "search": search,
        "scored": {arm: {name: found.scored() for name, found in of.items()} for arm, of in results.items()},
        "facts": facts,
    }
    (docs / "report.json").write_text(json.dumps(report, indent=1, allow_nan=False) + "\n", "utf-8")
    drawn = _plots(
        docs, sets["test"], {arm: judged[arm]["test"][0] for arm in settings.arms}, results, search
    )
    (docs / "README.md").write_text(page(settings, results, report, drawn, note), "utf-8")
    keep(settings, docs)


def paired(one: str, other: str, mine: Result, theirs: Result) -> tuple[Result, Result]:
    """Results of two arms with the same seeds, where each arm has a training of its own."""
    if not (is_trained(one) and is_trained(other)):
        return mine, theirs
    seeds = min(len(mine.all), len(theirs.all))
    return mine.first(seeds), theirs.first(seeds)


def _judged(settings: Settings, arm: str, seed: int, split: str) -> list[Judgement]:
    judged = read_judgements(scores_file(settings, arm, seed, split))
    return [parsed(one) for one in judged] if ARMS[arm].reading in PARSED else judged


def _facts(settings: Settings, sets: Mapping[str, list[LabelledStep]], versions: str) -> dict[str, Any]:
    import torch
    import transformers

    with (settings.data / "train.jsonl").open(encoding="utf-8") as lines:
        train = sum(1 for _ in lines)
    facts: dict[str, Any] = {
        "train": f"{train:,}",
        "seen": f"{settings.seen(train):,}",
        "versions": f"{versions}, torch {torch.__version__}, transformers {transformers.__version__}",
    }
    for split, records in sets.items():
        facts[split] = f"{len(records):,}"
        facts[f"{split}_theorems"] = f"{len({r.theorem_id for r in records}):,}"
    facts["parameters"] = _parameters(settings)
    return facts


def _parameters(settings: Settings) -> str:
    """Of the base; kept in `settings.out`, for a report that is drawn where the base is no longer."""
    file, model = settings.out / FACTS, run_directory(settings, BASE, 0) / "model"
    if model.exists() or not file.exists():
        file.write_text(json.dumps({"parameters": _counted(model)}) + "\n", "utf-8")
    return str(json.loads(file.read_text("utf-8"))["parameters"])


def _counted(directory: Path) -> str:
    from safetensors import safe_open

    count = 0
    for file in directory.glob("*.safetensors"):
        with safe_open(file, "np") as tensors:
            for name in tensors.keys():  # noqa: SIM118 - not a dict
                shape = tensors.get_slice(name).get_shape()
                size = 1
                for side in shape:
                    size *= side
                count += size
    return f"{count / 1e6:.2f} M parameters"


def _plots(
    docs: Path,
    records: list[LabelledStep],
    judged: Mapping[str, list[Judgement]],
    results: Mapping[str, Mapping[str, Result]],
    search: Mapping[str, Any] | None,
) -> list[tuple[str, str]]:
    titles = {arm: f"{arm} {ARMS[arm].title}" for arm in judged}
    shown = {arm: judged[arm] for arm in SHOWN if arm in judged}
    drawn = [("histograms.svg", "Scores: integers stand as spikes")]
    plots.histograms(docs / "histograms.svg", records, shown)
    if shown:
        drawn.append(("reliability.svg", "Reliability: mean label at each score"))
        plots.reliability(docs / "reliability.svg", records, shown, titles)
    for arm in (OURS, "B10", *shown):
        if arm in judged:
            drawn.append(("courses.svg", f"The value along proofs ({titles[arm]}), first seed"))
            plots.courses(docs / "courses.svg", records, judged[arm], WEIGHTS)
            break
    if plots.sweep(docs / "anchors.svg", results, plots.ANCHORS, "anchors"):
        drawn.append(("anchors.svg", "Accuracy against the number of anchors"))
    if plots.sweep(docs / "alpha.svg", results, plots.ALPHAS, "α"):
        drawn.append(("alpha.svg", "Accuracy against α"))
    if search:
        drawn.append(("search.svg", "Proof search at an equal node budget"))
        plots.search(docs / "search.svg", search)
    return drawn

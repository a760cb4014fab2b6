"""A report of scores that are the labels with noise."""

from __future__ import annotations

import json

import pytest
from toy_files import judged, toy_splits

from eva.evaluate.judgement import write_judgements
from eva.report.plan import Settings, scores_file, search_file, seeds_of, ways_of
from eva.report.scoring import set_of
from eva.report.write import write_report
from tiny import save_tiny_checkpoint


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    toy_splits(folder / "data", 30)
    chosen = Settings(
        data=folder / "data",
        out=folder / "out",
        arms=["labels", "B3", "B4", "B10"],
        seeds=[0, 1, 2],
        theorems=2,
        nodes=3,
    )
    (chosen.out / "scores").mkdir(parents=True)
    save_tiny_checkpoint(chosen.out / "runs" / "base" / "model")
    for arm in chosen.arms:
        for seed in seeds_of(chosen, arm):
            for split in ("test", "held_out"):
                records = set_of(chosen, split)
                noise = {"labels": 0.0, "B10": 0.3}.get(arm, 0.6)
                write_judgements(scores_file(chosen, arm, seed, split), judged(records, noise, seed))
    (chosen.out / "searches").mkdir()
    for way in ways_of(chosen):
        for split in ("test", "held_out"):
            solved = {"theorems": 2, "solved": 1, "within": [0, 1, 1]}
            search_file(chosen, way, split).write_text(json.dumps(solved), "utf-8")
    chosen.claim()
    write_report(chosen, folder / "docs", "Python 3", draws=60)
    return chosen, folder / "docs"

"""The search of a report: its figures, and that it goes on where it was stopped."""

from __future__ import annotations

import pytest
from toy_files import toy_splits

from eva.data.statement import Statement
from eva.evaluate.judgement import Judgement
from eva.evaluate.search import Found
from eva.report import search
from eva.report.plan import Settings, search_file
from eva.step import DIMENSIONS, ProofStep


def found(nodes, proof):
    return Found(Statement.of("theorem t (p : Prop) (h : p) : p"), proof, nodes)


def test_solved_are_counted_within_each_number_of_nodes():
    ends = [found(1, ("exact h",)), found(3, ("intro", "exact h")), found(4, None)]
    assert search.summary(ends, 4) == {"theorems": 3, "solved": 2, "within": [1, 1, 2, 2]}


def test_what_was_searched_is_not_searched_again(tmp_path, monkeypatch):
    toy_splits(tmp_path / "data", 4)
    settings = Settings(tmp_path / "data", tmp_path / "out", arms=[], seeds=[0], theorems=2, nodes=3)
    file = str(settings.claim())
    asked = []

    def side_by_side(tasks, lean, nodes):
        asked.append(len(tasks))
        if len(asked) == 1:
            raise KeyboardInterrupt
        return [[found(i + 1, ("exact h",))] for i in range(len(tasks))]

    monkeypatch.setattr(search, "side_by_side", side_by_side)
    monkeypatch.setattr(search, "lean_command", lambda: ["lean"])
    with pytest.raises(KeyboardInterrupt):
        search.main([file])
    with pytest.raises(FileNotFoundError):
        search.found_by(settings)
    search.main([file])
    ways = search.found_by(settings)
    assert list(ways["in_distribution"]) == ["breadth", "depth", "shortest", "shortest_path"]
    assert [way["within"] for way in ways["in_distribution"].values()] == [
        [1, 1, 1],
        [0, 0, 1],
        [0, 0, 0],
        [0, 0, 0],
    ]
    assert [way["solved"] for way in ways["held_out_families"].values()] == [1, 1, 1, 1]
    search_file(settings, "depth", "held_out").unlink()
    search.main([file])
    assert asked == [8, 8, 1]


def test_arms_of_one_training_share_its_judge(tmp_path, monkeypatch):
    toy_splits(tmp_path / "data", 4)
    settings = Settings(tmp_path / "data", tmp_path / "out", arms=["B3", "B4", "B10"], seeds=[0])
    asked = []

    def judge_of(_, arm, seed, records, *, critique):
        def judge(steps):
            asked.extend((arm, step.tactic) for step in steps)
            shares = {name: {2.0: 0.4, 5.0: 0.6} for name in DIMENSIONS}
            return [Judgement("scored", dict.fromkeys(DIMENSIONS, 3.8), shares) for _ in steps]

        return judge

    monkeypatch.setattr(search, "judge_of", judge_of)
    strategies = search.strategies_of(settings, ["depth", "B4", "B3", "B3_path", "B10"])
    steps = [ProofStep(("⊢ p",), tactic) for tactic in ("simp", "omega")]
    assert strategies["B4"](steps) == [0.7, 0.7]
    assert strategies["B3"](steps) == [1.0, 1.0], "the integer that is likeliest"
    assert strategies["B3_path"](steps) == [1.0, 1.0] and strategies["depth"](steps) == [0.0, 0.0]
    strategies["B10"](steps[:1])
    assert asked == [("B4", "simp"), ("B4", "omega"), ("B10", "simp")]

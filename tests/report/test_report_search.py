"""The search of a report: its figures, and that it goes on where it was stopped."""

from __future__ import annotations

import pytest
from toy_files import toy_splits

from eva.data.statement import Statement
from eva.evaluate.search import Found
from eva.report import search
from eva.report.plan import Settings


def found(nodes, proof):
    return Found(Statement.of("theorem t (p : Prop) (h : p) : p"), proof, nodes)


def test_solved_are_counted_within_each_number_of_nodes():
    ends = [found(1, ("exact h",)), found(3, ("intro", "exact h")), found(4, None)]
    assert search.summary(ends, 4) == {"theorems": 3, "solved": 2, "within": [1, 1, 2, 2]}


def test_a_search_that_was_stopped_goes_on(tmp_path, monkeypatch):
    toy_splits(tmp_path / "data", 4)
    settings = Settings(tmp_path / "data", tmp_path / "out", arms=[], seeds=[0], theorems=2, nodes=3)
    file = str(settings.claim())
    asked = []

    def best_first(statements, strategy, lean, nodes):
        asked.append(strategy)
        if len(asked) == 4:
            raise KeyboardInterrupt
        return [found(len(asked), ("exact h",))]

    monkeypatch.setattr(search, "best_first", best_first)
    monkeypatch.setattr(search, "lean_command", lambda: ["lean"])
    with pytest.raises(KeyboardInterrupt):
        search.main([file])
    with pytest.raises(FileNotFoundError):
        search.found_by(settings)
    search.main([file])
    assert len(asked) == 7, "three before, the fourth again, and two"
    ways = search.found_by(settings)["in_distribution"]
    assert [way["within"] for way in ways.values()] == [[1, 1, 1], [0, 1, 1], [0, 0, 1]]

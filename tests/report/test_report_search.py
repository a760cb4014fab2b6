"""The search of a report: its figures, and that it goes on where it was stopped."""

from __future__ import annotations

import pytest
from toy_files import toy_splits

from eva.data.statement import Statement
from eva.evaluate.search import Found
from eva.report import search
from eva.report.plan import Settings, search_file


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
    assert [way["within"] for way in ways["in_distribution"].values()] == [[1, 1, 1], [0, 0, 1], [0, 0, 0]]
    assert [way["solved"] for way in ways["held_out_families"].values()] == [1, 1, 1]
    search_file(settings, "depth", "held_out").unlink()
    search.main([file])
    assert asked == [6, 6, 1]

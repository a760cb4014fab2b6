"""The table of goals of the embedded model: what is met, missed, and not measured."""

from __future__ import annotations

from eva.report.goals import AIMS, aims_table


def report(**arms):
    plain = dict.fromkeys(
        ["auroc_accept", "auroc_finish", "pair_strict", "tie_rate_1e3", "pearson", "ece"], 0.5
    ) | {"critique_verdict_accuracy": 0.9}
    sets = ("in_distribution", "held_out_families")
    return {
        "arms": {
            arm: {
                split: {name: {"mean": value} for name, value in (plain | change).items()} for split in sets
            }
            for arm, change in arms.items()
        }
    }


def row(table, name):
    (line,) = [line for line in table.splitlines() if line.startswith(f"| {name}")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_each_cell_says_whether_its_goal_is_met():
    made = report(
        nano={"auroc_accept": 0.9, "tie_rate_1e3": 0.001, "pair_strict": 0.75},
        nano_critique={"auroc_accept": 0.98, "pair_strict": 0.4},
        nano_parsed={"tie_rate_1e3": 0.1},
        nano_critique_parsed={"pair_strict": 0.25, "tie_rate_1e3": 0.0},
    )
    table = aims_table(made)
    assert row(table, 'AUROC "Lean')[1:] == ["≥ 0.97, ≥ 0.85", "0.900 ✗", "0.900 ✓", "0.980 ✓", "0.980 ✓"]
    assert row(table, "tie rate")[2:] == ["0.010 ✓", "0.010 ✓", "–", "–"]
    assert row(table, "strict pair")[2:] == ["0.250 ✓", "0.250 ✓", "0.150 ✓", "0.150 ✓"], "of its own order"
    assert row(table, "ECE")[2:] == ["0.500 ✗"] * 4
    assert row(table, "critique states")[2:] == ["0.900 ✗", "0.900 ✓"] * 2


def test_what_was_not_trained_is_not_measured():
    table = aims_table(report(nano={}))
    assert row(table, "Pearson")[2:] == ["–"] * 4
    assert len(table.splitlines()) == len(AIMS) + 2

"""Proof search with the arms as strategies: `python -m eva.report.search SETTINGS`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from eva.data.lean import LeanRunner, lean_command
from eva.data.record import read_records
from eva.evaluate.baselines import short_judge
from eva.evaluate.judgement import Judge, parsed
from eva.evaluate.search import Lean, Strategy, best_first, breadth, by_value, depth, provable
from eva.report.arms import ARMS, SPLITS, WEIGHTS
from eva.report.plan import Settings, seeds_of
from eva.report.scoring import judge_of

JUDGES = ("words_goal", "likelihood", "B2", "B3", "B4", "B7", "B9", "B10")
"""Arms that search. Where priorities tie, steps are tried in the order in which they were proposed."""


def strategies(settings: Settings) -> dict[str, Strategy]:
    """Every strategy by name; of arms with several seeds the first."""
    found: dict[str, Strategy] = {
        "breadth": breadth,
        "depth": depth,
        "shortest": by_value(short_judge, WEIGHTS),
    }
    for arm in JUDGES:
        if arm in settings.arms:
            judge = judge_of(settings, arm, seeds_of(settings, arm)[0], [], critique=False)
            found[arm] = by_value(_integers(judge) if ARMS[arm].reading == "parsed" else judge, WEIGHTS)
    return found


def _integers(judge: Judge) -> Judge:
    return lambda steps: [parsed(one) for one in judge(steps)]


def main(words: Sequence[str]) -> None:
    settings = Settings.load(Path(words[0]))
    lean = Lean(LeanRunner(lean_command(), store=settings.out / "lean"))
    ways = strategies(settings)
    out: dict[str, dict[str, object]] = {}
    for split, name in SPLITS.items():
        statements = provable(read_records(settings.data / f"{split}.jsonl"))[: settings.theorems]
        out[name] = {}
        for way, strategy in ways.items():
            found = best_first(statements, strategy, lean, settings.nodes)
            solved = [f for f in found if f.proof is not None]
            out[name][way] = {
                "theorems": len(found),
                "solved": len(solved),
                "within": [sum(f.nodes <= n for f in solved) for n in range(1, settings.nodes + 1)],
            }
            print(name, way, len(solved), "of", len(found), flush=True)
    (settings.out / "search.json").write_text(json.dumps(out, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

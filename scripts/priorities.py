"""Which priority a proof search is best given: strategies with one model, side by side.

What the report's search uses along the path was chosen on the validation set. The labelled steps are those of
`make nano`; 24 steps of Lean for each theorem.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import labelled
from eva.data.lean import LeanRunner, lean_command
from eva.data.record import SPLITS as SETS
from eva.data.record import read_records
from eva.evaluate.baselines import short_judge
from eva.evaluate.judgement import integers
from eva.evaluate.judges import model_judge
from eva.evaluate.search import (
    Lean,
    Strategy,
    breadth,
    by_path,
    by_value,
    provable,
    remembering,
    side_by_side,
)
from eva.model.checkpoint import EMBEDDED
from eva.model.reward_model import RewardModel
from eva.report.arms import PATH_WEIGHTS, WEIGHTS

CHECKOUT = Path(__file__).resolve().parent.parent
NODES = 24
SHOWN = (1, 4, 8, 16, NODES)


def main() -> int:
    chosen = options().parse_args()
    if code := labelled.label(chosen.data, labelled.THEOREMS, 1):
        return code
    theorems = provable(read_records(chosen.data / f"{chosen.set}.jsonl"))[: chosen.theorems]
    ways = strategies(chosen.model)
    lean = Lean(LeanRunner(lean_command(), store=chosen.lean))
    found = side_by_side([(theorems, strategy) for strategy in ways.values()], lean, NODES)
    if not chosen.json:
        print(f"{len(theorems)} theorems, proved within".ljust(28), *(f"{n:>3} steps" for n in SHOWN))
    for way, ends in zip(ways, found, strict=True):
        solved = [one.nodes for one in ends if one.proof is not None]
        if chosen.json:
            print(json.dumps({"strategy": way, "theorems": len(theorems), "steps": solved}))
        else:
            print(way.ljust(28), *(f"{sum(nodes <= n for nodes in solved):>9}" for n in SHOWN))
    return 0


def strategies(model: str) -> dict[str, Strategy]:
    """Every priority that was tried, by name."""
    judge = remembering(model_judge(RewardModel.from_pretrained(model), critique=False))
    written = integers(judge)
    return {
        "breadth first": breadth,
        "shortest step": by_value(short_judge, WEIGHTS),
        "shortest step, path": by_path(short_judge, WEIGHTS),
        "value": by_value(judge, WEIGHTS),
        "value, path": by_path(judge, WEIGHTS),
        "no clarity": by_value(judge, PATH_WEIGHTS),
        "no clarity, path": by_path(judge, PATH_WEIGHTS),
        "integers": by_value(written, WEIGHTS),
        "integers, path": by_path(written, WEIGHTS),
        "integers, no clarity, path": by_path(written, PATH_WEIGHTS),
    }


def options() -> argparse.ArgumentParser:
    out = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = out.add_argument
    add("--set", choices=SETS, default="validation")
    add("--theorems", type=int, default=60)
    add("--model", default=next(iter(EMBEDDED)), help="a reward model: a name or a directory")
    add("--data", type=Path, default=CHECKOUT / "data" / "nano", help="where the labelled steps are")
    add("--lean", type=Path, default=CHECKOUT / "runs" / "priorities", help="keeps what Lean has said")
    add("--json", action="store_true", help="one JSON object a strategy: at which step each proof was found")
    return out


if __name__ == "__main__":
    sys.exit(main())

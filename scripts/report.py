"""What `make report` runs: labelled steps, arms and seeds as runs, their scores, docs/report made of them.

Every part goes on where it was stopped; what is done is not done again. Runs, scores and logs are in `--out`.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from pathlib import Path

import labelled
from eva.report.arms import ARMS, ON_DEMAND
from eva.report.kept import NothingKept, kept_arms, lay_out
from eva.report.plan import OtherSettings, Settings, plan
from eva.report.workers import work_as_program
from eva.report.write import write_report

CHECKOUT = Path(__file__).resolve().parent.parent
USUAL = [arm for arm in ARMS if arm not in ON_DEMAND]


def main() -> int:
    chosen = options().parse_args()
    try:
        arms = chosen.arms or (kept_arms(chosen.docs) if chosen.kept else USUAL)
    except NothingKept as error:
        sys.exit(str(error))
    settings = Settings(
        data=chosen.data,
        out=chosen.out,
        arms=[arm for arm in ARMS if arm in arms],
        seeds=list(dict.fromkeys(chosen.seeds)),
        size=chosen.size,
        steps=chosen.steps,
        pretrain_steps=chosen.pretrain_steps,
        limit=chosen.limit,
        evaluate=chosen.evaluate,
        batch_size=chosen.batch_size,
        learning_rate=chosen.learning_rate,
        theorems=chosen.theorems,
        nodes=chosen.nodes,
    )
    if code := labelled.label(chosen.data, chosen.labelled, chosen.jobs):
        return code
    try:
        if chosen.kept:
            lay_out(settings, chosen.docs)
        settings.claim()
    except OtherSettings as error:
        sys.exit(f"{error}{'; or leave --kept out, with a fresh --out' if chosen.kept else ''}")
    if code := work_as_program(plan(settings), chosen.jobs, settings.out / "logs"):
        return code
    write_report(settings, chosen.docs, f"Python {platform.python_version()}")
    print(json.dumps({"report": str(chosen.docs / "README.md")}))
    return 0


def options() -> argparse.ArgumentParser:
    default = Settings(Path(), Path(), [], [])
    runs, docs, data = (
        CHECKOUT / "runs" / "report",
        CHECKOUT / "docs" / "report",
        CHECKOUT / "data" / "report",
    )
    names = (
        f"{', '.join(USUAL)}; and, where asked for: {', '.join(ON_DEMAND)}; with --kept those that are kept"
    )
    out = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = out.add_argument
    add("--data", type=Path, default=data, help="where the labelled steps are, or will be")
    add("--labelled", type=int, default=labelled.THEOREMS, help="theorems of the data")
    add("--out", type=Path, default=runs, help="runs, scores, logs")
    add("--docs", type=Path, default=docs, help="where the report goes")
    add("--kept", action="store_true", help="begin with the scores kept beside the report; train the rest")
    add("--arms", nargs="+", choices=ARMS, metavar="ARM", help=names)
    add("--seeds", nargs="+", type=int, default=[0, 1, 2], metavar="SEED")
    add("--jobs", type=int, default=1, help="processes at a time, each with one thread")
    add("--size", default=default.size, help="of the base: new:mini, new:nano, new:micro")
    add("--steps", type=int, default=default.steps, help="optimizer steps of each run")
    add("--pretrain-steps", type=int, default=default.pretrain_steps, help="of the base")
    add("--limit", type=int, help="training steps of proofs used (default: all)")
    add("--evaluate", type=int, default=default.evaluate, help="about so many steps of each set are scored")
    add("--batch-size", type=int, default=default.batch_size)
    add("--learning-rate", type=float, default=default.learning_rate)
    add("--theorems", type=int, default=default.theorems, help="of each set, for proof search; 0: none")
    add("--nodes", type=int, default=default.nodes, help="steps run by Lean for each theorem")
    return out


if __name__ == "__main__":
    sys.exit(main())

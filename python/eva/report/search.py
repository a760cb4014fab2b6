"""Proof search with the arms as strategies: `python -m eva.report.search SETTINGS`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from eva.data.lean import LeanRunner, lean_command
from eva.data.record import read_records
from eva.evaluate.baselines import short_judge
from eva.evaluate.judgement import Judge, integers
from eva.evaluate.search import (
    Found,
    Lean,
    Strategy,
    breadth,
    by_path,
    by_value,
    depth,
    provable,
    remembering,
    side_by_side,
)
from eva.report.arms import ALONG, ARMS, PARSED, PATH_WEIGHTS, SEARCHING, SPLITS, WEIGHTS
from eva.report.plan import Settings, search_file, seeds_of, ways_of
from eva.report.scoring import judge_of


def strategies_of(settings: Settings, ways: Iterable[str]) -> dict[str, Strategy]:
    """Strategies by name; of an arm with several seeds the first. Each model is loaded once."""
    out: dict[str, Strategy] = {"breadth": breadth, "depth": depth}
    judges: dict[tuple[str | None, str], Judge] = {}
    for way in ways:
        if way in out:
            continue
        judge: Judge = short_judge
        if way in SEARCHING:
            name = SEARCHING[way]
            arm = ARMS[name]
            key = (arm.run, PARSED.get(arm.reading, arm.reading))
            if key not in judges:
                read = judge_of(settings, name, seeds_of(settings, name)[0], [], critique=False)
                judges[key] = remembering(read)
            judge = integers(judges[key]) if arm.reading in PARSED else judges[key]
        out[way] = by_path(judge, PATH_WEIGHTS) if way.endswith(ALONG) else by_value(judge, WEIGHTS)
    return out


def main(words: Sequence[str]) -> None:
    settings = Settings.load(Path(words[0]))
    lean = Lean(LeanRunner(lean_command(), store=settings.out / "lean"))
    theorems = {
        split: provable(read_records(settings.data / f"{split}.jsonl"))[: settings.theorems]
        for split in SPLITS
    }
    files = {(way, split): search_file(settings, way, split) for way in ways_of(settings) for split in SPLITS}
    lacking = [one for one, file in files.items() if not file.exists()]
    strategies = strategies_of(settings, [way for way, _ in lacking])
    tasks = [(theorems[split], strategies[way]) for way, split in lacking]
    for place, found in zip(lacking, side_by_side(tasks, lean, settings.nodes), strict=True):
        _write(files[place], summary(found, settings.nodes))
        print(f"{files[place].stem}: {sum(one.proof is not None for one in found)} solved", flush=True)


def found_by(settings: Settings) -> dict[str, dict[str, object]]:
    """What `main` has found: `{set: {strategy: summary}}`."""
    return {
        name: {
            way: json.loads(search_file(settings, way, split).read_text("utf-8")) for way in ways_of(settings)
        }
        for split, name in SPLITS.items()
    }


def summary(found: Sequence[Found], nodes: int) -> dict[str, object]:
    """How many were searched and solved, and how many within each number of nodes."""
    solved = [one for one in found if one.proof is not None]
    within = [sum(one.nodes <= n for one in solved) for n in range(1, nodes + 1)]
    return {"theorems": len(found), "solved": len(solved), "within": within}


def _write(file: Path, found: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    part.replace(file)


if __name__ == "__main__":
    main(sys.argv[1:])

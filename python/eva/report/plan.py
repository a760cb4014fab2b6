"""The report's work as steps that know when they are done: one that was stopped is simply taken up again."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eva.report.arms import ARMS, BASE, PARSED, PLAIN_WAYS, RUNS, SEARCHING, SPLITS, is_trained, runs_of

NO_RUN = "none"  # stands for the run of arms that have none
FILE = "settings.json"
COUNTED = "steps.json"
FACTS = "base.json"
FREE = ("arms", "seeds", "theorems", "nodes", "compile")  # what is added has files; compiled is as fast code


class OtherSettings(ValueError):
    """A directory holds runs of a report with other settings; the message names the first that differs."""


@dataclass(frozen=True)
class Settings:
    """What a report is made of.

    - `data`: labelled steps. `out`: runs, scores and logs. `size`: of the base (`new:mini`).
    - `arms`, `seeds`: what is compared, and how often. Every arm of one seed sees the same steps.
    - `steps`, `pretrain_steps`: optimizer steps of a run and of the base. `limit`: training steps of proofs
      used.
    - `evaluate`: about so many labelled steps of each set are scored (whole theorems).
    - `processes`: that share one training, each with a thread. `compile`: its layers are compiled.
    - `theorems`, `nodes`: of the proof search; 0 theorems: none.
    """

    data: Path
    out: Path
    arms: list[str]
    seeds: list[int]
    size: str = "new:mini"
    steps: int = 400
    pretrain_steps: int = 300
    limit: int | None = None
    evaluate: int = 800
    batch_size: int = 16
    learning_rate: float = 1.5e-3
    processes: int = 1
    compile: bool = False
    theorems: int = 20
    nodes: int = 24

    def seen(self, train: int) -> int:
        """How many of the `train` training steps a run learns from."""
        return min(self.limit or train, self.steps * self.batch_size, train)

    def claim(self) -> Path:
        """Keep these in `out`, and return their file.

        Arms, seeds and proof searches can be added to what is there. Raises `OtherSettings` where anything
        else differs, or the labelled steps do, or what a training is: finished runs would be taken for what
        they are not.
        """
        self.out.mkdir(parents=True, exist_ok=True)
        file, counted = self.out / FILE, self.out / COUNTED
        mine, lines = asdict(self), _lines(self.data) | _recipes(self.arms)
        known = asdict(Settings.load(file)) if file.exists() else {}
        before = json.loads(counted.read_text("utf-8")) if counted.exists() else {}
        known |= before
        for name, now in (mine | lines).items():
            if name not in FREE and known.get(name, now) != now:
                what = f"{self.out} was made with {name} {known[name]}, not {now}"
                raise OtherSettings(f"{what}: give another --out, or remove it")
        plain = {k: str(v) if isinstance(v, Path) else v for k, v in mine.items()}
        file.write_text(json.dumps(plain, indent=2) + "\n", "utf-8")
        counted.write_text(json.dumps(before | lines, indent=2) + "\n", "utf-8")
        return file

    @classmethod
    def load(cls, file: Path) -> Settings:
        data = json.loads(file.read_text("utf-8"))
        return cls(**{**data, "data": Path(data["data"]), "out": Path(data["out"])})


@dataclass(frozen=True)
class Step:
    """One command: name, words, the files that stand when it is done, the steps that come before it."""

    name: str
    command: list[str]
    results: tuple[Path, ...]
    after: tuple[str, ...] = ()

    @property
    def trains(self) -> bool:
        """Whether this makes a model, for which no report asks itself."""
        return self.name.startswith((BASE, "train"))

    @property
    def done(self) -> bool:
        return all(file.exists() for file in self.results)


def run_directory(settings: Settings, run: str, seed: int) -> Path:
    """Where a run is; the base is one for all seeds."""
    return settings.out / "runs" / (BASE if run == BASE else f"{run}-{seed}")


def scores_file(settings: Settings, arm: str, seed: int, split: str) -> Path:
    """Where the judgements of an arm are; parsed integers are read from those of the expectation."""
    stored = PARSED.get(ARMS[arm].reading, ARMS[arm].reading)
    return settings.out / "scores" / f"{ARMS[arm].run or NO_RUN}-{seed}-{stored}-{split}.jsonl"


def seeds_of(settings: Settings, arm: str) -> list[int]:
    """One for an arm that has nothing to draw, without a training of its own, and for a point of a sweep."""
    once = not is_trained(arm) or RUNS[ARMS[arm].run or ""].once
    return settings.seeds[:1] if once else settings.seeds


def ways_of(settings: Settings) -> list[str]:
    """The strategies of the proof search."""
    return [*PLAIN_WAYS, *(way for way, arm in SEARCHING.items() if arm in settings.arms)]


def search_file(settings: Settings, way: str, split: str) -> Path:
    """Where the figures of one strategy on one set are; of an arm with several seeds the first searches."""
    seed = f"-{seeds_of(settings, SEARCHING[way])[0]}" if way in SEARCHING else ""
    return settings.out / "searches" / f"{way}{seed}-{split}-{settings.theorems}-{settings.nodes}.json"


def plan(settings: Settings) -> list[Step]:
    """Every step, each behind those that it needs.

    Without trainings that nothing is to be done with any more: what they are for may be kept from before.
    """
    wanted: set[str] = set()
    steps = []
    for step in reversed(_every_step(settings)):
        if step.trains and step.name not in wanted:
            continue
        steps.append(step)
        if not step.done:
            wanted.update(step.after)
    return steps[::-1]


def _every_step(settings: Settings) -> list[Step]:
    """`plan` with every training."""
    steps = [*_runs(settings), *_scores(settings)]
    if settings.theorems:
        files = {way: [search_file(settings, way, split) for split in SPLITS] for way in ways_of(settings)}
        lacking = [way for way, found in files.items() if not all(file.exists() for file in found)]
        arms = [SEARCHING[way] for way in lacking if way in SEARCHING]
        trained = [name for arm in arms for name in _training(ARMS[arm].run, seeds_of(settings, arm)[0])]
        needed = tuple(dict.fromkeys(trained))
        results = tuple(file for found in files.values() for file in found)
        steps.append(Step("search", _module(settings, "search"), results, needed))
    return steps


def _runs(settings: Settings) -> Iterator[Step]:
    common = ["--data", settings.data, "--threads", 1, "--batch-size", settings.batch_size]
    common += ["--limit", settings.limit] if settings.limit else []
    common += ["--compile"] if settings.compile else []
    if any(ARMS[arm].run for arm in settings.arms):
        out = run_directory(settings, BASE, 0)
        words = [
            "pretrain",
            *common,
            "--out",
            out,
            "--base",
            settings.size,
            "--steps",
            settings.pretrain_steps,
        ]
        yield Step(BASE, _eva(words, settings.processes), (out / "metrics.json",))
    for seed in settings.seeds:
        for name in runs_of(settings.arms):
            run, out = RUNS[name], run_directory(settings, name, seed)
            if run.once and seed != settings.seeds[0]:
                continue
            words = [
                "train",
                *common,
                "--out",
                out,
                "--base",
                run_directory(settings, run.on, seed) / "model",
            ]
            words += ["--seed", seed, "--steps", max(1, round(run.share * settings.steps))]
            words += ["--learning-rate", run.rate * settings.learning_rate]
            for option, value in run.options.items():
                words += _option(option, value)
            result = (out / "metrics.json",)
            yield Step(
                f"train {name}-{seed}", _eva(words, settings.processes), result, _training(run.on, seed)
            )


def _scores(settings: Settings) -> Iterator[Step]:
    """One step for all arms of a run: what takes time is to start and to load."""
    files: dict[tuple[str, int], list[Path]] = {}
    for arm in settings.arms:
        for seed in seeds_of(settings, arm):
            run = ARMS[arm].run or NO_RUN
            files.setdefault((run, seed), []).extend(
                scores_file(settings, arm, seed, split) for split in SPLITS
            )
    for (run, seed), found in files.items():
        after, results = _training(run, seed), tuple(dict.fromkeys(found))
        yield Step(f"score {run}-{seed}", _module(settings, "scoring", run, seed), results, after)


def _training(run: str | None, seed: int) -> tuple[str, ...]:
    """The name of the step that makes a run's model."""
    return () if run in (None, NO_RUN) else (BASE,) if run == BASE else (f"train {run}-{seed}",)


def _recipes(arms: list[str]) -> dict[str, Any]:
    """What the arms' trainings are, as JSON has it."""
    return {f"run {name}": json.loads(json.dumps(asdict(RUNS[name]))) for name in runs_of(arms)}


def _lines(data: Path) -> dict[str, Any]:
    """How many labelled steps each file has that is there."""
    return {file.name: sum(1 for _ in file.open("rb")) for file in sorted(data.glob("*.jsonl"))}


def _option(name: str, value: object) -> list[object]:
    flag = "--" + name.replace("_", "-")
    if value is True:
        return [flag]
    return [flag, *value] if isinstance(value, tuple) else [flag, value]


def _eva(words: list[object], processes: int) -> list[str]:
    program = ["-m", "eva"]
    if processes > 1:
        program = ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}", *program]
    return [sys.executable, *program, *map(str, words)]


def _module(settings: Settings, name: str, *words: object) -> list[str]:
    file = settings.out / FILE
    return [sys.executable, "-m", f"eva.report.{name}", str(file), *map(str, words)]

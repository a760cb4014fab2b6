"""What `make nano` runs: the embedded model from nothing. Data labelled by Lean, a base, training, the same
training for the baselines that it is held against, scores, proof search, report, model card.

Every part goes on where it was stopped: data in `--data`, runs and scores in `--out`. The finished checkpoint
replaces the one in the package.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import labelled
from eva.data.record import read_records
from eva.evaluate.attempts import attempt_figures, attempt_lines
from eva.model.checkpoint import EMBEDDED, EvaConfig, weights_hash
from eva.report.arms import SPLITS, runs_of
from eva.report.goals import OURS, aims_table
from eva.report.kept import NothingKept, kept_arms, kept_note, lay_out
from eva.report.plan import OtherSettings, Settings, plan, run_directory, scores_file
from eva.report.workers import work_as_program
from eva.report.write import write_report
from eva.train.compiled import compiler

CHECKOUT = Path(__file__).resolve().parent.parent
REPORT = CHECKOUT / "docs" / "report" / "nano"
NAME = "leibniz-nano"
PACKAGE = EMBEDDED[NAME]
FILES = (
    "config.json",
    "generation_config.json",
    "eva.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
)
ARMS = [
    *("labels", "words", "words_goal", "likelihood", "brief_value", "brief_sft", "brief_sft_parsed", "brief"),
    *(OURS, f"{OURS}_parsed", f"{OURS}_critique", f"{OURS}_critique_parsed"),
]
LONG = 300  # tokens of the prompt whose latency the card tells
SAMPLES = 30


def main() -> int:
    chosen = options().parse_args()
    try:
        arms = chosen.arms or (kept_arms(REPORT) if chosen.kept else ARMS)
        note = chosen.note or (kept_note(REPORT) if chosen.kept else "")
    except NothingKept as error:
        sys.exit(str(error))
    settings = Settings(
        data=chosen.data,
        out=chosen.out,
        arms=[arm for arm in ARMS if arm in arms],
        seeds=[0],
        size="new:nano",
        steps=chosen.steps,
        pretrain_steps=chosen.pretrain_steps,
        evaluate=chosen.evaluate,
        batch_size=32,
        learning_rate=2e-3,
        processes=chosen.jobs,
        compile=compiler() is not None,
        theorems=chosen.search,
    )
    if code := labelled.label(chosen.data, chosen.theorems, chosen.jobs):
        return code
    try:
        if chosen.kept:
            lay_out(settings, REPORT)
        settings.claim()
    except OtherSettings as error:
        sys.exit(f"{error}{'; or leave --kept out, with a fresh --out' if chosen.kept else ''}")
    steps, logs = plan(settings), settings.out / "logs"
    trainings = [step for step in steps if step.trains]
    if code := work_as_program(trainings, 1, logs) or work_as_program(steps, chosen.jobs, logs):
        return code
    if OURS not in settings.arms:
        print(f"{OURS} is not among the arms: the package, its card and its report stay as they are")
        return 0
    stages = [run_directory(settings, name, 0) for name in runs_of([OURS])]
    trained = made_the_scores(settings, stages[-1])
    if trained:
        PACKAGE.mkdir(exist_ok=True)
        for name in FILES:
            shutil.copy(stages[-1] / "model" / name, PACKAGE / name)
    versions = f"Python {platform.python_version()}"
    write_report(settings, REPORT, versions, command="make nano", note=note)
    if not trained:
        print(f"the scores of {OURS} are of a model that was trained elsewhere: the package stays as it is")
        return 0
    (PACKAGE / "README.md").write_text(card(settings, stages, chosen.attempts, note), "utf-8")
    return 0


def made_the_scores(settings: Settings, run: Path) -> bool:
    """Whether the model of a run is the one that was judged: its figures are not those of kept scores."""
    finished = run / "metrics.json"
    scores = [scores_file(settings, OURS, 0, split) for split in SPLITS]
    return finished.exists() and all(s.stat().st_mtime >= finished.stat().st_mtime for s in scores)


def options() -> argparse.ArgumentParser:
    out = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = out.add_argument
    add(
        "--data",
        type=Path,
        default=CHECKOUT / "data" / "nano",
        help="where the labelled steps are, or will be",
    )
    add("--theorems", type=int, default=labelled.THEOREMS, help="of the data")
    add("--out", type=Path, default=CHECKOUT / "runs" / "nano", help="runs, scores, logs")
    add("--kept", action="store_true", help="begin with the scores kept beside the report; train the rest")
    add(
        "--arms",
        nargs="+",
        choices=ARMS,
        metavar="ARM",
        help=f"default: all, with --kept those that are kept: {', '.join(ARMS)}",
    )
    add("--steps", type=int, default=7000, help="optimizer steps of the first stage")
    add("--pretrain-steps", type=int, default=200, help="of the base")
    add("--evaluate", type=int, default=2000, help="about so many steps of each set are scored")
    add("--search", type=int, default=60, help="theorems of each set, for proof search; 0: none")
    add("--attempts", type=Path, help="RL-Lean's recorded attempts (Mathlib), for the card; not part of eva")
    add(
        "--note",
        default="",
        help="what report and card are to say of how this model came about (with --kept: what they said)",
    )
    add("--jobs", type=int, default=2, help="processes at a time; one training is shared by all of them")
    return out


def card(settings: Settings, stages: list[Path], attempts: Path | None, note: str) -> str:
    """The model card; every figure in it comes from the report, the run or a measurement made here."""
    import torch
    from safetensors.torch import load_file

    from eva.model import RewardModel
    from eva.train.run import has_bf16

    torch.set_num_threads(1)
    report = json.loads((REPORT / "report.json").read_text("utf-8"))
    configs = [json.loads((run / "config.json").read_text("utf-8")) for run in stages]
    tensors = load_file(PACKAGE / "model.safetensors")
    data = {
        split: sum(1 for _ in (settings.data / f"{split}.jsonl").open(encoding="utf-8"))
        for split in ("train", "validation", *SPLITS)
    }
    tokens, milliseconds = latency(settings)
    reading = EvaConfig.load(PACKAGE / "eva.json")
    beyond = ""
    if attempts is not None:
        lines = list(attempt_lines(attempts))
        judge = model_judge(RewardModel.from_pretrained(NAME))
        beyond = BEYOND.format(**attempt_figures(lines, judge))
    return CARD.format(
        parameters=f"{sum(t.numel() for t in tensors.values()) / 1e6:.1f} M",
        dtype=str(next(iter(tensors.values())).dtype).removeprefix("torch."),
        size=f"{(PACKAGE / 'model.safetensors').stat().st_size / 1e6:.1f} MB",
        hash=weights_hash(NAME),
        sizes=", ".join(f"{split} {count:,}" for split, count in data.items()),
        pretrain_steps=settings.pretrain_steps,
        steps=[optimizer_steps(run) for run in stages],
        rates=", ".join(f"{config['learning_rate']:.2g}" for config in configs),
        batch=configs[-1]["batch_size"],
        optimizer=configs[-1]["optimizer"],
        alpha=configs[-1]["alpha"],
        noise=configs[-1]["score_noise"],
        precision="bfloat16 autocast" if has_bf16() else "float32",
        torch=torch.__version__,
        temperature=reading.temperature,
        critique_temperature=reading.tau(after_critique=True),
        test=report["facts"]["test"],
        held_out=report["facts"]["held_out"],
        table=aims_table(report),
        tokens=tokens,
        milliseconds=f"{milliseconds:.0f}",
        beyond=beyond,
        note=note and f"\n{note}\n",
    )


def model_judge(model: Any) -> Any:
    from eva.evaluate import judges

    return judges.model_judge(model, critique=False)


def latency(settings: Settings) -> tuple[int, float]:
    """Tokens of a prompt, and score-first milliseconds of its step with one thread and no memory; medians."""
    from eva.model import RewardModel
    from eva.model.checkpoint import load
    from eva.model.prompt import prompt

    model = RewardModel.from_pretrained(NAME, threads=1, cache_mb=0)
    cut, instruction = load(NAME).tokenizer, model.config.instruction
    steps = [record.step for record in read_records(settings.data / "held_out.jsonl")]
    sizes = {i: len(cut(prompt(step, instruction))["input_ids"]) for i, step in enumerate(steps[:5000])}
    nearest = sorted(sizes, key=lambda i: abs(sizes[i] - LONG))[:SAMPLES]
    taken = []
    for i in nearest:
        begun = time.perf_counter()
        model.score([steps[i]], critique=False)
        taken.append(time.perf_counter() - begun)
    return round(statistics.median(sizes[i] for i in nearest)), statistics.median(taken) * 1000


def optimizer_steps(run: Path) -> int:
    last = max((run / "checkpoints").glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
    return int(json.loads((last / "trainer_state.json").read_text("utf-8"))["global_step"])


BEYOND = """
Beyond its world: {attempts} failed attempts at miniF2F theorems in Mathlib (RL-Lean's records), {scored} of
{lines} lines scored. Alignment tells the lines that Lean took from the refused ones with AUROC
{auroc_accept:.3f}; a refused line scores below an earlier one of its attempt in {pair_strict:.1%} of pairs.
Beside it: the refused line is always the last, so a rule that only counts the lines before reaches
{auroc_place:.3f}, and every pair.
"""
CARD = """\
# leibniz-nano

The reward model that ships with eva: a Llama of {parameters} parameters ({dtype}, {size}), trained from
nothing on small theorems of core Lean 4 whose steps Lean itself labelled. It writes a critique and three
integer scores; eva reads the expected scores from it.

- **Good for**: trying everything in eva without a GPU or a hub; core Lean (propositional logic, linear
  arithmetic, lists, induction, rewriting, …) of the size it was trained on.
- **Not good for**: Mathlib, long proof states, mathematics. It has seen generated theorems only, and a
  vocabulary to match; its critique can be confidently wrong. Lean's verdict is Lean's alone.
- Weights: SHA-256 `{hash}`.

## Data and training
Labelled steps: {sizes}. How they are made, and what the
targets mean: `docs/data.md`. Split by theorem; *held_out*: families never seen in training.

First a plain language model on the proofs ({pretrain_steps} optimizer steps of {batch} examples), then EVA
in two stages: {steps[0]} steps score first, three of ten batches with their critiques, from the second pass
over the data on with other names for variables and hypotheses (`--new-names`); then {steps[1]} in both
orders in turn, where a critique that stands before the scores is the model's own. Optimizer
{optimizer} (`--optimizer`), learning rates {rates} (cosine), α = {alpha}, share of integers read as others
(`--score-noise`) {noise}, {precision}, torch {torch}.
Temperature τ = {temperature}, behind a critique {critique_temperature}; fitted on the validation set.
Rebuilt by `make nano`.
{note}
## Figures
On {test} labelled steps of the trained families (other theorems) and {held_out} of the held-out families,
one seed. ✓: the goal is met, –: not measured yet. Baselines on the same base and data, intervals and
everything else: `docs/report/nano/`.

{table}

Score first, one thread, nothing remembered, prompts of {tokens} tokens: {milliseconds} ms a step.
{beyond}"""


if __name__ == "__main__":
    sys.exit(main())

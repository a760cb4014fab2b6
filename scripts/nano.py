"""What `make nano` runs: the embedded model from nothing. Data labelled by Lean, training, evaluation,
model card.

Every part goes on where it was stopped: data in `data/nano`, the run in `runs/nano`. The finished
checkpoint replaces the one in the package.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

from eva.data.dataset import PARTIAL
from eva.model.checkpoint import EMBEDDED, weights_hash

CHECKOUT = Path(__file__).resolve().parent.parent
DATA, RUN = CHECKOUT / "data" / "nano", CHECKOUT / "runs" / "nano"
PACKAGE = EMBEDDED["leibniz-nano"]
FILES = (
    "config.json",
    "generation_config.json",
    "eva.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
)
SPLITS = {"test": "same families, other theorems", "held_out": "families never seen"}
ORDERS = ("score_first", "critique_first")


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--theorems", type=int, default=2600)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--data", type=Path, default=DATA, help="where the labelled steps are, or will be")
    options.add_argument("--limit", type=int, default=400, help="steps of each split that are evaluated")
    chosen = options.parse_args()
    if not (chosen.data / "held_out.jsonl").exists() or (chosen.data / PARTIAL).exists():
        size = ("--theorems", chosen.theorems, "--seed", chosen.seed)
        eva("data", "generate", "--out", chosen.data, *size, "--resume")
    eva("train", "--data", chosen.data, "--out", RUN)
    PACKAGE.mkdir(exist_ok=True)
    for name in FILES:
        shutil.copy(RUN / "model" / name, PACKAGE / name)
    reports = {}
    for split in SPLITS:
        for order in ORDERS:
            report = eva(
                "evaluate",
                chosen.data / f"{split}.jsonl",
                "--order",
                order,
                "--limit",
                chosen.limit,
                "--json",
            )
            reports[split, order] = json.loads(report)
    (PACKAGE / "README.md").write_text(card(chosen.data, reports, chosen.limit), "utf-8")


def eva(*arguments: object) -> str:
    """Run one command of eva and give its output; a failure ends this script."""
    words = [str(argument) for argument in arguments]
    print(f"$ eva {' '.join(words)}", file=sys.stderr, flush=True)
    done = subprocess.run(
        [sys.executable, "-m", "eva", *words], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.returncode)
    return done.stdout


def card(data: Path, reports: dict[tuple[str, str], dict[str, object]], limit: int) -> str:
    """The model card; every figure in it comes from `eva evaluate`, the run directory or the data."""
    import torch
    from safetensors.torch import load_file

    run = json.loads((RUN / "config.json").read_text("utf-8"))
    state = json.loads((latest_checkpoint() / "trainer_state.json").read_text("utf-8"))
    tensors = load_file(PACKAGE / "model.safetensors")
    parameters = sum(t.numel() for t in tensors.values())
    sizes = {
        split: sum(1 for _ in (data / f"{split}.jsonl").open(encoding="utf-8"))
        for split in ("train", "validation", *SPLITS)
    }
    columns = [(split, order) for split in SPLITS for order in ORDERS]
    rows = [
        ("steps evaluated", lambda r: r["steps"]),
        ('AUROC "Lean accepts the step" (alignment)', with_interval),
        ('AUROC "the proof can still be finished" (logic)', lambda r: shown(r["auroc_finish"])),
        ("Pearson logic / alignment / clarity", lambda r: by_dimension(r, "pearson")),
        ("MSE of expected scores", lambda r: by_dimension(r, "mse")),
        ("MSE over all dimensions, expected / integer", lambda r: beside(r, "mse")),
        (
            "strict pair ranking, expected / integer",
            lambda r: beside(r, "pair_strict"),
        ),
        (
            "tie rate at 1e-3, expected / integer",
            lambda r: beside(r, "tie_rate_1e3"),
        ),
        ("alignment distributions with max P > .99", lambda r: shown(r["in_disguise"])),
        ("ECE of the expected scores against the labels", lambda r: shown(r["ece"])),
        ("critique states Lean's verdict rightly", lambda r: shown(r["critique_verdict_accuracy"])),
    ]
    table = [
        "| | " + " | ".join(f"{split}, {order}" for split, order in columns) + " |",
        "|---" * (len(columns) + 1) + "|",
    ]
    table += [
        f"| {name} | " + " | ".join(str(read(reports[c])) for c in columns) + " |" for name, read in rows
    ]
    dtype = str(next(iter(tensors.values())).dtype).removeprefix("torch.")
    return CARD.format(
        parameters=f"{parameters / 1e6:.1f} M",
        dtype=dtype,
        size=f"{(PACKAGE / 'model.safetensors').stat().st_size / 1e6:.1f} MB",
        hash=weights_hash("leibniz-nano"),
        sizes=", ".join(f"{split} {count:,}" for split, count in sizes.items()),
        epochs=run["epochs"],
        steps=state["global_step"],
        batch=run["batch_size"],
        rate=run["learning_rate"],
        alpha=run["alpha"],
        prompt_loss=run["prompt_loss"],
        torch=torch.__version__,
        temperature=json.loads((PACKAGE / "eva.json").read_text("utf-8"))["temperature"],
        limit=limit,
        splits="; ".join(f"*{split}*: {what}" for split, what in SPLITS.items()),
        table="\n".join(table),
    )


def latest_checkpoint() -> Path:
    return max((RUN / "checkpoints").glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))


def shown(value: object) -> str:
    return "–" if value is None else f"{value:.3f}"


def with_interval(report: dict) -> str:
    low, high = report["intervals"]["auroc_accept"]
    return f"{shown(report['auroc_accept'])} ({shown(low)}–{shown(high)})"


def by_dimension(report: dict, name: str) -> str:
    return " / ".join(shown(report[f"{name}_{dimension}"]) for dimension in ("logic", "alignment", "clarity"))


def beside(report: dict, name: str) -> str:
    return f"{shown(report[name])} / {shown(report['integer'][name])}"


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
Labelled steps: {sizes}.
How they are made, and what the targets mean: `docs/data.md`. Split by theorem.
{epochs} epochs ({steps} optimizer steps of {batch} examples), both orders drawn at random, learning rate
{rate} (cosine), α = {alpha}, weight {prompt_loss} on the prompt's tokens, bfloat16 autocast, torch {torch}.
Rebuilt by `make nano`.

## Figures
`eva evaluate SPLIT.jsonl --limit {limit}`; {splits}. Intervals: 95 %,
bootstrap by theorem.

{table}

Temperature τ = {temperature}, fitted on the validation set.
"""


if __name__ == "__main__":
    main()

"""What a training run is made of; the command line and YAML files take names, types and help from here."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from eva.step import Order

Orders = Literal["score_first", "critique_first", "both", "none"]
Digit = Literal["rounded", "masked", "two_hot"]
Scores = Literal["anchors", "decimal", "value"]
Optimizer = Literal["muon", "adamw"]


class BadConfig(ValueError):
    """An option that cannot be trained with; the message names it, its value and what it must be."""


def saved_orders(run: Path) -> str | None:
    """The `orders` that a run directory was trained with; `None` where it is none of `eva train`."""
    try:
        saved: dict[str, Any] = json.loads((run / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return saved.get("orders")


def option(default: Any, words: str) -> Any:
    """A field with its default and the words that `--help` shows."""
    return field(default=default, metadata={"help": words})


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """What every run has: data, a base, an optimizer, a directory."""

    data: Path = field(metadata={"help": "Directory with train.jsonl and validation.jsonl (labelled steps)."})
    out: Path = field(
        metadata={"help": "The run directory: configuration, curves, metrics, checkpoints, model/."}
    )
    base: str = option(
        "new:nano",
        "Causal language model to start from (name or directory), or new:nano, new:mini, new:micro: a fresh "
        "one of that size with a tokenizer trained on the data.",
    )
    epochs: float = option(3.0, "Passes over the data.")
    steps: int | None = option(None, "End after so many optimizer steps, whatever the epochs.")
    batch_size: int = option(16, "Examples an optimizer step, over all processes.")
    optimizer: Optimizer = option(
        "muon",
        "muon: Muon for the matrices of the layers, AdamW for the rest, with one learning rate; adamw: AdamW "
        "for all (the paper).",
    )
    learning_rate: float = option(1.5e-3, "Peak of the cosine schedule.")
    warmup: float = option(0.03, "Share of the steps in which the learning rate rises.")
    weight_decay: float = option(0.05, "Weight decay of matrices.")
    max_tokens: int = option(512, "Longer examples are left out, and counted.")
    instruction: str = option("Judge one step of a Lean 4 proof.", "First line of every prompt.")
    limit: int | None = option(None, "Use only so many labelled steps for training, drawn by the seed.")
    bf16: bool | None = option(
        None, "bfloat16 autocast; by default where the processor multiplies in it, for others it is slow."
    )
    compile: bool = option(
        False,
        "Compile the layers (torch.compile; on a CPU with a C++ compiler): about half a minute, then a third "
        "off the time of a small model's step.",
    )
    threads: int | None = option(None, "Threads for torch; by default torch's own choice.")
    seed: int = option(0, "Of everything that is drawn.")
    save_steps: int = option(500, "A checkpoint to resume from every so many optimizer steps.")

    def __post_init__(self) -> None:
        self._at_least(0, "weight_decay")
        self._above_zero("epochs", "batch_size", "learning_rate", "max_tokens", "save_steps")
        self._above_zero(*(n for n in ("steps", "limit", "threads") if getattr(self, n) is not None))
        if not 0 <= self.seed < 2**32:
            raise BadConfig(f"seed must be a whole number under 2**32, 0 or more, not {self.seed}")
        if not 0 <= self.warmup < 1:
            raise BadConfig(f"warmup must be a share of the steps, in [0, 1), not {self.warmup}")
        if not self.instruction.strip():
            raise BadConfig(f"instruction must have words, not {self.instruction!r}")
        for split in ("train", "validation"):
            if not (self.data / f"{split}.jsonl").exists():
                raise BadConfig(
                    f"{self.data} holds no {split}.jsonl: `eva data generate --out {self.data}` makes it"
                )

    def save(self, file: Path) -> None:
        """Write the configuration; the file appears whole or not at all."""
        plain = {k: str(v) if isinstance(v, Path) else v for k, v in asdict(self).items()}
        part = file.with_suffix(file.suffix + ".part")
        part.write_text(json.dumps(plain, indent=2, ensure_ascii=False) + "\n", "utf-8")
        part.replace(file)

    def difference(self, file: Path) -> str | None:
        """The first option that has another value in the saved configuration, with both values.

        `None` where there is none, so that its checkpoints may be resumed. An option that was not there yet
        had what is its default now. Raises `BadConfig` where the file does not hold a configuration.
        """
        try:
            saved = json.loads(file.read_text("utf-8"))
        except ValueError as error:
            raise BadConfig(f"{file} is damaged: remove it ({error})") from error
        if not isinstance(saved, dict):
            raise BadConfig(f"{file} is damaged: remove it (it holds no options)")
        for one in (f for f in fields(self) if f.name != "threads"):
            mine = getattr(self, one.name)
            theirs = saved.get(one.name, one.default)
            if isinstance(mine, Path):
                same = Path(str(theirs)).resolve() == mine.resolve()
            else:
                same = json.loads(json.dumps(mine)) == json.loads(json.dumps(theirs))
            if not same:
                return f"{one.name} was {theirs}, is {mine} now"
        return None

    def _at_least(self, floor: float, *names: str) -> None:
        for name in names:
            if not floor <= getattr(self, name) < math.inf:
                raise BadConfig(f"{name} must be {floor} or more, and finite, not {getattr(self, name)}")

    def _above_zero(self, *names: str) -> None:
        for name in names:
            if not 0 < getattr(self, name) < math.inf:
                raise BadConfig(f"{name} must be above 0, and finite, not {getattr(self, name)}")


@dataclass(frozen=True, kw_only=True)
class PretrainConfig(RunConfig):
    """Plain language modelling on proofs, which gives the base that all arms of a comparison start from."""


@dataclass(frozen=True, kw_only=True)
class TrainConfig(RunConfig):
    """A reward model; the defaults are those of every arm of the comparison, the options make the arms.

    L = L_SFT + α · (1/K) Σ_k (E[R_k] − R_k)² (arXiv 2606.01160), the square on the labels' scale [1, 5]
    whatever the anchors are.
    """

    alpha: float = option(0.5, "Weight of the squared error of the expected scores; 0: cross-entropy alone.")
    digit: Digit = option(
        "rounded",
        "Cross-entropy where a score is written: on the rounded integer (the paper); masked: none; two_hot: "
        "shared between the two integers around the label, so that its optimum is the label.",
    )
    orders: Orders = option(
        "both",
        "How outputs are written: scores first, critique first, both in turn, or scores alone (none).",
    )
    scores: Scores = option(
        "anchors",
        "How scores leave the model: as integers read over anchors; as decimal text (3.8); as three numbers "
        "of a regression head (value). The last two are baselines: no eva serves them, and alpha must be 0.",
    )
    critiques: float = option(
        1.0,
        "Share of the batches whose texts go on with their critiques, with orders score_first; the others "
        "end behind the scores, which takes a fraction of the time.",
    )
    score_noise: float = option(
        1.0,
        "Share of the integers in a text that the model reads as others, drawn at random, while it still "
        "has to write the labels'. With 0 (the paper) a score learns to rely on the true ones before it, "
        "which in use are the model's own.",
    )
    new_names: bool = option(
        False,
        "From the second pass over the data on, variables and hypotheses of every proof state have other "
        "names, drawn anew: Lean's verdict does not hang on them.",
    )
    scale: tuple[int, int] = option((1, 5), "Lowest and highest anchor; labels are mapped to it linearly.")
    prompt_loss: float = option(
        0.1, "Weight of the cross-entropy on the prompt's tokens; it helps a fresh base. The paper has 0."
    )
    lora: bool = option(False, "Train low-rank adapters (peft) and merge them at the end; else all weights.")
    lora_rank: int = option(16, "Rank r of the adapters.")
    lora_alpha: int = option(32, "Adapters are scaled by lora_alpha / lora_rank.")
    self_critique: bool = option(
        False,
        "Second stage: the base, itself a model of `eva train`, writes critiques of the training steps, and "
        "reads them, not the labels', where a critique stands before the scores; the labels stay.",
    )
    self_critique_order: Order = option(
        "critique_first",
        "Where the base writes those critiques: right after the prompt, or behind scores of its own, as one "
        "that was trained with orders score_first must.",
    )
    weights: tuple[float, float, float] = option(
        (0.4, 0.4, 0.2), "Of logic, alignment and clarity in the value; kept in the checkpoint."
    )
    max_critique_tokens: int = option(80, "Bound on the words of a critique; kept in the checkpoint.")

    def __post_init__(self) -> None:
        super().__post_init__()
        self._at_least(0, "alpha", "prompt_loss")
        self._above_zero("lora_rank", "lora_alpha", "max_critique_tokens")
        low, high = self.scale
        if not 0 <= low < high:
            raise BadConfig(f"scale must be two whole numbers, 0 <= low < high, not {low} {high}")
        if not all(0 <= w < math.inf for w in self.weights) or not sum(self.weights):
            raise BadConfig(f"weights must be 0 or more, and one above 0, not {self.weights}")
        if self.scores != "anchors" and self.alpha:
            raise BadConfig(
                f"alpha {self.alpha} needs anchors to read: with scores {self.scores} give alpha 0"
            )
        for name in ("score_noise", "critiques"):
            if not 0 <= getattr(self, name) <= 1:
                raise BadConfig(f"{name} must be in [0, 1], not {getattr(self, name)}")
        if self.critiques < 1 and self.orders != "score_first":
            raise BadConfig(f"critiques {self.critiques} needs orders score_first, not {self.orders}")
        if self.scores != "anchors" and self.score_noise:
            raise BadConfig(
                f"score_noise {self.score_noise} needs anchors: with scores {self.scores} give score_noise 0"
            )
        if self.scores != "anchors" and self.digit != "rounded":
            raise BadConfig(f"digit {self.digit} needs anchors: with scores {self.scores} it must be rounded")
        if self.self_critique and (self.orders in ("score_first", "none") or self.scores != "anchors"):
            raise BadConfig(
                "self_critique needs orders critique_first or both, and scores anchors, "
                f"not {self.orders} and {self.scores}"
            )
        if self.self_critique and self.base.startswith("new:"):
            raise BadConfig(f"self_critique needs a base that writes critiques, not {self.base}")

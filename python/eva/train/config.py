"""What a training run is made of."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

Orders = Literal["score_first", "critique_first", "both"]


class BadConfig(ValueError):
    """An option that cannot be trained with; the message names it, its value and what it must be."""


@dataclass(frozen=True)
class TrainConfig:
    """One run. Defaults are the recipe of the embedded model.

    - `data`: directory with `train.jsonl` and `validation.jsonl` (labelled steps).
    - `out`: the run directory: configuration, curves, metrics, checkpoints, and the final checkpoint in
      `model/`.
    - `base`: a causal language model to start from (name or directory), or `new:nano` / `new:micro`: a
      fresh Llama of that size with a tokenizer trained on the data.
    - `alpha`: weight of the EVA term in L = L_SFT + α · (1/K) Σ (E[R_k] − R_k)² (arXiv 2606.01160).
    - `prompt_loss`: weight of the cross-entropy on prompt tokens; above 0 helps a fresh model, 0 is the
      paper.
    - `orders`: which orders the examples are written in; `both` draws one per example and epoch.
    - `epochs`, `batch_size` (examples a step), `learning_rate`, `warmup` (share of the steps),
      `weight_decay`.
    - `max_tokens`: longer examples are left out, and counted.
    - `weights`, `scale`, `instruction`, `max_critique_tokens`: written into the checkpoint's `eva.json`.
    - `bf16`: bfloat16 autocast. `threads`: torch threads. `seed`: of everything.
    - `save_steps`: a checkpoint to resume from every so many steps. `limit`: use only so many training
      steps of proofs.
    """

    data: Path
    out: Path
    base: str = "new:nano"
    alpha: float = 0.5
    prompt_loss: float = 0.1
    orders: Orders = "both"
    epochs: float = 3.0
    batch_size: int = 16
    learning_rate: float = 1.5e-3
    warmup: float = 0.03
    weight_decay: float = 0.05
    max_tokens: int = 512
    scale: tuple[int, int] = (1, 5)
    weights: dict[str, float] = field(
        default_factory=lambda: {"logic": 0.4, "alignment": 0.4, "clarity": 0.2}
    )
    instruction: str = "Judge one step of a Lean 4 proof."
    max_critique_tokens: int = 80
    bf16: bool = True
    threads: int | None = None
    seed: int = 0
    save_steps: int = 200
    limit: int | None = None

    def __post_init__(self) -> None:
        for name in ("alpha", "prompt_loss", "weight_decay", "warmup"):
            if getattr(self, name) < 0:
                raise BadConfig(f"{name} must be 0 or more, not {getattr(self, name)}")
        for name in ("epochs", "batch_size", "learning_rate", "max_tokens", "save_steps"):
            if not getattr(self, name) > 0:
                raise BadConfig(f"{name} must be above 0, not {getattr(self, name)}")
        for split in ("train", "validation"):
            if not (self.data / f"{split}.jsonl").exists():
                raise BadConfig(
                    f"{self.data} holds no {split}.jsonl: `eva data generate --out {self.data}` makes it"
                )

    def save(self, file: Path) -> None:
        plain = {k: str(v) if isinstance(v, Path) else v for k, v in asdict(self).items()}
        file.write_text(json.dumps(plain, indent=2, ensure_ascii=False) + "\n", "utf-8")

    def same_run(self, file: Path) -> bool:
        """Whether the saved configuration is this one, so that its checkpoints may be resumed."""
        saved: dict[str, Any] = json.loads(file.read_text("utf-8"))
        for name in (f.name for f in fields(self) if f.name != "threads"):
            mine = getattr(self, name)
            if isinstance(mine, Path):
                if Path(str(saved.get(name))).resolve() != mine.resolve():
                    return False
            elif json.loads(json.dumps(mine)) != saved.get(name):
                return False
        return True

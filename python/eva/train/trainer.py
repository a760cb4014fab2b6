"""EVA on transformers' Trainer: a loss and a collator, nothing re-implemented."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import Trainer

from eva.train.objective import eva_loss, expected_scores, sft_loss


class EvaTrainer(Trainer):  # type: ignore[misc]
    """A Trainer whose loss is L_SFT + α · L_EVA; it logs both terms.

    `anchor_tokens`: the token of each anchor, in the order of `scale`. `alpha`: α.
    """

    def __init__(
        self, *args: Any, anchor_tokens: Sequence[int], scale: Sequence[int], alpha: float, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._anchor_tokens, self._scale, self._alpha = list(anchor_tokens), list(scale), alpha
        self._terms: dict[str, list[float]] = {}

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        out = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"])
        sft = sft_loss(out.logits, inputs["labels"], inputs["weights"])
        expected = expected_scores(out.logits, inputs["positions"], self._anchor_tokens, self._scale)
        eva = eva_loss(expected, inputs["targets"])
        stage = "" if model.training else "eval_"
        self._terms.setdefault(f"{stage}loss_sft", []).append(float(sft.detach()))
        self._terms.setdefault(f"{stage}loss_eva", []).append(float(eva.detach()))
        loss = sft + self._alpha * eva
        return (loss, {"expected": expected}) if return_outputs else loss

    def prediction_step(
        self, model: Any, inputs: dict[str, Any], prediction_loss_only: bool, ignore_keys: Any = None
    ) -> tuple[torch.Tensor, None, None]:
        with torch.no_grad():
            return self.compute_loss(model, self._prepare_inputs(inputs)).detach(), None, None

    def log(self, logs: dict[str, float], *args: Any, **kwargs: Any) -> None:
        stage = any(key.startswith("eval_") for key in logs)
        for name in [n for n in self._terms if n.startswith("eval_") == stage]:
            values = self._terms.pop(name)
            logs[name] = sum(values) / len(values)
        super().log(logs, *args, **kwargs)

"""EVA on transformers' Trainer: a loss and a collator, nothing re-implemented."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import Trainer

from eva.data.record import LABELS
from eva.model.anchors import Anchors
from eva.train.config import Digit
from eva.train.objective import anchor_log_weights, cross_entropy, eva_loss, expected_scores, two_hot_loss


class LoggedTerms(Trainer):  # type: ignore[misc]
    """A Trainer that logs the mean of each term of its loss; `terms_of` gives loss and terms of a batch.

    The mean is over all processes, as that of the loss is.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._terms: dict[str, list[float]] = {}

    def terms_of(self, model: Any, inputs: dict[str, Any]) -> tuple[Tensor, dict[str, Tensor]]:
        raise NotImplementedError

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        loss, terms = self.terms_of(model, inputs)
        stage = "" if model.training else "eval_"
        for name, value in terms.items():
            self._terms.setdefault(f"{stage}{name}", []).append(float(value.detach()))
        return (loss, {}) if return_outputs else loss

    def prediction_step(
        self, model: Any, inputs: dict[str, Any], prediction_loss_only: bool, ignore_keys: Any = None
    ) -> tuple[Tensor, None, None]:
        with torch.no_grad(), self.compute_loss_context_manager():
            return self.compute_loss(model, self._prepare_inputs(inputs)).detach(), None, None

    def mean_weight(self, weight: Tensor) -> Tensor:
        """The mean over all processes of what a sum of losses is to be divided by, in training.

        Gradients are means over the processes, too, so every token weighs alike then, whichever process
        reads it: with weights of their own, those of the process with fewer would weigh more.
        """
        if not self.model.training or self.accelerator.num_processes == 1:
            return weight
        return self.accelerator.reduce(weight.detach(), "mean")  # type: ignore[no-any-return]

    def log(self, logs: dict[str, float], *args: Any, **kwargs: Any) -> None:
        stage = any(key.startswith("eval_") for key in logs)
        for name in [n for n in self._terms if n.startswith("eval_") == stage]:
            values = self._of_all(self._terms.pop(name))
            if stage:
                values = values[: len(self.eval_dataset)]  # the last round begins anew where items run out
            logs[name] = sum(values) / len(values)
        super().log(logs, *args, **kwargs)

    def _of_all(self, values: list[float]) -> list[float]:
        """The values of all processes, in the order of the items. Every process calls this with as many."""
        own = torch.tensor(values, dtype=torch.float64, device=self.args.device)
        every = self.accelerator.gather(own).view(-1, len(values)).T
        return every.flatten().tolist()  # type: ignore[no-any-return]


class LanguageTrainer(LoggedTerms):
    """Weighted cross-entropy of texts, over the batches of `eva.train.collate.Collator`."""

    def terms_of(self, model: Any, inputs: dict[str, Any]) -> tuple[Tensor, dict[str, Tensor]]:
        total, weight = cross_entropy(logits_of(model, inputs), inputs["next"], inputs["weights"])
        loss = total / self.mean_weight(weight).clamp(min=1e-6)
        return loss, {"loss_sft": loss}


class EvaTrainer(LoggedTerms):
    """L_SFT + α · L_EVA.

    `anchors`: those of each dimension. `scale`: lowest and highest. `alpha`: α. `digit`: what cross-entropy
    does where a score is written.
    """

    def __init__(
        self,
        *args: Any,
        anchors: Sequence[Anchors],
        scale: tuple[int, int],
        alpha: float,
        digit: Digit,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._anchors, self._alpha, self._digit = list(anchors), alpha, digit
        self._scale = range(scale[0], scale[1] + 1)
        self._unit = (LABELS[1] - LABELS[0]) / (scale[1] - scale[0])

    def terms_of(self, model: Any, inputs: dict[str, Any]) -> tuple[Tensor, dict[str, Tensor]]:
        logits = logits_of(model, inputs)
        total, weight = cross_entropy(logits, inputs["next"], inputs["weights"])
        log_weights = anchor_log_weights(logits, inputs["reads"], self._anchors)
        if self._digit == "two_hot":
            shared, count = two_hot_loss(log_weights, inputs["targets"], self._scale)
            total, weight = total + shared, weight + count
        sft = total / self.mean_weight(weight).clamp(min=1e-6)
        expected = expected_scores(log_weights, self._scale)
        eva = eva_loss(expected * self._unit, inputs["targets"] * self._unit)
        return sft + self._alpha * eva, {"loss_sft": sft, "loss_eva": eva}


def logits_of(model: Any, inputs: dict[str, Any]) -> Tensor:
    """Logits at the columns `keep` only; over the whole text they cost a small model as much as a layer."""
    return model(logits_to_keep=inputs["keep"], **read_by(inputs)).logits  # type: ignore[no-any-return]


def read_by(inputs: dict[str, Any]) -> dict[str, Any]:
    """The part of a batch that comes from `Layout.inputs`, for a model."""
    names = ("input_ids", "position_ids", "attention_mask", "blocks")
    return {name: inputs[name] for name in names if name in inputs} | {"use_cache": False}

"""The same scores by transformers alone: one prompt at a time, nothing shared between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from eva.model import Checkpoint
from eva.model.anchors import expectation
from eva.model.frame import Frame
from eva.model.prompt import prompt
from eva.step import ProofStep, StepScore


class Plain:
    """Reads the score object behind each prompt with the model's own cache: a pass for each integer."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self._frame = Frame.of(checkpoint.tokenizer, checkpoint.config.scale)
        for field in self._frame.fields:
            if len(field.anchors.nodes) > 1:
                raise ValueError(
                    f"{checkpoint.name} writes scores of several tokens: compare with another model"
                )

    @torch.inference_mode()
    def read(self, step: ProofStep) -> tuple[dict[str, float], list[int]]:
        """The expected scores of a step, and all tokens that the model has read for them."""
        model, config = self._checkpoint.model, self._checkpoint.config
        fresh = list(self._checkpoint.tokenizer(prompt(step, config.instruction))["input_ids"])
        tokens: list[int] = []
        expected: dict[str, float] = {}
        cache: Any = None
        before: int | None = None
        for field in self._frame.fields:
            fresh += field.leads[before if before in field.leads else None]
            out = model(
                input_ids=torch.tensor([fresh], device=model.device),
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            cache, tokens = out.past_key_values, tokens + fresh
            weights = field.anchors.log_weights({(): out.logits[:, -1]})
            score, shares = expectation(field.anchors.paths, weights, temperature=config.temperature)
            expected[field.name] = float(score)
            before = list(field.anchors.paths)[int(shares.argmax())]
            fresh = list(field.anchors.paths[before])
        return expected, tokens


def farthest(scores: Sequence[StepScore], expected: Sequence[Mapping[str, float]]) -> float:
    """The largest difference between expected scores of the two sides, on the anchor scale."""
    return max(
        abs(score.expected[name] - value)
        for score, other in zip(scores, expected, strict=True)
        for name, value in other.items()
    )

"""transformers' `generate` and a JSON parser: the integers that the model writes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import torch

from eva.model import Checkpoint
from eva.model.frame import Frame
from eva.model.prompt import KEYS, prompt
from eva.step import DIMENSIONS, ProofStep


class Generated:
    """Greedy, the object from its first integer on, `batch` prompts at a time with padding on the left.

    What stands before that is given, else a model that may write its critique first might do so.
    """

    def __init__(self, checkpoint: Checkpoint, batch: int) -> None:
        self._checkpoint = checkpoint
        self._batch = batch
        frame = Frame.of(checkpoint.tokenizer, checkpoint.config.scale)
        self._opening = checkpoint.tokenizer.decode(frame.fields[0].leads[None])
        leads = [max(map(len, field.leads.values())) for field in frame.fields[1:]]
        anchors = [max(map(len, field.anchors.paths.values())) for field in frame.fields]
        self._length = sum(leads) + sum(anchors) + max(map(len, frame.ends.values()))

    def score(self, steps: Sequence[ProofStep]) -> list[dict[str, int] | None]:
        """The integers of each step, by dimension; `None` where what was written is no object of integers."""
        out: list[dict[str, int] | None] = []
        for at in range(0, len(steps), self._batch):
            out += [_integers(self._opening + text) for text in self._write(steps[at : at + self._batch])]
        return out

    @torch.inference_mode()
    def _write(self, steps: Sequence[ProofStep]) -> list[str]:
        tokenizer, model = self._checkpoint.tokenizer, self._checkpoint.model
        texts = [prompt(step, self._checkpoint.config.instruction) + self._opening for step in steps]
        coded = tokenizer(texts, return_tensors="pt", padding=True, padding_side="left")
        written = model.generate(
            input_ids=coded["input_ids"].to(model.device),
            attention_mask=coded["attention_mask"].to(model.device),
            do_sample=False,
            max_new_tokens=self._length,
            use_cache=True,
        )
        texts = tokenizer.batch_decode(written[:, coded["input_ids"].shape[1] :], skip_special_tokens=True)
        return list(texts)


def _integers(text: str) -> dict[str, int] | None:
    try:
        found: Any = json.JSONDecoder().raw_decode(text.strip())[0]
        return {name: int(found[KEYS[name]]) for name in DIMENSIONS}
    except (ValueError, KeyError, TypeError):
        return None

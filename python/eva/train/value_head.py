"""The value head: transformers' own sequence classification with three numbers out and mean squared error.

A baseline: no critique, no text, one number a dimension out of the last token's hidden state.
"""

from __future__ import annotations

import copy
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

from eva.data.record import LABELS, LabelledStep, rescale
from eva.model.checkpoint import Checkpoint
from eva.model.prompt import prompt
from eva.step import DIMENSIONS
from eva.train.adapters import with_adapters
from eva.train.batches import Batch, Size, part_of
from eva.train.config import TrainConfig
from eva.train.examples import state_of

OUT = (-1.0, 1.0)  # the head gives each score on this scale, where a fresh layer starts in the middle


def train_value_head(
    config: TrainConfig,
    base: Checkpoint,
    records: Sequence[LabelledStep],
    held: Sequence[LabelledStep],
    arguments: Any,
) -> Any:
    """The trainer of the head on `base`; the plan of steps is as for the other arms."""
    from transformers import Trainer

    from eva.train.run import one_by_one, plan

    model = _with_head(base)
    prompts = [_Prompt.of(base.tokenizer, r, config.instruction) for r in records]
    kept = [p for p in prompts if len(p.ids) <= config.max_tokens]
    parts = arguments.world_size
    return Trainer(
        model=with_adapters(model, config) if config.lora else model,
        args=arguments,
        train_dataset=_Dataset(
            kept, plan(config, [Size(len(p.ids), 0, p.state) for p in kept], parts), parts
        ),
        eval_dataset=_Dataset(
            [_Prompt.of(base.tokenizer, r, config.instruction) for r in held], one_by_one(len(held), config)
        ),
        data_collator=_Collator(base.tokenizer.pad_token_id),
    )


def _with_head(base: Checkpoint) -> Any:
    """The base's body, with a fresh head."""
    from transformers import AutoModelForSequenceClassification

    config = copy.deepcopy(base.model.config)
    config.num_labels, config.problem_type = len(DIMENSIONS), "regression"
    config.pad_token_id = base.tokenizer.pad_token_id
    model = AutoModelForSequenceClassification.from_config(config, dtype=base.model.dtype)
    model.base_model.load_state_dict(base.model.base_model.state_dict())
    model.set_attn_implementation(base.model.config._attn_implementation)
    return model.to(base.model.device).train()


class _Prompt:
    def __init__(self, ids: list[int], targets: list[float], state: Hashable) -> None:
        self.ids, self.targets, self.state = ids, targets, state

    @classmethod
    def of(cls, tokenizer: Any, record: LabelledStep, instruction: str) -> _Prompt:
        step = record.step
        ids = list(tokenizer(prompt(step, instruction))["input_ids"])
        targets = [rescale(record.targets[name], LABELS, OUT) for name in DIMENSIONS]
        return cls(ids, targets, state_of(step))


class _Dataset:
    """The batches of a plan, without their groups: the head reads every prompt whole."""

    def __init__(self, prompts: Sequence[_Prompt], plan: Sequence[Batch], parts: int = 1) -> None:
        self._prompts, self._plan, self._parts = prompts, plan, parts

    def __len__(self) -> int:
        return len(self._plan) * self._parts

    def __getitem__(self, item: int) -> list[_Prompt]:
        return [
            self._prompts[index] for group in part_of(self._plan, item, self._parts) for index, _ in group
        ]


class _Collator:
    def __init__(self, pad: int) -> None:
        self._pad = pad

    def __call__(self, batches: Sequence[Sequence[_Prompt]]) -> dict[str, Any]:
        import torch

        [items] = batches
        width = max(len(p.ids) for p in items)
        ids = torch.full((len(items), width), self._pad)
        for row, p in enumerate(items):
            ids[row, : len(p.ids)] = torch.tensor(p.ids)
        return {"input_ids": ids, "labels": torch.tensor([p.targets for p in items])}


def load_value_head(directory: Path) -> tuple[Any, Any]:
    """Model and tokenizer of a finished run; the model's logits are scores on the scale `OUT`."""
    import transformers

    model = transformers.AutoModelForSequenceClassification.from_pretrained(directory, use_safetensors=True)
    return model.float().eval(), transformers.AutoTokenizer.from_pretrained(directory)

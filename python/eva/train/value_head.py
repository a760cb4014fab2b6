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
from eva.train.batches import Planned, Size, one_by_one, planned
from eva.train.config import TrainConfig
from eva.train.examples import state_of
from eva.train.optimizer import optimizer

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

    model = _with_head(base)
    prompts = [_Prompt.of(base.tokenizer, r, config.instruction) for r in records]
    kept = [p for p in prompts if len(p.ids) <= config.max_tokens]
    watched = [_Prompt.of(base.tokenizer, r, config.instruction) for r in held]
    parts = arguments.world_size
    plan = planned(config, [Size(len(p.ids), 0, p.state) for p in kept], parts)
    return Trainer(
        model=with_adapters(model, config) if config.lora else model,
        args=arguments,
        train_dataset=Planned(plan, lambda turn, *_: kept[turn[0]], parts),
        eval_dataset=Planned(one_by_one(len(watched), config.batch_size), lambda turn, *_: watched[turn[0]]),
        data_collator=_Collator(base.tokenizer.pad_token_id),
        optimizer_cls_and_kwargs=optimizer(config),
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


class _Collator:
    """Every prompt is read whole, whatever its group."""

    def __init__(self, pad: int) -> None:
        self._pad = pad

    def __call__(self, batches: Sequence[Sequence[Sequence[_Prompt]]]) -> dict[str, Any]:
        import torch

        [groups] = batches
        items = [prompt for group in groups for prompt in group]
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

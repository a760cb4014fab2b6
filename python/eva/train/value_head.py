"""The value head: transformers' own sequence classification with three numbers out and mean squared error.

A baseline: no critique, no text, one number a dimension out of the last token's hidden state.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eva.data.record import LABELS, LabelledStep, rescale
from eva.model.checkpoint import Checkpoint
from eva.model.prompt import prompt
from eva.step import DIMENSIONS
from eva.train.adapters import with_adapters
from eva.train.batches import schedule
from eva.train.config import TrainConfig

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
    steps = config.steps or max(1, round(config.epochs * len(kept) / config.batch_size))
    order = schedule([len(p.ids) for p in kept], config.batch_size, steps * config.batch_size, config.seed)
    return Trainer(
        model=with_adapters(model, config) if config.lora else model,
        args=arguments,
        train_dataset=_Dataset([kept[index] for index, _ in order]),
        eval_dataset=_Dataset([_Prompt.of(base.tokenizer, r, config.instruction) for r in held]),
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
    def __init__(self, ids: list[int], targets: list[float]) -> None:
        self.ids, self.targets = ids, targets

    @classmethod
    def of(cls, tokenizer: Any, record: LabelledStep, instruction: str) -> _Prompt:
        ids = list(tokenizer(prompt(record.step, instruction))["input_ids"])
        return cls(ids, [rescale(record.targets[name], LABELS, OUT) for name in DIMENSIONS])


class _Dataset:
    def __init__(self, items: Sequence[_Prompt]) -> None:
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> _Prompt:
        return self._items[index]


class _Collator:
    def __init__(self, pad: int) -> None:
        self._pad = pad

    def __call__(self, items: Sequence[_Prompt]) -> dict[str, Any]:
        import torch

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

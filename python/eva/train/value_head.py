"""The value head: transformers' own token classification with three numbers out, read at the last token of
the prompt and trained with mean squared error.

A baseline: no critique, no text, one number a dimension out of the last token's hidden state.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from eva.data.record import LABELS, LabelledStep, rescale
from eva.model.checkpoint import Checkpoint
from eva.model.prompt import prompt
from eva.step import DIMENSIONS
from eva.train.adapters import with_adapters
from eva.train.attention import in_blocks
from eva.train.batches import Planned, Size, Turn, one_by_one, planned
from eva.train.config import TrainConfig
from eva.train.examples import Example, state_of
from eva.train.layout import Layout
from eva.train.names import Names
from eva.train.optimizer import optimizer
from eva.train.room import fitting
from eva.train.trainer import LoggedTerms, read_by

OUT = (-1.0, 1.0)  # the head gives each score on this scale, where a fresh layer starts in the middle


def train_value_head(
    config: TrainConfig,
    base: Checkpoint,
    records: Sequence[LabelledStep],
    held: Sequence[LabelledStep],
    arguments: Any,
) -> Any:
    """The trainer of the head on `base`; the plan of steps is as for the other arms. Raises `BadConfig`."""
    model = with_head(base)
    examples, seen = (
        [_example(base.tokenizer, r, config.instruction) for r in some] for some in (records, held)
    )
    short = fitting(config, base, [len(e.ids) for e in examples], "training")
    watched = [seen[i] for i in fitting(config, base, [len(e.ids) for e in seen], "validation")]
    sizes = [Size(len(examples[i].ids), 0, state_of(records[i].step)) for i in short]
    names = Names([records[i] for i in short]) if config.new_names else None

    def written(turn: Turn, *_: int) -> Example:
        if names is None or not turn[1]:
            return examples[short[turn[0]]]
        return _example(base.tokenizer, names.step(turn)[0], config.instruction)

    parts = arguments.world_size
    return HeadTrainer(
        model=with_adapters(model, config) if config.lora else model,
        args=arguments,
        train_dataset=Planned(planned(config, sizes, parts), written, parts),
        eval_dataset=Planned(one_by_one(len(watched), config.batch_size), lambda turn, *_: watched[turn[0]]),
        data_collator=PromptCollator(base.tokenizer.pad_token_id, in_blocks(base.model)),
        optimizer_cls_and_kwargs=optimizer(config),
    )


def with_head(base: Checkpoint) -> Any:
    """The base's body, with a fresh head."""
    from transformers import AutoModelForTokenClassification

    config = copy.deepcopy(base.model.config)
    config.num_labels, config.classifier_dropout = len(DIMENSIONS), 0.0
    model = AutoModelForTokenClassification.from_config(config, dtype=base.model.dtype)
    model.base_model.load_state_dict(base.model.base_model.state_dict())
    model.set_attn_implementation(base.model.config._attn_implementation)
    return model.to(base.model.device).train()


def _example(tokenizer: Any, record: LabelledStep, instruction: str) -> Example:
    """A prompt without an output; its scores are read at its last token."""
    ids = list(tokenizer(prompt(record.step, instruction))["input_ids"])
    targets = tuple(rescale(record.targets[name], LABELS, OUT) for name in DIMENSIONS)
    return Example(ids, len(ids), (), (), (), targets)


class PromptCollator:
    """Lays out a batch of B prompts in groups: what `Layout.inputs` gives, and

    - `last` (B): where each has its last token, counted in all G · T columns.
    - `targets` (B, K), on the scale `OUT`.
    """

    def __init__(self, pad: int, in_blocks: bool) -> None:
        self._pad, self._in_blocks = pad, in_blocks

    def __call__(self, items: Sequence[Sequence[Sequence[Example]]]) -> dict[str, Any]:
        [groups] = items
        layout = Layout.of(groups)
        examples = [(g, t, e) for g, group in enumerate(groups) for t, e in enumerate(group)]
        last = [g * layout.width + layout.column(g, t, len(e.ids) - 1) for g, t, e in examples]
        return layout.inputs(self._pad, in_blocks=self._in_blocks) | {
            "last": torch.tensor(last),
            "targets": torch.tensor([e.targets for _, _, e in examples]),
        }


class HeadTrainer(LoggedTerms):
    """Mean squared error at the prompts' last tokens."""

    def terms_of(self, model: Any, inputs: dict[str, Any]) -> tuple[Tensor, dict[str, Tensor]]:
        found = model(**read_by(inputs)).logits.flatten(0, 1)[inputs["last"]]
        return torch.nn.functional.mse_loss(found.float(), inputs["targets"]), {}


def load_value_head(directory: Path) -> tuple[Any, Any]:
    """Model and tokenizer of a finished run.

    The logits at the last token of a prompt are its scores, on the scale `OUT`.
    """
    import transformers

    model = transformers.AutoModelForTokenClassification.from_pretrained(directory, use_safetensors=True)
    return model.float().eval(), transformers.AutoTokenizer.from_pretrained(directory)

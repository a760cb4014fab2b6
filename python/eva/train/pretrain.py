"""Plain language modelling on proofs: the base that all arms of a comparison share."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eva.data.record import LabelledStep
from eva.model.prompt import prompt
from eva.train.base import open_base
from eva.train.batches import Planned, Size, Turn, one_by_one, planned
from eva.train.config import BadConfig, PretrainConfig
from eva.train.examples import Example, state_of
from eva.train.optimizer import optimizer
from eva.train.room import fitting
from eva.train.run import VALIDATION, collator, finish, last_loss, open_run, read_split


def pretrain(config: PretrainConfig) -> Path:
    """Train a language model on the steps that Lean took, and return its directory (`out/model`).

    It can be stopped and goes on; a finished run is left alone. Raises `BadConfig`, `BadRecord`, `LoadError`,
    `ModelError`.
    """
    from eva.train.trainer import LanguageTrainer

    arguments = open_run(config)
    final = config.out / "model"
    if (config.out / "metrics.json").exists():
        return final
    with arguments.main_process_first(desc="data"):
        records = read_split(config, "train")
        base = open_base(config, records)
        held = read_split(config, "validation")[:VALIDATION]
    texts, seen = (_texts(base.tokenizer, rs, config.instruction) for rs in (records, held))
    if not texts:
        raise BadConfig(
            f"{config.data / 'train.jsonl'} has no step that Lean took and that can be finished: "
            "give another --data"
        )
    kept = [texts[i] for i in fitting(config, base, [len(t.ids) for t in texts], "training")]
    watched = [seen[i] for i in fitting(config, base, [len(t.ids) for t in seen], "validation")]
    parts = arguments.world_size
    trainer = LanguageTrainer(
        model=base.model,
        args=arguments,
        train_dataset=Planned(planned(config, [t.size for t in kept], parts), _Examples(kept), parts),
        eval_dataset=Planned(one_by_one(len(watched), config.batch_size), _Examples(watched)),
        data_collator=collator(base, 1.0, "rounded"),
        optimizer_cls_and_kwargs=optimizer(config),
    )
    finish(trainer, config, base)
    if trainer.is_world_process_zero():
        metrics = {"texts": len(kept), "validation_loss": last_loss(trainer)}
        (config.out / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n", "utf-8")
    trainer.accelerator.wait_for_everyone()
    return final


def proof_texts(records: Iterable[LabelledStep], instruction: str) -> Iterable[str]:
    """A text for each step that Lean took and that keeps the proof alive: the prompt, and the state that
    follows.

    Nothing here speaks of scores: what a base says of them zero-shot, it has not been told.
    """
    for record in records:
        if record.accepted and record.finishable and record.step.goals_after is not None:
            after = "\n\n".join(record.step.goals_after) or "no goals"
            before = prompt(record.step, instruction).removesuffix("Judgement:\n")
            yield f"{before}Proof state:\n{after}\n"


@dataclass(frozen=True, slots=True)
class _Text:
    ids: array[int]
    size: Size


def _texts(tokenizer: Any, records: Iterable[LabelledStep], instruction: str) -> list[_Text]:
    out = []
    for record in records:
        for text in proof_texts([record], instruction):
            ids = array("i", [*tokenizer(text)["input_ids"], tokenizer.eos_token_id])
            out.append(_Text(ids, Size(len(ids), 0, state_of(record.step))))
    return out


class _Examples:
    """Texts that are all output and have no scores."""

    def __init__(self, texts: Sequence[_Text]) -> None:
        self._texts = texts

    def __call__(self, turn: Turn, batch: int, row: int) -> Example:
        ids = list(self._texts[turn[0]].ids)
        return Example(ids, len(ids) - 1, (), (), (), ())

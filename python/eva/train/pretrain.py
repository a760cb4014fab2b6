"""Plain language modelling on proofs: the base that all arms of a comparison share."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from eva.data.record import LabelledStep
from eva.model.prompt import prompt
from eva.train.base import open_base
from eva.train.batches import Collator, schedule
from eva.train.config import BadConfig, PretrainConfig
from eva.train.examples import Example
from eva.train.run import VALIDATION, finish, open_run, read_split


def pretrain(config: PretrainConfig) -> Path:
    """Train a language model on the steps that Lean took, and return its directory (`out/model`).

    It can be stopped and goes on; a finished run is left alone. Raises `BadConfig`, `LoadError`.
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
    texts, watched = (_tokens(base.tokenizer, proof_texts(rs, config.instruction)) for rs in (records, held))
    kept = [ids for ids in texts if len(ids) <= config.max_tokens]
    if not kept:
        raise BadConfig(f"{config.data} has no step that Lean took in {config.max_tokens} tokens")
    steps = config.steps or max(1, round(config.epochs * len(kept) / config.batch_size))
    order = schedule([len(ids) for ids in kept], config.batch_size, steps * config.batch_size, config.seed)
    trainer = LanguageTrainer(
        model=base.model,
        args=arguments,
        train_dataset=_Examples([kept[index] for index, _ in order]),
        eval_dataset=_Examples(watched),
        data_collator=Collator(1.0, "rounded", base.tokenizer.pad_token_id),
    )
    finish(trainer, config, base)
    if trainer.is_world_process_zero():
        losses = [row["eval_loss"] for row in trainer.state.log_history if "eval_loss" in row]
        metrics = {"texts": len(kept), "validation_loss": losses[-1] if losses else None}
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


def _tokens(tokenizer: Any, texts: Iterable[str]) -> list[array[int]]:
    return [array("i", [*tokenizer(text)["input_ids"], tokenizer.eos_token_id]) for text in texts]


class _Examples:
    """Texts that are all output and have no scores."""

    def __init__(self, texts: list[array[int]]) -> None:
        self._texts = texts

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, number: int) -> Example:
        return Example(list(self._texts[number]), 1, (), (), (), ())

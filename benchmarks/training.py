"""One optimizer step of the embedded model's first stage, beside each text in a row of its own."""

from __future__ import annotations

import lzma
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from transformers import PrinterCallback, TrainerCallback

from benchmarks.harness import Row, Size, in_turn, missing, versus
from eva.model.checkpoint import Checkpoint
from eva.model.frame import Frame
from eva.train.base import open_base
from eva.train.batches import Batch, Planned, schedule
from eva.train.compiled import compile_layers, compiler
from eva.train.config import TrainConfig
from eva.train.examples import Encoder, Pieces
from eva.train.optimizer import optimizer
from eva.train.run import collator, length, open_run, read_split
from eva.train.run import size as size_of
from eva.train.texts import Texts
from eva.train.trainer import EvaTrainer

TOPIC = "training"
SHARD = Path(__file__).parent.parent / "labelled" / "core" / "0000.jsonl.xz"
LABELLED = 4000  # labelled steps, of whole theorems: as many share a state as in a real run
STEPS = 10
WARM = 40  # steps of the round that warms up: code is compiled for each kind of batch
AGAINST = "transformers' Trainer with each text in a row of its own, and transformers' own attention"


def rows(size: Size) -> Iterator[Row]:
    """All rows of this topic."""
    with tempfile.TemporaryDirectory(prefix="eva-bench-") as folder:
        config = _config(Path(folder), size)
        torch.set_num_threads(1)  # as each process of a training does
        ways = {"plain": _Training(config), "theirs": _Training(config, own_rows=True)}
        if compiler():
            ways["compiled"] = _Training(config, compiled=True)
        warm, steps = size.pick(WARM, 1), size.pick(STEPS, 1)
        turns = {
            name: lambda number, way=way: way(number, steps if number else warm) for name, way in ways.items()
        }
        found = in_turn(turns, size.rounds)
    what = f"an optimizer step, {config.batch_size} labelled steps"
    milliseconds = {name: [1000 * taken for taken in some] for name, some in found.items()}
    theirs = milliseconds["theirs"]
    yield versus(TOPIC, what, milliseconds["plain"], theirs, "ms", against=AGAINST)
    if "compiled" in ways:
        yield versus(TOPIC, f"{what}, --compile", milliseconds["compiled"], theirs, "ms", against=AGAINST)
    else:
        yield missing(TOPIC, f"{what}, --compile", "ms", "no C++ compiler here", against=AGAINST)


def _config(folder: Path, size: Size) -> TrainConfig:
    """The first stage of `make nano`, on some of its labelled steps."""
    with lzma.open(SHARD, "rt", encoding="utf-8") as lines:
        some = [line for line, _ in zip(lines, range(size.pick(LABELLED, 100)), strict=False)]
    for split in ("train", "validation"):
        (folder / f"{split}.jsonl").write_text("".join(some), "utf-8")
    return TrainConfig(
        data=folder,
        out=folder / "run",
        base="leibniz-nano",
        orders="score_first",
        critiques=0.3,
        threads=1,
        save_steps=1_000_000,
    )


class _Training:
    """A model that is trained some steps at a time; `own_rows`: as transformers alone would."""

    def __init__(self, config: TrainConfig, *, own_rows: bool = False, compiled: bool = False) -> None:
        records = read_split(config, "train")
        self._config, self._own_rows = config, own_rows
        self._base: Checkpoint = open_base(config, records)
        if own_rows:
            self._base.model.set_attn_implementation("sdpa")
        if compiled:
            compile_layers(self._base.model)
        self._frame = Frame.of(self._base.tokenizer, config.scale)
        self._encode = Encoder(self._base.tokenizer, config.instruction, config.scale, self._frame)
        every = (self._encode.pieces(record) for record in records)
        self._pieces: list[Pieces] = [p for p in every if length(p) <= config.max_tokens]

    def __call__(self, number: int, steps: int) -> float:
        """Seconds of one of `steps` optimizer steps, with the batches of round `number`."""
        config = self._config
        plan: list[Batch] = schedule([size_of(p) for p in self._pieces], config.batch_size, steps, number)
        if self._own_rows:
            plan = [[[turn] for group in batch for turn in group] for batch in plan]
        watch = _Watch()
        arguments = open_run(config)
        arguments.save_strategy = "no"
        trainer = EvaTrainer(
            model=self._base.model,
            args=arguments,
            train_dataset=Planned(
                plan,
                Texts(
                    self._encode,
                    self._pieces,
                    config.orders,
                    critiques=config.critiques,
                    noise=config.score_noise,
                ),
            ),
            eval_dataset=[],
            data_collator=collator(self._base, config.prompt_loss, config.digit),
            optimizer_cls_and_kwargs=optimizer(config),
            anchors=[field.anchors for field in self._frame.fields],
            scale=config.scale,
            alpha=config.alpha,
            digit=config.digit,
            callbacks=[watch],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
        return (watch.ended - watch.begun) / steps


class _Watch(TrainerCallback):  # type: ignore[misc]
    """From the start of the first optimizer step to the end of the last."""

    def __init__(self) -> None:
        self.begun = self.ended = 0.0

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        self.begun = self.begun or time.perf_counter()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self.ended = time.perf_counter()

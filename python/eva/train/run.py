"""A whole training run: data in, run directory out; it can be stopped and goes on where it was."""

from __future__ import annotations

import json
import math
import os
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eva.data.record import LabelledStep, read_records
from eva.extras import lacking
from eva.model.checkpoint import Checkpoint
from eva.model.errors import ModelError, OutOfMemory
from eva.model.frame import Frame, quiet_tokenizers
from eva.train.adapters import with_adapters
from eva.train.attention import in_blocks
from eva.train.base import open_base
from eva.train.batches import Planned, Size, Turn, one_by_one, planned
from eva.train.collate import Collator
from eva.train.compiled import compile_layers, compiler
from eva.train.config import BadConfig, Digit, PretrainConfig, RunConfig, TrainConfig
from eva.train.curves import write_curves
from eva.train.examples import Encoder, Pieces
from eva.train.memory import keep_freed_memory
from eva.train.names import Names
from eva.train.optimizer import optimizer
from eva.train.room import fitting
from eva.train.save import save_checkpoint
from eva.train.texts import Texts

VALIDATION = 512  # labelled steps that the loss is watched on
PROCESSES = "processes"  # a file of a run directory


def train(config: TrainConfig) -> Path:
    """Train, and return the directory of the final checkpoint (`out/model`, what `eva serve --model` takes).

    A run directory that holds checkpoints of the same configuration is resumed; a finished run is left alone.
    Raises `BadConfig`, `BadRecord`, `LoadError`, `ModelError`.
    """
    from eva.train.calibrate import validate
    from eva.train.self_critique import own_critiques
    from eva.train.trainer import EvaTrainer, LanguageTrainer
    from eva.train.value_head import train_value_head

    arguments = open_run(config)
    final = config.out / "model"
    if (config.out / "metrics.json").exists():
        return final
    with arguments.main_process_first(local=False, desc="data"):  # of all machines: they share `out`
        records, held = read_split(config, "train"), read_split(config, "validation")[:VALIDATION]
        base = open_base(config, records)
        records = first_pass(config, records)
        first = arguments.process_index == 0
        critiques = own_critiques(config, base, records, first=first) if config.self_critique else None
    if config.scores == "value":
        trainer = train_value_head(config, base, records, held, arguments)
    else:
        frame = _frame(base, config)
        encode = Encoder(base.tokenizer, config.instruction, config.scale, frame)
        whole = [encode.pieces(r, critiques[i] if critiques else None) for i, r in enumerate(records)]
        short = fitting(config, base, [length(p) for p in whole], "training")
        pieces = [whole[i] for i in short]
        again = None
        if config.new_names:
            own = [critiques[i] for i in short] if critiques else None
            again = _again(encode, Names([records[i] for i in short], own))
        seen = [encode.pieces(r) for r in held]
        watched = [seen[i] for i in fitting(config, base, [length(p) for p in seen], "validation")]
        texts = Texts(
            encode,
            pieces,
            config.orders,
            critiques=config.critiques,
            noise=config.score_noise,
            again=again,
        )
        parts = arguments.world_size
        shared = {
            "args": arguments,
            "train_dataset": Planned(planned(config, [size(p) for p in pieces], parts), texts, parts),
            "eval_dataset": Planned(
                one_by_one(len(watched), config.batch_size),
                Texts(encode, watched, config.orders, noise=config.score_noise),
            ),
            "data_collator": collator(base, config.prompt_loss, config.digit),
            "optimizer_cls_and_kwargs": optimizer(config),
        }
        model = with_adapters(base.model, config) if config.lora else base.model
        trainer = (
            LanguageTrainer(model=model, **shared)
            if frame is None
            else EvaTrainer(
                model=model,
                anchors=[field.anchors for field in frame.fields],
                scale=config.scale,
                alpha=config.alpha,
                digit=config.digit,
                **shared,
            )
        )
    finish(trainer, config, base)
    if trainer.is_world_process_zero():
        with no_divergence(config):
            metrics = validate(final, config, held)
        (config.out / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n", "utf-8")
    trainer.accelerator.wait_for_everyone()
    return final


def open_run(config: RunConfig) -> Any:
    """The run directory with its configuration, the seed, and the trainer's arguments. Raises `BadConfig`."""
    if words := lacking("accelerate", "matplotlib", "sklearn"):
        raise BadConfig(words)  # now, rather than when hours of training are to be drawn or measured
    import torch
    import transformers

    quiet_tokenizers()
    transformers.utils.logging.disable_progress_bar()
    if config.threads:
        torch.set_num_threads(config.threads)
    cuda = torch.cuda.is_available()
    if not cuda:
        keep_freed_memory()
        if config.compile and not compiler():
            raise BadConfig(
                "compile wants a C++ compiler (g++, clang++ or $CXX): install one, or leave it out"
            )
    arguments = transformers.TrainingArguments(
        output_dir=str(config.out / "checkpoints"),
        num_train_epochs=1,  # the plan holds every pass, one after the other
        per_device_train_batch_size=1,  # an item is a process' part of a batch
        per_device_eval_batch_size=1,
        learning_rate=config.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=config.warmup,
        max_grad_norm=1.0,
        use_cpu=not cuda,
        ddp_backend="gloo" if not cuda and int(os.environ.get("WORLD_SIZE", "1")) > 1 else None,
        ddp_find_unused_parameters=False,
        bf16=has_bf16() if config.bf16 is None else config.bf16,
        seed=config.seed,
        data_seed=config.seed,
        logging_steps=20,
        save_steps=config.save_steps,
        save_total_limit=2,
        eval_strategy="steps",
        eval_steps=config.save_steps,
        train_sampling_strategy="sequential",
        remove_unused_columns=False,
        dataloader_pin_memory=cuda,
        report_to=[],
        disable_tqdm=not sys.stderr.isatty(),
    )
    if arguments.n_gpu > 1:
        raise BadConfig(
            f"{arguments.n_gpu} GPUs are visible to one process: start one for each with `accelerate launch "
            f"--num_processes {arguments.n_gpu} -m eva train …`, or show it one with CUDA_VISIBLE_DEVICES=0"
        )
    if config.batch_size % arguments.world_size:
        raise BadConfig(
            f"batch_size {config.batch_size} must be a multiple of the {arguments.world_size} processes"
        )
    with arguments.main_process_first(desc="run directory"):
        config.out.mkdir(parents=True, exist_ok=True)
        saved = config.out / "config.json"
        if saved.exists() and (other := config.difference(saved)):
            raise BadConfig(
                f"{config.out} holds a run with another configuration ({other}): give another --out, or "
                "remove it"
            )
        _hold_to_processes(config.out, arguments.world_size)
        if arguments.process_index == 0:
            config.save(saved)
    transformers.set_seed(config.seed)
    return arguments


def _hold_to_processes(out: Path, count: int) -> None:
    """Keep in a run directory how many processes train: another number has another plan of batches."""
    file = out / PROCESSES
    before = int(file.read_text("utf-8")) if file.exists() else count
    if before != count and not (out / "metrics.json").exists():
        raise BadConfig(
            f"{out} was begun by {before} processes, not {count}: go on with as many (accelerate launch "
            f"--num_processes {before} -m eva …), or give another --out"
        )
    if not file.exists():
        file.write_text(f"{count}\n", "utf-8")


def has_bf16() -> bool:
    """Whether products in bfloat16 are the processor's own; where they are emulated they take many times as
    long as in float32."""
    import torch

    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def read_split(config: RunConfig, split: str) -> list[LabelledStep]:
    """The labelled steps of a split, in the order that the seed gives. Raises `BadConfig`, `BadRecord`."""
    records = list(read_records(config.data / f"{split}.jsonl"))
    if not records:
        raise BadConfig(f"{config.data / split}.jsonl is empty")
    random.Random(config.seed).shuffle(records)
    return records[: config.limit] if split == "train" and config.limit else records


def first_pass(config: TrainConfig, records: list[LabelledStep]) -> list[LabelledStep]:
    """As many as the run's steps take: one that ends within its first pass need not prepare the others.

    Where some of these are too long no others come in: as many of the rest are seen twice.
    """
    return records[: config.steps * config.batch_size] if config.steps else records


def length(pieces: Pieces) -> int:
    """Tokens of the whole text, but for a newline and the end."""
    return len(pieces.head) + _written(pieces)


def size(pieces: Pieces) -> Size:
    """For the plan; the few tokens of the proposed step count as shared, too."""
    return Size(len(pieces.head), _written(pieces), pieces.state)


def _written(pieces: Pieces) -> int:
    return max(len(pieces.think), len(pieces.before)) + len(pieces.scored.ids) + 2


def collator(base: Checkpoint, prompt_loss: float, digit: Digit) -> Collator:
    return Collator(prompt_loss, digit, base.tokenizer.pad_token_id, in_blocks=in_blocks(base.model))


def finish(trainer: Any, config: TrainConfig | PretrainConfig, base: Checkpoint) -> None:
    """Run the trainer to its end, from the last whole checkpoint, and write curves and model.

    Raises `ModelError` where training has diverged; then no model is written.
    """
    if config.compile:
        compile_layers(trainer.model)
    with no_divergence(config):
        trainer.train(resume_from_checkpoint=last_checkpoint(config.out / "checkpoints"))
        if not any(
            "eval_loss" in row and row["step"] == trainer.state.global_step
            for row in trainer.state.log_history
        ):
            trainer.evaluate()
        loss = last_loss(trainer)
        if loss is not None and not math.isfinite(loss):
            raise ModelError(f"the validation loss is {loss}")
    save_checkpoint(config.out / "model", trainer, base.tokenizer, config)
    if trainer.is_world_process_zero():
        write_curves(config.out, trainer.state.log_history)


@contextmanager
def no_divergence(config: RunConfig) -> Iterator[None]:
    """Unusable numbers are an error of training here, with the remedy. Raises `ModelError`."""
    try:
        yield
    except OutOfMemory:
        raise
    except ModelError as error:
        raise ModelError(
            f"training has diverged: give a --learning-rate under {config.learning_rate}, and another --out "
            f"({error})"
        ) from error


def last_loss(trainer: Any) -> float | None:
    """The last validation loss; `None` where no text is watched."""
    losses = [row["eval_loss"] for row in trainer.state.log_history if "eval_loss" in row]
    return losses[-1] if losses else None


def last_checkpoint(directory: Path) -> str | None:
    """The newest whole checkpoint; one that was cut off in the middle (its state comes last) is removed."""
    found = sorted(directory.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
    while found and not (found[-1] / "trainer_state.json").exists():
        shutil.rmtree(found.pop(), ignore_errors=True)
    return str(found[-1]) if found else None


def _again(encode: Encoder, names: Names) -> Callable[[Turn], Pieces]:
    """What the texts of a later pass are written from."""
    return lambda turn: encode.pieces(*names.step(turn))


def _frame(base: Checkpoint, config: TrainConfig) -> Frame | None:
    if config.scores == "decimal":
        return None
    return Frame.of(base.tokenizer, config.scale)

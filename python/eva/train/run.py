"""A whole training run: data in, run directory out; it can be stopped and goes on where it was."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from eva.data.record import LabelledStep, read_records
from eva.model.checkpoint import EMBEDDED, EvaConfig, load
from eva.model.frame import Frame, quiet_tokenizers
from eva.step import Order
from eva.train.base import SIZES, new_model, new_tokenizer
from eva.train.config import BadConfig, TrainConfig
from eva.train.curves import write_curves
from eva.train.examples import Collator, Encoder, tokenizer_texts


def train(config: TrainConfig) -> Path:
    """Train, and return the directory of the final checkpoint (`out/model`, what `eva serve --model` takes).

    A run directory that holds checkpoints of the same configuration is resumed. Raises `BadConfig`,
    `LoadError`.
    """
    import torch
    import transformers

    from eva.train.trainer import EvaTrainer

    quiet_tokenizers()
    if config.threads:
        torch.set_num_threads(config.threads)
    transformers.set_seed(config.seed)
    config.out.mkdir(parents=True, exist_ok=True)
    saved = config.out / "config.json"
    if saved.exists() and not config.same_run(saved):
        raise BadConfig(
            f"{config.out} holds a run with another configuration: give another --out, or remove it"
        )
    config.save(saved)

    records = _records(config, "train")
    model, tokenizer = _base(config, records)
    frame = Frame.of(tokenizer, config.scale)
    encode = Encoder(tokenizer, config.instruction, config.scale)
    kept = [r for r in records if len(encode(r, "score_first").ids) <= config.max_tokens]
    print(
        f"{len(kept)} training steps ({len(records) - len(kept)} over {config.max_tokens} tokens left out)",
        flush=True,
    )
    draw = random.Random(config.seed)
    orders: list[Order] = ["score_first", "critique_first"] if config.orders == "both" else [config.orders]
    collate = Collator(encode, lambda: draw.choice(orders), config.prompt_loss, tokenizer.pad_token_id)
    arguments = transformers.TrainingArguments(
        output_dir=str(config.out / "checkpoints"),
        num_train_epochs=config.epochs,
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=config.batch_size,
        learning_rate=config.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=config.warmup,
        weight_decay=config.weight_decay,
        adam_beta2=0.98,
        max_grad_norm=1.0,
        use_cpu=not torch.cuda.is_available(),
        bf16=config.bf16,
        seed=config.seed,
        data_seed=config.seed,
        logging_steps=20,
        save_steps=config.save_steps,
        save_total_limit=2,
        eval_strategy="steps",
        eval_steps=config.save_steps,
        train_sampling_strategy="group_by_length",
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
        report_to=[],
        disable_tqdm=False,
    )
    trainer = EvaTrainer(
        model=model,
        args=arguments,
        train_dataset=_Dataset(kept, encode),
        eval_dataset=_Dataset(_records(config, "validation")[:512], encode),
        data_collator=collate,
        anchor_tokens=_single_tokens(frame),
        scale=range(config.scale[0], config.scale[1] + 1),
        alpha=config.alpha,
    )
    trainer.train(resume_from_checkpoint=any((config.out / "checkpoints").glob("checkpoint-*")) or None)
    final = config.out / "model"
    save_checkpoint(final, trainer.model, tokenizer, config)
    write_curves(config.out, trainer.state.log_history)
    return final


def save_checkpoint(directory: Path, model: Any, tokenizer: Any, config: TrainConfig) -> None:
    """Write weights (bfloat16 safetensors), tokenizer and `eva.json`."""
    import copy

    import torch

    directory.mkdir(parents=True, exist_ok=True)
    copy.deepcopy(model).to(torch.bfloat16).save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    EvaConfig(
        scale=config.scale,
        weights=config.weights,
        instruction=config.instruction,
        max_critique_tokens=config.max_critique_tokens,
    ).save(directory)


class _Dataset:
    """Records, each with its tokens in one order: the trainer puts texts of like length together by them."""

    def __init__(self, records: list[LabelledStep], encode: Encoder) -> None:
        self._items = [{"input_ids": encode(r, "score_first").ids, "record": r} for r in records]

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self._items[index]


def _records(config: TrainConfig, split: str) -> list[LabelledStep]:
    records = list(read_records(config.data / f"{split}.jsonl"))
    if not records:
        raise BadConfig(f"{config.data / split}.jsonl is empty")
    random.Random(config.seed).shuffle(records)
    return records[: config.limit] if split == "train" and config.limit else records


def _base(config: TrainConfig, records: list[LabelledStep]) -> tuple[Any, Any]:
    kind, _, size = config.base.partition(":")
    if kind != "new":
        if config.base in EMBEDDED or Path(config.base).is_dir() or not size:
            loaded = load(config.base)
            return loaded.model.train(), loaded.tokenizer
        raise BadConfig(f"base {config.base!r} is neither a model nor new:SIZE")
    if size not in SIZES:
        raise BadConfig(f"base {config.base!r}: sizes are {', '.join(f'new:{s}' for s in SIZES)}")
    tokenizer = new_tokenizer(tokenizer_texts(records, config.instruction))
    return new_model(size, len(tokenizer)), tokenizer


def _single_tokens(frame: Frame) -> list[int]:
    """The anchors' tokens, which must be single and the same in every dimension."""
    paths = {tuple(field.anchors.paths.values()) for field in frame.fields}
    tokens = [path for path in next(iter(paths)) if len(path) == 1]
    if len(paths) != 1 or len(tokens) != len(next(iter(paths))):
        raise BadConfig(
            "this base writes some scores as several tokens; the EVA term needs single ones: take scale 1..5"
        )
    return [path[0] for path in tokens]

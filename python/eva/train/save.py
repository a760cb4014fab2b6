"""The final checkpoint of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from eva.model.checkpoint import EvaConfig
from eva.step import DIMENSIONS
from eva.train.adapters import with_adapters
from eva.train.config import PretrainConfig, TrainConfig


def save_checkpoint(
    directory: Path, trainer: Any, tokenizer: Any, config: TrainConfig | PretrainConfig
) -> None:
    """Write weights (bfloat16 safetensors, adapters merged), tokenizer and `eva.json`.

    Every process calls this: a sharded model is gathered, and the first process writes it. Raises
    `LoadError` before it writes anything.
    """
    import torch

    reading = eva_config(config)
    weights = trainer.accelerator.get_state_dict(trainer.model)
    if not trainer.is_world_process_zero():
        return
    model = _whole(trainer.accelerator.unwrap_model(trainer.model), config)
    model.load_state_dict(weights)
    if hasattr(model, "merge_and_unload"):
        model = model.merge_and_unload()
    directory.mkdir(parents=True, exist_ok=True)
    model.to(torch.bfloat16).save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    reading.save(directory)


def _whole(trained: Any, config: TrainConfig | PretrainConfig) -> Any:
    """A model like the trained one, which no process holds in parts (a sharded one cannot be copied)."""
    from torch.distributed.fsdp import FSDPModule

    adapters = config if isinstance(config, TrainConfig) and config.lora else None
    inner = trained.get_base_model() if adapters else trained
    kind = type(inner)
    if issubclass(kind, FSDPModule):
        kind = next(k for k in kind.__mro__ if not issubclass(k, FSDPModule))
    model = kind(inner.config)
    return with_adapters(model, adapters) if adapters else model


def eva_config(config: TrainConfig | PretrainConfig) -> EvaConfig:
    """How scores are read from the model of a run. Raises `LoadError`."""
    if isinstance(config, PretrainConfig):
        return EvaConfig(instruction=config.instruction)
    return EvaConfig(
        scale=config.scale,
        weights=dict(zip(DIMENSIONS, config.weights, strict=True)),
        instruction=config.instruction,
        max_critique_tokens=config.max_critique_tokens,
        read=config.scores,
    )

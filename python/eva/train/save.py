"""The final checkpoint of a run."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from eva.model.checkpoint import EvaConfig
from eva.step import DIMENSIONS
from eva.train.config import PretrainConfig, TrainConfig


def save_checkpoint(
    directory: Path, trainer: Any, tokenizer: Any, config: TrainConfig | PretrainConfig
) -> None:
    """Write weights (bfloat16 safetensors, adapters merged), tokenizer and `eva.json`."""
    import torch

    if not trainer.is_world_process_zero():
        return
    model = copy.deepcopy(trainer.accelerator.unwrap_model(trainer.model))
    if hasattr(model, "merge_and_unload"):
        model = model.merge_and_unload()
    directory.mkdir(parents=True, exist_ok=True)
    model.to(torch.bfloat16).save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    eva_config(config).save(directory)


def eva_config(config: TrainConfig | PretrainConfig, temperature: float = 1.0) -> EvaConfig:
    """How scores are read from the model of a run."""
    if isinstance(config, PretrainConfig):
        return EvaConfig(instruction=config.instruction)
    return EvaConfig(
        scale=config.scale,
        temperature=temperature,
        weights=dict(zip(DIMENSIONS, config.weights, strict=True)),
        instruction=config.instruction,
        max_critique_tokens=config.max_critique_tokens,
        read=config.scores,
    )

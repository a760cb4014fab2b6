"""Low-rank adapters (LoRA, Hu et al. 2021) by peft."""

from __future__ import annotations

from typing import Any

from eva.extras import lacking
from eva.train.config import BadConfig, TrainConfig

MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")  # arXiv 2606.01160


def with_adapters(model: Any, config: TrainConfig) -> Any:
    """`model` with fresh adapters, its own weights frozen (but for a value head, which is trained whole).

    Raises `BadConfig` where peft is missing or the model has no such modules.
    """
    if words := lacking("peft"):
        raise BadConfig(f"lora: {words}")
    import peft

    regression = config.scores == "value"
    options = peft.LoraConfig(
        r=config.lora_rank,
        lora_alpha=config.lora_alpha,
        target_modules=list(MODULES),
        modules_to_save=["score"] if regression else None,
        task_type="TOKEN_CLS" if regression else "CAUSAL_LM",
    )
    try:
        return peft.get_peft_model(model, options)
    except ValueError as error:
        raise BadConfig(f"lora cannot be put on this base: {error}") from error

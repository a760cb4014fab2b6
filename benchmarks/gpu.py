"""How much of a GPU is put to use, by models of the sizes that people run; their weights are random."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from benchmarks.harness import Row, Size, in_turn, missing, seconds, versus
from benchmarks.proofs import proof
from eva.model import Checkpoint, RewardModel
from eva.model.checkpoint import load
from eva.model.prefill import unique_tokens
from eva.step import CritiquePiece, ProofStep

TOPIC = "gpu"
MODEL = "leibniz-nano"
"""Whose tokenizer the random models use."""
BATCHES = (1, 16)
PROMPTS = 32
LONG = 60
"""Steps of the proofs whose prompts are read."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of a Llama-like model."""

    name: str
    hidden: int
    inner: int
    layers: int
    heads: int
    key_heads: int
    vocabulary: int


SHAPES = (
    Shape("0.5 B", 896, 4864, 24, 14, 2, 151_936),
    Shape("1.5 B", 1536, 8960, 28, 12, 2, 151_936),
    Shape("7 B", 3584, 18_944, 28, 28, 4, 152_064),
)
TINY = Shape("tiny", 64, 128, 2, 4, 2, 2048)


def rows(size: Size) -> Iterator[Row]:
    """All rows of this topic; without a GPU one that says so (the smoke test takes the processor)."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu" and not size.quick:
        yield missing(TOPIC, "models of 0.5 B, 1.5 B and 7 B parameters", "", "no GPU here")
        return
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    source = load(MODEL)
    for shape in (TINY,) if size.quick else SHAPES:
        checkpoint = _checkpoint(shape, source, device, dtype)
        yield _prefill(shape, checkpoint, size)
        for batch in BATCHES:
            yield _decoding(shape, checkpoint, batch, size)
        del checkpoint
        gc.collect()
        if device == "cuda":
            torch.cuda.empty_cache()


def _prefill(shape: Shape, checkpoint: Checkpoint, size: Size) -> Row:
    """Score-only of prompts of different theorems: operations of the layers, a second."""
    device, dtype = checkpoint.model.device, checkpoint.model.dtype
    count = size.pick(PROMPTS, 2)

    def ours(number: int) -> float:
        model = RewardModel(checkpoint)
        steps = [proof(size.pick(LONG, 2), 40_000 + number * count + i)[-1] for i in range(count)]
        tokens = unique_tokens(checkpoint.tokenizer(model.prompt(step))["input_ids"] for step in steps)
        taken = _timed(lambda: model.score(steps, critique=False, batch_size=count), device)
        return float(tokens * _operations_a_token(checkpoint.model) / taken / 1e12)

    n = size.pick(8192, 256)
    left, right = (torch.randn(n, n, device=device, dtype=dtype) for _ in range(2))

    def peak(number: int) -> float:
        times = 10
        return times * 2 * n**3 / _timed(lambda: [left @ right for _ in range(times)], device) / 1e12

    found = in_turn({"ours": ours, "theirs": peak}, size.rounds)
    return versus(
        TOPIC,
        f"{shape.name}: prompts read, score only",
        found["ours"],
        found["theirs"],
        "TFLOP/s",
        against=f"a product of two {n} × {n} matrices, {str(dtype).removeprefix('torch.')}",
        note=f"{count} prompts at once; the layers' operations, attention over the context not counted",
    )


def _decoding(shape: Shape, checkpoint: Checkpoint, batch: int, size: Size) -> Row:
    """Critiques: each token of the batch reads all weights once."""
    device = checkpoint.model.device
    weights = sum(p.numel() * p.element_size() for p in checkpoint.model.parameters())

    def ours(number: int) -> float:
        model = RewardModel(checkpoint)
        steps = [proof(2, 50_000 + number * batch + i)[-1] for i in range(batch)]
        return float(weights * _forward_passes_a_second(model, steps) / 1e9)

    source = torch.empty(size.pick(1 << 30, 1 << 20), dtype=torch.uint8, device=device)
    target = torch.empty_like(source)

    def bandwidth(number: int) -> float:
        times = 10
        taken = _timed(lambda: [target.copy_(source) for _ in range(times)], device)
        return times * 2 * source.numel() / taken / 1e9

    found = in_turn({"ours": ours, "theirs": bandwidth}, size.rounds)
    return versus(
        TOPIC,
        f"{shape.name}: critiques written, batch {batch}",
        found["ours"],
        found["theirs"],
        "GB/s",
        against="a copy within the device's memory",
        note="the weights, read once for each token of the batch",
    )


def _forward_passes_a_second(model: RewardModel, steps: Sequence[ProofStep]) -> float:
    """From the first to the last piece; the longest critique had so many tokens."""
    pieces = [0] * len(steps)
    begun = ended = 0.0
    for event in model.stream(steps, batch_size=len(steps)):
        if isinstance(event, CritiquePiece):
            ended = time.perf_counter()
            begun = begun or ended
            pieces[event.index] += 1
    return (max(pieces) - 1) / (ended - begun)


def _checkpoint(shape: Shape, source: Checkpoint, device: str, dtype: torch.dtype) -> Checkpoint:
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.key_heads,
        max_position_embeddings=4096,
        tie_word_embeddings=True,
    )
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            model = LlamaForCausalLM(config).eval()
    finally:
        torch.set_default_dtype(before)
    settings = replace(source.config, mass_floor=0.0)
    return Checkpoint(shape.name, model, source.tokenizer, settings)


def _operations_a_token(model: Any) -> int:
    """Two for each weight of the layers; embedding and head are used for a few tokens only."""
    return 2 * sum(int(p.numel()) for p in model.model.layers.parameters())


def _timed(act: Callable[[], object], device: Any) -> float:
    """Seconds until the device is done."""
    if torch.device(device).type != "cuda":
        return seconds(act)

    def whole() -> None:
        act()
        torch.cuda.synchronize()

    torch.cuda.synchronize()
    return seconds(whole)

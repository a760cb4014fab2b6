"""From labelled steps to token ids, with the place of every score known."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from eva.data.record import LabelledStep
from eva.model.frame import CONTEXT, anchor_tokens, encode_after, newline
from eva.model.prompt import completion, prompt, score_text, think_text
from eva.step import DIMENSIONS, Order

IGNORED = -100  # torch's index for "no cross-entropy here"


@dataclass(frozen=True)
class Example:
    """One training text.

    - `ids`: prompt, output and end-of-text token. `start`: index of the first output token.
    - `positions`: for each dimension, the index of its integer's token in `ids` (read at index − 1).
    - `targets`: the fractional R_k of each dimension.
    """

    ids: list[int]
    start: int
    positions: tuple[int, ...]
    targets: tuple[float, ...]


class Encoder:
    """Writes examples in one order or the other, cut into tokens exactly as decoding cuts them."""

    def __init__(self, tokenizer: Any, instruction: str, scale: tuple[int, int]) -> None:
        self._tokenizer = tokenizer
        self._instruction = instruction
        self._scale = scale
        self._newline = newline(tokenizer)

    def __call__(self, record: LabelledStep, order: Order) -> Example:
        """Raises `ValueError` where a score takes several tokens: the EVA term is defined at one position."""
        scores = rounded(record.targets, self._scale)
        written = completion(None, scores, "score_first")
        scored, spans = encode_after(self._tokenizer, CONTEXT, written.text)
        think = encode_after(self._tokenizer, CONTEXT, think_text(record.critique))[0]
        head = list(self._tokenizer(prompt(record.step, self._instruction))["input_ids"])
        at = len(head) if order == "score_first" else len(head) + len(think) + len(self._newline)
        parts = [scored, self._newline, think] if order == "score_first" else [think, self._newline, scored]
        places = []
        for name in DIMENSIONS:
            first, last = anchor_tokens(spans, written.spans[name])
            if last - first != 1:
                raise ValueError(
                    f"the score {scores[name]} takes {last - first} tokens: take a base with one token for it"
                )
            places.append(at + first)
        ids = [*head, *(token for part in parts for token in part), self._tokenizer.eos_token_id]
        return Example(ids, len(head), tuple(places), tuple(record.targets[name] for name in DIMENSIONS))


def rounded(targets: Any, scale: tuple[int, int]) -> dict[str, int]:
    """The integers of the text target: each R_k rounded half up, kept on the scale."""
    low, high = scale
    return {name: min(high, max(low, math.floor(targets[name] + 0.5))) for name in DIMENSIONS}


def tokenizer_texts(records: Iterable[LabelledStep], instruction: str) -> Iterable[str]:
    """The texts that a fresh tokenizer is trained on."""
    for record in records:
        yield prompt(record.step, instruction)
        yield think_text(record.critique)
        yield score_text(rounded(record.targets, (1, 5)))


class Collator:
    """Draws an order for each record, encodes, pads on the right, and tells where everything stands.

    The batch: `input_ids`, `attention_mask`, `labels` (batch, tokens); `weights` (batch, tokens) of the
    cross-entropy; `positions` (batch, 3) and `targets` (batch, 3) of the EVA term.
    """

    def __init__(self, encode: Encoder, draw: Callable[[], Order], prompt_loss: float, pad: int) -> None:
        self._encode, self._draw, self._prompt_loss, self._pad = encode, draw, prompt_loss, pad

    def __call__(self, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
        import torch

        examples = [self._encode(item["record"], self._draw()) for item in items]
        width = max(len(e.ids) for e in examples)
        ids = torch.full((len(examples), width), self._pad)
        mask = torch.zeros(len(examples), width, dtype=torch.long)
        labels = torch.full((len(examples), width), IGNORED)
        weights = torch.zeros(len(examples), width)
        for row, e in enumerate(examples):
            size = len(e.ids)
            ids[row, :size] = torch.tensor(e.ids)
            mask[row, :size] = 1
            labels[row, :size] = ids[row, :size]
            weights[row, : e.start] = self._prompt_loss
            weights[row, e.start : size] = 1.0
        return {
            "input_ids": ids,
            "attention_mask": mask,
            "labels": labels,
            "weights": weights,
            "positions": torch.tensor([e.positions for e in examples]),
            "targets": torch.tensor([e.targets for e in examples]),
        }

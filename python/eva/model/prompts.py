"""Steps as prompt tokens that fit the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eva.model.prompt import prompt
from eva.step import ProofStep

Tokens = tuple[int, ...]
DROPPED_TOGETHER = 16
"""Earlier steps are left out in so many at a time: as long as neighbouring steps of a proof leave out the
same ones, their prompts begin alike."""


class Prompts:
    """Turns steps into tokens; `room` is the most that a prompt may have."""

    def __init__(self, tokenizer: Any, instruction: str, room: int) -> None:
        self.room = room
        self._tokenizer = tokenizer
        self._instruction = instruction

    def text(self, step: ProofStep) -> str:
        """The prompt with all earlier steps."""
        return prompt(step, self._instruction)

    def fit(self, steps: Sequence[ProofStep]) -> list[Tokens | str]:
        """The prompt of each step, without the oldest earlier steps where they do not fit; or why it cannot
        fit."""
        if not steps:
            return []
        # verbose: what is too long is dealt with here, and no matter for a warning
        first = self._tokenizer([self.text(step) for step in steps], verbose=False)["input_ids"]
        return [
            tuple(tokens) if len(tokens) <= self.room else self._shortened(step, len(tokens))
            for step, tokens in zip(steps, first, strict=True)
        ]

    def _shortened(self, step: ProofStep, length: int) -> Tokens | str:
        count = len(step.earlier)
        choices = [*range(DROPPED_TOGETHER, count, DROPPED_TOGETHER), count] if count else []
        low, high = 0, len(choices)  # the first choice that fits is at `low` in the end
        fitting: Tokens | None = None
        while low < high:
            middle = (low + high) // 2
            text = prompt(step, self._instruction, earlier=count - choices[middle])
            tokens = tuple(self._tokenizer(text, verbose=False)["input_ids"])
            length = len(tokens)
            if length <= self.room:
                fitting, high = tokens, middle
            else:
                low = middle + 1
        return fitting or f"the step needs {length} tokens and this model reads {self.room}"

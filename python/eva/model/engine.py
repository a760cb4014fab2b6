"""The model at work: prompts in, scores read and critiques written, nothing computed twice that is known."""

from __future__ import annotations

import hashlib
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from eva.model.block import Block
from eva.model.checkpoint import Checkpoint
from eva.model.critique import CritiqueWriter, Piece
from eva.model.frame import CONTEXT, Frame, encode_after, newline
from eva.model.packed import pack
from eva.model.prefill import prefill
from eva.model.prefixes import Prefixes
from eva.model.prompt import think_text
from eva.model.prompts import Prompts, Tokens
from eva.model.read import ReadOut, most_likely, read_scores
from eva.model.rows import Rows
from eva.step import DimensionScore
from eva.usage import Usage

KNOWN = 4096
"""Prompts whose scores are remembered."""
SPARE_TOKENS = 16


class Engine:
    """One checkpoint with a memory of `cache_mb` MiB for what was read, and at most as much to work in again.

    For one thread at a time.
    """

    def __init__(self, checkpoint: Checkpoint, cache_mb: int) -> None:
        self.model: Any = checkpoint.model
        pack(self.model)
        self.tokenizer: Any = checkpoint.tokenizer
        self.usage = Usage()
        self.frame = Frame.of(self.tokenizer, checkpoint.config.scale)
        self.prompts = Prompts(self.tokenizer, checkpoint.config.instruction, self._room(checkpoint))
        self._tau = checkpoint.config.tau
        self._newline = tuple(newline(self.tokenizer))
        # a tokenizer may have tokens that the model has not, such as a padding token
        vocabulary = max(self.model.get_input_embeddings().weight.shape[0], len(self.tokenizer))
        self._writer = CritiqueWriter(self.tokenizer, vocabulary, checkpoint.config.max_critique_tokens)
        self._limit = cache_mb << 20
        self._prefixes = Prefixes(self._limit) if cache_mb else None
        self._spare: Block | None = None  # the memory of the last batch: to take new is a tenth of the time
        self._known: OrderedDict[bytes, ReadOut] = OrderedDict()
        self._capacity = KNOWN if cache_mb else 0

    def read(self, prompts: Sequence[Tokens], *, again: bool = False) -> list[ReadOut]:
        """The scores right after each prompt, all in one batch. Raises `ModelError`.

        `again`: scores that are known were given before, for the same question; they are not counted twice.
        """
        digests = [_digest(tokens) for tokens in prompts]
        found = {i: self._known[digest] for i, digest in enumerate(digests) if digest in self._known}
        missing = [i for i in range(len(prompts)) if i not in found]
        if missing:
            rows, order = self._begin([prompts[i] + self.frame.opening for i in missing])
            for place, out in zip(order, self._scores(rows), strict=True):
                found[missing[place]] = out
            self._leave(rows)
        for i in missing if again else range(len(prompts)):
            self.usage.scores += 1
            self.usage.tokens += len(prompts[i]) + len(found[i].tokens)
        self.usage.remembered += 0 if again else len(prompts) - len(missing)
        if self._capacity:
            for i, digest in enumerate(digests):
                self._known[digest] = found[i]
                self._known.move_to_end(digest)
            while len(self._known) > self._capacity:
                self._known.popitem(last=False)
        return [found[i] for i in range(len(prompts))]

    def read_after(self, prompts: Sequence[Tokens], critiques: Sequence[str]) -> list[ReadOut]:
        """The scores right after critiques that are already there. Raises `ModelError`."""
        thoughts = [encode_after(self.tokenizer, CONTEXT, think_text(words))[0] for words in critiques]
        rows, order = self._begin(
            [(*p, *t, *self._newline, *self.frame.opening) for p, t in zip(prompts, thoughts, strict=True)]
        )
        found = dict(zip(order, self._scores(rows, after_critique=True), strict=True))
        self._leave(rows)
        return [found[i] for i in range(len(prompts))]

    def read_samples(
        self, prompts: Sequence[Tokens], choose: Callable[[DimensionScore], int], samples: int
    ) -> list[list[ReadOut]]:
        """`samples` objects for each prompt, their integers picked by `choose`. Raises `ModelError`."""
        rows, order = self._begin([prompt + self.frame.opening for prompt in prompts])
        # in the order of the prompts: `choose` may draw, and what was read before must not change that
        forks = rows.fork([order.index(i) for i in range(len(prompts)) for _ in range(samples)])
        read = self._scores(forks, choose)
        self._leave(rows)
        return [read[i * samples : (i + 1) * samples] for i in range(len(prompts))]

    def write(
        self,
        more: Callable[[int], Sequence[tuple[int, Tokens, Tokens | None]]],
        *,
        room: int,
        cancelled: Callable[[int], bool],
        finished: Callable[[int, ReadOut], None] | None = None,
    ) -> Iterator[Piece]:
        """Write critiques, `room` at a time; arguments and errors are those of `CritiqueWriter.write`, but

        - `more(n)` gives numbers, prompts and what was written after them: the score object, or `None`.
        - `finished(number, scores)`: the scores after a critique.
        """

        lengths: dict[int, int] = {}  # of the prompts
        joined: list[Rows] = []  # whose states the writer has copied by the time when it asks again

        def begin(count: int) -> tuple[Rows, list[int]] | None:
            while joined:
                self._leave(joined.pop())
            items = more(count)
            if not items:
                return None
            lengths.update((number, len(prompt)) for number, prompt, _ in items)
            opening = tuple(self._writer.opening)
            rows, order = self._begin(
                [
                    prompt + (opening if written is None else written + self._newline + opening)
                    for _, prompt, written in items
                ]
            )
            joined.append(rows)
            return rows, [items[place][0] for place in order]

        def end(rows: Rows, numbers: Sequence[int]) -> None:
            assert finished is not None
            before = rows.computed
            rows.extend([self._newline + self.frame.opening] * len(numbers))
            self.usage.computed += rows.computed - before
            self.usage.scores += len(numbers)
            for number, out in zip(numbers, self._scores(rows, after_critique=True), strict=True):
                self.usage.tokens += lengths[number] + len(out.tokens)
                finished(number, out)

        for piece in self._writer.write(
            self.model, begin, room=room, cancelled=cancelled, finished=end if finished else None
        ):
            self.usage.written += 1
            yield piece

    def forget(self) -> None:
        """Free the memory of what was read before."""
        self._spare = None
        if self._prefixes is not None:
            self._prefixes.clear()

    def _begin(self, prompts: Sequence[Tokens]) -> tuple[Rows, list[int]]:
        spare, self._spare = self._spare, None
        rows, order = prefill(self.model, prompts, self._prefixes, spare)
        self.usage.computed += rows.computed
        return rows, order

    def _leave(self, rows: Rows) -> None:
        """Keep the memory of rows that nobody needs any more; not after an error, for it may hold NaN."""
        if rows.block.bytes <= self._limit:
            self._spare = rows.block

    def _scores(
        self,
        rows: Rows,
        choose: Callable[[DimensionScore], int] = most_likely,
        *,
        after_critique: bool = False,
    ) -> list[ReadOut]:
        before = rows.computed
        tau = self._tau(after_critique=after_critique)
        out = read_scores(rows, self.frame, temperature=tau, choose=choose)
        self.usage.computed += rows.computed - before
        return out

    def _room(self, checkpoint: Checkpoint) -> int:
        context = getattr(self.model.config, "max_position_embeddings", None) or 1 << 30
        frame = sum(len(next(iter(field.leads.values()))) + 4 for field in self.frame.fields)
        room = int(context) - frame - checkpoint.config.max_critique_tokens - SPARE_TOKENS
        return min(room, checkpoint.config.max_prompt_tokens or room)


def _digest(tokens: Tokens) -> bytes:
    return hashlib.blake2b(array("q", tokens).tobytes(), digest_size=16).digest()

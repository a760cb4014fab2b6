"""Writing critiques: greedy decoding under a grammar, so that `<think> … </think>` is always closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from eva.model.errors import ModelError
from eva.model.frame import encode_after
from eva.model.prompt import THINK_CLOSE, THINK_OPEN
from eva.model.rows import Rows, swap_out


def grammar(tokenizer: Any, max_tokens: int) -> str:
    """One line of text without '<' (which would end it early) and without control characters, then the
    closing mark.

    Past `max_tokens` tokens the grammar leaves only the closing mark: a long critique is cut, never left
    open. Where the mark is a token of its own, llguidance wants it named as a token, not spelled as text.
    """
    mark = THINK_CLOSE if THINK_CLOSE in tokenizer.get_added_vocab() else f'"{THINK_CLOSE}"'
    return f"start: body {mark}\nbody[max_tokens={max_tokens}]: /[^<\\x00-\\x1f\\x7f]+/\n"


More = Callable[[int], "tuple[Rows, list[int]] | None"]


@dataclass(frozen=True)
class Piece:
    """New words of one row; `done` marks the last. `row` is its number."""

    row: int
    text: str
    done: bool


class CritiqueWriter:
    """Writes critiques for many rows at once. `max_tokens` bounds the words of one critique."""

    def __init__(self, tokenizer: Any, vocabulary: int, max_tokens: int) -> None:
        import llguidance
        import llguidance.hf

        self._tokenizer = tokenizer
        self._guide = llguidance.hf.from_tokenizer(tokenizer, n_vocab=vocabulary)
        self._grammar = llguidance.LLMatcher.grammar_from_lark(grammar(tokenizer, max_tokens))
        self._fresh = llguidance.LLMatcher(self._guide, self._grammar)
        problem = llguidance.LLMatcher.validate_grammar(self._grammar, self._guide)
        assert not problem, problem
        self.opening = encode_after(tokenizer, "\n", THINK_OPEN)[0]

    def write(
        self,
        model: Any,
        more: More,
        *,
        room: int,
        cancelled: Callable[[int], bool],
        finished: Callable[[Rows, Sequence[int]], None] | None = None,
    ) -> Iterator[Piece]:
        """Decode up to `room` critiques side by side, until all are closed and there are no more.

        - `more(n)`: asked between tokens, while there is room for `n`; rows that stand right after `opening`,
          and their numbers, or `None`. They join those that are being written.
        - `cancelled(number)`: asked before every token; such a row leaves at once and says nothing more.
        - `finished(rows, numbers)`: gets rows that are done, in the state after the closing mark.

        Raises `ModelError` on NaN logits.
        """
        import llguidance.numpy  # its torch twin compiles a kernel: seconds, and a C++ compiler, at first use

        rows = Rows(model)
        live: list[_Line] = []
        while True:
            _leave(rows, live, [i for i, line in enumerate(live) if cancelled(line.number)])
            new = more(room - len(live)) if len(live) < room else None
            if new is not None:
                rows.join(new[0])
                live += [_Line(number, self._fresh.deep_copy(), self._tokenizer) for number in new[1]]
            if not live:
                return
            mask = llguidance.numpy.allocate_token_bitmask(len(live), self._guide.vocab_size)
            for i, line in enumerate(live):
                llguidance.numpy.fill_next_token_bitmask(line.matcher, mask, i)
            tokens = pick(rows.logits, mask)
            yield from [line.take(token) for line, token in zip(live, tokens, strict=True)]
            ended = [i for i, line in enumerate(live) if line.done]
            if finished is None:
                _leave(rows, live, ended)
                tokens = [line.last for line in live]
            rows.extend([[token] for token in tokens])
            if finished is not None and ended:
                finished(rows.fork(ended), [live[i].number for i in ended])
                _leave(rows, live, ended)


def _leave(rows: Rows, live: list[_Line], places: Sequence[int]) -> None:
    if places:
        rows.drop(places)
        for place in sorted(places, reverse=True):
            swap_out(live, place)


class _Line:
    """One critique while it is being written."""

    def __init__(self, number: int, matcher: Any, tokenizer: Any) -> None:
        from tokenizers.decoders import DecodeStream

        self.number = number
        self.last = -1
        self.matcher = matcher
        self.done = False
        self._closing = False
        self._tokenizer = tokenizer.backend_tokenizer
        self._decoder = DecodeStream(skip_special_tokens=False)

    def take(self, token: int) -> Piece:
        if not self.matcher.consume_token(token):
            why = self.matcher.get_error().partition("\n")[0]
            raise ModelError(
                f"the critique's grammar left no token to write (token {token} was refused: {why})"
            )
        self.last = token
        text = self._decoder.step(self._tokenizer, token) or ""
        words, mark, _ = text.partition("<")
        if mark:  # the limit may fall between the tokens of one character
            words = words.rstrip("\ufffd")
        shown = "" if self._closing else words
        self._closing = self._closing or bool(mark)
        self.done = self.matcher.is_stopped() or self.matcher.is_accepting()
        return Piece(self.number, shown, self.done)


def pick(logits: torch.Tensor, mask: NDArray[np.int32]) -> list[int]:
    """The most likely allowed token of each row; bit i of a row's mask says whether token i is allowed."""
    if torch.isnan(logits).any():
        raise ModelError("the model gave NaN logits in a critique: load it in float32, or check its weights")
    bits = np.unpackbits(mask.view(np.uint8), axis=1, bitorder="little")[:, : logits.shape[1]]
    forbidden = torch.from_numpy(bits == 0).to(logits.device)
    return [int(token) for token in logits.masked_fill(forbidden, float("-inf")).argmax(-1)]

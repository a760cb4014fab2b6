"""A batch of sequences in front of a causal language model: grow them, fork them, drop them, take in more.

Every row has its own length. New tokens stand in the same columns for all rows, padded on the left, so the
logits that matter are always the last ones; columns that hold no token of a row are masked, and positions are
counted per row, so the padding changes nothing that is read.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor

from eva.model.block import Block, Columns

SLACK = 64
"""Columns beyond those of the longest row before rows are moved together; as many are taken in reserve."""
HOLE = -1


class Rows:
    """`len(rows)` sequences and what the model says after each.

    - `logits`: (rows, vocabulary), float32: what the model says after each row's last token.
    - `computed`: positions that went through the model so far, padding included.

    `block`: memory to work in, of the same model, that nobody else uses.
    """

    def __init__(self, model: Any, block: Block | None = None) -> None:
        self.computed = 0
        self.logits: Tensor = torch.zeros(0, 0, device=model.device)
        self._model = model
        self._device = model.device
        self._block = Block.of(model) if block is None else block
        self._window = _window_of(model)
        self._memory = _name_of_memory(type(model).forward)
        self._columns = 0
        # the position in its row of the token in each column, or HOLE
        self._positions = torch.full((0, 0), HOLE, dtype=torch.long, device=self._device)
        self._lengths: list[int] = []

    def __len__(self) -> int:
        return len(self._lengths)

    @property
    def columns(self) -> int:
        """Columns in use."""
        return self._columns

    def reserve(self, rows: int, columns: int) -> None:
        """Take the memory for so many rows and columns at once."""
        self._block.reserve(rows, columns)
        height, width = self._positions.shape
        if height < self._block.rows or width < self._block.columns:
            grown = self._positions.new_full((self._block.rows, self._block.columns), HOLE)
            grown[:height, :width] = self._positions
            self._positions = grown

    def add(self, count: int, columns: int) -> None:
        """Append empty rows, with room for so many columns."""
        self.reserve(len(self) + count, columns)
        self._lengths += [0] * count
        grown = torch.zeros(len(self), self.logits.shape[1], device=self._device)
        grown[: self.logits.shape[0]] = self.logits
        self.logits = grown

    def extend(self, chunks: Sequence[Sequence[int]]) -> None:
        """Append each row's tokens (a row's may be empty) and renew `logits`."""
        self.extend_some(0, chunks, self._columns)

    @torch.no_grad()
    def extend_some(self, first: int, chunks: Sequence[Sequence[int]], start: int) -> None:
        """Append tokens to the rows from `first` on, in the free columns from `start` on."""
        width = max(map(len, chunks), default=0)
        if width == 0:
            return
        rows, end = slice(first, first + len(chunks)), start + width
        self.reserve(len(self), end)
        ids = torch.zeros(len(chunks), width, dtype=torch.long)
        places = torch.full((len(chunks), width), HOLE, dtype=torch.long)
        for row, chunk in enumerate(chunks):
            if chunk:
                ids[row, width - len(chunk) :] = torch.tensor(chunk)
                length = self._lengths[first + row]
                places[row, width - len(chunk) :] = torch.arange(length, length + len(chunk))
                self._lengths[first + row] += len(chunk)
        places = places.to(self._device)
        self._positions[rows, start:end] = places
        out = self._model(
            input_ids=ids.to(self._device),
            attention_mask=self._mask(rows, places, end),
            position_ids=places.clamp(min=0),
            use_cache=True,
            logits_to_keep=1,
            **{self._memory: self._block.window(rows, start)},
        )
        self.computed += ids.numel()
        self._columns = max(self._columns, end)
        new = out.logits[:, -1].float()
        if not self.logits.shape[1]:
            self.logits = new.new_zeros(len(self), new.shape[1])
        grown = torch.tensor([bool(chunk) for chunk in chunks], device=self._device).unsqueeze(1)
        self.logits[rows] = torch.where(grown, new, self.logits[rows])

    def drop(self, rows: Sequence[int]) -> None:
        """Take rows out: the last row moves into each gap, from the highest gap down (`swap_out`)."""
        for gap in sorted(rows, reverse=True):
            last = len(self) - 1
            if gap != last:
                self._block.copy(self._block, last, slice(0, self._columns), gap)
                self._positions[gap] = self._positions[last]
                self.logits[gap] = self.logits[last]
            self._positions[last] = HOLE
            swap_out(self._lengths, gap)
        self.logits = self.logits[: len(self)]
        if not self._lengths:
            self._columns = 0

    def fork(self, rows: Sequence[int]) -> Rows:
        """A copy of these rows that grows on its own; a row may be named several times."""
        copy = Rows(self._model)
        copy._block = self._block.select(rows, self._columns)
        copy._columns = self._columns
        copy._positions = self._positions[list(rows), : self._columns]
        copy._lengths = [self._lengths[row] for row in rows]
        copy.logits = self.logits[list(rows)]
        return copy

    def join(self, other: Rows) -> None:
        """Append copies of another batch's rows."""
        if self._columns > max([*self._lengths, *other._lengths], default=0) + SLACK:
            self._pack()
        first = len(self)
        self.add(len(other), max(self._columns, *other._lengths) + SLACK)
        for row, length in enumerate(other._lengths):
            self.take(first + row, other, row, length)
        if not self.logits.shape[1]:
            self.logits = other.logits.new_zeros(len(self), other.logits.shape[1])
        self.logits[first:] = other.logits
        self.computed += other.computed

    def take(self, row: int, other: Rows, its_row: int, length: int) -> None:
        """Give an empty row a copy of the first `length` tokens of a row of `other` (or of this batch)."""
        self._block.copy(other._block, its_row, other._held(its_row, length), row)
        self.fill(row, length)

    def fill(self, row: int, length: int) -> None:
        """An empty row now has `length` tokens in its first columns."""
        self._positions[row] = HOLE
        self._positions[row, :length] = torch.arange(length, device=self._device)
        self._lengths[row] = length
        self._columns = max(self._columns, length)

    @property
    def block(self) -> Block:
        """The states; what `fill` announces has to be written there."""
        return self._block

    def tail(self, row: int, start: int) -> Tensor:
        """The columns of a row's tokens from `start` on."""
        held = self._positions[row, : self._columns]
        return torch.nonzero(held >= start).squeeze(1)

    def _held(self, row: int, length: int) -> Columns:
        """The columns of a row's first `length` tokens."""
        held = self._positions[row, : self._columns]
        columns = torch.nonzero((held >= 0) & (held < length)).squeeze(1)
        close = length > 0 and int(columns[-1]) - int(columns[0]) == length - 1
        return slice(int(columns[0]), int(columns[0]) + length) if close else columns

    def _pack(self) -> None:
        """Move every row's tokens together into its first columns."""
        for row, length in enumerate(self._lengths):
            columns = self.tail(row, 0)
            if int(columns[-1]) >= length:
                self._block.copy(self._block, row, columns, row)
                self.fill(row, length)
        self._columns = max(self._lengths, default=0)

    def _mask(self, rows: slice, places: Tensor, end: int) -> Any:
        """What the new tokens at `places` may see: by columns where the model masks what comes later itself,
        in full where some of its layers see only a window."""
        held = self._positions[rows, :end]
        window, mixed = self._window
        if window is None:
            return (held >= 0).long()
        behind = places.clamp(min=0).unsqueeze(2) - held.unsqueeze(1)
        seen = (held.unsqueeze(1) >= 0) & (behind >= 0)
        full, near = (
            torch.where(s, 0.0, torch.finfo(self._model.dtype).min).to(self._model.dtype).unsqueeze(1)
            for s in (seen, seen & (behind < window))
        )
        return {"full_attention": full, "sliding_attention": near} if mixed else near


@cache
def _name_of_memory(forward: Callable[..., Any]) -> str:
    """transformers renames it in 5.24, and gives the old name up in 5.40."""
    return "cache" if "cache" in inspect.signature(forward).parameters else "past_key_values"


def _window_of(model: Any) -> tuple[int | None, bool]:
    """How many tokens back some layers see, if any do not see all, and whether others do."""
    config = model.config.get_text_config()
    window = getattr(config, "sliding_window", None)
    kinds = set(getattr(config, "layer_types", None) or ())
    if not window or kinds == {"full_attention"} or getattr(config, "use_sliding_window", True) is False:
        return None, False
    return window, len(kinds) > 1


def swap_out(items: list[Any], index: int) -> None:
    """Take an item out by putting the last one in its place, as `Rows.drop` does with rows."""
    items[index] = items[-1]
    items.pop()

"""Key-value states of many sequences in memory that is taken once and filled in place.

transformers' own `DynamicCache` copies all states for each new token; with 16 sequences of 300 tokens that
copying costs several times what the model itself does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import (
    Cache,
    CacheLayerMixin,
    DynamicCache,
    DynamicLayer,
    DynamicSlidingWindowLayer,
)

from eva.model.errors import LoadError

Columns = slice | Tensor


@dataclass(frozen=True, slots=True)
class States:
    """Keys and values of some tokens of one sequence: for each layer a tensor (heads, tokens, size)."""

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]

    def part(self, start: int, stop: int) -> States:
        """Those of the tokens `start` to `stop`, in the same memory."""
        return States(
            tuple(k[:, start:stop] for k in self.keys), tuple(v[:, start:stop] for v in self.values)
        )

    @property
    def bytes(self) -> int:
        return sum(t.numel() * t.element_size() for t in (*self.keys, *self.values))


class Block:
    """States of `rows` sequences in `columns` places each; both grow by `reserve`.

    Which place of a row holds which token, and which hold none, is for the owner to know.
    """

    def __init__(self, layers: int) -> None:
        self.rows = 0
        self.columns = 0
        self._keys: list[Tensor | None] = [None] * layers
        self._values: list[Tensor | None] = [None] * layers

    @classmethod
    def of(cls, model: Any) -> Block:
        """An empty one for this model. Raises `LoadError` where its layers keep something else."""
        layers = DynamicCache(config=model.config).layers
        strange = {type(x).__name__ for x in layers} - {
            DynamicLayer.__name__,
            DynamicSlidingWindowLayer.__name__,
        }
        if strange:
            raise LoadError(
                f"the model keeps {', '.join(sorted(strange))}, no keys and values: take a plain transformer"
            )
        return cls(len(layers))

    def reserve(self, rows: int, columns: int) -> None:
        """Make room for that much at least; what is there stays."""
        if rows <= self.rows and columns <= self.columns:
            return
        old_rows, old_columns = self.rows, self.columns
        self.rows = max(rows, old_rows)
        if columns > old_columns:
            self.columns = columns if not old_columns else max(columns, old_columns + old_columns // 2)
        for store in (self._keys, self._values):
            for layer, old in enumerate(store):
                if old is not None:
                    # zeros: what no token has filled is multiplied by 0, and must not be NaN
                    new = old.new_zeros(self.rows, old.shape[1], self.columns, old.shape[3])
                    new[:old_rows, :, :old_columns] = old
                    store[layer] = new

    @property
    def bytes(self) -> int:
        return sum(t.numel() * t.element_size() for t in (*self._keys, *self._values) if t is not None)

    def window(self, rows: slice, start: int) -> Cache:
        """A cache for one forward pass of these rows, whose new tokens go to the places from `start` on."""
        return Cache(layers=[_Slot(self, layer, rows, start) for layer in range(len(self._keys))])

    def slot(self, layer: int, like: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Keys and values of one layer, shape (rows, heads, columns, size); made at first use."""
        key, value = self._keys[layer], self._values[layer]
        if key is None or value is None:
            key, value = (t.new_zeros(self.rows, t.shape[-3], self.columns, t.shape[-1]) for t in like)
            self._keys[layer], self._values[layer] = key, value
        return key, value

    def copy(self, source: Block, from_row: int, columns: Columns, to_row: int) -> None:
        """Copy the states at `columns` of a row to the first places of another one."""
        self.put(to_row, 0, source.states(from_row, columns))

    def states(self, row: int, columns: Columns) -> States:
        """The states at these places of a row. With a slice they are a view, with indices a copy."""
        keys, values = (
            tuple(t[row][:, columns] for t in store if t is not None) for store in (self._keys, self._values)
        )
        return States(keys, values)

    def put(self, row: int, start: int, states: States) -> None:
        """Write states to the places from `start` on."""
        for layer, (key, value) in enumerate(zip(states.keys, states.values, strict=True)):
            keys, values = self.slot(layer, (key, value))
            keys[row, :, start : start + key.shape[1]] = key
            values[row, :, start : start + value.shape[1]] = value

    def select(self, rows: Sequence[int], columns: int) -> Block:
        """A new block with copies of these rows, as far as `columns`."""
        copy = Block(len(self._keys))
        copy.rows, copy.columns = len(rows), columns
        index = torch.tensor(list(rows), dtype=torch.long)
        for mine, its in ((self._keys, copy._keys), (self._values, copy._values)):
            for layer, states in enumerate(mine):
                if states is not None:
                    its[layer] = states[:, :, :columns][index.to(states.device)]
        return copy


class _Slot(CacheLayerMixin):  # type: ignore[misc]
    """What one layer of the model sees of a block during one forward pass."""

    is_sliding = False  # all is kept; which of it a layer may see, the mask says

    def __init__(self, block: Block, layer: int, rows: slice, start: int) -> None:
        super().__init__()
        self._block, self._layer, self._rows, self._start = block, layer, rows, start

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        self.is_initialized = True

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        end = self._start + key_states.shape[-2]
        keys, values = (t[self._rows] for t in self._block.slot(self._layer, (key_states, value_states)))
        keys[:, :, self._start : end] = key_states
        values[:, :, self._start : end] = value_states
        return keys[:, :, :end], values[:, :, :end]

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self._start + query_length, 0

    def get_seq_length(self) -> int:
        return self._start

    def get_max_length(self) -> int:
        return -1

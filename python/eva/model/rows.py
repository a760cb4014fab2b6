"""A batch of sequences in front of a causal language model: grow them, fork them, drop them.

Every row has its own length. New tokens are padded on the left within their chunk, so the logits that
matter are always the last ones; padding is masked and positions are counted per row, so the padding changes
nothing that is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from eva.model.prefix import shared_prefix

MIN_SHARED = 16  # a shared beginning shorter than this is not worth a forward pass of its own


class Rows:
    """`size` rows that share one key-value cache.

    - `logits`: (rows, vocabulary), float32: what the model says after each row's last token.
    """

    def __init__(self, model: Any, size: int) -> None:
        from transformers import DynamicCache

        self._model = model
        self._device = model.device
        self._cache = DynamicCache(config=model.config)
        self._mask = torch.zeros(size, 0, dtype=torch.long, device=self._device)
        self._lengths = torch.zeros(size, dtype=torch.long, device=self._device)
        self.logits: Tensor = torch.zeros(size, 0, device=self._device)

    @classmethod
    def prefill(cls, model: Any, prompts: Sequence[Sequence[int]]) -> Rows:
        """Rows that have read their prompts; what all prompts begin with is computed once."""
        shared = min(shared_prefix(prompts), min(map(len, prompts)) - 1)
        if len(prompts) == 1 or shared < MIN_SHARED:
            rows = cls(model, len(prompts))
            rows.extend(prompts)
            return rows
        rows = cls(model, 1)
        rows.extend([prompts[0][:shared]])
        rows.select([0] * len(prompts))
        rows.extend([tokens[shared:] for tokens in prompts])
        return rows

    def __len__(self) -> int:
        return self._mask.shape[0]

    @torch.inference_mode()
    def extend(self, chunks: Sequence[Sequence[int]]) -> None:
        """Append each row's tokens (a row's may be empty) and renew `logits`."""
        width = max(map(len, chunks))
        if width == 0:
            return
        ids = torch.zeros(len(chunks), width, dtype=torch.long)
        fresh = torch.zeros(len(chunks), width, dtype=torch.long)
        for row, chunk in enumerate(chunks):
            if chunk:
                ids[row, width - len(chunk) :] = torch.tensor(list(chunk))
                fresh[row, width - len(chunk) :] = 1
        ids, fresh = ids.to(self._device), fresh.to(self._device)
        positions = (self._lengths.unsqueeze(1) + fresh.cumsum(1) - 1).clamp(min=0)
        self._mask = torch.cat([self._mask, fresh], dim=1)
        out = self._model(
            input_ids=ids,
            attention_mask=self._mask,
            position_ids=positions,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        )
        new = out.logits[:, -1].float()
        grown = fresh.any(1)
        self.logits = new if bool(grown.all()) else torch.where(grown.unsqueeze(1), new, self.logits)
        self._lengths = self._lengths + fresh.sum(1)

    @torch.inference_mode()
    def select(self, rows: Sequence[int]) -> None:
        """Keep these rows in this order; a row may be named several times, which forks it."""
        if list(rows) == list(range(len(self))):
            return
        index = torch.tensor(list(rows), dtype=torch.long, device=self._device)
        self._cache.batch_select_indices(index)
        self._mask, self._lengths = self._mask[index], self._lengths[index]
        self.logits = self.logits[index]

    def fork(self, rows: Sequence[int]) -> Rows:
        """A copy of these rows that grows on its own."""
        copy = Rows(self._model, 0)
        index = torch.tensor(list(rows), dtype=torch.long, device=self._device)
        for layer in range(len(self._cache.layers)):
            kept = self._cache.layers[layer]
            copy._cache.update(kept.keys[index], kept.values[index], layer)
        copy._mask, copy._lengths = self._mask[index], self._lengths[index]
        copy.logits = self.logits[index]
        return copy

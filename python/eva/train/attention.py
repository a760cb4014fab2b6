"""Attention for training on CPUs: plain matrix products with as few passes over memory as can be.

At the lengths of steps the backward pass of torch's fused kernel takes twice the time of plain products. The
plain attention of transformers in turn spends half of its time on copies: it scales and masks the scores out
of place, and takes the softmax in a float32 copy. Here scores stay in the type of the products; torch's
softmax computes in float32 whatever the type.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface, eager_mask

NAME = "eva_cpu"


def attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float,
    blocks: int = 1,
    **_: Any,
) -> tuple[Tensor, None]:
    """softmax(q kᵀ · scaling + mask) v, the interface of transformers' `AttentionInterface`.

    `query` (batch, heads, T, d), `key` and `value` (batch, key heads, T, d), `attention_mask`
    (batch, 1, T, C), of 0 and very negative numbers. Gives (batch, T, heads, d). No dropout.

    `blocks`: into how many blocks the columns behind the common prefix fall (`eva.train.layout`); with more
    than one, C is a prefix and one block, and no product of two blocks is ever computed.
    """
    groups = query.shape[1] // key.shape[1]
    if groups > 1:
        key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    query = query * scaling
    if blocks == 1:
        mixed = _attend(query, key, value, attention_mask)
    else:
        assert attention_mask is not None
        width, seen = attention_mask.shape[2:]
        block = (width - seen) // (blocks - 1)
        mixed = _attend_in_blocks(query, key, value, attention_mask, seen - block, blocks)
    return mixed.transpose(1, 2).contiguous(), None


def _attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
    scores = torch.matmul(query, key.transpose(2, 3))
    if mask is not None:
        scores += mask
    return torch.matmul(torch.softmax(scores, -1), value)


def _attend_in_blocks(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor, prefix: int, blocks: int
) -> Tensor:
    """The columns of the prefix among themselves; those of a block to the prefix and to their own block."""

    def own(x: Tensor) -> Tensor:
        return x[:, :, prefix:].unflatten(2, (blocks, -1))

    common = [x[:, :, :prefix] for x in (query, key, value)]
    first = _attend(*common, mask[:, :, :prefix, :prefix])
    to_prefix = torch.matmul(query[:, :, prefix:], common[1].transpose(2, 3))
    to_own = torch.matmul(own(query), own(key).transpose(3, 4)).flatten(2, 3)
    scores = torch.cat([to_prefix, to_own], -1)
    scores += mask[:, :, prefix:]
    weights = torch.softmax(scores, -1)
    mixed = torch.matmul(weights[..., :prefix], common[2])
    mixed = mixed + torch.matmul(weights[..., prefix:].unflatten(2, (blocks, -1)), own(value)).flatten(2, 3)
    return torch.cat([first, mixed], 2)


def use_on(model: Any) -> None:
    """Let a model attend this way, if it is a Llama: others have attentions with features of their own."""
    if model.config.model_type != "llama":
        model.set_attn_implementation("eager")
        return
    AttentionInterface.register(NAME, attention)
    AttentionMaskInterface.register(NAME, eager_mask)
    model.set_attn_implementation(NAME)

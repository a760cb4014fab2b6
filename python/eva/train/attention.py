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
        mixed = _attend_in_blocks(query, key, value, attention_mask, blocks)
    return mixed.transpose(1, 2).contiguous(), None


def _attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
    scores = torch.matmul(query, key.transpose(2, 3))
    if mask is not None:
        scores += mask
    return torch.matmul(torch.softmax(scores, -1), value)


def _attend_in_blocks(query: Tensor, key: Tensor, value: Tensor, mask: Tensor, blocks: int) -> Tensor:
    """The columns of the prefix among themselves; those of a block to the prefix and to their own block."""
    width, seen = mask.shape[2:]
    block = (width - seen) // (blocks - 1)
    prefix = seen - block

    def own(x: Tensor) -> Tensor:
        return x.reshape(*x.shape[:2], blocks, block, -1)

    (q0, q), (k0, k), (v0, v) = (torch.split(x, [prefix, blocks * block], 2) for x in (query, key, value))
    first = _attend(q0, k0, v0, mask[:, :, :prefix, :prefix])
    to_own = torch.matmul(own(q), own(k).transpose(3, 4)).flatten(2, 3)
    scores = torch.cat([torch.matmul(q, k0.transpose(2, 3)), to_own], -1)
    scores += mask[:, :, prefix:]
    to_prefix, to_own = torch.split(torch.softmax(scores, -1), [prefix, block], -1)
    mixed = torch.matmul(to_prefix, v0) + torch.matmul(own(to_own), own(v)).flatten(2, 3)
    return torch.cat([first, mixed], 2)


def use_on(model: Any) -> None:
    """Let a model attend this way, if it is a Llama: others have attentions with features of their own."""
    if model.config.model_type != "llama":
        model.set_attn_implementation("eager")
        return
    AttentionInterface.register(NAME, attention)
    AttentionMaskInterface.register(NAME, eager_mask)
    model.set_attn_implementation(NAME)


def in_blocks(model: Any) -> bool:
    """Whether a model attends this way, and so takes the compact mask of `eva.train.layout` with `blocks`."""
    return bool(model.config._attn_implementation == NAME)

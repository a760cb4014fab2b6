"""The attention of training against transformers' own: the same numbers, forwards and backwards."""

from __future__ import annotations

import copy

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from eva.train.attention import NAME, use_on
from tiny import tiny_model


def llama(key_heads: int) -> LlamaForCausalLM:
    torch.manual_seed(0)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=50,
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=key_heads,
        )
    )


def branches(width: int) -> torch.Tensor:
    """A mask by which the last two tokens do not see one another, as two branches of a trie do not."""
    sees = torch.ones(width, width, dtype=torch.bool).tril()
    sees[-1, -2] = False
    return torch.zeros(3, 1, width, width).masked_fill(~sees, torch.finfo(torch.float32).min)


@pytest.mark.parametrize("key_heads", [4, 2])
@pytest.mark.parametrize("masked", [False, True])
def test_losses_and_gradients_are_those_of_transformers(key_heads, masked):
    ids = torch.randint(0, 50, (3, 17), generator=torch.Generator().manual_seed(1))
    extra = {"attention_mask": branches(17)} if masked else {}
    theirs = llama(key_heads)
    ours = copy.deepcopy(theirs)
    theirs.set_attn_implementation("eager")
    use_on(ours)
    assert ours.config._attn_implementation == NAME
    logits = {}
    for name, model in (("theirs", theirs), ("ours", ours)):
        logits[name] = model(input_ids=ids, use_cache=False, **extra).logits
        logits[name].logsumexp(-1).sum().backward()
    torch.testing.assert_close(logits["ours"], logits["theirs"])
    for (name, one), other in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, msg=lambda text, name=name: f"{name}: {text}")


def test_a_model_of_another_kind_keeps_an_attention_of_its_own():
    model = tiny_model(50)
    model.config.model_type = "other"
    use_on(model)
    assert model.config._attn_implementation == "eager"

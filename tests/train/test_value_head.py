"""The value head reads the prompts of one state together, as if each were alone."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from toy import toy_records

from eva.model.prompt import prompt
from eva.step import ProofStep
from eva.train.attention import use_on
from eva.train.examples import Example
from eva.train.trainer import read_by
from eva.train.value_head import PromptCollator, with_head
from tiny import tiny_model, tiny_tokenizer

TACTICS = ("exact h1", "have e := h1", "omega", "simp only [h1]")


def groups(tokenizer):
    """Three groups with four prompts of a state of its own each."""
    out = []
    for number, record in enumerate(toy_records(3, "train")):
        steps = [
            ProofStep(record.step.goals, tactic, "theorem t : p" + " ∧ p" * number) for tactic in TACTICS
        ]
        prompts = [list(tokenizer(prompt(step, "Judge it."))["input_ids"]) for step in steps]
        out.append([Example(ids, len(ids), (), (), (), (0.1 * len(ids), 0.5, -1.0)) for ids in prompts])
    return out


@pytest.mark.parametrize("in_blocks", [True, False])
def test_numbers_and_gradients_are_those_of_prompts_alone(in_blocks):
    tokenizer = tiny_tokenizer("digits_split")
    together = groups(tokenizer)
    apart = [[example] for group in together for example in group]
    base = SimpleNamespace(model=tiny_model(len(tokenizer)), tokenizer=tokenizer)
    if in_blocks:
        use_on(base.model)
    shared = with_head(base)
    base.model.set_attn_implementation("sdpa")
    alone = with_head(base)
    alone.load_state_dict(shared.state_dict())
    found = []
    for model, item, blocks in ((alone, apart, False), (shared, together, in_blocks)):
        batch = PromptCollator(tokenizer.pad_token_id, blocks)([item])
        ends = batch["input_ids"].flatten()[batch["last"]].tolist()
        assert ends == [example.ids[-1] for group in item for example in group]
        numbers = model(**read_by(batch)).logits.flatten(0, 1)[batch["last"]]
        numbers.square().sum().backward()
        found.append((numbers, batch["targets"]))
    assert batch["input_ids"].shape[0] == 3
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
    for one, other in zip(alone.parameters(), shared.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-3, atol=1e-4)

"""Steps of one state that are read together are read as if each were alone."""

from __future__ import annotations

import copy
import dataclasses
from random import Random

import pytest
import torch
from toy import toy_records

from eva.model.frame import Frame
from eva.step import ProofStep
from eva.train.attention import use_on
from eva.train.collate import Collator
from eva.train.examples import Encoder, Example
from eva.train.layout import Layout
from eva.train.objective import anchor_log_weights, cross_entropy
from eva.train.trainer import logits_of
from tiny import tiny_model, tiny_tokenizer

TACTICS = (
    "exact h1",
    "exact hp",
    "have e := h1",
    "omega",
    "simp only [h1]",
    "cases h1",
    "right",
    "exact ⟨h1, hp⟩",
)


def groups(encode, size, order, count=3):
    """`count` groups, each with `size` steps of a state of its own."""
    out = []
    for i, record in enumerate(toy_records(count, "train")):
        group = []
        for tactic in TACTICS[:size]:
            step = ProofStep(record.step.goals, tactic, record.step.statement + " ∧ p" * i)
            critique = f"It is {tactic}, no more. " * (1 + len(group) % 3)
            one = encode(dataclasses.replace(record, step=step, critique=critique), order)
            group.append(encode.with_noise(one, 0.7, Random(f"{i} {tactic}")))
        out.append(group)
    return out


def losses(model, batch, frame):
    """Sum of cross-entropy, its weight, and the anchors' log-probabilities."""
    logits = logits_of(model, batch)
    total, weight = cross_entropy(logits, batch["next"], batch["weights"])
    return total, weight, anchor_log_weights(logits, batch["reads"], [f.anchors for f in frame.fields])


@pytest.mark.parametrize("in_blocks", [True, False])
@pytest.mark.parametrize("scale", [(1, 5), (0, 10)])
@pytest.mark.parametrize("order", ["score_first", "critique_first", "scores_alone"])
def test_losses_and_gradients_are_those_of_texts_alone(in_blocks, scale, order):
    tokenizer = tiny_tokenizer("digits_split")
    frame = Frame.of(tokenizer, scale)
    encode = Encoder(tokenizer, "Judge the step.", scale, frame)
    together = groups(encode, 4, order)
    apart = [[example] for group in together for example in group]
    alone, shared = tiny_model(len(tokenizer)), tiny_model(len(tokenizer))
    if in_blocks:
        use_on(shared)
    if scale == (0, 10):
        use_on(alone)
    found = []
    for model, item, blocks in ((alone, apart, False), (shared, together, in_blocks)):
        batch = Collator(0.25, "rounded", tokenizer.pad_token_id, in_blocks=blocks)([item])
        total, weight, anchors = losses(model, batch, frame)
        (total / weight + anchors[..., 0].sum()).backward()
        found.append((total, weight, anchors, batch["targets"]))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)
    for (name, one), other in zip(alone.named_parameters(), shared.parameters(), strict=True):
        torch.testing.assert_close(
            one.grad, other.grad, rtol=1e-3, atol=1e-4, msg=lambda m, n=name: f"{n}: {m}"
        )


@pytest.mark.parametrize("size", [1, 2, 8])
def test_what_is_shared_stands_once(size):
    tokenizer = tiny_tokenizer("digits_split")
    encode = Encoder(tokenizer, "Judge the step.", (1, 5), Frame.of(tokenizer, (1, 5)))
    together = groups(encode, size, "score_first")
    layout = Layout.of(together)
    assert layout.plain == (size == 1)
    ids = layout.ids(tokenizer.pad_token_id)
    for g, group in enumerate(together):
        for t, example in enumerate(group):
            columns = [layout.column(g, t, i) for i in range(len(example.ids))]
            assert ids[g, columns].tolist() == example.seen
            assert layout.positions()[g, columns].tolist() == list(range(len(columns)))
    if size > 1:
        common = tokenizer.decode(together[0][0].ids[: layout.shared[0]])
        assert "⊢ p" in common and "have" not in common
        assert layout.width < size * max(len(e.ids) for group in together for e in group)


def test_no_place_is_behind_the_longest_text():
    """A model with learned positions has none there; padding behind a long prompt is beside long texts."""
    long, short = ([Example([1] * n + [token] * m, n, (), (), (), ()) for token in (2, 3)] for n, m in SIZES)
    layout = Layout.of([long, short])
    assert layout.shared[0] + layout.block > 221, "else there is nothing to see here"
    assert layout.positions().max() == 220


SIZES = ((200, 11), (20, 201))  # tokens of two prompts, and of what follows them


def test_blocks_do_not_see_one_another():
    tokenizer = tiny_tokenizer("digits_split")
    encode = Encoder(tokenizer, "Judge the step.", (1, 5), Frame.of(tokenizer, (1, 5)))
    together = groups(encode, 4, "score_first", count=1)
    model = tiny_model(len(tokenizer))
    use_on(model)
    collate = Collator(0.0, "rounded", tokenizer.pad_token_id, in_blocks=True)
    before = collate([together])
    changed = copy.deepcopy(together)
    changed[0][1].seen[-3:] = [5, 6, 7]
    after = collate([changed])
    with torch.no_grad():
        one, other = (logits_of(model, batch) for batch in (before, after))
    differs = (one != other).any(-1).squeeze(0)
    block = Layout.of(together).block
    columns = before["keep"][differs]
    first = Layout.of(together).prefix + block
    assert len(columns) and columns.min() >= first and columns.max() < first + block

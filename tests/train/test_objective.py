"""The loss against its definition, on small numbers and on real text."""

from __future__ import annotations

import math

import pytest
import torch
from toy import toy_records

from eva.model.frame import Frame
from eva.model.read import read_given
from eva.step import DIMENSIONS
from eva.train.examples import Collator, Encoder, rounded
from eva.train.objective import eva_loss, expected_scores, sft_loss
from tiny import tiny_model, tiny_tokenizer

INSTRUCTION = "Judge the step."


@pytest.fixture(scope="module", params=["digits_split", "byte_level"])
def tokenizer(request):
    return tiny_tokenizer(request.param)


@pytest.mark.parametrize("order", ["score_first", "critique_first"])
def test_examples_hold_what_decoding_reads(tokenizer, order):
    """The EVA term reads the very positions, and gets the very numbers, that reading the text gives."""
    encode = Encoder(tokenizer, INSTRUCTION, (1, 5))
    model = tiny_model(len(tokenizer))
    frame = Frame.of(tokenizer, (1, 5))
    tokens = [path[0] for path in frame.fields[0].anchors.paths.values()]
    for record in toy_records(4, "train"):
        example = encode(record, order)
        scores = rounded(record.targets, (1, 5))
        for name, at in zip(DIMENSIONS, example.positions, strict=True):
            assert tokenizer.decode([example.ids[at]]).strip() == str(scores[name])
        assert example.ids[-1] == tokenizer.eos_token_id
        with torch.no_grad():
            logits = model(torch.tensor([example.ids])).logits
        got = expected_scores(logits, torch.tensor([example.positions]), tokens, range(1, 6))[0]
        text = tokenizer.decode(
            example.ids[1:-1] if example.ids[0] == tokenizer.bos_token_id else example.ids[:-1]
        )
        given = read_given(model, tokenizer, text, frame)
        assert got.tolist() == pytest.approx([given[name].expected for name in DIMENSIONS], abs=1e-4)


def test_padding_and_prompts_weigh_what_they_should(tokenizer):
    collate = Collator(
        Encoder(tokenizer, INSTRUCTION, (1, 5)), lambda: "score_first", 0.25, tokenizer.pad_token_id
    )
    batch = collate([{"record": r} for r in toy_records(6, "train")])
    weights, mask = batch["weights"], batch["attention_mask"]
    assert set(weights.unique().tolist()) == {0.0, 0.25, 1.0}
    assert bool((weights[mask == 0] == 0).all()) and bool((weights[mask == 1] > 0).all())
    assert bool((batch["labels"][mask == 0] == -100).all())


def test_loss_is_the_papers():
    expected, targets = (
        torch.tensor([[4.2, 2.0, 3.5], [1.0, 5.0, 3.0]]),
        torch.tensor([[4.0, 1.0, 3.5], [2.0, 5.0, 1.0]]),
    )
    by_hand = ((0.2**2 + 1 + 0) / 3 + (1 + 0 + 4) / 3) / 2
    assert float(eva_loss(expected, targets)) == pytest.approx(by_hand, rel=1e-6)


def test_cross_entropy_is_weighted_by_token():
    logits = torch.log(torch.tensor([[[0.5, 0.25, 0.25], [0.1, 0.8, 0.1], [1 / 3, 1 / 3, 1 / 3]]]))
    labels, weights = torch.tensor([[0, 1, 2]]), torch.tensor([[9.0, 1.0, 3.0]])
    assert float(sft_loss(logits, labels, weights)) == pytest.approx(
        (-math.log(0.25) - 3 * math.log(0.1)) / 4, rel=1e-5
    )


def test_gradient_of_the_eva_term_flows_only_through_the_anchors():
    logits = torch.randn(1, 4, 10, requires_grad=True)
    eva_loss(
        expected_scores(logits, torch.tensor([[2]]), [3, 4, 5], range(1, 4)), torch.tensor([[1.5]])
    ).backward()
    moved = logits.grad.abs() > 0
    assert moved[0, 1, 3:6].all() and int(moved.sum()) == 3


def test_rounding_is_half_up_and_stays_on_the_scale():
    targets = {"logic": 2.5, "alignment": 4.9999, "clarity": 1.0}
    assert rounded(targets, (1, 5)) == {"logic": 3, "alignment": 5, "clarity": 1}


def test_scores_of_several_tokens_cannot_be_trained():
    tokenizer = tiny_tokenizer("digits_split")
    [record] = toy_records(1, "train")
    object.__setattr__(record, "targets", dict.fromkeys(DIMENSIONS, 10.0))
    with pytest.raises(ValueError, match="one token"):
        Encoder(tokenizer, INSTRUCTION, (0, 10))(record, "score_first")

"""The loss against its definition, on small numbers and on real text."""

from __future__ import annotations

import math
from random import Random

import pytest
import torch
from toy import toy_records

from eva.data.record import LABELS, rescale
from eva.model.anchors import Anchors
from eva.model.errors import LoadError
from eva.model.frame import Frame
from eva.model.read import read_given
from eva.step import DIMENSIONS
from eva.train.attention import use_on
from eva.train.batches import Planned
from eva.train.collate import Collator
from eva.train.examples import Encoder, rounded
from eva.train.objective import (
    anchor_log_weights,
    cross_entropy,
    eva_loss,
    expected_scores,
    two_hot,
    two_hot_loss,
)
from eva.train.texts import Texts
from eva.train.trainer import logits_of
from tiny import KINDS, tiny_model, tiny_tokenizer

INSTRUCTION = "Judge the step."


def alone(examples):
    """An item in which every example is a group of its own."""
    return [[[example] for example in examples]]


def encoder(tokenizer, scale=(1, 5)):
    return Encoder(tokenizer, INSTRUCTION, scale, Frame.of(tokenizer, scale))


@pytest.fixture(scope="module", params=["digits_split", "byte_level"])
def tokenizer(request):
    return tiny_tokenizer(request.param)


@pytest.mark.parametrize("scale", [(1, 5), (0, 100)])
def test_noise_changes_what_is_read_and_nothing_that_is_learned(tokenizer, scale):
    encode = encoder(tokenizer, scale)
    collate = Collator(0.0, "rounded", tokenizer.pad_token_id)
    examples = [encode(record, "score_first") for record in toy_records(3, "train")] * 40
    noisy = [encode.with_noise(e, 1.0, Random(i)) for i, e in enumerate(examples)]
    plain, batch = collate(alone(examples)), collate(alone(noisy))
    for name in ("keep", "next", "weights", "reads", "targets"):
        assert torch.equal(plain[name], batch[name]), name
    integers = torch.zeros_like(plain["input_ids"], dtype=torch.bool)
    for row, e in enumerate(examples):
        for first, last in e.scores:
            integers[row, first:last] = True
    other = plain["input_ids"] != batch["input_ids"]
    assert not (other & ~integers).any()
    assert other.any(0).sum() >= 3, "every dimension's integer"
    if scale == (1, 5):
        first = examples[0].scores[0][0]
        assert 0.65 < other[::3, first].float().mean() < 0.95, "four of five draws are another integer"
    for e in examples[:1]:
        assert encode.with_noise(e, 0.0, Random(0)).seen == e.ids


@pytest.mark.parametrize("digit", ["rounded", "masked"])
@pytest.mark.parametrize("scale", [(1, 5), (0, 10), (0, 100)])
def test_cross_entropy_of_an_integer_is_its_probability_whatever_is_read_in_its_place(scale, digit):
    tokenizer = tiny_tokenizer("digits_split")
    encode, frame = encoder(tokenizer, scale), Frame.of(tokenizer, scale)
    records = toy_records(3, "train") * 20
    examples = [encode.with_noise(encode(r, "score_first"), 1.0, Random(i)) for i, r in enumerate(records)]
    batch = Collator(0.0, digit, tokenizer.pad_token_id)(alone(examples))
    logits = torch.randn(len(examples), len(batch["keep"]), len(tokenizer))
    behind = torch.full_like(batch["weights"], False, dtype=torch.bool)  # the text's digits and their ends
    for row, e in enumerate(examples):
        for first, last in e.scores:
            behind[row] |= (batch["keep"] >= first) & (batch["keep"] < last)
    if scale != (1, 5):
        assert not batch["weights"][behind].any()
    asked = torch.zeros_like(batch["weights"]).flatten()
    asked[batch["reads"].flatten()] = 1.0
    asked = asked.view_as(batch["weights"]) * batch["weights"]
    total, _ = cross_entropy(logits, batch["next"], asked)
    log_weights = anchor_log_weights(logits, batch["reads"], [f.anchors for f in frame.fields])
    labels = torch.tensor([[v - scale[0] for v in rounded_on(r, scale)] for r in records])
    by_hand = -log_weights.gather(2, labels.unsqueeze(2)).sum() if digit == "rounded" else 0.0
    assert float(total) == pytest.approx(float(by_hand), rel=1e-5)


def rounded_on(record, scale):
    targets = {n: rescale(record.targets[n], LABELS, scale) for n in DIMENSIONS}
    return rounded(targets, scale).values()


def test_each_pass_over_the_data_reads_other_integers(tokenizer):
    encode = encoder(tokenizer)
    pieces = [encode.pieces(record) for record in toy_records(4, "train")]
    order = [[[(index, passes)] for index in range(len(pieces))] for passes in range(8)]
    noisy, again = (Planned(order, Texts(encode, pieces, "score_first", noise=1.0)) for _ in range(2))

    def read(texts):
        return [[example.seen for [example] in texts[i]] for i in range(len(order))]

    assert read(noisy) == read(again)
    assert len({tuple(batch[0]) for batch in read(noisy)}) > 4
    assert Texts(encode, pieces, "score_first")((0, 0), 0, 0).seen is None


def test_own_words_stand_before_scores_and_the_labels_after(tokenizer):
    encode = encoder(tokenizer)
    [record] = toy_records(1, "train")
    pieces = encode.pieces(record, "Lean should say what I think.")
    after, before = (
        tokenizer.decode(encode.write(pieces, order).ids) for order in ("score_first", "critique_first")
    )
    assert record.critique in after and "what I think" not in after
    assert "what I think" in before and record.critique not in before
    written = encode.write(pieces, "critique_first")
    for first, last in written.scores:
        assert tokenizer.decode(written.ids[first:last]).strip() in "12345"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scale", [(1, 5), (0, 1), (0, 10), (0, 100)])
@pytest.mark.parametrize("order", ["score_first", "critique_first"])
def test_training_reads_the_very_numbers_that_reading_gives(kind, scale, order):
    """For any tokenizer and scale: integers of several tokens are read over their trie, in one pass."""
    tokenizer = tiny_tokenizer(kind)
    try:
        frame = Frame.of(tokenizer, scale)
    except LoadError:
        pytest.skip("this tokenizer cannot be read exactly at this scale, and says so")
    model = tiny_model(len(tokenizer))
    encode = Encoder(tokenizer, INSTRUCTION, scale, frame)
    examples = [encode(record, order) for record in toy_records(3, "train")]
    batch = Collator(0.0, "rounded", tokenizer.pad_token_id)(alone(examples))
    if any(example.branches for example in examples):
        use_on(model)
    with torch.no_grad():
        log_weights = anchor_log_weights(
            logits_of(model, batch), batch["reads"], [f.anchors for f in frame.fields]
        )
    got = expected_scores(log_weights, range(scale[0], scale[1] + 1))
    for row, example in enumerate(examples):
        start = 1 if example.ids[0] == tokenizer.bos_token_id else 0
        given = read_given(model, tokenizer, tokenizer.decode(example.ids[start:-1]), frame)
        assert got[row].tolist() == pytest.approx([given[n].expected for n in DIMENSIONS], abs=2e-3)


def test_integers_of_several_tokens_need_branches():
    tokenizer = tiny_tokenizer("digits_split")
    [record] = toy_records(1, "train")
    assert not encoder(tokenizer)(record, "score_first").branches
    branches = encoder(tokenizer, (0, 10))(record, "score_first").branches
    assert [tokenizer.decode([b.token]).strip() for b in branches] == ["1", "1", "1"], "only 1 begins 10"


@pytest.mark.parametrize("order", ["score_first", "critique_first", "none"])
def test_written_scores_are_where_the_example_says(tokenizer, order):
    for record in toy_records(4, "train"):
        example = encoder(tokenizer)(record, order)
        scores = rounded(record.targets, (1, 5))
        for name, (first, last) in zip(DIMENSIONS, example.scores, strict=True):
            assert tokenizer.decode(example.ids[first:last]).strip() == str(scores[name])
        assert example.ids[-1] == tokenizer.eos_token_id
        text = tokenizer.decode(example.ids)
        assert ("<think>" in text) == (order != "none")


def test_labels_are_mapped_to_the_scale(tokenizer):
    [record] = toy_records(1, "train")
    example = encoder(tokenizer, (0, 1))(record, "score_first")
    assert example.targets == pytest.approx([rescale(record.targets[n], LABELS, (0, 1)) for n in DIMENSIONS])
    assert rescale(3.8, LABELS, (0.0, 10.0)) == pytest.approx(7.0)


def test_padding_and_prompts_weigh_what_they_should(tokenizer):
    encode = encoder(tokenizer)
    examples = [encode(r, "score_first") for r in toy_records(6, "train")]
    batch = Collator(0.25, "rounded", tokenizer.pad_token_id)(alone(examples))
    assert set(batch["weights"].unique().tolist()) <= {0.0, 0.25, 1.0}
    predicted = sum(len(e.ids) - 1 for e in examples)
    assert int((batch["weights"] > 0).sum()) == predicted, "every token but the first is predicted once"
    for row, e in enumerate(examples):
        used = batch["weights"][row] > 0
        assert batch["next"][row][used].tolist() == e.ids[1:]
    bare = Collator(0.0, "rounded", tokenizer.pad_token_id)(alone(examples))
    assert len(bare["keep"]) < batch["input_ids"].shape[1] - 5, "no logits over the prompts"
    assert int((bare["weights"] > 0).sum()) == sum(len(e.ids) - e.start for e in examples)


@pytest.mark.parametrize("digit", ["rounded", "masked", "two_hot"])
def test_cross_entropy_pulls_at_a_written_score_only_where_it_should(tokenizer, digit):
    encode = encoder(tokenizer)
    examples = [encode(r, "score_first") for r in toy_records(2, "train")]
    batch = Collator(0.0, digit, tokenizer.pad_token_id)(alone(examples))
    logits = torch.randn(2, len(batch["keep"]), len(tokenizer), requires_grad=True)
    cross_entropy(logits, batch["next"], batch["weights"])[0].backward()
    pulled = logits.grad.flatten(0, 1)[batch["reads"][:, :, 0]].abs().sum(-1) > 0
    assert bool(pulled.all()) == (digit == "rounded") and bool(pulled.any()) == (digit == "rounded")
    assert logits.grad.abs().sum() > 0, "the rest of the text is still learned"


def test_loss_is_the_papers():
    expected, targets = (
        torch.tensor([[4.2, 2.0, 3.5], [1.0, 5.0, 3.0]]),
        torch.tensor([[4.0, 1.0, 3.5], [2.0, 5.0, 1.0]]),
    )
    by_hand = ((0.2**2 + 1 + 0) / 3 + (1 + 0 + 4) / 3) / 2
    assert float(eva_loss(expected, targets)) == pytest.approx(by_hand, rel=1e-6)


def test_expected_score_is_the_softmax_over_the_anchors():
    logits = torch.zeros(1, 2, 8)
    logits[0, 1, 3:6] = torch.tensor([0.0, 1.0, 2.0])
    anchors = Anchors({1: (3,), 2: (4,), 3: (5,)}, {})
    got = expected_scores(anchor_log_weights(logits, torch.tensor([[[1]]]), [anchors]), range(1, 4))
    weights = [1.0, math.e, math.e**2]
    assert float(got) == pytest.approx(sum(i * w for i, w in enumerate(weights, 1)) / sum(weights), rel=1e-6)


def test_cross_entropy_is_weighted_by_token():
    logits = torch.log(torch.tensor([[[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]]]))
    total, weight = cross_entropy(logits, torch.tensor([[1, 2]]), torch.tensor([[1.0, 3.0]]))
    assert float(total / weight) == pytest.approx((-math.log(0.25) - 3 * math.log(0.1)) / 4, rel=1e-5)


def test_gradient_of_the_eva_term_flows_only_through_the_anchors():
    logits = torch.randn(1, 4, 10, requires_grad=True)
    anchors = Anchors({1: (3,), 2: (4,), 3: (5,)}, {})
    log_weights = anchor_log_weights(logits, torch.tensor([[[1]]]), [anchors])
    eva_loss(expected_scores(log_weights, range(1, 4)), torch.tensor([[1.5]])).backward()
    moved = logits.grad.abs() > 1e-6
    assert moved[0, 1, 3:6].all() and int(moved.sum()) == 3


def test_two_hot_labels_have_the_label_as_their_mean():
    shares = two_hot(torch.tensor([3.8, 1.0, 5.0, 2.5]), range(1, 6))
    assert shares.sum(-1).tolist() == pytest.approx([1.0] * 4)
    assert (shares @ torch.arange(1.0, 6.0)).tolist() == pytest.approx([3.8, 1.0, 5.0, 2.5])
    assert shares[0].tolist() == pytest.approx([0, 0, 0.2, 0.8, 0], abs=1e-6)


def test_the_optimum_of_two_hot_is_the_fraction_and_of_rounding_the_integer():
    anchors = Anchors({a: (a,) for a in range(1, 6)}, {})
    targets = torch.tensor([[3.8, 1.3]])
    found = {}
    for digit in ("two_hot", "rounded"):
        logits = torch.zeros(1, 2, 8, requires_grad=True)
        optimizer = torch.optim.Adam([logits], lr=0.3)
        for _ in range(400):
            log_weights = anchor_log_weights(logits, torch.tensor([[[0], [1]]]), [anchors, anchors])
            if digit == "two_hot":
                loss = two_hot_loss(log_weights, targets, range(1, 6))[0]
            else:
                loss = cross_entropy(logits, torch.tensor([[4, 1]]), torch.ones(1, 2))[0]
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        found[digit] = expected_scores(log_weights, range(1, 6)).tolist()[0]
    assert found["two_hot"] == pytest.approx([3.8, 1.3], abs=0.03)
    assert found["rounded"] == pytest.approx([4.0, 1.0], abs=0.03)


def test_rounding_is_half_up_and_stays_on_the_scale():
    targets = {"logic": 2.5, "alignment": 4.9999, "clarity": 1.0}
    assert rounded(targets, (1, 5)) == {"logic": 3, "alignment": 5, "clarity": 1}

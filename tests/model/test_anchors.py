"""The expectation is exact: against brute-force enumeration, five kinds of tokenizers, three scales."""

from __future__ import annotations

import math

import pytest
import torch

from eva.model.anchors import Anchors, dimension_scores, expectation
from eva.model.errors import ModelError
from eva.model.frame import Frame
from eva.model.prefill import prefill
from eva.model.prompt import completion
from eva.model.read import read_given, read_scores
from eva.step import DIMENSIONS
from tiny import KINDS, tiny_model, tiny_tokenizer

SCALES = [(1, 5), (0, 10), (0, 100)]
PROMPT = "Proof state:\nn m : Nat\n⊢ n + 1 ≤ m\nProposed step:\nomega\nJudgement:\n"


def next_token_logp(model, ids):
    with torch.no_grad():
        return torch.log_softmax(model(torch.tensor([ids])).logits[0].double(), -1)


def brute_force(model, tokenizer, head, tail_of, scale):
    """P(a) by writing every anchor out in the real text and multiplying next-token probabilities.

    An anchor counts from where the anchors' tokens differ to the end of its digits, and one token further
    where another anchor's tokens go on from there.
    """
    texts = {a: (head + str(a), head + str(a) + tail_of(a)) for a in range(scale[0], scale[1] + 1)}
    start = len(head)
    coded = {}
    for a, (upto, whole) in texts.items():
        enc = tokenizer(whole, return_offsets_mapping=True)
        digits = [i for i, (s, e) in enumerate(enc["offset_mapping"]) if s < len(upto) and e > start]
        coded[a] = (enc["input_ids"], digits[0], digits[-1] + 1)
    same = next(
        i
        for i, column in enumerate(zip(*(c[0] for c in coded.values()), strict=False))
        if len(set(column)) > 1
    )
    coded = {a: (ids, min(i, same), j) for a, (ids, i, j) in coded.items()}
    paths = {a: tuple(ids[i:j]) for a, (ids, i, j) in coded.items()}
    logs = {}
    for a, (ids, i, j) in coded.items():
        goes_on = any(p != paths[a] and p[: j - i] == paths[a] for p in paths.values())
        logp = next_token_logp(model, ids)
        logs[a] = sum(float(logp[k - 1, ids[k]]) for k in range(i, j + goes_on))
    total = sum(map(math.exp, logs.values()))
    return {a: math.exp(v) / total for a, v in logs.items()}, total


@pytest.mark.parametrize("scale", SCALES, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_exact_against_enumeration(kind, scale):
    tokenizer = tiny_tokenizer(kind)
    model = tiny_model(len(tokenizer))
    frame = Frame.of(tokenizer, scale)
    rows, _ = prefill(model, [(*tokenizer(PROMPT)["input_ids"], *frame.opening)])
    [out] = read_scores(rows, frame)
    written: dict[str, int] = {}
    for name in DIMENSIONS:
        scores = {n: written.get(n, scale[0]) for n in DIMENSIONS}
        text = completion(None, scores, "score_first")
        at = text.spans[name][0]
        tail = ", " if name != DIMENSIONS[-1] else "}"
        rest = text.text[text.spans[name][1] :]
        assert rest.startswith(tail)
        expected, mass = brute_force(
            model, tokenizer, PROMPT + text.text[:at], lambda a, rest=rest: rest, scale
        )
        got = out.scores[name]
        assert got.distribution == pytest.approx(expected, abs=2e-6)
        assert got.expected == pytest.approx(sum(a * p for a, p in expected.items()), abs=1e-4 * scale[1])
        assert got.mass == pytest.approx(mass, rel=1e-3)
        variance = sum(p * a * a for a, p in expected.items()) - sum(a * p for a, p in expected.items()) ** 2
        assert got.spread == pytest.approx(math.sqrt(variance), abs=1e-3 * scale[1])
        written[name] = max(expected, key=expected.__getitem__)
    final = completion(None, written, "score_first").text
    assert tokenizer.decode(out.tokens) == final
    # Reading the same text as given (offsets to tokens) finds the same numbers.
    given = read_given(model, tokenizer, PROMPT + final, frame)
    for name in DIMENSIONS:
        assert given[name].expected == pytest.approx(out.scores[name].expected, abs=1e-4 * scale[1])


def test_kinds_really_differ():
    """The enumeration above covers single tokens, several tokens, and anchors that begin others."""
    single = Frame.of(tiny_tokenizer("digits_joined"), (0, 10)).fields[0].anchors
    several = Frame.of(tiny_tokenizer("digits_split"), (0, 10)).fields[0].anchors
    assert {len(p) for p in single.paths.values()} == {1} and single.nodes == ((),)
    assert len(several.paths[10]) == 2 and several.closed == {1}
    assert Frame.of(tiny_tokenizer("digits_split"), (0, 100)).fields[0].anchors.closed == set(range(1, 11))
    comma = tiny_tokenizer("sentencepiece")
    assert all("," in comma.decode(p) for p in Frame.of(comma, (1, 5)).fields[0].anchors.paths.values())
    unsplit = Frame.of(tiny_tokenizer("unsplit"), (1, 5)).fields[0].anchors
    assert {len(p) for p in unsplit.paths.values()} == {2} and len(
        {p[0] for p in unsplit.paths.values()}
    ) == 2


def test_single_tokens_are_the_softmax_over_their_logits():
    anchors = Anchors({1: (10,), 2: (20,), 3: (30,)}, {})
    logits = torch.randn(4, 50)
    weights = anchors.log_weights({(): logits})
    expected, p = expectation(anchors.paths, weights)
    softmax = torch.softmax(logits[:, [10, 20, 30]], -1)
    assert torch.allclose(p, softmax, atol=1e-6)
    assert torch.allclose(expected, softmax @ torch.tensor([1.0, 2.0, 3.0]), atol=1e-6)
    cool = expectation(anchors.paths, weights, temperature=2.0)[1]
    assert torch.allclose(cool, torch.softmax(logits[:, [10, 20, 30]] / 2, -1), atol=1e-6)


def test_temperature_changes_the_distribution_and_not_the_mass():
    anchors = Anchors({1: (10,), 2: (20,), 3: (30,)}, {})
    weights = anchors.log_weights({(): torch.randn(1, 50)})
    [plain], [cool] = dimension_scores(anchors, weights), dimension_scores(anchors, weights, temperature=3.0)
    assert cool.mass == plain.mass < 0.9, (
        "the mass says whether the model was on format, which no fit may hide"
    )
    assert cool.spread > plain.spread


def test_an_expected_score_never_leaves_the_scale():
    """The shares are float32, and their sum may be a rounding error above 1."""
    anchors = Anchors({i: (i,) for i in range(11)}, {})
    torch.manual_seed(0)
    rows = 2 * torch.randn(20_000, 11) - 18
    rows[:, 10] = 0.0
    assert expectation(range(11), rows)[0].max() > 10
    assert max(score.expected for score in dimension_scores(anchors, rows)) == 10.0


def test_half_precision_logits_are_read_in_float32():
    anchors = Anchors({a: (a,) for a in range(1, 6)}, {})
    logits = torch.randn(1, 4096).to(torch.bfloat16)
    weights = anchors.log_weights({(): logits})
    assert weights.dtype == torch.float32
    exact = torch.softmax(logits[0, 1:6].double(), -1)
    got = torch.tensor(list(dimension_scores(anchors, weights)[0].distribution.values()), dtype=torch.float64)
    assert torch.allclose(got, exact, atol=1e-6)


@pytest.mark.parametrize("bad", [float("nan"), float("-inf"), float("inf")])
def test_unusable_logits_are_an_error(bad):
    anchors = Anchors({1: (1,), 2: (2,)}, {})
    logits = torch.zeros(1, 8)
    logits[0, 2] = bad
    with pytest.raises(ModelError, match="NaN" if math.isnan(bad) else "infinite"):
        anchors.log_weights({(): logits})


def test_nan_far_from_the_anchors_is_an_error_too():
    logits = torch.zeros(1, 8)
    logits[0, 7] = float("nan")
    with pytest.raises(ModelError, match="NaN"):
        Anchors({1: (1,), 2: (2,)}, {}).log_weights({(): logits})


def test_masked_vocabulary_elsewhere_is_no_error():
    """Some models give -inf to padding entries of their vocabulary; only the anchors' own must be finite."""
    logits = torch.zeros(1, 8)
    logits[0, 7] = float("-inf")
    weights = Anchors({1: (1,), 2: (2,)}, {}).log_weights({(): logits})
    assert weights.exp().sum().item() == pytest.approx(2 / 7)


def test_anchors_that_cannot_be_told_apart_are_refused():
    with pytest.raises(ValueError, match="different"):
        Anchors({1: (5,), 2: (5,)}, {})
    with pytest.raises(ValueError, match="no token of its own"):
        Anchors({1: (5,), 10: (5, 6)}, {})
    with pytest.raises(ValueError, match="no token of its own"):
        Anchors({1: (5,), 10: (5, 6)}, {1: 6})

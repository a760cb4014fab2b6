"""Judges against each other, on a tiny model with random weights: mechanics, never quality."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_up import record

from eva.evaluate.baselines import constant_judge, short_judge, tactic_and_goal_words, words_judge
from eva.evaluate.decimals import grammar
from eva.evaluate.decision import decision_judge
from eva.evaluate.judgement import parsed
from eva.evaluate.judges import given_critique_judge, model_judge, sampled_judge
from eva.evaluate.likelihood import likelihood_judge, log_probabilities
from eva.model import LoadError, RewardModel
from eva.model.checkpoint import load
from eva.model.prompt import prompt, score_text, think_text
from eva.step import DIMENSIONS, ProofStep
from tiny import save_tiny_checkpoint

STEPS = [
    ProofStep(("p q : Prop\nhp : p\nhq : q\n⊢ p ∧ q",), "constructor", "theorem t (p q : Prop) : p ∧ q"),
    ProofStep(("n : Nat\n⊢ n + 0 = n",), "simp"),
    ProofStep(("n : Nat\n⊢ n + 0 = n", "⊢ True"), "rfl", earlier=("intro n",)),
]


@pytest.fixture(scope="module")
def model(tiny_checkpoint):
    return RewardModel.from_pretrained(str(tiny_checkpoint))


def test_a_model_judges_as_it_scores(model):
    judged = model_judge(model)(STEPS)
    scores = model.score(STEPS)
    for one, score in zip(judged, scores, strict=True):
        assert one.expected == pytest.approx(score.expected) and one.critique == score.critique
        assert one.distributions["logic"] == pytest.approx(
            {float(a): p for a, p in score.dimensions["logic"].distribution.items()}
        )
        assert set(parsed(one).expected.values()) <= {1.0, 2.0, 3.0, 4.0, 5.0}


def test_given_critiques_are_read_where_they_stand(model):
    words = ["Lean accepts this step.", "Lean rejects it: no.", "hp"]
    given = given_critique_judge(model, words)(STEPS)
    for step, critique, one in zip(STEPS, words, given, strict=True):
        text = model.prompt(step) + think_text(critique) + "\n" + score_text(dict.fromkeys(DIMENSIONS, 3))
        assert one.expected["logic"] == pytest.approx(model.read(text)["logic"].expected, abs=1e-4)
    other = given_critique_judge(model, words[::-1])(STEPS)
    assert [one.expected for one in other] != [one.expected for one in given]


def test_many_samples_come_to_the_expected_score(model):
    """The mean of sampled integers estimates E, which the read-out gives exactly (first dimension)."""
    step = STEPS[0]
    [exact] = model_judge(model, critique=False)([step])
    [mean] = sampled_judge(model, samples=600, seed=1)([step])
    spread = np.sqrt(
        sum(p * (a - exact.expected["logic"]) ** 2 for a, p in exact.distributions["logic"].items())
    )
    assert mean.expected["logic"] == pytest.approx(exact.expected["logic"], abs=4 * spread / np.sqrt(600))
    assert mean.expected["logic"] != exact.expected["logic"] and mean.distributions is None
    assert sampled_judge(model, seed=1)(STEPS) == sampled_judge(model, seed=1)(STEPS)


def test_samples_are_drawn_at_temperature_one_whatever_was_fitted(tiny_checkpoint):
    loaded = load(str(tiny_checkpoint))
    plain, fitted = (
        RewardModel(replace(loaded, config=replace(loaded.config, temperature=tau))) for tau in (1.0, 0.2)
    )
    assert sampled_judge(fitted, seed=1)(STEPS) == sampled_judge(plain, seed=1)(STEPS)
    assert model_judge(fitted, critique=False)(STEPS) != model_judge(plain, critique=False)(STEPS)


def test_transformers_own_pipeline_reads_the_same_scores(tiny_checkpoint, model):
    ours = model_judge(model, critique=False)(STEPS)
    theirs = decision_judge(str(tiny_checkpoint))(STEPS)
    for a, b in zip(ours, theirs, strict=True):
        assert b.expected == pytest.approx(a.expected, abs=1e-3)


def test_transformers_own_pipeline_wants_one_token_a_level(tmp_path):
    directory = save_tiny_checkpoint(tmp_path / "ten", scale=(0, 10))
    with pytest.raises(LoadError, match="one token a level"):
        decision_judge(str(directory))


def test_decimals_are_one_digit_behind_the_point():
    import re

    for text, fits in [
        ('{"logic_score": 3.8, "align_score": 5.0, "clarity_score": 1.0}', True),
        ('{"logic_score": 3.8, "align_score": 5.1, "clarity_score": 1.0}', False),
        ('{"logic_score": 3, "align_score": 5.0, "clarity_score": 1.0}', False),
    ]:
        assert bool(re.fullmatch(grammar(), text)) == fits


def test_word_judges_learn_words():
    good = [record(f"t{i}", "p ∧ q", True, True, 4.8, 4.9) for i in range(20)]
    bad = [record(f"u{i}", "n = n", False, True, 1.2, 2.0) for i in range(20)]
    judge = words_judge(good + bad)
    a, b = judge([good[0].step, bad[0].step])
    assert a.expected["alignment"] > 4 and b.expected["alignment"] < 3
    assert all(1 <= x <= 5 for one in (a, b) for x in one.expected.values())
    words = tactic_and_goal_words(ProofStep(("h : p\n⊢ p ∧ q",), "exact h.1"))
    assert "exact" in words and "⊢∧" in words and "×exact q" in words


def test_the_likelihood_of_a_step_is_that_of_its_own_tokens(tiny_checkpoint):
    import torch

    checkpoint = load(str(tiny_checkpoint))
    for step, found in zip(STEPS, log_probabilities(checkpoint, STEPS), strict=True):
        before = prompt(step, checkpoint.config.instruction).removesuffix(f"{step.tactic}\nJudgement:\n")
        given = checkpoint.tokenizer(before)["input_ids"]
        written = checkpoint.tokenizer(before + step.tactic)["input_ids"]
        assert written[: len(given)] == given, "a line break stands alone"
        alone = []
        for end in range(len(given), len(written)):
            with torch.inference_mode():
                last = checkpoint.model(torch.tensor([written[:end]])).logits[0, -1].double()
            alone.append(last.log_softmax(-1)[written[end]].item())
        assert found.tolist() == pytest.approx(alone, abs=1e-4)


def test_likelihood_is_fitted_to_labels_and_says_what_is_too_long(tiny_checkpoint):
    checkpoint = load(str(tiny_checkpoint))
    words = [
        "rfl",
        "exact hp",
        "simp at hq",
        "omega",
        "constructor",
        "intro n",
        "rw [hp, hq]",
        "exact hq hp hq",
    ]
    made = [record(f"t{i}", "p ∧ q", True, True, 3.0, 3.0) for i in range(40)]
    rows = [replace(r, step=replace(r.step, tactic=words[i % 8])) for i, r in enumerate(made)]
    lowest = [found.min() for found in log_probabilities(checkpoint, [r.step for r in rows])]
    scale = np.interp(lowest, (min(lowest), max(lowest)), (1, 5))
    rows = [
        replace(r, targets={**r.targets, "alignment": float(x)}) for r, x in zip(rows, scale, strict=True)
    ]
    judge = likelihood_judge(tiny_checkpoint, rows)
    judged = judge([r.step for r in rows])
    assert [one.expected["alignment"] for one in judged] == pytest.approx(scale.tolist(), abs=0.3)
    assert [one.expected["logic"] for one in judged] == pytest.approx([3.0] * 40)
    [long] = judge([ProofStep(("h : p\n" * 4000 + "⊢ p",), "exact h")])
    assert long.status == "too_long" and not long.expected


def test_the_simplest_judges():
    rows = [record("a", "p", True, True, 5.0, 4.0, 2.0), record("b", "p", True, True, 1.0, 2.0, 4.0)]
    [one] = constant_judge(rows)([rows[0].step])
    assert one.expected == dict(zip(DIMENSIONS, (3.0, 3.0, 3.0), strict=True))
    long, short = short_judge([ProofStep((), "simp_all [foo, bar, baz, qux]"), ProofStep((), "rfl")])
    assert short.value((1, 1, 1)) > long.value((1, 1, 1))

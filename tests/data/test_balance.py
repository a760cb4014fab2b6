from collections import Counter
from random import Random

from eva.data.balance import keep
from eva.data.baseline import fit_and_score, words, words_and_goal


def shares(tactics, verdicts, **more):
    kept, all_ = Counter(), Counter(zip(tactics, verdicts, strict=True))
    for tactic, verdict, flag in zip(
        tactics, verdicts, keep(tactics, verdicts, Random(1), **more), strict=True
    ):
        kept[tactic, verdict] += flag
    return {key: kept[key] / count for key, count in all_.items()}


def test_words_with_one_verdict_are_cut_and_balanced_ones_are_not():
    tactics = ["skip"] * 900 + ["omega"] * 400 + ["exact h7"] * 300
    verdicts = [True] * 900 + [i % 2 == 0 for i in range(400)] + [i % 10 == 0 for i in range(300)]
    found = shares(tactics, verdicts)
    assert found["omega", True] == found["omega", False] == 1
    assert found["skip", True] < 0.15
    assert found["exact h7", True] == 1
    assert 0.08 < found["exact h7", False] < 0.4


def test_prized_steps_are_kept_rather_than_others():
    tactics = ["clear h"] * 600 + ["clear x"] * 200
    verdicts = [True] * 600 + [False] * 200
    plain = shares(tactics, verdicts)["clear h", True]
    prized = shares(tactics, verdicts, weights=[2.0] * 800)["clear h", True]
    assert prized > 1.5 * plain


def test_the_baseline_learns_words_and_cannot_learn_what_is_not_in_them():
    tactics = ["simp", "omega"] * 100
    bags = [words(tactic) for tactic in tactics]
    simp, omega = fit_and_score(bags, [True, False] * 100, bags[:2])
    assert simp > 0.9
    assert omega < 0.1
    goals = ["h : p\n⊢ p", "h : p\n⊢ q"] * 100
    verdicts = [goal.endswith("p") for goal in goals]
    alone = fit_and_score([words("exact h")] * 200, verdicts, [words("exact h")])
    assert abs(alone[0] - 0.5) < 0.05
    pairs = [words_and_goal("exact h", goal) for goal in goals]
    good, bad = fit_and_score(pairs, verdicts, pairs[:2])
    assert good > 0.9
    assert bad < 0.1

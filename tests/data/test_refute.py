from random import Random

import pytest

from eva.data.goals import parse_goal
from eva.data.lean import LeanRunner, Result, lean_command
from eva.data.refute import refutation
from eva.lean.errors import LeanError
from eva.lean.toolchain import find_toolchain


def of(text):
    return refutation(parse_goal(text), "", Random(1))


def test_arithmetic_values_satisfy_the_facts_and_break_the_goal():
    found = of("n m : Nat\nh : n + 3 ≤ m\n⊢ m ≤ n + 5")
    n, m = (int(value) for _, value in found.trials[0])
    assert n + 3 <= m
    assert not m <= n + 5


def test_subtraction_of_naturals_stops_at_zero():
    found = of("a b : Nat\nh : a - b = 0\n⊢ a = b")
    a, b = (int(value) for _, value in found.trials[0])
    assert a < b


def test_the_closed_statement_has_variables_first_and_names_that_can_be_written():
    found = of("n✝ : Nat\nh✝ : n✝ = 1\nk : Nat\n⊢ n✝ = k")
    assert found.probe.goal == "¬ (∀ (n_d : Nat) (k : Nat) (h_d : n_d = 1), n_d = k)"


def test_types_without_known_values_are_left_alone():
    assert of("x : List (List Nat)\n⊢ x = []") is None


def test_only_a_noted_trial_of_an_accepted_probe_counts():
    found = of("p q : Prop\nh : p ∨ q\n⊢ p")
    assert found.counterexample(Result("accepted", notes=("note ce 1",))) == found.trials[1]
    assert found.counterexample(Result("rejected", notes=("note ce 1",))) is None
    assert found.counterexample(Result("accepted")) is None


@pytest.mark.lean
def test_real_refutations():
    try:
        find_toolchain()
    except LeanError as error:
        pytest.skip(str(error))
    false = [
        "p q : Prop\nh : p ∨ q\n⊢ p",
        "n m : Nat\nh : n ≤ m\n⊢ n < m",
        "x : Int\nh : x ≥ -5\n⊢ 2 * x ≥ -9",
        "P Q : Nat → Prop\nh : ∃ x, P x ∨ Q x\n⊢ ∃ x, P x",
        "α : Type\nxs ys : List α\n⊢ xs ++ ys = ys ++ xs",
        "a b : Bool\n⊢ (!(a && b)) = (!a && !b)",
        "⊢ False",
    ]
    true = ["p q : Prop\nh : p ∧ q\n⊢ p", "n m : Nat\nh : n < m\n⊢ n ≤ m", "h : False\n⊢ False"]
    found = [of(text) for text in [*false, *true]]
    results = LeanRunner(lean_command(), timeout=170).run([f.probe for f in found])
    known = [f.counterexample(r) is not None for f, r in zip(found, results, strict=True)]
    assert known == [True] * len(false) + [False] * len(true)

from random import Random

import pytest

from eva.data.goals import parse_goal
from eva.data.lean import LeanRunner, lean_command
from eva.data.probes import Result
from eva.data.refute import refutation


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
    assert found.probe.place.goal == "¬ (∀ (n_d : Nat) (k : Nat) (h_d : n_d = 1), n_d = k)"


def test_types_without_known_values_are_left_alone():
    assert of("x : List (List Nat)\n⊢ x = []") is None


def test_only_a_noted_trial_of_an_accepted_probe_counts():
    found = of("P : Nat → Prop\nh : ∃ x, P x\n⊢ ∀ x, P x")
    assert found.counterexample(Result("accepted", notes=("note ce 1",))) == found.trials[1]
    assert found.counterexample(Result("rejected", notes=("note ce 1",))) is None
    assert found.counterexample(Result("accepted")) is None


def test_nothing_is_asked_where_every_value_is_seen_to_fit():
    assert of("p q : Prop\nh : p ∧ (q → ¬p)\n⊢ ¬q") is None
    assert of("n m : Nat\nh : n < m\n⊢ n ≤ m") is None


def test_a_truth_table_gives_the_world():
    found = of("p q r : Prop\nh : p → q\nh' : ¬(q ∧ r)\n⊢ p ↔ ¬r")
    ((*values,),) = found.trials
    world = {name: value == "True" for name, value in values}
    assert not world["p"] or world["q"]
    assert not (world["q"] and world["r"])
    assert world["p"] != (not world["r"])


def test_predicates_that_are_always_true_or_false_are_tried_first():
    found = of("P Q : Nat → Prop\nv : Nat\nh : ∀ x, P x → Q x\nh2 : ∃ y, Q y\n⊢ P v")
    assert found.certain
    assert dict(found.trials[0])["P"] == "fun _ => False"
    assert dict(found.trials[0])["Q"] == "fun _ => True"
    assert not of("P Q : Nat → Prop\nh : ∀ x, P x → Q x\n⊢ ∀ x, P (x + 1) → Q x").certain


@pytest.mark.lean
def test_real_refutations():
    false = [
        "p q : Prop\nh : p ∨ q\n⊢ p",
        "n m : Nat\nh : n ≤ m\n⊢ n < m",
        "x : Int\nh : x ≥ -5\n⊢ 2 * x ≥ -9",
        "P Q : Nat → Prop\nh : ∃ x, P x ∨ Q x\n⊢ ∃ x, P x",
        "α : Type\nxs ys : List α\n⊢ xs ++ ys = ys ++ xs",
        "a b : Bool\n⊢ (!(a && b)) = (!a && !b)",
        "⊢ False",
    ]
    true = [
        "P : Nat → Prop\nh : ∀ x, P x\n⊢ P 3",
        "xs : List Nat\n⊢ xs ++ [] = xs",
        "f : Nat → Nat\nh : ∀ x, f x = x\n⊢ f 2 = 2",
    ]
    found = [of(text) for text in [*false, *true]]
    results = LeanRunner(lean_command(), timeout=170).run([f.probe for f in found])
    known = [f.counterexample(r) is not None for f, r in zip(found, results, strict=True)]
    assert known == [True] * len(false) + [False] * len(true)

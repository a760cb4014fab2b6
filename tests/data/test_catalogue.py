from random import Random

import pytest

from eva.data.families.base import Theorem
from eva.data.families.catalogue import BadCatalogue, parse_catalogue
from eva.data.families.variation import binder_groups, distracted, joined

TEXT = """
# a comment
numbers a b
facts h1 h2
k 2..2
kk near k
E = Int

(a b : E) (h1 : a = {k}) ⊢ a * {2 * k + 1} = {b | b + 1}
  rw [h1] ;; omega
  induction a with ⏎ | zero => rfl
def F : Nat → Nat ⏎   | n => n
(a : Nat) ⊢ F a = a
"""


def draw(text, seed=0):
    return parse_catalogue("fam", text).draw(Random(seed))


def test_a_form_is_filled():
    theorem = draw(TEXT.replace("def F : Nat → Nat ⏎   | n => n\n(a : Nat) ⊢ F a = a\n", ""))
    ((names, kind), ((fact,), says)) = binder_groups(theorem.binders)
    a, b = names
    assert kind == "Int"
    assert says == f"{a} = 2"
    assert theorem.goal in (f"{a} * 5 = {b}", f"{a} * 5 = {b} + 1")
    assert theorem.scripts == ((f"rw [{fact}]", "omega"), (f"induction {a} with\n| zero => rfl",))
    assert theorem.family == "fam"


def test_definitions_belong_to_the_next_statement_only():
    forms = parse_catalogue("fam", TEXT).forms
    assert [bool(form.preamble) for form in forms] == [False, True]


def test_one_choice_is_the_same_wherever_it_is_written():
    text = "numbers a b\n(a b : Nat) ⊢ {a | b} = {a | b}\n  exact rfl {a | b}"
    for seed in range(20):
        theorem = draw(text, seed)
        left, _, right = theorem.goal.partition(" = ")
        assert left == right == theorem.scripts[0][0].removeprefix("exact rfl ")


def test_near_numbers_are_mostly_equal_and_sometimes_off_by_one():
    text = "k 3..3\nkk near k\n⊢ {k} = {kk}"
    goals = {draw(text, seed).goal for seed in range(60)}
    assert goals == {"3 = 3", "3 = 4"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonsense here", r"fam\.txt:1: neither a declaration nor a statement"),
        ("  rw [h]", r"fam\.txt:1: a script needs a statement"),
        ("w near k", r"fam\.txt:1"),
    ],
)
def test_a_bad_line_is_named(text, words):
    with pytest.raises(BadCatalogue, match=words):
        parse_catalogue("fam", text)


def test_an_unknown_number_is_named():
    with pytest.raises(BadCatalogue, match=r"'j'.*k"):
        draw("k 1..2\n⊢ {j + 1} = 2")


ONE = Theorem("nat", "(a b : Nat) (h : a = b)", "b = a", (("exact h.symm",),))
TWO = Theorem("nat", "(p q : Prop) (hp : p ∧ q)", "q ∧ p", (("exact ⟨hp.2, hp.1⟩",),))


def test_distractors_keep_the_goal_and_add_new_names():
    for seed in range(40):
        theorem = distracted(ONE, Random(seed))
        assert theorem.goal == ONE.goal
        assert theorem.binders.startswith(ONE.binders + " (")
        names = [name for own, _ in binder_groups(theorem.binders) for name in own]
        assert len(names) == len(set(names)) > 3


def test_two_theorems_in_one_keep_their_scripts():
    both = joined(ONE, TWO, Random(0))
    assert both.binders == f"{ONE.binders} {TWO.binders}"
    if "∨" in both.goal.replace("(q ∧ p)", ""):
        assert both.scripts[0] in (("left", "exact h.symm"), ("right", "exact ⟨hp.2, hp.1⟩"))
    else:
        assert both.goal == "b = a ∧ (q ∧ p)"
        assert both.scripts[0][1:] == ("exact h.symm", "exact ⟨hp.2, hp.1⟩")


def test_theorems_that_share_names_are_not_joined():
    assert joined(ONE, ONE, Random(0)) is None

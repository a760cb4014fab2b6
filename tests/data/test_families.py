from random import Random

import pytest

from eva.data.dataset import canonical, draw_theorems
from eva.data.families import FAMILIES, HELD_OUT, Theorem


def test_there_are_ten_families_and_two_are_held_out():
    assert len(FAMILIES) >= 10
    assert len(HELD_OUT) == 2
    assert set(FAMILIES) > HELD_OUT


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_varied_and_named_rightly(family):
    theorems = [FAMILIES[family](Random(seed)) for seed in range(150)]
    assert {t.family for t in theorems} == {family}
    assert len({canonical(t) for t in theorems}) >= 40


def test_the_same_seed_draws_the_same_theorems():
    assert draw_theorems(60, 3) == draw_theorems(60, 3)
    assert draw_theorems(60, 3) != draw_theorems(60, 4)


def test_no_theorem_is_drawn_twice_up_to_names():
    shapes = [canonical(t) for t in draw_theorems(600, 1)]
    assert len(set(shapes)) == len(shapes) == 600


def test_renaming_is_seen_through():
    one = Theorem("lists", "(xs ys : List Nat) (h : xs = ys)", "xs.length = ys.length")
    two = Theorem("lists", "(as l₂ : List Nat) (key : as = l₂)", "as.length = l₂.length")
    other = Theorem("lists", "(as l₂ : List Nat) (key : l₂ = as)", "as.length = l₂.length")
    assert canonical(one) == canonical(two) != canonical(other)


def test_definitions_stand_before_the_theorem():
    theorem = Theorem("recursive", "(n : Nat)", "f n = n", preamble="def f (n : Nat) := n")
    assert theorem.source("t") == "def f (n : Nat) := n\ntheorem t (n : Nat) : f n = n"

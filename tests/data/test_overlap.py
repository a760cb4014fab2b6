"""Theorems that say the same: up to names, order, and hypotheses beside the point."""

from __future__ import annotations

from pathlib import Path

import pytest

from eva.data.dataset import assemble
from eva.data.overlap import Claims
from eva.data.record import LabelledStep, read_records, write_records
from eva.step import DIMENSIONS, ProofStep

KNOWN = "theorem key_1 (R : Nat → Prop) (a b : R 0) (h : ∀ d, R d → R (d + 1)) : R 5"


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("theorem x (T : Nat → Prop) (h2 : ∀ z, T z → T (z + 1)) (k e : T 0) : T 5", True),
        (
            "theorem x (T : Nat → Prop) (n : Nat) (hn : n < 3) (k e : T 0) (s : ∀ z, T z → T (z + 1)) : T 5",
            True,
        ),
        ("theorem x (T : Nat → Prop) (s : ∀ z, T z → T (z + 1)) : T 5", True),  # within the known one
        ("theorem x (T : Nat → Prop) (k e : T 0) (h2 : ∀ z, T z → T (z + 1)) : T 6", False),
        ("theorem x (T : Nat → Prop) (k e : T 0) (h2 : ∀ z, T z → T (z + 2)) : T 5", False),
        ("theorem x (T : Nat → Prop) (e : T 0) (h2 : ∀ z, T z → T (z + 2)) : T 5", False),
        ("theorem x (T : Int → Prop) (k e : T 0) (h2 : ∀ z, T z → T (z + 1)) : T 5", False),
        ("theorem x (T S : Nat → Prop) (k e : S 0) (h2 : ∀ z, T z → T (z + 1)) : T 5", False),
        ("def T (n : Nat) : Prop := n = n\ntheorem x (k e : T 0) (h2 : ∀ z, T z → T (z + 1)) : T 5", False),
    ],
)
def test_what_says_the_same(text: str, same: bool) -> None:
    assert Claims([KNOWN]).has(text) is same
    assert Claims([text]).has(KNOWN) is same


def test_each_fact_stands_for_one() -> None:
    """Two facts of one shape are told apart by their names, whatever order they are tried in."""
    known = Claims(["theorem t (p q r : Prop) (h : p → q) (k : q → r) (hp : p) : r"])
    assert known.has("theorem t (a b c d : Prop) (k : b → c) (h : a → b) (w : d → a) (ha : a) : c")
    assert not known.has("theorem t (a b c d : Prop) (k : b → c) (h : d → b) (w : d → a) (ha : a) : c")


def test_definitions_are_part_of_the_claim() -> None:
    known = Claims(["def f (n : Nat) : Nat := n + 1\ntheorem t : f 2 = 3"])
    assert known.has("def go (k : Nat) : Nat := k + 1\ntheorem u (x : Nat) (h : x = 2) : go 2 = 3")
    assert not known.has("def go (k : Nat) : Nat := k + 2\ntheorem u : go 2 = 3")


def test_what_stands_behind_a_point_is_no_name() -> None:
    known = Claims(["theorem t (xs : List Nat) : xs.reverse.length = xs.length"])
    assert known.has("theorem t (l : List Nat) : l.reverse.length = l.length")
    assert not known.has("theorem t (l : List Nat) : l.tail.length = l.length")


def test_a_set_has_no_theorem_that_the_training_set_has_said(tmp_path: Path) -> None:
    def record(split: str, statement: str) -> LabelledStep:
        step = ProofStep(("⊢ True",), "trivial", statement, goals_after=())
        targets = dict.fromkeys(DIMENSIONS, 3.0)
        return LabelledStep(step, statement, "toy", "gold", split, True, True, 0, targets, "It finishes.")

    records = [
        record("train", "theorem a (p : Prop) (h : p) : p"),
        record("train", "theorem b (p : Prop) (k h : p) : p"),  # within its own set nothing is left out
        *(
            record(split, "theorem c (q r : Prop) (hr : r) (hq : q) : q")
            for split in ("validation", "held_out")
        ),
        record("test", "theorem d (q : Prop) (hq : q) : q"),
        record("test", "theorem e (q : Prop) (hq : q) : q ∧ q"),
    ]
    write_records(tmp_path / "shards" / "0000.jsonl", records)
    assert assemble(tmp_path, 1) == {"train": 2, "validation": 0, "test": 1, "held_out": 0}
    assert [r.theorem_id for r in read_records(tmp_path / "test.jsonl")] == [records[-1].theorem_id]

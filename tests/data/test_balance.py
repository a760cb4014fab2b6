from collections import Counter
from dataclasses import replace
from random import Random

from eva.data.balance import form, thin
from eva.data.record import LabelledStep
from eva.step import ProofStep


def record(tactic, accepted, origin="gold"):
    step = ProofStep(goals=("⊢ p",), tactic=tactic)
    targets = dict.fromkeys(("logic", "alignment", "clarity"), 3.0)
    return LabelledStep(step, "t", "f", origin, "train", accepted, None, None, targets, "")


def test_the_form_forgets_names_and_numbers_and_keeps_lemmas():
    assert form("exact h₁") == form("exact key") == "exact X"
    assert form("rw [← h2, Nat.add_comm n 3]") == "rw [← X, Nat.add_comm X 0]"
    assert form("exact Nat.le_trans h1 h2") != form("exact Nat.lt_trans h1 h2")
    assert form("simp") != form("omega")


def test_forms_with_one_verdict_are_cut_and_balanced_ones_are_not():
    rows = [record("skip", True)] * 900 + [record("omega", i % 2 == 0, "failed") for i in range(100)]
    rows += [record("By cases.", False, "words")] * 300 + [record("exfalso", True, "harmful")] * 300
    kept = Counter(r.step.tactic for r in thin(rows, Random(1)))
    assert kept["omega"] == 100
    assert kept["skip"] < 15
    assert kept["By cases."] == kept["exfalso"] == 300


def test_what_is_kept_is_unchanged_and_in_order():
    rows = [replace(record("exact h", i % 2 == 0), theorem_id=str(i)) for i in range(50)]
    assert thin(rows, Random(0)) == rows

from random import Random

import pytest

from eva.data.candidates import propose
from eva.data.contrast import over_facts, same_form, stated
from eva.data.goals import parse_goal
from eva.data.headers import headers
from eva.data.shapes import for_target, plausible
from eva.data.slips import slip, swap_name, unknown_name
from eva.data.traps import traps
from eva.data.words import in_words

GOAL = parse_goal("n m : Nat\nh1 : n ≤ m\nh2 : n = 3 ∨ m = 4\n⊢ n ≤ m + 1")


def test_the_same_seed_proposes_the_same_and_the_budget_holds():
    for seed in range(50):
        steps = propose(GOAL, ["omega"], ["exact foo"], Random(seed), 6)
        assert steps == propose(GOAL, ["omega"], ["exact foo"], Random(seed), 6)
        assert 1 <= len(steps) <= 6
        assert len({c.tactic for c in steps}) == len(steps)


def test_many_kinds_of_steps_are_proposed_for_one_goal():
    sources = {
        c.source for seed in range(80) for c in propose(GOAL, ["omega"], ["exact foo"], Random(seed), 8)
    }
    wanted = {
        "shape",
        "automation",
        "detour",
        "misplaced",
        "contrast",
        "header",
        "stated",
        "unknown_name",
        "foreign",
        "syntax",
        "words",
    }
    assert sources == wanted


def test_what_scripts_do_here_is_not_proposed_once_more():
    for seed in range(60):
        assert all(c.tactic != "omega" for c in propose(GOAL, ["omega"], [], Random(seed), 8))


def test_no_name_is_proposed_that_cannot_be_written():
    goal = parse_goal("n✝ : Nat\nh : 3 ≤ n✝\nh✝ : n✝ ≤ 9\n⊢ 2 ≤ n✝")
    for seed in range(60):
        assert not any("✝" in c.tactic for c in propose(goal, [], [], Random(seed), 8))


def test_a_state_that_has_every_usual_name_gets_a_new_one():
    taken = "\n".join(f"{name} : p" for name in ("h", "hx", "hp", "hq", "h'", "hc", "w1", "w2", "w3", "h1"))
    goal = parse_goal(f"p : Prop\n{taken}\n⊢ p → p")
    assert {step for seed in range(20) for step in plausible(goal, Random(seed))} > {"by_cases h2 : p"}


def test_statements_are_written_in_the_forms_that_there_are(monkeypatch):
    monkeypatch.setattr("eva.data.contrast._STATED", ("note {n} : {t} := {h}",))
    forms = {step.split()[0] for seed in range(20) for step in stated(GOAL, Random(seed))}
    assert forms == {"show", "note"}


def test_contrasts_use_one_form_with_several_hypotheses():
    goal = parse_goal("p q r : Prop\na : p\nb : q\nc : r\n⊢ q")
    assert set(same_form("exact b", goal, Random(0))) == {"exact a", "exact c"}
    assert any("exact b" in over_facts(goal, Random(seed)) for seed in range(9))


def test_statements_are_true_to_the_state_or_changed():
    goal = parse_goal("n m : Nat\nh : n ≤ 4\n⊢ n ≤ m")
    shown = {step for seed in range(60) for step in stated(goal, Random(seed)) if step.startswith("show ")}
    assert "show n ≤ m" in shown
    assert {"show m ≤ n", "show n < m"} <= shown


def test_headers_have_the_arms_of_the_type():
    goal = parse_goal("p q : Prop\nn : Nat\nh : p ∨ q\n⊢ q ∨ p")
    found = {
        text.split()[1]: [a.split()[1] for a in arms]
        for s in range(80)
        for text, arms in headers(goal, Random(s))
    }
    assert found["h"] == ["inl", "inr"]
    assert found["n"] == ["zero", "succ"]


def test_traps_lead_into_goals_that_are_false_from_goals_that_are_not():
    goal = parse_goal("p q r : Prop\nhp : p\nhq : p → q\n⊢ q ∨ r")
    found = {step for seed in range(40) for step in traps(goal, Random(seed))}
    assert {"right", "apply Or.inr", "clear hp", "clear hq"} <= found
    assert not {"left", "apply Or.inl"} & found
    assert traps(parse_goal("p : Prop\n⊢ p"), Random(0)) == []


def test_words_stand_for_a_tactic():
    for seed in range(60):
        for candidate in propose(GOAL, ["omega"], [], Random(seed), 8):
            assert bool(candidate.stands_for) == (candidate.source == "words")


@pytest.mark.parametrize(
    ("goal", "step"),
    [
        ("p q : Prop\n⊢ p ∧ q", "constructor"),
        ("p q : Prop\n⊢ p ∨ q", "right"),
        ("p q : Prop\n⊢ p ↔ q", "apply Iff.intro"),
        ("P : Nat → Prop\n⊢ ∀ (k : Nat), P k", "intro k"),
        ("a b : Nat\n⊢ a = b", "rfl"),
        ("h : 1 = 2\n⊢ False", "contradiction"),
    ],
)
def test_the_shape_of_the_target_calls_for_a_step(goal, step):
    assert any(step in for_target(parse_goal(goal), Random(seed)) for seed in range(30))


def test_names_that_cannot_be_written_are_not_used():
    goal = parse_goal("n✝ : Nat\na✝ : n✝ = 0\nk : Nat\n⊢ n✝ = k")
    assert not [step for seed in range(50) for step in plausible(goal, Random(seed)) if "✝" in step]


def test_unknown_names_are_unknown():
    known = {"n", "m", "h1", "h2"}
    for seed in range(40):
        made = unknown_name("exact h1", GOAL, Random(seed))
        assert made.removeprefix("exact ") not in known
        lemma = unknown_name("exact Nat.le_succ_of_le h1", GOAL, Random(seed))
        assert lemma != "exact Nat.le_succ_of_le h1"


def test_swapped_names_exist():
    for seed in range(40):
        assert swap_name("exact h1", GOAL, Random(seed)).removeprefix("exact ") in {"n", "m", "h2"}
    assert swap_name("assumption", GOAL, Random(0)) == ""


def test_a_slip_changes_the_text():
    for tactic in ("omega", "exact ⟨h1, h2⟩", "rw [h1]", "intro x"):
        assert all(slip(tactic, Random(seed)) != tactic for seed in range(40))


@pytest.mark.parametrize(
    ("tactic", "word"),
    [
        ("induction n", "n"),
        ("rw [h1]", "h1"),
        ("exact h2", "h2"),
        ("omega", "arithmetic|bounds"),
        ("exists 3", "3"),
    ],
)
def test_words_say_what_the_tactic_does(tactic, word):
    for seed in range(10):
        text = in_words(tactic, Random(seed))
        assert text != tactic
        assert any(part in text for part in word.split("|"))

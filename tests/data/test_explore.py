"""Exploration, labels and critiques over a tiny proof world that stands in for Lean."""

import json
from random import Random

import pytest

from eva.data.candidates import Candidate
from eva.data.critique import MAX_WORDS, stated_verdict, write_critique
from eva.data.dataset import Plan, build
from eva.data.families import Theorem
from eva.data.labels import Experience, judge, similarity
from eva.data.lean import Result
from eva.data.record import read_records
from eva.data.search import Attempt, Explorer, Proof, State

START = "p q : Prop\nhp : p\n⊢ p ∨ q"
LEFT = "p q : Prop\nhp : p\n⊢ p"
RIGHT = "p q : Prop\nhp : p\n⊢ q"
NOISY = "p q : Prop\nhp : p\nht : True\n⊢ p ∨ q"


def accepted(*goals, closed=True):
    return Result("accepted", goals=goals, open_goals=() if closed else goals, closed_by=("assumption",))


@pytest.fixture
def proof():
    """`left` is right, `right` is wrong (refuted), `have ht …` is a detour, `exact hp` has the wrong type."""
    out = Proof(Theorem("propositional", "(p q : Prop) (hp : p)", "p ∨ q"), Random(0), root=(START,))
    tries = {
        "left": accepted(LEFT),
        "exact Or.inl hp": accepted(),
        "right": accepted(RIGHT, closed=False),
        "have ht : True := trivial": accepted(NOISY),
        "skip": accepted(START),
        "exact hp": Result(
            "rejected", error="Type mismatch\n  hp\nhas type\n  p\nbut is expected to have type\n  p ∨ q"
        ),
        "exact Or.inl h3": Result("rejected", error="Unknown identifier `h3`"),
        "exact Or.inl hp)": Result(
            "rejected", error="unexpected token ')'; expected command", parse_error=True
        ),
        "omega": Result("rejected", error="omega could not prove the goal:\nNo usable constraints found."),
        "The first case holds": Result("rejected", error="unknown tactic", parse_error=True),
    }
    root = State((START,), ())
    for text, result in tries.items():
        words = text.startswith("The")
        root.attempts.append(
            Attempt(Candidate(text, "words" if words else "shape", "left" if words else ""), result)
        )
    out.states = {
        (START,): root,
        (LEFT,): State((LEFT,), ("left",), quick=1),
        (RIGHT,): State((RIGHT,), ("right",)),
    }
    out.states[(NOISY,)] = State((NOISY,), ("have",), quick=1)
    out.states[(RIGHT,)].counterexample = (("p", "True"), ("q", "False"))
    out.settle()
    return out


def labels(proof):
    root, experience = proof.states[proof.root], Experience([proof])
    return {a.candidate.tactic: judge(proof, root, a, experience) for a in root.attempts}


def test_distances_run_back_from_the_finished_state(proof):
    assert proof.states[()].distance == 0
    assert proof.states[proof.root].distance == 1
    assert proof.states[(RIGHT,)].distance is None
    assert proof.states[(RIGHT,)].finishable is False
    assert proof.states[proof.root].share == pytest.approx(4 / 5)


def test_origins_are_outcomes(proof):
    got = {tactic: judged.origin for tactic, judged in labels(proof).items()}
    assert got == {
        "left": "alternative",
        "exact Or.inl hp": "gold",
        "right": "harmful",
        "have ht : True := trivial": "useless",
        "skip": "useless",
        "exact hp": "ill_typed",
        "exact Or.inl h3": "unknown_name",
        "exact Or.inl hp)": "syntax",
        "omega": "failed",
        "The first case holds": "words",
    }


def test_logic_orders_the_accepted_steps(proof):
    got = labels(proof)
    order = ["exact Or.inl hp", "left", "have ht : True := trivial", "right"]
    values = [got[tactic].logic for tactic in order]
    assert values == sorted(values, reverse=True)
    assert values[0] - values[-1] > 2.5


def test_a_near_miss_is_a_better_idea_than_a_stray(proof):
    got = labels(proof)
    assert got["exact Or.inl h3"].logic > got["omega"].logic + 1
    assert got["The first case holds"].logic > got["omega"].logic


def test_alignment_separates_the_verdicts_and_ranks_the_failures(proof):
    got = labels(proof)
    assert min(j.alignment for j in got.values() if j.accepted) > 3.5
    assert max(j.alignment for j in got.values() if not j.accepted) < 3.3
    failures = ["exact Or.inl hp)", "exact Or.inl h3", "exact hp"]
    values = [got[tactic].alignment for tactic in failures]
    assert values == sorted(values)


def test_all_targets_are_on_the_scale(proof):
    for judged in labels(proof).values():
        assert all(1 <= value <= 5 for value in (judged.logic, judged.alignment, judged.clarity))


def test_critiques_state_the_verdict_and_stay_short(proof):
    root, experience = proof.states[proof.root], Experience([proof])
    for attempt in root.attempts:
        judged = judge(proof, root, attempt, experience)
        for seed in range(20):
            text = write_critique(proof, root, attempt, judged, Random(seed))
            assert stated_verdict(text) is judged.accepted, text
            assert len(text.split()) <= MAX_WORDS
            assert not set(text) & set("<`\n\t")


def test_critiques_say_what_lean_said(proof):
    root, experience = proof.states[proof.root], Experience([proof])
    said = {}
    for attempt in root.attempts:
        judged = judge(proof, root, attempt, experience)
        said[attempt.candidate.tactic] = write_critique(proof, root, attempt, judged, Random(0))
    assert "h3 is not a hypothesis here" in said["exact Or.inl h3"]
    assert "hp has type p, not p ∨ q" in said["exact hp"]
    assert "now false, as p = True, q = False shows" in said["right"]
    assert "Better: exact Or.inl hp." in said["right"]
    assert "prose" in said["The first case holds"]
    assert "about 1 step left" in said["left"]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [("Lean accepts it.", True), ("Rejected by Lean: no.", False), ("A fine step.", None), ("", None)],
)
def test_stated_verdict(text, verdict):
    assert stated_verdict(text) is verdict


def test_similarity_is_one_for_equal_and_zero_for_strange():
    assert similarity("exact h1", "exact h1") == 1
    assert similarity("omega", "constructor") == 0
    assert similarity("rw [h1]", "rw [h2]") > similarity("rw [h1]", "simp")


class ToyLean:
    """Takes every step whose text has an even checksum; two steps finish any proof."""

    asked = 0

    def run(self, probes):
        self.asked += len(probes)
        return [self.answer(p) for p in probes]

    def answer(self, probe):
        if not probe.close:
            return Result("rejected")
        if probe.step == "skip" and not probe.earlier:
            return accepted(f"n : Nat\nh : n = 1\n⊢ {probe.goal}", closed=False)
        if sum(map(ord, probe.step)) % 2:
            return Result("rejected", error="no")
        if len(probe.earlier) == 1:
            return accepted()
        return accepted(f"n : Nat\nh : n = 1\n⊢ {probe.step.split()[0]} = n", closed=False)


def make(tmp_path, name):
    counts = build(Plan(48, 5, tmp_path / name), Explorer(ToyLean(), batch=50), lambda done: None)
    return counts, tmp_path / name


def test_the_same_seed_gives_the_same_files(tmp_path):
    counts, one = make(tmp_path, "one")
    _, two = make(tmp_path, "two")
    assert sum(counts.values()) > 100
    for name in ("train.jsonl", "validation.jsonl", "test.jsonl", "held_out.jsonl", "card.md"):
        assert (one / name).read_bytes() == (two / name).read_bytes()


def test_splits_share_no_theorem_and_held_out_families_stay_out(tmp_path):
    _, out = make(tmp_path, "one")
    seen = {}
    for split in ("train", "validation", "test", "held_out"):
        for record in read_records(out / f"{split}.jsonl"):
            assert record.split == split
            assert seen.setdefault(record.theorem_id, split) == split
            assert (record.family in ("divisibility", "options_booleans")) == (split == "held_out")
            assert stated_verdict(record.critique) is record.accepted
            assert (record.step.lean_error is None) == record.accepted
            json.dumps(record.to_json())


def test_a_step_in_a_false_goal_is_hopeless_and_not_harmful(proof):
    root = proof.states[proof.root]
    for state in proof.states.values():
        state.distance = None
    root.counterexample = (("p", "False"), ("q", "False"))
    got = {a.candidate.tactic: judge(proof, root, a, Experience([proof])) for a in root.attempts}
    assert got["right"].origin == "hopeless"
    assert got["exact hp"].logic < 2


def test_a_critique_that_grows_long_loses_its_last_sentences(proof, monkeypatch):
    root, experience = proof.states[proof.root], Experience([proof])
    attempt = next(a for a in root.attempts if a.candidate.tactic == "right")
    judged = judge(proof, root, attempt, experience)
    whole = write_critique(proof, root, attempt, judged, Random(0))
    monkeypatch.setattr("eva.data.critique.MAX_WORDS", len(whole.split()) - 1)
    short = write_critique(proof, root, attempt, judged, Random(0))
    assert whole.startswith(short)
    assert stated_verdict(short) is True
    assert len(short.split()) < len(whole.split())


def test_the_verdict_is_said_even_where_leans_words_cannot_be_shown(proof):
    root, experience = proof.states[proof.root], Experience([proof])
    error = "Tactic `rewrite` failed: Did not find an occurrence of the pattern\n  a < b\nin the target"
    attempt = Attempt(Candidate("rw [h]", "shape"), Result("rejected", error=error))
    text = write_critique(proof, root, attempt, judge(proof, root, attempt, experience), Random(0))
    assert stated_verdict(text) is False
    assert "<" not in text

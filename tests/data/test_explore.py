"""Exploration, labels and critiques over a tiny proof world that stands in for Lean."""

import json
from dataclasses import replace
from random import Random

import pytest

from eva.data.candidates import Candidate
from eva.data.critique import MAX_WORDS, stated_verdict, write_critique
from eva.data.dataset import PARTIAL, OtherPlan, Plan, assemble, build
from eva.data.families import Theorem
from eva.data.labels import Experience, judge, similarity
from eva.data.probes import Place, Result
from eva.data.proof import Attempt, Fate, Proof, State
from eva.data.record import read_records
from eva.data.script import Move, Walked
from eva.data.search import Explorer, enter

START = "p q : Prop\nhp : p\n⊢ p ∨ q"
LEFT = "p q : Prop\nhp : p\n⊢ p"
RIGHT = "p q : Prop\nhp : p\n⊢ q"
NOISY = "p q : Prop\nhp : p\nht : True\n⊢ p ∨ q"


def accepted(*goals):
    return Result("accepted", goals=goals)


@pytest.fixture
def proof():
    """`left` is right, `right` is wrong (refuted), `have ht …` is a detour, `exact hp` has the wrong type."""
    place = Place("(p q : Prop) (hp : p)", "p ∨ q")
    out = Proof(Theorem("propositional", place.binders, place.goal), Random(0), root=(START,))
    tries = {
        "left": accepted(LEFT),
        "exact Or.inl hp": accepted(),
        "right": accepted(RIGHT),
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
    root = out.add(State((START,), place))
    for text, result in tries.items():
        words = text.startswith("The")
        source = "words" if words else "detour" if text.startswith("have") else "shape"
        out.try_(root, Candidate(text, source, "left" if words else ""), result)
    out.fates = {
        LEFT: Fate("assumption"),
        NOISY: Fate("assumption"),
        RIGHT: Fate(counterexample=(("p", "True"), ("q", "False"))),
    }
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


def test_share_counts_the_kept_steps_and_usual_all_that_were_tried_in_all_theorems(proof):
    root = proof.states[proof.root]
    for attempt in root.attempts:
        attempt.kept = attempt.candidate.tactic in ("right", "exact hp", "exact Or.inl hp")
    proof.settle()
    assert root.share == pytest.approx(1 / 2)
    exact = "exact Or.inl hp"
    assert Experience([proof]).rate(proof, root, exact) == pytest.approx((1 + 1.2) / (4 + 4))
    assert Experience([proof, proof]).rate(proof, root, exact) == pytest.approx((2 + 1.2) / (8 + 4))


def test_usual_is_counted_for_each_family_apart(proof):
    root = proof.states[proof.root]
    other = replace(proof, theorem=replace(proof.theorem, family="divisibility"))
    assert Experience([proof, other]).rate(proof, root, "left") == Experience([proof]).rate(
        proof, root, "left"
    )


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
    assert "becomes false, as p = True, q = False shows" in said["right"]
    assert "Better: exact Or.inl hp." in said["right"]
    assert "prose" in said["The first case holds"]
    assert "about 1 step left" in said["left"]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Lean should accept this.", True),
        ("Lean will reject this: no.", False),
        ("Lean will reject this: it was accepted before.", False),
        ("Lean accepts it.", True),
        ("A fine step.", None),
        ("Lean may accept or reject this.", None),
        ("", None),
    ],
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

    def walk(self, scripts):
        return [self.walked(script) for script in scripts]

    def walked(self, script):
        root = (f"n : Nat\nh : n = 1\n⊢ {script.start.goal}",)
        node = script.nodes[0]
        after = None if sum(map(ord, node.text)) % 2 else ()
        arms = tuple(block.opening for block in node.blocks)
        return Walked(root, (Move(script.start, (), node.text, arms, root, after, "no"),))

    def run(self, probes):
        self.asked += len(probes)
        return [self.answer(p) for p in probes]

    def answer(self, probe):
        if probe.place.lines == ("  intro H_",):
            return Result("rejected")
        if probe.step != "skip" and sum(map(ord, probe.step)) % 2:
            return Result("rejected", error="no")
        if probe.place.lines:
            return accepted()
        goal = f"n : Nat\nh : n = 1\n⊢ {probe.step.split()[0]} = n"
        return Result("accepted", goals=(goal,), fates=("omega",) if probe.closers else ())


def make(tmp_path, name, theorems=96):
    plan = Plan(theorems, 5, tmp_path / name, shard=48)
    return build(plan, Explorer(ToyLean(), batch=50), lambda done: None), tmp_path / name


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
    proof.states[()].distance = 0
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


def test_goals_are_finished_one_by_one_and_refuted_together(proof):
    both = proof.add(State((LEFT, NOISY), None))
    spoiled = proof.add(State((LEFT, RIGHT), None))
    proof.settle()
    assert both.distance == 2
    assert spoiled.distance is None
    assert spoiled.finishable is False


def test_an_empty_counterexample_refutes(proof):
    closed = proof.add(State(("⊢ 1 = 2",), None))
    proof.fates["⊢ 1 = 2"] = Fate(counterexample=())
    proof.settle()
    assert closed.finishable is False


def test_the_first_arm_can_be_entered_and_the_others_stay_closed(proof):
    root = proof.states[proof.root]
    arms = ("| inl a =>", "| inr b =>")
    proof.try_(
        root, Candidate("cases h with", "header", arms=arms), accepted("case inl\n⊢ p", "case inr\n⊢ q")
    )
    behind = proof.states["case inl\n⊢ p", "case inr\n⊢ q"]
    assert behind.place is None
    inside = enter(proof, behind)
    assert inside.goals == ("case inl\n⊢ p",)
    assert inside.earlier == ("cases h with",)
    assert inside.place.lines == ("  cases h with", "  | inl a =>")
    assert inside.place.closing == ("  | inr b => sorry",)


def test_a_part_of_a_run_is_a_data_set_and_the_whole_goes_on_from_it(tmp_path):
    _, part = make(tmp_path, "one", theorems=48)
    first = (part / "shards" / "0000.jsonl").read_bytes()
    few = assemble(part, 5)
    whole, _ = make(tmp_path, "one")
    assert (part / "shards" / "0000.jsonl").read_bytes() == first
    assert sum(whole.values()) > sum(few.values()) > 0
    fresh, out = make(tmp_path, "two")
    assert fresh == whole
    assert (out / "train.jsonl").read_bytes() == (part / "train.jsonl").read_bytes()


def test_a_folder_is_held_to_its_options(tmp_path):
    make(tmp_path, "one", theorems=48)
    with pytest.raises(OtherPlan, match="seed"):
        build(Plan(48, 6, tmp_path / "one", shard=48), Explorer(ToyLean()), lambda done: None)


class DyingLean(ToyLean):
    """Does not get through its second shard."""

    shards = 0

    def walk(self, scripts):
        self.shards += 1
        if self.shards == 2:
            raise KeyboardInterrupt
        return super().walk(scripts)


def test_a_stopped_run_says_that_it_is_a_part(tmp_path):
    plan = Plan(96, 5, tmp_path / "one", shard=48)
    with pytest.raises(KeyboardInterrupt):
        build(plan, Explorer(DyingLean()), lambda done: None)
    assert (tmp_path / "one" / PARTIAL).exists()
    assert list(read_records(tmp_path / "one" / "train.jsonl"))
    make(tmp_path, "one")
    assert not (tmp_path / "one" / PARTIAL).exists()

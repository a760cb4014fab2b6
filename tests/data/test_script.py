import json
from dataclasses import asdict

import pytest

from eva.data.lean import LeanRunner, lean_command
from eva.data.probes import Place
from eva.data.script import Block, Node, Script, Walked, parse_script, render_walks
from eva.lean import steps_of_file

PROOF = (
    "have hm : q ∨ p := by\nexact h.symm",
    "constructor",
    "· cases hm with\n| inl a => right; exact a\n| inr b => left; exact b",
    "· intro ⟨_, _⟩; trivial",
)
START = Place("(p q : Prop) (h : p ∨ q)", "(p ∨ q) ∧ (p ∧ q → True)")


def test_a_script_is_taken_apart():
    have, constructor, first, second = parse_script(PROOF)
    assert have == Node("have hm : q ∨ p := by", (Block("", (Node("exact h.symm"),)),))
    assert constructor == Node("constructor")
    (cases,) = first.blocks[0].nodes
    assert cases.text == "cases hm with"
    assert [block.opening for block in cases.blocks] == ["| inl a =>", "| inr b =>"]
    assert [node.text for node in cases.blocks[0].nodes] == ["right", "exact a"]
    assert [node.text for node in second.blocks[0].nodes] == ["intro ⟨_, _⟩", "trivial"]


def test_what_stands_in_brackets_stays_whole():
    assert parse_script(("· exact (by simp; omega); rfl",))[0].blocks[0].nodes == (
        Node("exact (by simp; omega)"),
        Node("rfl"),
    )


def test_places_keep_the_indentation_and_the_arms_that_come_later():
    _, (view,) = render_walks([Script(START, parse_script(PROOF))])
    inside = next(stop for stop in view.stops if stop.text == "right")
    assert inside.place.lines[-2:] == ("    cases hm with", "    | inl a =>")
    assert inside.place.indent == 6
    assert inside.place.closing == ("    | inr b => sorry",)
    assert inside.earlier == ("have hm : q ∨ p := by", "exact h.symm", "constructor", "cases hm with")


@pytest.mark.lean
def test_a_walk_sees_the_steps_that_the_collector_sees(tmp_path):
    """Both ways of asking Lean agree on the steps, on the states around them and on what is earlier."""
    file = tmp_path / "T.lean"
    file.write_text(
        f"theorem t {START.binders} : {START.goal} := by\n"
        "  have hm : q ∨ p := by\n    exact h.symm\n"
        "  constructor\n"
        "  · cases hm with\n    | inl a =>\n      right\n      exact a\n"
        "    | inr b =>\n      left\n      exact b\n"
        "  · intro ⟨_, _⟩\n    trivial\n",
        encoding="utf-8",
    )
    collected = steps_of_file(file).steps
    (walked,) = LeanRunner(lean_command(), timeout=170).walk([Script(START, parse_script(PROOF))])
    assert walked.root == collected[0].goals
    seen = [(move.text, move.goals, move.after, move.earlier) for move in walked.moves]
    assert seen == [(step.tactic, step.goals, step.goals_after, step.earlier) for step in collected]
    assert Walked.from_json(json.loads(json.dumps(asdict(walked)))) == walked


@pytest.mark.lean
def test_a_walk_ends_where_lean_rejects(tmp_path):
    script = Script(START, parse_script(("constructor", "· exact h", "· exact h", "skip")))
    (walked,) = LeanRunner(lean_command(), timeout=170).walk([script])
    assert [move.after is None for move in walked.moves] == [False, False, True]
    assert "ype mismatch" in walked.moves[-1].error

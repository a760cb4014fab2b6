"""Names are drawn anew, and nothing else changes."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from toy import toy_records

from eva.data.goals import parse_goal
from eva.data.lean import LeanRunner, lean_command
from eva.data.probes import Place, Probe
from eva.data.record import read_records
from eva.model.frame import Frame
from eva.step import ProofStep
from eva.train.examples import Encoder
from eva.train.names import Names, local_names, renamed, renamed_record
from eva.train.texts import Texts
from tiny import tiny_tokenizer

sys.path.append(str(Path(__file__).parents[2] / "scripts"))

import labelled

GOALS = (
    "case inl\nα : Type\nm k : Nat\nxs : List α\nf : Nat → Nat\na x✝ : Nat\nh hm : m ≤ k\n"
    "this : ∀ (n : Nat), n ≤ f n\n⊢ m ≤ f k",
    "case h.right\np q R : Prop\nh : p\n⊢ q",
)
TACTICS = ("exact h.1", "obtain ⟨w, k1⟩ := hm", "have e : xs.length = k := by omega", "exact foo")


def records():
    """Steps of one state, and some of others, which bring more names."""
    [record] = toy_records(1, "train")
    steps = [
        ProofStep(GOALS, tactic, "theorem t (m k z : Nat) (h1 : z = m) : p", ("intro h", "cases h1"))
        for tactic in TACTICS
    ]
    other = "i j u v : Nat\nl ys : List Nat\nH hx hy hz : i = j\nS T : Prop\n⊢ i = u"
    steps += [
        ProofStep((other,), "omega", "theorem s"),
        ProofStep(("b c : Nat\nh2 e1 : b = c\n⊢ True",), "simp"),
    ]
    return [
        replace(record, step=step, critique=f"Lean should accept this step: a {step.tactic}, or exact hz.")
        for step in steps
    ]


def words(record):
    step = record.step
    texts = (*step.goals, step.tactic, step.statement, *step.earlier, record.critique)
    return [word for text in texts for word in re.findall(r"[\w✝']+|\W", text)]


def test_local_names_are_those_that_a_proof_state_tells():
    assert list(local_names(GOALS)) == ["m", "k", "xs", "f", "h", "hm", "p", "q", "R"]
    assert {name for name, (data, _) in local_names(GOALS).items() if data} == set("mkfpqR") | {"xs"}


@pytest.mark.parametrize("passes", [1, 2, 3, 4, 5])
def test_another_text_with_the_same_meaning(passes):
    known = records()
    names = Names(known)
    for index, record in enumerate(known):
        new = renamed_record(record, names.drawn(index, passes))
        pairs = set(zip(words(record), words(new), strict=True))
        assert len({old for old, _ in pairs}) == len({new for _, new in pairs}) == len(pairs)
        local = local_names(record.step.goals)
        assert {old for old, new in pairs if old != new} <= set(local)
        assert list(local_names(new.step.goals).values()) == list(local.values())
        assert new.targets == record.targets


def test_steps_of_a_state_have_the_same_names_and_a_pass_has_its_own():
    known = records()
    names = Names(known)
    drawn = [names.drawn(i, 1) for i in range(len(TACTICS))]
    assert all(one == drawn[0] for one in drawn)
    assert drawn[0] != names.drawn(0, 2)
    assert drawn[0] == Names(known).drawn(0, 1)
    used = {word for record in known[: len(TACTICS)] for word in words(record)}
    assert not (used - drawn[0].keys()) & set(drawn[0].values()), "w stays free for obtain"


def test_what_is_no_name_of_the_state_stays():
    names = {"h": "e", "m": "n"}
    text = "case h => simp [h, h.1, List.h, m] at h' ⊢ -- h, ?h, ?m.42"
    assert renamed(text, names) == "case h => simp [e, e.1, List.h, n] at h' ⊢ -- e, ?h, ?m.42"


def test_a_step_of_a_later_pass_has_its_critique_and_another_one_likewise():
    known, own = records(), ["Lean should reject h."] * len(records())
    names = Names(known, own)
    drawn = names.drawn(0, 1)
    assert names.step((0, 1)) == (renamed_record(known[0], drawn), f"Lean should reject {drawn['h']}.")
    assert Names(known).step((0, 1))[1] is None


def test_texts_write_a_later_pass_from_what_they_are_told():
    tokenizer = tiny_tokenizer("digits_split")
    encode = Encoder(tokenizer, "Judge.", (1, 5), Frame.of(tokenizer, (1, 5)))
    known = records()
    names = Names(known)
    texts = Texts(
        encode,
        [encode.pieces(r) for r in known],
        "score_first",
        again=lambda turn: encode.pieces(*names.step(turn)),
    )
    first, later = texts((0, 0), 0, 0), texts((0, 1), 0, 0)
    assert first == encode.write(encode.pieces(known[0]), "score_first")
    assert later == encode.write(encode.pieces(*names.step((0, 1))), "score_first") != first


@pytest.mark.lean
def test_lean_says_the_same_of_a_step_with_other_names(tmp_path):
    labelled.unpack(tmp_path, 1)
    known = [r for r in read_records(tmp_path / "shards" / "0000.jsonl") if asked(r)][::120]
    names = Names(known)
    drawn = [names.drawn(i, 1) for i in range(len(known))]
    new = [renamed_record(record, one) for record, one in zip(known, drawn, strict=True)]
    assert sum(one.step != other.step for one, other in zip(known, new, strict=True)) > 30
    results = LeanRunner(lean_command(), timeout=170).run([probe(r) for r in (*known, *new)])
    before, after = results[: len(known)], results[len(known) :]
    assert [r.outcome for r in before] == [r.outcome for r in after]
    assert {r.outcome for r in before} >= {"accepted", "rejected"}
    as_before = [
        tuple(renamed(goal, one) for goal in old.goals) == found.goals
        for one, old, found in zip(drawn, before, after, strict=True)
    ]
    assert sum(as_before) > 0.95 * len(known), "but for names that Lean makes up: x_1"


def asked(record):
    """Whether the step can stand in an example of its own that is written from its goal."""
    [goal, *others] = record.step.goals
    plain = not re.search(r"✝|\bwith\b|\n", record.step.tactic) and "✝" not in goal
    return plain and not others and "def " not in record.step.statement and record.origin != "words"


def probe(record):
    goal = parse_goal(record.step.goals[0])
    binders = " ".join(f"({h.name} : {h.type})" for h in goal.hypotheses)
    return Probe(Place(binders, goal.target), record.step.tactic, alone=True)

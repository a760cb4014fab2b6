"""Shards of a data folder: a short one is made anew by a longer run, and a folder is held to its plan."""

from random import Random

import pytest

from eva.data.candidates import Candidate
from eva.data.dataset import OtherPlan, Plan, build, draw_theorems, noted_size
from eva.data.probes import Place, Result
from eva.data.proof import Proof, State
from eva.data.search import Explorer


class QuickExplorer(Explorer):
    """Tries one step in the start of each theorem: Lean takes it."""

    def explore(self, theorems, seed, progress):
        return [self.explored(theorem) for theorem in theorems]

    def explored(self, theorem):
        goals = (f"n : Nat\n⊢ {theorem.goal}",)
        proof = Proof(theorem, Random(0), root=goals)
        state = proof.add(State(goals, Place(theorem.binders, theorem.goal)))
        proof.try_(state, Candidate("omega", "shape"), Result("accepted"))
        proof.settle()
        return proof


def make(out, theorems):
    return build(Plan(theorems, 5, out, shard=40), QuickExplorer(None), lambda done: None)


def shard(out, number):
    return out / "shards" / f"{number:04}.jsonl"


def times(out):
    return [file.stat().st_mtime_ns for file in sorted((out / "shards").glob("*.jsonl"))]


def forget_sizes(out):
    """As in a folder that is older than the notes."""
    for note in (out / "shards").glob("*.theorems"):
        note.unlink()


def stop(path, records):
    raise KeyboardInterrupt


@pytest.mark.parametrize("noted", [True, False])
def test_a_short_last_shard_is_made_anew_by_a_longer_run(tmp_path, noted):
    one, fresh = tmp_path / "one", tmp_path / "fresh"
    assert sum(make(one, 60).values()) == 60
    assert [noted_size(shard(one, number)) for number in (0, 1)] == [40, 20]
    if not noted:
        forget_sizes(one)
    before = times(one)
    assert sum(make(one, 100).values()) == 100
    assert times(one)[0] == before[0], "the whole one is kept"
    assert noted_size(shard(one, 1)) == 40
    make(fresh, 100)
    for name in ("train.jsonl", "validation.jsonl", "test.jsonl", "held_out.jsonl", "card.md"):
        assert (one / name).read_bytes() == (fresh / name).read_bytes()


@pytest.mark.parametrize("noted", [True, False])
def test_shards_that_are_large_enough_are_kept(tmp_path, noted):
    make(tmp_path, 60)
    if not noted:
        forget_sizes(tmp_path)
    before = times(tmp_path)
    make(tmp_path, 60)
    make(tmp_path, 50)
    assert times(tmp_path) == before


def test_a_shard_without_a_note_may_lack_a_few_theorems_that_lean_did_not_take(tmp_path):
    make(tmp_path, 40)
    forget_sizes(tmp_path)
    file = shard(tmp_path, 0)
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(lines[:38]), encoding="utf-8")
    assert sum(make(tmp_path, 40).values()) == 38


def test_a_short_shard_has_its_note_before_it_is_there(tmp_path, monkeypatch):
    monkeypatch.setattr("eva.data.dataset.write_records", stop)
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path, 20)
    assert noted_size(shard(tmp_path, 0)) == 20


def test_a_short_shard_counts_as_short_until_the_new_one_is_there(tmp_path, monkeypatch):
    make(tmp_path, 20)
    monkeypatch.setattr("eva.data.dataset.write_records", stop)
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path, 40)
    assert noted_size(shard(tmp_path, 0)) == 20


def test_a_longer_run_draws_the_theorems_of_a_shorter_one_first():
    assert draw_theorems(100, 5)[:60] == draw_theorems(60, 5)


def test_a_folder_with_shards_and_no_plan_is_refused(tmp_path):
    make(tmp_path, 40)
    (tmp_path / "plan.json").unlink()
    with pytest.raises(OtherPlan, match=f"{tmp_path} holds shards and no plan.json .* name another folder"):
        make(tmp_path, 40)
    assert not (tmp_path / "plan.json").exists(), "nobody knows what to write into it"

"""Best-first search: the strategy decides what is tried, and nothing else."""

from __future__ import annotations

import pytest
from made_up import record

from eva.data.candidates import Candidate
from eva.data.lean import LeanRunner, lean_command
from eva.data.probes import Result
from eva.data.statement import Statement
from eva.evaluate.judgement import Judgement
from eva.evaluate.search import (
    Lean,
    best_first,
    breadth,
    by_path,
    by_value,
    candidates,
    depth,
    provable,
    remembering,
    side_by_side,
)
from eva.step import ProofStep


def test_statements_are_read():
    found = Statement.of(
        "def f (n : Nat) : Nat := n\ntheorem aux_7 (p q : Prop) (h : p ∧ q) : ∃ x : Nat, x = 1"
    )
    assert found.preamble == "def f (n : Nat) : Nat := n"
    assert (found.binders, found.goal) == ("(p q : Prop) (h : p ∧ q)", "∃ x : Nat, x = 1")
    assert Statement.of("theorem t : True").goal == "True"
    with pytest.raises(ValueError, match="not a theorem"):
        Statement.of("theorem t (p : Prop)")


def test_only_theorems_that_were_proved_are_searched_for():
    rows = [record("a : p", "p", True, True, 4.0, 4.0), record("b : q", "q", True, False, 1.0, 4.0)]
    assert [s.text for s in provable(rows)] == ["theorem a : p"]


def test_every_strategy_gets_the_same_steps():
    state = ("p q : Prop\nhp : p\nhq : q\n⊢ p ∧ q",)
    assert candidates(state) == candidates.__wrapped__(state) and 3 < len(candidates(state)) <= 10
    assert candidates(state) != candidates(("n : Nat\n⊢ n + 0 = n",))


def test_the_order_of_proposals_tells_nothing(monkeypatch):
    """Those that fit the goal are proposed first, and where priorities tie the order decides."""
    proposed = [Candidate(tactic, "shape") for tactic in "abcdefgh"]
    monkeypatch.setattr("eva.evaluate.search.propose", lambda *_: proposed)
    firsts = {candidates((f"n : Nat\n⊢ n = {i}",))[0] for i in range(60)}
    assert firsts == set("abcdefgh")


class Maze:
    """In place of Lean, which takes seconds: states are words, `left`/`right` are steps, `lrl` is the end."""

    def __init__(self):
        self.asked = []

    def run(self, probes):
        self.asked += [(*p.place.lines, p.step) for p in probes]
        out = []
        for p in probes:
            word = "".join(step.strip()[0] for step in (*p.place.lines, p.step) if step != "skip")
            taken = len(word) <= 3
            out.append(Result("accepted" if taken else "rejected", () if word == "lrl" else (f"⊢ {word}",)))
        return out


@pytest.fixture
def maze(monkeypatch):
    monkeypatch.setattr("eva.evaluate.search.candidates", lambda state: ["right", "left"])
    return Maze()


STATEMENT, OTHER = Statement.of("theorem maze : True"), Statement.of("theorem other : True")


def test_breadth_opens_the_nearest_states_first(maze):
    [found] = best_first([STATEMENT], breadth, Lean(maze), 50)
    assert found.proof == ("left", "right", "left")
    assert found.nodes == 2 + 4 + 6, "all of two levels, and six of eight of the third"


def test_depth_opens_the_newest_state_first(maze):
    [found] = best_first([STATEMENT], depth, Lean(maze), 50)
    assert found.proof and found.nodes > 6


def test_a_judge_that_knows_the_way_needs_no_other_nodes(maze):
    def knows(steps):
        good = [("lrl").startswith("".join(s[0] for s in (*step.earlier, step.tactic))) for step in steps]
        return [
            Judgement("scored", dict.fromkeys(("logic", "alignment", "clarity"), 5.0 if g else 1.0))
            for g in good
        ]

    lean = Lean(maze)
    [found] = best_first([STATEMENT], by_value(knows, (0.4, 0.4, 0.2)), lean, 3)
    assert found.proof == ("left", "right", "left") and found.nodes == 3
    asked = len(maze.asked)
    best_first([STATEMENT], by_value(knows, (0.4, 0.4, 0.2)), lean, 3)
    assert len(maze.asked) == asked == len(set(maze.asked)), "Lean is asked everything once"


def scores_of(values):
    """A judge that gives a tactic these logic scores, and none to others."""

    def judge(steps):
        return [
            Judgement("scored", {"logic": values[s.tactic], "alignment": 1.0, "clarity": 1.0})
            if s.tactic in values
            else Judgement("too_long", {})
            for s in steps
        ]

    return judge


def test_a_path_is_worth_the_product_of_its_values():
    priorities = by_path(scores_of({"a": 4.0, "b": 3.0, "zero": 1.0}), (1.0, 0.0, 0.0))

    def value(tactic, *earlier, theorem="t"):
        return priorities([ProofStep(("⊢ p",), tactic, theorem, earlier)])[0]

    assert (value("a"), value("b"), value("zero")) == (0.75, 0.5, 0.0)
    assert value("a", "a") == 0.75**2 and value("b", "a", "a") == 0.75**2 * 0.5
    assert value("a", "zero") == 0.0
    assert value("unknown") == -1.0 and value("a", "unknown") == 0.0, "behind all that have a score"
    assert value("a", "b", theorem="other") == 0.75, "of another theorem nothing is known"


def test_a_judge_that_remembers_reads_each_step_once():
    asked = []
    judge = scores_of({"a": 4.0, "b": 3.0})
    remembers = remembering(lambda steps: asked.append([s.tactic for s in steps]) or judge(steps))
    a, b = (ProofStep(("⊢ p",), tactic) for tactic in "ab")
    assert remembers([a, b, a]) == judge([a, b, a])
    assert remembers([b]) == judge([b]) and remembers([]) == []
    assert asked == [["a", "b"]]


def test_the_budget_is_kept(maze):
    [found] = best_first([STATEMENT], breadth, Lean(maze), 5)
    assert found.proof is None and found.nodes == 5


def test_searches_side_by_side_find_what_each_finds_alone(maze, monkeypatch):
    monkeypatch.setattr("eva.evaluate.search.AHEAD", 0)

    def counted(search):
        maze, runs = Maze(), []
        run, maze.run = maze.run, lambda probes: runs.append(len(probes)) or run(probes)
        return search(Lean(maze)), len(runs)

    nearest, one = counted(lambda lean: best_first([STATEMENT], breadth, lean, 50))
    newest, other = counted(lambda lean: best_first([OTHER], depth, lean, 50))
    tasks = [([STATEMENT], breadth), ([OTHER, OTHER], depth)]
    both, together = counted(lambda lean: side_by_side(tasks, lean, 50))
    assert both == [nearest, newest * 2]
    assert together == max(one, other), "Lean is started for a round of all"


@pytest.mark.lean
def test_a_real_lean_is_asked():
    both = Statement.of("def two : Nat := 2\ntheorem a (p : Prop) (hp : p) : p ∧ two = 2")
    asked = [
        (both, (), "skip"),
        (both, (), "exact hp"),
        (both, ("constructor", "exact hp"), "rfl"),
        (both, ("constructor",), "exact hp"),
    ]
    start, wrong, end, rest = Lean(LeanRunner(lean_command())).run(asked)
    assert start == ("p : Prop\nhp : p\n⊢ p ∧ two = 2",)
    assert wrong is None and end == ()
    assert rest is not None and len(rest) == 1 and rest[0].endswith("⊢ two = 2")

"""Best-first proof search: what a score is worth when it decides which step Lean tries next.

Every strategy searches the same theorems from the same candidate steps; a strategy only says which of the
steps that wait is tried next. A node is one step run by Lean, and all get the same number of nodes.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from random import Random

from eva.data.candidates import propose
from eva.data.goals import parse_goal
from eva.data.lean import LeanRunner
from eva.data.probes import Probe
from eva.data.record import LabelledStep
from eva.data.statement import Statement
from eva.evaluate.judgement import Judge, Judgement
from eva.step import ProofStep

Strategy = Callable[[Sequence[ProofStep]], list[float]]
"""Priorities of steps: the highest is tried first."""
State = tuple[str, ...]
CANDIDATES = 10  # steps that wait in each state
AHEAD = 8  # steps of each search that Lean runs ahead of their turn, where few are asked
START = 100  # steps that Lean runs in less time than it takes to start


def provable(records: Iterable[LabelledStep]) -> list[Statement]:
    """The theorems of these records that Lean has been seen to prove, in the order of the records."""
    texts = [r.step.statement for r in records if not r.step.earlier and r.finishable and r.step.statement]
    return [Statement.of(text) for text in dict.fromkeys(texts)]


Question = tuple[Statement, tuple[str, ...], str]
"""A theorem, the steps before, and the step that is asked for."""


class Lean:
    """Runs steps; each is run once, however many strategies ask for it."""

    def __init__(self, runner: LeanRunner) -> None:
        self._runner = runner
        self._known: dict[tuple[str, tuple[str, ...], str], State | None] = {}

    def run(self, asked: Sequence[Question], soon: Iterable[Question] = ()) -> list[State | None]:
        """The state that follows each asked step, `None` where Lean does not take it.

        `soon`: what is likely to be asked next. Starting Lean costs more than a hundred steps do, so where it
        has to be started for fewer it is asked some of these too.
        """
        keys = [(statement.text, path, step) for statement, path, step in asked]
        if any(key not in self._known for key in keys):
            also = islice(soon, max(0, START - len(asked)))
            every = {(s.text, path, step): (s, path, step) for s, path, step in (*asked, *also)}
            new = {key: question for key, question in every.items() if key not in self._known}
            probes = [Probe(s.place(path), step, alone=True) for s, path, step in new.values()]
            for key, result in zip(new, self._runner.run(probes), strict=True):
                self._known[key] = result.goals if result.outcome == "accepted" else None
        return [self._known[key] for key in keys]


@dataclass(frozen=True, slots=True)
class Found:
    """How the search for one theorem ended: its proof (`None`: not found) and the nodes that were spent."""

    statement: Statement
    proof: tuple[str, ...] | None
    nodes: int


@dataclass
class _Search:
    statement: Statement
    heap: list[tuple[float, int, tuple[str, ...], str]] = field(default_factory=list)
    seen: set[State] = field(default_factory=set)
    pushed: int = 0
    nodes: int = 0
    proof: tuple[str, ...] | None = None


def best_first(statements: Sequence[Statement], strategy: Strategy, lean: Lean, nodes: int) -> list[Found]:
    """Search for all theorems, each with `nodes` steps of Lean.

    Theorems whose statement Lean does not take are searched for in vain.
    """
    return side_by_side([(statements, strategy)], lean, nodes)[0]


def side_by_side(
    tasks: Sequence[tuple[Sequence[Statement], Strategy]], lean: Lean, nodes: int
) -> list[list[Found]]:
    """`best_first` of each task. All searches take their steps in turn, so that Lean is started once for a
    round of all of them."""
    searches = [[_Search(statement) for statement in statements] for statements, _ in tasks]
    every = [s for some in searches for s in some]
    starts = iter(lean.run([(s.statement, (), "skip") for s in every]))
    for some, (_, strategy) in zip(searches, tasks, strict=True):
        begun = zip(some, islice(starts, len(some)), strict=True)
        _push([(s, start, ()) for s, start in begun if start], strategy)
    while True:
        live = [[s for s in some if s.proof is None and s.heap and s.nodes < nodes] for some in searches]
        if not any(live):
            return [[Found(s.statement, s.proof, s.nodes) for s in some] for some in searches]
        _round(live, [strategy for _, strategy in tasks], lean)


def _round(live: Sequence[Sequence[_Search]], strategies: Sequence[Strategy], lean: Lean) -> None:
    """One node for each search that goes on."""
    every = [s for some in live for s in some]
    chosen = [heapq.heappop(s.heap)[2:] for s in every]
    after = lean.run(
        [(s.statement, path, step) for s, (path, step) in zip(every, chosen, strict=True)],
        ((s.statement, *waiting[2:]) for s in every for waiting in heapq.nsmallest(AHEAD, s.heap)),
    )
    turns = zip(every, chosen, after, strict=True)
    for some, strategy in zip(live, strategies, strict=True):
        opened: list[tuple[_Search, State, tuple[str, ...]]] = []
        for s, (path, step), state in islice(turns, len(some)):
            s.nodes += 1
            if state == ():
                s.proof = (*path, step)
            elif state is not None and state not in s.seen:
                opened.append((s, state, (*path, step)))
        _push(opened, strategy)


def _push(opened: Sequence[tuple[_Search, State, tuple[str, ...]]], strategy: Strategy) -> None:
    waiting = [
        (s, ProofStep(state, tactic, s.statement.text, path))
        for s, state, path in opened
        for tactic in candidates(state)
    ]
    for (s, step), priority in zip(waiting, strategy([step for _, step in waiting]), strict=True):
        s.pushed += 1
        heapq.heappush(s.heap, (-priority, s.pushed, step.earlier, step.tactic))
    for s, state, _ in opened:
        s.seen.add(state)


@cache
def candidates(state: State) -> tuple[str, ...]:
    """The steps that wait in a state: drawn by the state itself, so that every strategy gets the same."""
    draw = Random("\n\n".join(state))
    goal = parse_goal(state[0])
    found: dict[str, None] = {}
    for _ in range(3):
        proposed = propose(goal, [], [], draw, CANDIDATES)
        found |= dict.fromkeys(c.tactic for c in proposed if not c.stands_for and not c.arms)
    steps = list(found)[:CANDIDATES]
    draw.shuffle(steps)  # those that fit come first, and where priorities tie the order decides
    return tuple(steps)


def by_value(judge: Judge, weights: Sequence[float]) -> Strategy:
    """The judge's value of the step; a step without numbers comes last."""
    return lambda steps: [j.value(weights) if j.expected else -1.0 for j in judge(steps)] if steps else []


def by_path(judge: Judge, weights: Sequence[float]) -> Strategy:
    """The product of the values of all steps from the start; a step without numbers comes last.

    A value is of one step: by itself it follows a chain of steps that Lean takes, however long that gets.
    """
    value = by_value(judge, weights)
    known: dict[tuple[str, tuple[str, ...]], float] = {}

    def priorities(steps: Sequence[ProofStep]) -> list[float]:
        out = []
        for step, last in zip(steps, value(steps), strict=True):
            product = known.get((step.statement, step.earlier), 1.0) * max(last, 0.0)
            known[step.statement, (*step.earlier, step.tactic)] = product
            out.append(product if last >= 0 else last)
        return out

    return priorities


def remembering(judge: Judge) -> Judge:
    """The same judge, which reads each step once, however many strategies ask."""
    known: dict[ProofStep, Judgement] = {}

    def judged(steps: Sequence[ProofStep]) -> list[Judgement]:
        new = [step for step in dict.fromkeys(steps) if step not in known]
        if new:
            known.update(zip(new, judge(new), strict=True))
        return [known[step] for step in steps]

    return judged


def breadth(steps: Sequence[ProofStep]) -> list[float]:
    """Uniform cost: the states nearest to the start first, steps in the order in which they were proposed."""
    return [-float(len(step.earlier)) for step in steps]


def depth(steps: Sequence[ProofStep]) -> list[float]:
    """Depth first: the newest state first."""
    return [float(len(step.earlier)) for step in steps]

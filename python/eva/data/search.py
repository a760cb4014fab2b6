"""Exploring proofs under Lean: states, the steps tried in them, and what is known of each state.

The exploration goes level by level so that each level is a few large batches. A state is known to be
*finishable* when the tried steps and Lean's closers lead from it to no goals, *refuted* when Lean proved the
negation of one of its goals, and *unknown* otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from eva.data.candidates import Candidate, propose
from eva.data.families import Theorem
from eva.data.goals import parse_goal
from eva.data.lean import LeanFailed, LeanRunner, Probe, Result
from eva.data.refute import Refutation, refutation

Key = tuple[str, ...]
Progress = Callable[[int], None]


@dataclass
class Attempt:
    """One candidate tried in one state, with Lean's answer."""

    candidate: Candidate
    result: Result


@dataclass
class State:
    """A proof state of one theorem.

    - `path`: the steps that led here.
    - `quick`: goals that Lean's closers finish one by one, as a count of steps, or `None`.
    - `distance`: steps of the shortest proof found from here, `None` if none was found.
    - `counterexample`: values that refute the goal at `refuted_goal`, `None` if there is none.
    """

    goals: Key
    path: tuple[str, ...]
    quick: int | None = None
    closers: tuple[str, ...] = ()
    open_goals: Key = ()
    attempts: list[Attempt] = field(default_factory=list)
    expanded: bool = False
    asked_refutation: bool = False
    distance: int | None = None
    counterexample: tuple[tuple[str, str], ...] | None = None

    @property
    def finishable(self) -> bool | None:
        if self.distance is not None:
            return True
        return False if self.counterexample is not None else None

    @property
    def share(self) -> float | None:
        """Share of the accepted steps tried here after which the proof can be finished, or `None`."""
        taken = [a for a in self.attempts if a.result.outcome == "accepted"]
        return None if not taken else self._good / len(taken)

    _good: int = 0


@dataclass
class Proof:
    """Everything found out about one theorem. `states[()]` is the finished state."""

    theorem: Theorem
    rng: Random
    states: dict[Key, State] = field(default_factory=dict)
    root: Key = ()

    def settle(self) -> None:
        """Spread what is known: distances from finished states back, and shares."""
        done = self.states.setdefault((), State((), ()))
        done.distance = 0
        for state in self.states.values():
            if state.quick is not None and state.counterexample is None:
                state.distance = min(state.quick, state.distance or state.quick)
        changed = True
        while changed:
            changed = False
            for state in self.states.values():
                for attempt in state.attempts:
                    if attempt.result.outcome != "accepted":
                        continue
                    after = self.states[attempt.result.goals].distance
                    if after is not None and (state.distance is None or after + 1 < state.distance):
                        state.distance = after + 1
                        changed = True
        for state in self.states.values():
            state._good = sum(
                self.states[a.result.goals].distance is not None
                for a in state.attempts
                if a.result.outcome == "accepted"
            )


@dataclass
class Explorer:
    """Explores many theorems at once.

    - `runner`: asks Lean. `batch`: probes in one file.
    - `budget`: candidates tried in one state; `widths`: states expanded per theorem at
      each level after the first; a fraction is a chance.
    """

    runner: LeanRunner
    batch: int = 1500
    budget: int = 6
    widths: Sequence[float] = (1, 0.6, 0.3)

    def explore(self, theorems: Sequence[Theorem], seed: int, progress: Progress) -> list[Proof]:
        """States and attempts of all theorems; theorems whose statement Lean does not take are left out.

        Raises `LeanFailed` where it takes none at all.
        """
        proofs = [Proof(t, Random(f"{seed}:{t.binders}:{t.goal}")) for t in theorems]
        self._open(proofs, progress)
        proofs = [proof for proof in proofs if proof.root]
        if theorems and not proofs:
            raise LeanFailed(
                f"Lean took none of {len(theorems)} statements; the first: {theorems[0].source('t')}"
            )
        foreign = _foreign_steps(theorems)
        for width in (1, *self.widths):
            self._expand(proofs, width, foreign, progress)
            self._refute(proofs, progress)
            for proof in proofs:
                proof.settle()
        return proofs

    def ask(self, probes: Sequence[Probe], progress: Progress) -> Iterator[Result]:
        """Results for all probes in order, in batches."""
        for start in range(0, len(probes), self.batch):
            part = probes[start : start + self.batch]
            results = self.runner.run(part)
            progress(len(part))
            yield from results

    def _open(self, proofs: Sequence[Proof], progress: Progress) -> None:
        probes = [_probe(proof.theorem, (), "skip") for proof in proofs]
        for proof, result in zip(proofs, self.ask(probes, progress), strict=True):
            if result.outcome == "accepted" and result.goals:
                proof.root = result.goals
                proof.states[proof.root] = _state(result, ())

    def _expand(
        self, proofs: Sequence[Proof], width: float, foreign: dict[str, list[str]], progress: Progress
    ) -> None:
        plan: list[tuple[Proof, State, Candidate]] = []
        for proof in proofs:
            for state in _frontier(proof, width):
                state.expanded = True
                budget = self.budget if not state.path else max(5, self.budget - 1)
                for candidate in _candidates(proof, state, foreign, budget):
                    plan.append((proof, state, candidate))
        probes = [_probe(proof.theorem, state.path, c.tactic) for proof, state, c in plan]
        tried: dict[int, list[Candidate]] = {}
        for _, state, candidate in plan:
            tried.setdefault(id(state), []).append(candidate)
        hidden = [i for i, (_, _, c) in enumerate(plan) if c.stands_for]
        extra = [_probe(plan[i][0].theorem, plan[i][1].path, plan[i][2].stands_for) for i in hidden]
        results = list(self.ask([*probes, *extra], progress))
        pairs = list(zip(plan, results, strict=False))
        for i, result in zip(hidden, results[len(plan) :], strict=True):
            proof, state, candidate = plan[i]
            if all(c.tactic != candidate.stands_for for c in tried[id(state)]):
                pairs.append(((proof, state, Candidate(candidate.stands_for, "shape")), result))
        for (proof, state, candidate), result in pairs:
            if result.outcome == "unknown":
                continue
            state.attempts.append(Attempt(candidate, result))
            if result.outcome == "accepted" and result.goals not in proof.states:
                proof.states[result.goals] = _state(result, (*state.path, candidate.tactic))

    def _refute(self, proofs: Sequence[Proof], progress: Progress) -> None:
        plan: list[tuple[State, Refutation]] = []
        for proof in proofs:
            for state in proof.states.values():
                if state.quick is not None or state.asked_refutation or not state.goals:
                    continue
                state.asked_refutation = True
                for text in state.open_goals[:2]:
                    found = refutation(parse_goal(text), proof.theorem.preamble, proof.rng)
                    if found is not None:
                        plan.append((state, found))
        for (state, found), result in zip(plan, self.ask([f.probe for _, f in plan], progress), strict=True):
            values = found.counterexample(result)
            if values is not None:
                state.counterexample = values


def _probe(theorem: Theorem, path: tuple[str, ...], step: str) -> Probe:
    return Probe(theorem.binders, theorem.goal, path, step, theorem.preamble)


def _state(result: Result, path: tuple[str, ...]) -> State:
    closed = result.open_goals == ()
    return State(
        goals=result.goals,
        path=path,
        quick=len(result.goals) if closed else None,
        closers=result.closed_by,
        open_goals=result.open_goals or (),
    )


def _frontier(proof: Proof, width: float) -> list[State]:
    """The states to expand next: on a proof first, unknown ones and a few hopeless ones besides."""
    states = [s for s in proof.states.values() if s.goals and not s.expanded]
    if any(not s.path for s in states):
        return [s for s in states if not s.path]

    def rank(state: State) -> tuple[float, float]:
        scripted = bool(_scripted(proof.theorem, state.path))
        base = 0.0 if scripted else 1.0 if state.finishable else 1.2 if state.finishable is None else 2.4
        return (base + 1.6 * proof.rng.random(), proof.rng.random())

    count = int(width) + (proof.rng.random() < width % 1)
    return sorted(states, key=rank)[:count]


def _scripted(theorem: Theorem, path: tuple[str, ...]) -> list[str]:
    size = len(path)
    return [script[size] for script in theorem.scripts if len(script) > size and script[:size] == path]


def _candidates(proof: Proof, state: State, foreign: dict[str, list[str]], budget: int) -> list[Candidate]:
    goal = parse_goal(state.goals[0])
    others = [
        step
        for family, steps in foreign.items()
        if family != proof.theorem.family
        for step in proof.rng.sample(steps, min(2, len(steps)))
    ]
    return propose(goal, _scripted(proof.theorem, state.path), others, proof.rng, budget)


def _foreign_steps(theorems: Sequence[Theorem]) -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for theorem in theorems:
        for script in theorem.scripts:
            out.setdefault(theorem.family, []).extend(script)
    return out

"""What is known of one theorem: states, the steps tried in them, and how each of them ends."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from random import Random

from eva.data.candidates import Candidate
from eva.data.families import Theorem
from eva.data.probes import Place, Result

Key = tuple[str, ...]
EFFORT = {"assumption": 1, "rfl": 1, "omega": 1, "simp_all": 2, "grind": 3}
"""Steps that a closer counts for: the strong ones do the work of several."""


def bare(goal: str) -> str:
    """A goal without its case tag: two such goals have the same proofs."""
    return re.sub(r"\Acase [^\n]*\n", "", goal)


@dataclass(frozen=True, slots=True)
class Fate:
    """What Lean showed of a single goal: the closer that ends it, or values that refute it, or neither."""

    closer: str = ""
    counterexample: tuple[tuple[str, str], ...] | None = None


@dataclass
class Attempt:
    """One candidate tried in one state, with Lean's answer; `kept`: thinning has not left it out."""

    candidate: Candidate
    result: Result
    kept: bool = True


@dataclass
class State:
    """A proof state of one theorem.

    - `place`, `earlier`: where it stands, for Lean and as the texts of the steps before it. Behind a header
      nobody stands: then `place` is `None`, and the arms can be entered.
    - `came`: the place, step and arms that led to it, `None` for a start.
    - `distance`: steps of the shortest proof found from here, `None` if none was found.
    - `counterexample`: values that refute one of its goals, `None` if there are none.
    """

    goals: Key
    place: Place | None
    earlier: tuple[str, ...] = ()
    came: tuple[Place, tuple[str, ...], str, tuple[str, ...]] | None = None
    scripted: bool = False
    attempts: list[Attempt] = field(default_factory=list)
    expanded: bool = False
    distance: int | None = None
    counterexample: tuple[tuple[str, str], ...] | None = None
    _good: int = 0

    @property
    def finishable(self) -> bool | None:
        if self.distance is not None:
            return True
        return False if self.counterexample is not None else None

    @property
    def share(self) -> float | None:
        """Share of the accepted steps kept here after which the proof can be finished, or `None`."""
        taken = [a for a in self.attempts if a.kept and a.result.outcome == "accepted"]
        return None if not taken else self._good / len(taken)

    @property
    def has_holes(self) -> bool:
        """Whether goals hold holes (`?n`) that a step in one of them may fill for all."""
        return any("?" in goal for goal in self.goals)


@dataclass
class Proof:
    """Everything found out about one theorem. `states[()]` is the finished state."""

    theorem: Theorem
    rng: Random
    states: dict[Key, State] = field(default_factory=dict)
    fates: dict[str, Fate] = field(default_factory=dict)
    root: Key = ()
    scripts: dict[Key, list[str]] = field(default_factory=dict)

    def add(self, state: State) -> State:
        """The state with these goals: the one that is known already, or this."""
        return self.states.setdefault(state.goals, state)

    def try_(self, state: State, candidate: Candidate, result: Result) -> None:
        """Enter an attempt, and the state that it leads to."""
        if result.outcome == "unknown" or any(a.candidate.tactic == candidate.tactic for a in state.attempts):
            return
        state.attempts.append(Attempt(candidate, result))
        if result.outcome == "accepted" and state.place is not None:
            earlier = (*state.earlier, candidate.tactic)
            place = None if candidate.arms else state.place.after(candidate.tactic)
            came = (state.place, state.earlier, candidate.tactic, candidate.arms)
            self.add(State(result.goals, place, earlier, came))

    def fate(self, goal: str) -> Fate | None:
        """What Lean showed of this goal, `None` where it was not asked."""
        return self.fates.get(bare(goal))

    def closers(self, goals: Key) -> tuple[str, ...]:
        """The closers that end these goals one by one; `()` where one of them has none."""
        names = [fate.closer if (fate := self.fate(goal)) else "" for goal in goals]
        return tuple(names) if all(names) else ()

    def settle(self) -> None:
        """Spread what is known: counterexamples, distances from finished states back, shares."""
        done = self.states.setdefault((), State((), None))
        done.distance = 0
        states = [state for state in self.states.values() if state.goals]
        for state in states:
            fates = (self.fate(goal) for goal in state.goals)
            values = (fate.counterexample for fate in fates if fate is not None)
            state.counterexample = next((known for known in values if known is not None), None)
        single = {goal: EFFORT.get(fate.closer, 2) for goal, fate in self.fates.items() if fate.closer}
        changed = True
        while changed:
            changed = False
            for state in states:
                found = self._distance(state, single)
                if found is not None and (state.distance is None or found < state.distance):
                    state.distance, changed = found, True
                    if len(state.goals) == 1:
                        goal = bare(state.goals[0])
                        single[goal] = min(found, single.get(goal, found))
        for state in states:
            state._good = sum(
                self.states[a.result.goals].distance is not None
                for a in state.attempts
                if a.kept and a.result.outcome == "accepted"
            )

    def _distance(self, state: State, single: dict[str, int]) -> int | None:
        options = []
        parts = [single.get(bare(goal)) for goal in state.goals]
        if None not in parts and (len(parts) == 1 or not state.has_holes):
            options.append(sum(part for part in parts if part is not None))
        for attempt in state.attempts:
            if attempt.result.outcome == "accepted":
                after = self.states[attempt.result.goals].distance
                if after is not None:
                    options.append(after + 1)
        return min(options, default=None)

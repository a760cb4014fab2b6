"""Exploring proofs under Lean: scripts are walked, steps are tried in some of the states on the way and
beside it, and every new goal is closed, refuted, or left open.

All theorems of a call go on together, so that each stage is one or a few large batches.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from eva.data.balance import keep
from eva.data.candidates import Candidate, propose
from eva.data.families import Theorem
from eva.data.goals import parse_goal
from eva.data.lean import LeanFailed, LeanRunner
from eva.data.probes import CLOSERS, Place, Probe, Result
from eva.data.proof import Fate, Proof, State, bare
from eva.data.refute import Refutation, refutation
from eva.data.script import Node, Script

Progress = Callable[[int], None]
_ENOUGH = 3
"""A goal whose proof of so few steps is known is not closed once more."""
_HEAVY = 3
"""Closing or refuting a goal takes that many times the work, and memory, of a step."""
_PROOFS = 3
"""Proofs of one theorem that are walked."""
_PRIZED = {"trap": 8.0, "detour": 2.0, "stated": 1.3, "script": 0.6, "automation": 0.6}
"""How much rather accepted steps of these kinds are kept: the harmful and the useless are rare."""
_PROSE = 0.6
"""Share of the proposals in words and of the slips of the pen that is kept."""


@dataclass
class Explorer:
    """Explores many theorems at once.

    - `runner`: asks Lean. `batch`: probes in one file.
    - `budget`: candidates tried in one state.
    - `scripted`: states on a script in which steps are tried, besides the start of the theorem.
    - `beside`: states beside the scripts in which steps are tried; a fraction is a chance.
    """

    runner: LeanRunner
    batch: int = 4000
    budget: int = 8
    scripted: int = 2
    beside: float = 0.6

    def explore(self, theorems: Sequence[Theorem], seed: int, progress: Progress) -> list[Proof]:
        """States and attempts of all theorems; theorems whose statement Lean does not take are left out.

        Attempts that thinning leaves out are not followed any further. Raises `LeanFailed` where Lean takes
        no statement at all.
        """
        proofs = [Proof(t, Random(f"{seed}:{t.binders}:{t.goal}")) for t in theorems]
        self._walk(proofs, progress)
        proofs = [proof for proof in proofs if proof.root]
        if theorems and not proofs:
            raise LeanFailed(
                f"Lean took none of {len(theorems)} statements; the first: {theorems[0].source('t')}"
            )
        foreign = _foreign_steps(theorems)
        for choose in (self._on_the_way, self._beside):
            plan = [
                (proof, state, candidate)
                for proof in proofs
                for state in choose(proof)
                for candidate in self._candidates(proof, state, foreign)
            ]
            self._try(plan, progress)
        _thin(proofs, Random(f"{seed}:{len(proofs)}"))
        self._close(proofs, progress)
        self._refute(proofs, progress)
        for proof in proofs:
            proof.settle()
        return proofs

    def ask(self, probes: Sequence[Probe], progress: Progress, weight: int = 1) -> Iterator[Result]:
        """Results for all probes in order, in batches that are smaller where a probe's `weight` is more."""
        size = max(1, self.batch // weight)
        for start in range(0, len(probes), size):
            part = probes[start : start + size]
            results = self.runner.run(part)
            progress(len(part))
            yield from results

    def _walk(self, proofs: Sequence[Proof], progress: Progress) -> None:
        """Run all scripts; a theorem without one is only opened."""
        plan = []
        for proof in proofs:
            start = Place(proof.theorem.binders, proof.theorem.goal, proof.theorem.preamble)
            known = proof.theorem.all_proofs()[:_PROOFS]
            plan += [(proof, Script(start, nodes)) for nodes in known or [(Node("skip"),)]]
        for begin in range(0, len(plan), max(1, self.batch // 4)):
            part = plan[begin : begin + max(1, self.batch // 4)]
            walked = self.runner.walk([script for _, script in part])
            progress(sum(len(walk.moves) for walk in walked))
            for (proof, script), walk in zip(part, walked, strict=True):
                if not walk.root:
                    continue
                proof.root = walk.root
                proof.add(State(walk.root, script.start)).scripted = True
                for move in walk.moves if script.nodes != (Node("skip"),) else ():
                    state = proof.add(State(move.goals, move.place, move.earlier))
                    state.scripted = True
                    result = (
                        Result("rejected", error=move.error)
                        if move.after is None
                        else Result("accepted", goals=move.after)
                    )
                    proof.try_(state, Candidate(move.text, "script", arms=move.arms), result)
                    proof.scripts.setdefault(state.goals, []).append(move.text)

    def _on_the_way(self, proof: Proof) -> list[State]:
        """The start, and some states of the scripts."""
        others = [
            s for s in proof.states.values() if s.scripted and s.goals != proof.root and s.goals and s.place
        ]
        picked = proof.rng.sample(others, min(self.scripted, len(others)))
        return [proof.states[proof.root], *picked]

    def _beside(self, proof: Proof) -> list[State]:
        """States that the tried steps led to; some are entered: an arm, or a bullet."""
        states = [s for s in proof.states.values() if s.goals and not s.expanded and not s.scripted]
        count = int(self.beside) + (proof.rng.random() < self.beside % 1)

        def rank(state: State) -> float:
            return proof.rng.random() + (0.0 if state.place is None else 0.3)

        out = []
        for state in sorted(states, key=rank)[:count]:
            entered = state
            if state.place is None or (
                len(state.goals) > 1 and not state.has_holes and proof.rng.random() < 0.5
            ):
                entered = enter(proof, state) or state
            if entered.place is not None and not entered.expanded:
                out.append(entered)
        return out

    def _candidates(self, proof: Proof, state: State, foreign: dict[str, list[str]]) -> Iterator[Candidate]:
        state.expanded = True
        others = [
            step
            for family, steps in foreign.items()
            if family != proof.theorem.family
            for step in proof.rng.sample(steps, min(2, len(steps)))
        ]
        budget = self.budget if state.goals == proof.root else self.budget - 2
        yield from propose(
            parse_goal(state.goals[0]), proof.scripts.get(state.goals, []), others, proof.rng, budget
        )

    def _try(self, plan: Sequence[tuple[Proof, State, Candidate]], progress: Progress) -> None:
        """Ask Lean about all candidates; for a proposal in words about the tactic that it stands for, too."""
        asked: list[tuple[Proof, State, Candidate]] = []
        for proof, state, candidate in plan:
            known = {a.candidate.tactic for a in state.attempts}
            if candidate.tactic not in known:
                asked.append((proof, state, candidate))
            meant = candidate.stands_for
            if meant and meant not in known:
                asked.append((proof, state, Candidate(meant, "shape", arms=candidate.arms)))
        asked.sort(key=lambda one: one[2].alone)  # stable: a state's steps stay together
        probes = []
        for _, state, candidate in asked:
            assert state.place is not None
            alone = candidate.alone or state.has_holes
            arms = () if candidate.stands_for else candidate.arms
            probes.append(Probe(state.place, candidate.tactic, arms, alone=alone))
        for (proof, state, candidate), result in zip(asked, self.ask(probes, progress), strict=True):
            proof.try_(state, candidate, result)

    def _close(self, proofs: Sequence[Proof], progress: Progress) -> None:
        """Try to end each new goal, once for each theorem, or refute it where values are known that will."""
        closing: list[tuple[Proof, State, Probe]] = []
        refuting: list[tuple[Proof, str, Refutation]] = []
        for proof in proofs:
            proof.settle()
            taken: set[str] = set()
            for state in _followed(proof):
                new = [goal for goal in state.goals if bare(goal) not in taken]
                if not new or (state.distance is not None and state.distance <= _ENOUGH):
                    continue
                taken |= {bare(goal) for goal in state.goals}
                sure = [
                    (goal, found) for goal in new if (found := _refutation(proof, goal)) and found.certain
                ]
                refuting += [(proof, bare(goal), found) for goal, found in sure]
                if not sure:
                    closing.append((proof, state, _closing(state)))
        closing.sort(key=lambda one: (one[2].alone, one[2].place.binders, one[2].place.lines))
        results = list(
            self.ask(
                [*(probe for *_, probe in closing), *(found.probe for *_, found in refuting)],
                progress,
                _HEAVY,
            )
        )
        for (proof, state, _), result in zip(closing, results, strict=False):
            for goal, closer in zip(state.goals, result.fates, strict=False):
                if closer or bare(goal) not in proof.fates:
                    proof.fates[bare(goal)] = Fate(closer)
        _enter_refutations(refuting, results[len(closing) :])

    def _refute(self, proofs: Sequence[Proof], progress: Progress) -> None:
        """Look for values that refute the goals that stayed open."""
        refuting: list[tuple[Proof, str, Refutation]] = []
        for proof in proofs:
            proof.settle()
            asked: set[str] = set()
            for state in _followed(proof):
                if state.finishable is not None:
                    continue
                for goal in state.goals[:3]:
                    fate = proof.fate(goal)
                    if fate is None or fate.closer or bare(goal) in asked:
                        continue
                    asked.add(bare(goal))
                    found = _refutation(proof, goal)
                    if found is not None and not found.certain:
                        refuting.append((proof, bare(goal), found))
        _enter_refutations(
            refuting, list(self.ask([found.probe for *_, found in refuting], progress, _HEAVY))
        )


def _refutation(proof: Proof, goal: str) -> Refutation | None:
    return refutation(parse_goal(goal), proof.theorem.preamble, proof.rng)


def _enter_refutations(plan: Sequence[tuple[Proof, str, Refutation]], results: Sequence[Result]) -> None:
    for (proof, goal, found), result in zip(plan, results, strict=True):
        values = found.counterexample(result)
        if values is not None:
            proof.fates[goal] = Fate(counterexample=values)
        else:
            proof.fates.setdefault(goal, Fate())


def _thin(proofs: Sequence[Proof], rng: Random) -> None:
    """Mark the attempts that are kept. Of prose and slips, which never pass, a fixed share is."""
    attempts = [a for proof in proofs for state in proof.states.values() for a in state.attempts]
    taken = [a.result.outcome == "accepted" for a in attempts]
    weights = [
        _PRIZED.get(a.candidate.source, 1.0) if yes else 1.0 for a, yes in zip(attempts, taken, strict=True)
    ]
    flags = keep([a.candidate.tactic for a in attempts], taken, rng, weights)
    for attempt, flag in zip(attempts, flags, strict=True):
        attempt.kept = flag or (attempt.candidate.source in ("words", "syntax") and rng.random() < _PROSE)


def _followed(proof: Proof) -> list[State]:
    """States whose end matters: where steps were tried, and where a kept step leads."""
    out = {state.goals: state for state in proof.states.values() if state.expanded}
    for state in list(proof.states.values()):
        for attempt in state.attempts:
            if attempt.kept and attempt.result.outcome == "accepted":
                after = proof.states[attempt.result.goals]
                out.setdefault(after.goals, after)
    return [state for state in out.values() if state.goals]


def _closing(state: State) -> Probe:
    """The probe that tries to close the goals of a state."""
    text = " ".join(state.goals)
    numbers = re.search(r"\b(?:Nat|Int|length)\b|\d", text) is not None
    closers = tuple(closer for closer in CLOSERS if numbers or closer != "omega")
    if state.came is not None:
        place, _, step, arms = state.came
        return Probe(place, step, arms, closers, alone=state.has_holes)
    assert state.place is not None
    return Probe(state.place, "skip", closers=closers, alone=True)


def enter(proof: Proof, state: State) -> State | None:
    """The state in the first arm, or under the first bullet, behind the step that led to `state`."""
    if state.came is None or not state.goals:
        return None
    place, earlier, step, arms = state.came
    later = [f"{arm} sorry" for arm in arms[1:]]
    inner = place.after(step).inside(arms[0] if arms else "·", closing=later)
    return proof.add(State((state.goals[0],), inner, (*earlier, step)))


def _foreign_steps(theorems: Sequence[Theorem]) -> dict[str, list[str]]:
    """One-line steps of the scripts, by family."""
    out: dict[str, list[str]] = {}
    for theorem in theorems:
        for proof in theorem.all_proofs():
            steps = [node.text for node in proof if node.text and not node.blocks and "\n" not in node.text]
            out.setdefault(theorem.family, []).extend(steps)
    return out

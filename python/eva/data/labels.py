"""Targets out of what Lean said, and the kind of step that a candidate turned out to be.

The formulas stand in `docs/data.md`; every quantity in them is an outcome of Lean (verdict, error, verified
distance to a finished proof, share of tried steps that keep the proof alive, counterexample) or a plain
similarity of two texts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

from eva.data.clarity import clarity
from eva.data.goals import head, parse_goal
from eva.data.proof import Attempt, Proof, State

_TOKEN = re.compile(r"[\w₀-₉'✝]+|[^\s\w]")
_UNKNOWN = re.compile(
    r"unknown (?:identifier|constant|tactic|variable)|does not contain|not found|nvalid field|no such", re.I
)
_TYPES = re.compile(
    r"type mismatch|application type|function expected|failed to synthesize|has type|could not unify|numerals"
    r"|motive",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Judged:
    """The labels of one attempt (`docs/data.md`)."""

    origin: str
    accepted: bool
    finishable: bool | None
    steps_left: int | None
    logic: float
    alignment: float
    clarity: float
    failure: str = ""


class Experience:
    """How often a kind of step was taken by Lean where the goal had the same shape, over all given proofs.

    They are those of one shard, whatever their split; steps that thinning left out count, too. The kind of a
    step is its leading tactic; the shape of a goal is its family and outermost connective.
    """

    def __init__(self, proofs: Iterable[Proof]) -> None:
        self._tried: Counter[tuple[str, str, str]] = Counter()
        self._taken: Counter[tuple[str, str, str]] = Counter()
        for proof in proofs:
            for state in proof.states.values():
                for attempt in state.attempts:
                    key = self._key(proof, state, attempt.candidate.tactic)
                    self._tried[key] += 1
                    self._taken[key] += attempt.result.outcome == "accepted"

    def rate(self, proof: Proof, state: State, tactic: str) -> float:
        """Share of such steps that Lean took, in (0, 1), drawn to 0.3 where few were tried."""
        key = self._key(proof, state, tactic)
        return (self._taken[key] + 1.2) / (self._tried[key] + 4)

    @staticmethod
    def _key(proof: Proof, state: State, tactic: str) -> tuple[str, str, str]:
        return (
            proof.theorem.family,
            head(parse_goal(state.goals[0]).target),
            re.split(r"[\s\[<]", tactic, maxsplit=1)[0],
        )


def judge(proof: Proof, state: State, attempt: Attempt, experience: Experience) -> Judged:
    """Label one attempt in `state`."""
    tactic = attempt.candidate.tactic
    words = attempt.candidate.source == "words"
    form = clarity(tactic, in_words=words and attempt.result.outcome != "accepted")
    if attempt.result.outcome == "accepted":
        usual = experience.rate(proof, state, tactic)
        return _accepted(proof, state, attempt, form, usual)
    failure = failure_kind(attempt)
    nearness = _idea(proof, state, attempt)
    usual = experience.rate(proof, state, attempt.candidate.stands_for or tactic)
    idea = nearness + (1 - nearness) * 0.45 * usual
    origin = {"parse": "syntax", "unknown": "unknown_name", "types": "ill_typed"}.get(failure, "failed")
    if words:
        origin = "words"
    elif origin == "failed" and attempt.candidate.source == "foreign":
        origin = "foreign"
    low, high = {"parse": (1.0, 1.5), "unknown": (1.4, 2.0), "types": (1.9, 2.6), "failed": (2.2, 3.2)}[
        failure
    ]
    if words:
        low, high = 1.2, 2.1
    alignment = low + (high - low) * idea
    ceiling = 3.9 if state.finishable else 2.7 if state.finishable is None else 1.9
    logic = 1.05 + (ceiling - 1.05) * idea
    return Judged(origin, False, state.finishable, state.distance, logic, alignment, form, failure)


def _accepted(proof: Proof, state: State, attempt: Attempt, form: float, usual: float) -> Judged:
    after = proof.states[attempt.result.goals]
    share = state.share or 0.0
    same = changes_nothing(state, attempt)
    if after.distance is None:
        refuted = after.finishable is False
        closed = sum(bool(proof.closers((goal,))) for goal in after.goals) / max(1, len(after.goals))
        if refuted:
            logic = 1.05 + 0.6 * closed + 0.25 * share + 0.2 * usual
            origin = "hopeless" if state.finishable is False else "harmful"
        else:
            logic = 1.8 + 0.7 * closed + 0.4 * share + 0.3 * usual
            origin = "unsure"
        alignment = 4.1 + 0.25 * share + 0.35 * usual - (0.4 if same else 0.0)
        return Judged(origin, True, after.finishable, None, logic, alignment, form)
    if after.distance == 0:
        return Judged(
            "gold", True, True, 0, 4.7 + 0.15 * share + 0.15 * usual, 4.8 + 0.1 * share + 0.1 * usual, form
        )
    before = state.distance if state.distance is not None else after.distance + 1
    gain = before - after.distance
    rollouts = after.share if after.share is not None else _closer_share(proof, after)
    logic = 3.2 + 1.0 * 0.78 ** (after.distance - 1) + 0.5 * rollouts
    alignment = 4.45 + 0.2 * share + 0.1 * rollouts + 0.2 * usual
    if gain >= 1:
        origin = "gold" if gain == 1 else "alternative"
    elif same or useless_text(attempt) or (gain <= 0 and attempt.candidate.source == "detour"):
        origin, logic, alignment = (
            "useless",
            logic - 0.55 - 0.2 * min(3, -gain),
            alignment - (0.6 if same else 0.3),
        )
    else:
        origin, logic = "alternative", logic - 0.1 - 0.15 * min(3, -gain)
    return Judged(origin, True, True, after.distance, max(1.0, min(4.75, logic)), alignment, form)


def changes_nothing(state: State, attempt: Attempt) -> bool:
    """Whether an accepted step left the state as it was, case tags aside."""

    def bare(goals: tuple[str, ...]) -> list[str]:
        return [re.sub(r"\Acase [^\n]*\n", "", goal) for goal in goals]

    return bare(state.goals) == bare(attempt.result.goals)


def useless_text(attempt: Attempt) -> bool:
    """Whether the step only copies or states what was known, whatever the state looks like after them."""
    return bool(re.match(r"skip$|have (?:h[dtz]|e) |show ", attempt.candidate.tactic))


def failure_kind(attempt: Attempt) -> str:
    """`parse`, `unknown`, `types` or `failed`, from Lean's message."""
    result = attempt.result
    if result.parse_error:
        return "parse"
    first = result.error.split("\n")[0]
    if _UNKNOWN.search(first):
        return "unknown"
    if _TYPES.search(first):
        return "types"
    return "failed"


def best_step(proof: Proof, state: State) -> str | None:
    """A verified step of the shortest proof found from `state`, the clearest among equals, or `None`.

    Where no tried step brings the end nearer, it is the closer that finished the goal.
    """
    best: tuple[float, float, str] | None = None
    for attempt in state.attempts:
        if attempt.result.outcome != "accepted" or state.distance is None:
            continue
        after = proof.states[attempt.result.goals].distance
        if after is None or after >= state.distance or useless_text(attempt):
            continue
        rank = (after, -clarity(attempt.candidate.tactic), attempt.candidate.tactic)
        best = rank if best is None else min(best, rank)
    if best is not None:
        return best[2]
    return next(iter(proof.closers(state.goals)), None) if len(state.goals) == 1 else None


def similarity(left: str, right: str) -> float:
    """Likeness of two steps in [0, 1]: two thirds for tokens shared in order, one for the same first one."""
    a, b = _TOKEN.findall(left), _TOKEN.findall(right)
    if not a or not b:
        return 0.0
    ratio = SequenceMatcher(None, a, b, autojunk=False).ratio()
    return float(2 * ratio + (a[0] == b[0])) / 3


def _idea(proof: Proof, state: State, attempt: Attempt) -> float:
    """How near a rejected step comes to a verified good one in the same state, in [0, 1]."""
    text = attempt.candidate.stands_for or attempt.candidate.tactic
    nearest = 0.0
    for other in state.attempts:
        if other.result.outcome != "accepted" or other is attempt:
            continue
        after = proof.states[other.result.goals].distance
        if after is None:
            continue
        if other.candidate.tactic == text:
            return 1.0 if after == 0 else 0.9
        weight = 1.0 if after == 0 else 0.85
        nearest = max(nearest, weight * similarity(text, other.candidate.tactic))
    return 0.9 * nearest


def _closer_share(proof: Proof, state: State) -> float:
    """Without tried steps: simple closers (`assumption`) speak for an easy rest, heavy ones for a hard."""
    ease = {"assumption": 1.0, "rfl": 0.95, "omega": 0.85, "simp_all": 0.7, "grind": 0.5}
    values = [ease.get(name, 0.6) for name in proof.closers(state.goals)]
    return sum(values) / len(values) if values else 0.6

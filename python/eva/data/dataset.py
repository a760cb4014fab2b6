"""From a seed to a folder of labelled steps: statements, exploration, labels, splits, card."""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random

from eva.data.balance import thin
from eva.data.card import write_card
from eva.data.critique import write_critique
from eva.data.families import FAMILIES, HELD_OUT, Theorem
from eva.data.families.variation import varied
from eva.data.labels import Experience, judge
from eva.data.record import SPLITS, LabelledStep, write_records
from eva.data.search import Explorer, Progress, Proof
from eva.step import ProofStep

_KEPT = frozenset((
    "Nat", "Int", "Prop", "Bool", "List", "Option", "Type", "fun", "if", "then", "else", "some", "none",
    "true", "false", "id", "min", "max", "True", "False", "def",
))  # fmt: skip
_WORDS = ("aux", "step", "lemma", "ex", "key", "main", "fact", "claim", "goal", "prob", "exercise", "thm")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to make: how many theorems, from which seed, into which folder.

    `shard`: theorems that are explored together; `jobs`: shards (so Lean processes) at a time.
    """

    theorems: int
    seed: int
    out: Path
    shard: int = 500
    jobs: int = 1


def draw_theorems(count: int, seed: int) -> list[Theorem]:
    """`count` theorems that differ by more than their names, the families in turn.

    A family that has no new theorem to give in 60 draws is passed over from then on.
    """
    seen: set[str] = set()
    out: list[Theorem] = []
    makers = {name: (maker, Random(f"{seed}:{name}")) for name, maker in FAMILIES.items()}
    while len(out) < count and makers:
        for name in list(makers):
            maker, rng = makers[name]
            for _ in range(60):
                theorem = varied(maker, rng)
                shape = canonical(theorem)
                if shape not in seen:
                    seen.add(shape)
                    out.append(theorem)
                    break
            else:
                del makers[name]
            if len(out) == count:
                break
    return out


def canonical(theorem: Theorem) -> str:
    """The statement with its own names numbered in order: equal for theorems that differ by names only."""
    numbers: dict[str, str] = {}

    def rename(match: re.Match[str]) -> str:
        first, dot, rest = match.group().partition(".")
        if first in _KEPT:
            return match.group()
        return numbers.setdefault(first, f"v{len(numbers)}") + dot + rest

    text = f"{theorem.preamble} ⊢ {theorem.binders} ⊢ {theorem.goal}"
    return re.sub(r"[^\W\d][\w₀-₉'.]*", rename, text)


def build(plan: Plan, explorer: Explorer, progress: Progress) -> dict[str, int]:
    """Make the data set; returns the number of records of each split."""
    theorems = draw_theorems(plan.theorems, plan.seed)
    shards = [theorems[start : start + plan.shard] for start in range(0, len(theorems), plan.shard)]
    with ThreadPoolExecutor(max_workers=plan.jobs) as pool:
        explored = pool.map(lambda shard: explorer.explore(shard, plan.seed, progress), shards)
        proofs = [proof for shard in explored for proof in shard]
    experience = Experience(proofs)
    records: dict[str, list[LabelledStep]] = {split: [] for split in SPLITS}
    labelled = [record for proof in proofs for record in label(proof, plan.seed, experience)]
    for record in thin(labelled, Random(plan.seed)):
        records[record.split].append(record)
    counts = {split: write_records(plan.out / f"{split}.jsonl", rows) for split, rows in records.items()}
    write_card(plan.out / "card.md", plan.theorems, plan.seed, records)
    return counts


def label(proof: Proof, seed: int, experience: Experience) -> list[LabelledStep]:
    """All labelled steps of one explored theorem."""
    shape = canonical(proof.theorem)
    digest = hashlib.sha256(f"{seed}:{shape}".encode()).hexdigest()
    split = _split(proof.theorem.family, int(digest[:8], 16) / 16**8)
    rng = Random(digest)
    statement = proof.theorem.source(f"{rng.choice(_WORDS)}_{rng.randint(1, 99)}")
    out = []
    for state in proof.states.values():
        for attempt in state.attempts:
            judged = judge(proof, state, attempt, experience)
            step = ProofStep(
                goals=state.goals,
                tactic=attempt.candidate.tactic,
                statement=statement,
                earlier=state.path,
                goals_after=attempt.result.goals if judged.accepted else None,
                lean_error=None if judged.accepted else attempt.result.error,
            )
            targets = {"logic": judged.logic, "alignment": judged.alignment, "clarity": judged.clarity}
            out.append(
                LabelledStep(
                    step=step,
                    theorem_id=f"{proof.theorem.family}_{digest[:10]}",
                    family=proof.theorem.family,
                    origin=judged.origin,
                    split=split,
                    accepted=judged.accepted,
                    finishable=judged.finishable,
                    steps_left=judged.steps_left,
                    targets=targets,
                    critique=write_critique(proof, state, attempt, judged, rng),
                )
            )
    return out


def _split(family: str, position: float) -> str:
    if family in HELD_OUT:
        return "held_out"
    return "train" if position < 0.84 else "validation" if position < 0.91 else "test"

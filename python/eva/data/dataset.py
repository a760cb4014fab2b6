"""From a seed to a folder of labelled steps: statements, exploration, labels, splits, card."""

from __future__ import annotations

import hashlib
import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random

from eva.data import baseline
from eva.data.card import write_card
from eva.data.critique import write_critique
from eva.data.families import FAMILIES, HELD_OUT, Theorem
from eva.data.families.variation import varied
from eva.data.labels import Experience, judge
from eva.data.overlap import FIXED, Claims
from eva.data.proof import Proof
from eva.data.record import SPLITS, LabelledStep, read_records, write_records
from eva.data.search import Explorer, Progress
from eva.step import ProofStep

PARTIAL = "PARTIAL"
"""The file that stands in a folder while shards are missing."""
PLAN = "plan.json"
"""The file with the options that the shards of a folder were made with."""
_MOST = 0.95
"""A shard has steps of this share of its theorems or more: Lean takes nearly all statements (798 of 800)."""
_WORDS = ("aux", "step", "lemma", "ex", "key", "main", "fact", "claim", "goal", "prob", "exercise", "thm")


class OtherPlan(ValueError):
    """The folder holds shards that were made with other options, or nobody knows which; see the message."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to make: how many theorems, from which seed, into which folder.

    `shard`: theorems that are explored together; `jobs`: shards (so Lean processes) at a time.
    """

    theorems: int
    seed: int
    out: Path
    shard: int = 1000
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
        if first in FIXED:
            return match.group()
        return numbers.setdefault(first, f"v{len(numbers)}") + dot + rest

    text = f"{theorem.preamble} ⊢ {theorem.binders} ⊢ {theorem.goal}"
    return re.sub(r"[^\W\d][\w₀-₉'.]*", rename, text)


def build(plan: Plan, explorer: Explorer, progress: Progress) -> dict[str, int]:
    """Make the data set; returns the number of records of each split.

    Each shard is written when it is finished, and the splits are written anew from the shards that there are:
    a run that is stopped leaves a data set behind, and goes on with the next shard. The short last shard of a
    run with fewer theorems is made anew. Raises `OtherPlan`.
    """
    _same_options(plan, explorer)
    theorems = draw_theorems(plan.theorems, plan.seed)
    shards = [theorems[start : start + plan.shard] for start in range(0, len(theorems), plan.shard)]

    def make(number: int) -> None:
        file, size = plan.out / "shards" / f"{number:04}.jsonl", len(shards[number])
        if _made_of(file, size):
            return
        proofs = explorer.explore(shards[number], plan.seed, progress)
        experience = Experience(proofs)
        if not file.exists():
            note_size(file, size)  # before it is there, so that no stop leaves a short shard without a note
        write_records(file, (record for proof in proofs for record in label(proof, plan.seed, experience)))
        note_size(file, size)

    partial = plan.out / PARTIAL
    partial.write_text("Not all shards are finished: go on with --resume.\n", encoding="utf-8")
    counts: dict[str, int] = {}
    with ThreadPoolExecutor(max_workers=plan.jobs) as pool:
        for _ in pool.map(make, range(len(shards))):
            counts = assemble(plan.out, plan.seed)
    partial.unlink()
    return counts


def assemble(out: Path, seed: int) -> dict[str, int]:
    """Write the splits and the card from the shards that are finished.

    Theorems of the other splits that say what one of the training set says are left out.
    """
    records: dict[str, list[LabelledStep]] = {split: [] for split in SPLITS}
    for file in sorted((out / "shards").glob("*.jsonl")):
        for record in read_records(file):
            records[record.split].append(record)
    trained = Claims(record.step.statement for record in records["train"])
    for split in SPLITS[1:]:
        theorems = {record.theorem_id: record.step.statement for record in records[split]}
        known = {name for name, statement in theorems.items() if trained.has(statement)}
        records[split] = [record for record in records[split] if record.theorem_id not in known]
    counts = {split: write_records(out / f"{split}.jsonl", rows) for split, rows in records.items()}
    write_card(out / "card.md", seed, records)
    return counts


def check(out: Path) -> dict[str, dict[str, float]]:
    """What the little baselines reach on the data in `out`, written into its card, too. Raises `OSError`."""
    if not (out / PLAN).exists():
        raise FileNotFoundError(
            f"{out} has no {PLAN}, which names the seed: check a folder that eva data generate has written; "
            f"one with the kept labelled steps gets its {PLAN} from python scripts/labelled.py --data {out}"
        )
    seed = int(json.loads((out / PLAN).read_text(encoding="utf-8"))["seed"])
    records = {split: list(read_records(out / f"{split}.jsonl")) for split in SPLITS}
    checked = baseline.check(records, seed)
    write_card(out / "card.md", seed, records, checked)
    return checked


def _made_of(shard: Path, theorems: int) -> bool:
    """Whether a shard is there and was made of at least so many theorems.

    One without a note, older than the notes, is taken for whole, but where it has steps of far too few.
    """
    if not shard.exists():
        return False
    size = noted_size(shard)
    if size is None:
        return len({record.theorem_id for record in read_records(shard)}) >= _MOST * theorems
    return size >= theorems


def noted_size(shard: Path) -> int | None:
    """How many theorems a shard was made of, `None` where that was not noted."""
    note = _note(shard)
    return int(note.read_text(encoding="utf-8")) if note.exists() else None


def note_size(shard: Path, theorems: int) -> None:
    """Note beside a shard how many theorems it is made of."""
    note = _note(shard)
    note.parent.mkdir(parents=True, exist_ok=True)
    part = note.with_suffix(".theorems.part")
    part.write_text(f"{theorems}\n", encoding="utf-8")
    part.replace(note)


def _note(shard: Path) -> Path:
    return shard.with_suffix(".theorems")


def _same_options(plan: Plan, explorer: Explorer) -> None:
    """Hold a run to the options of the shards that there are."""
    if not (plan.out / PLAN).exists() and any((plan.out / "shards").glob("*.jsonl")):
        raise OtherPlan(
            f"{plan.out} holds shards and no {PLAN} that says how they were made: name another folder; "
            f"where they are the kept labelled steps, python scripts/labelled.py --data {plan.out} writes it"
        )
    hold_to_options(plan, explorer)


def hold_to_options(plan: Plan, explorer: Explorer | type[Explorer] = Explorer) -> None:
    """Keep the options that shards depend on beside them, and hold later runs to them. Raises `OtherPlan`.

    `explorer`: the one that makes the shards; the class stands for its defaults.
    """
    options = {
        "seed": plan.seed,
        "shard": plan.shard,
        "budget": explorer.budget,
        "scripted": explorer.scripted,
        "beside": explorer.beside,
    }
    file = plan.out / PLAN
    if file.exists():
        known = json.loads(file.read_text(encoding="utf-8"))
        if known != options:
            raise OtherPlan(f"{plan.out} was made with {known}, not {options}: name another folder")
    else:
        plan.out.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(options), encoding="utf-8")


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
            if not attempt.kept:
                continue
            judged = judge(proof, state, attempt, experience)
            step = ProofStep(
                goals=state.goals,
                tactic=attempt.candidate.tactic,
                statement=statement,
                earlier=state.earlier,
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

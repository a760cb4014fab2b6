"""Steps made wrong on purpose: a name swapped or missing, a slip of the pen. Some are right all the same."""

from __future__ import annotations

import re
from random import Random

from eva.data.goals import Goal

_FACT_NAMES = (
    "h", "h1", "h2", "h3", "h4", "h₀", "h₁", "h₂", "h₃", "H", "H0", "H1", "H2", "hp", "hq", "hx", "hw",
    "ih", "hab", "hle", "key",
)  # fmt: skip


def swap_name(tactic: str, goal: Goal, rng: Random) -> str:
    """The step with a name replaced by another of this state, or a lemma by a near-by one; else `""`."""
    names = [h.name for h in goal.hypotheses if h.usable]
    here = [n for n in names if word(n).search(tactic)]
    swaps = [pair for pair in _LEMMA_SWAPS if pair[0] in tactic]
    if swaps and (not here or rng.random() < 0.5):
        old, new = rng.choice(swaps)
        return tactic.replace(old, new, 1)
    if not here or len(names) < 2:
        return ""
    old = rng.choice(here)
    new = rng.choice([n for n in names if n != old])
    return word(old).sub(new, tactic)


def unknown_name(tactic: str, goal: Goal, rng: Random) -> str:
    """The step with a hypothesis replaced by a usual name that this state lacks, or with a lemma misspelt."""
    names = {h.name for h in goal.hypotheses}
    here = [h.name for h in goal.hypotheses if h.usable and word(h.name).search(tactic)]
    missing = rng.choice([n for n in _FACT_NAMES if n not in names])
    lemma = re.search(r"\b(?:Nat|Int|List|Bool|Option)\.(\w+)", tactic)
    if lemma and rng.random() < 0.5:
        stem = lemma.group(1)
        cut = rng.randrange(1, len(stem))
        return tactic.replace(
            stem, rng.choice((stem[:cut] + stem[cut + 1 :], stem + "_left", stem + "'", "my_" + stem)), 1
        )
    if here:
        return word(rng.choice(here)).sub(missing, tactic)
    return rng.choice(
        (f"exact {missing}", f"apply {missing}", f"rw [{missing}]", f"cases {missing}", f"simp [{missing}]")
    )


def spoiled(tactic: str, goal: Goal, rng: Random) -> str:
    """A step that is always taken, with its hypothesis exchanged for a name that is missing or a variable."""
    here = [h.name for h in goal.facts if h.usable and word(h.name).search(tactic)]
    variables = [h.name for h in goal.variables if h.usable]
    if not here:
        return ""
    missing = [n for n in _FACT_NAMES if n not in {h.name for h in goal.hypotheses}]
    new = rng.choice(variables) if variables and rng.random() < 0.5 else rng.choice(missing)
    return word(rng.choice(here)).sub(new, tactic)


def slip(tactic: str, rng: Random) -> str:
    """The step with a slip of the pen; some slips are harmless, Lean will say."""
    slips = [
        tactic + ")",
        tactic + ",",
        tactic.replace(" ", "", 1),
        tactic.replace("exact", "exat", 1),
        tactic + " by",
        tactic.replace("⟩", "", 1),
    ]
    slips += [
        tactic.replace("]", "", 1),
        tactic.replace(":=", "=", 1),
        tactic.replace("[", "", 1),
        tactic.replace("omega", "omga", 1),
        tactic.replace("intro", "intoduce", 1),
    ]
    slips += [
        tactic.replace("rw", "rewite", 1),
        tactic.replace("simp", "simplify", 1),
        tactic.replace("=>", "->", 1),
        tactic + " <;>",
        tactic[: max(3, len(tactic) // 2)],
    ]
    real = [s for s in slips if s != tactic and s.strip()]
    return rng.choice(real)


def word(name: str) -> re.Pattern[str]:
    """The name as a word of its own."""
    return re.compile(rf"(?<![\w₀-₉'.]){re.escape(name)}(?![\w₀-₉'])")


_LEMMA_SWAPS = (
    ("le_trans", "lt_trans"), ("lt_of_lt_of_le", "lt_of_le_of_lt"), ("lt_of_le_of_lt", "lt_of_lt_of_le"),
    ("le_of_lt", "lt_of_le"), ("add_comm", "mul_comm"), ("mul_comm", "add_comm"), ("add_assoc", "add_comm"),
    ("mul_assoc", "mul_comm"), ("mul_add", "add_mul"), ("Nat.", "Int."), ("left", "right"), ("right", "left"),
    ("inl", "inr"), ("inr", "inl"), (".1", ".2"), (".2", ".1"), ("mpr", "mp"), (".mp", ".mpr"),
    ("length_append", "append_assoc"),
    ("dvd_add", "dvd_mul"), ("mem_append_left", "mem_append_right"),
    ("mem_append_right", "mem_append_left"), ("← ", ""), ("rw [", "rw [← "),
    ("omega", "decide"), ("rfl", "omega"), ("simp", "omega"), ("and_comm", "or_comm"),
    ("or_comm", "and_comm"), ("symm", "trans"),
)  # fmt: skip

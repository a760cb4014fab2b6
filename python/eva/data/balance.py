"""Thinning: steps of one form that nearly always share one verdict are kept in part only.

`skip` is always accepted and `exact h` in a random state nearly never: with too many of those, the text of a
step would tell Lean's verdict without a look at the state. Nothing is added and no label is changed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from random import Random

from eva.data.record import LabelledStep

_WORD = re.compile(r"(?<![\w.₀-₉'])[^\W\d][\w₀-₉'✝]*")
_TACTICS = frozenset((
    "exact", "rw", "have", "apply", "cases", "absurd", "trivial", "simp", "only", "simp_all",
    "omega", "rfl", "decide", "assumption", "contradiction", "grind", "intro", "intros", "constructor",
    "left", "right", "exists", "refine", "induction", "obtain", "rcases", "rintro", "subst", "symm", "congr",
    "funext", "split", "replace",
    "unfold", "injection", "clear", "revert", "specialize", "exfalso", "skip", "generalize", "by_cases", "by",
    "with", "at", "calc", "fun", "simpa", "using", "True", "False",
))  # fmt: skip
RATIO = 2.0
"""Steps of the more frequent verdict that are kept for one of the other, in one form."""
FLOOR = 0.0008
"""Share of all steps up to which a form is kept whatever its verdicts."""


def form(tactic: str) -> str:
    """The step with its names and numbers taken out: `exact X`, `rw [X, ← X]`, `exact Nat.le_trans X X`."""
    text = _WORD.sub(
        lambda m: (
            m.group() if m.group() in _TACTICS or (m.end() < len(tactic) and tactic[m.end()] == ".") else "X"
        ),
        tactic,
    )
    return re.sub(r"\d+", "0", text)


def thin(records: Sequence[LabelledStep], rng: Random) -> list[LabelledStep]:
    """The records that are kept, in their order. Words, slips of the pen and harmful steps are all kept."""
    forms = [form(r.step.tactic) for r in records]
    counts = Counter((f, r.accepted) for f, r in zip(forms, records, strict=True))
    floor = FLOOR * len(records)
    out = []
    for text, record in zip(forms, records, strict=True):
        own, other = counts[text, record.accepted], counts[text, not record.accepted]
        chance = (RATIO * other + floor) / own
        if rng.random() < chance or record.origin in ("words", "syntax", "harmful"):
            out.append(record)
    return out

"""Other names for the variables of a labelled step: what Lean says of it does not hang on them.

In a later pass over the data a model reads every proof state with names drawn anew, and can remember less
of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from random import Random

from eva.data.goals import parse_goal
from eva.data.record import LabelledStep
from eva.step import ProofStep
from eva.train.batches import Turn
from eva.train.examples import state_of

KEPT = frozenset({"a", "A", "as", "this", "left", "right"})
"""Names that are also words, of critiques or of tactics."""

_IDENTIFIER = re.compile(r"(?<!case )(?<![\w.'?])[^\W\d][\w']*✝*")
_TARGET = re.compile(r"^⊢", re.MULTILINE)

Kind = tuple[bool, str]
"""Whether it is a variable, not a hypothesis; and how its name looks. Names are drawn among their like."""


class Names:
    """Draws names for the states of some labelled steps.

    - `own`: for each step a critique that is read in place of its own.
    """

    def __init__(self, records: Sequence[LabelledStep], own: Sequence[str] | None = None) -> None:
        self._records, self._own = records, own
        numbers: dict[object, int] = {}
        self._state = [numbers.setdefault(state_of(r.step), len(numbers)) for r in records]
        self._local: list[dict[str, Kind]] = [{} for _ in numbers]
        self._seen: list[set[str]] = [set() for _ in numbers]
        for i, record in enumerate(records):
            state = self._state[i]
            if not self._seen[state]:
                self._local[state] = local_names(record.step.goals)
            texts = [*_texts(record.step), record.critique, *(own[i : i + 1] if own else ())]
            self._seen[state].update(*(_IDENTIFIER.findall(text) for text in texts))
        self._pool: dict[Kind, list[str]] = {}
        for name, kind in sorted({one for names in self._local for one in names.items()}):
            self._pool.setdefault(kind, []).append(name)

    def step(self, turn: Turn) -> tuple[LabelledStep, str | None]:
        """The step of a turn with the names of its pass, and the critique in place of its own, if any."""
        index, _ = turn
        names = self.drawn(*turn)
        own = renamed(self._own[index], names) if self._own else None
        return renamed_record(self._records[index], names), own

    def drawn(self, index: int, passes: int) -> dict[str, str]:
        """New names for the state of step `index`, the same for all steps of the state in one pass.

        Whatever else its texts mention keeps its name, and no two things come to have one.
        """
        state = self._state[index]
        draw = Random(f"{state} {passes}")
        local = self._local[state]
        others = self._seen[state].difference(local)
        out: dict[str, str] = {}
        for kind in dict.fromkeys(local.values()):
            old = [name for name in local if local[name] == kind]
            taken = {
                *others,
                *out.values(),
                *(name for name in local if local[name] != kind and name not in out),
            }
            free = [name for name in self._pool[kind] if name not in taken]
            out.update(zip(old, draw.sample(free, len(old)), strict=True))
        return out


def local_names(goals: Iterable[str]) -> dict[str, Kind]:
    """The names of goals' variables and hypotheses that may be others, in the order in which they come."""
    out: dict[str, Kind] = {}
    for goal in goals:
        for h in parse_goal(goal).hypotheses if _TARGET.search(goal) else ():
            if h.name.isascii() and h.name.isidentifier() and h.name not in KEPT:
                out.setdefault(h.name, (h.is_data, _look(h.name)))
    return out


def renamed(text: str, names: dict[str, str]) -> str:
    """A text of Lean, or words about it, with other names."""
    return _IDENTIFIER.sub(lambda match: names.get(match[0], match[0]), text)


def renamed_record(record: LabelledStep, names: dict[str, str]) -> LabelledStep:
    """All of a labelled step that a model reads, with other names."""
    step = record.step
    step = replace(
        step,
        goals=tuple(renamed(goal, names) for goal in step.goals),
        tactic=renamed(step.tactic, names),
        statement=renamed(step.statement, names),
        earlier=tuple(renamed(tactic, names) for tactic in step.earlier),
    )
    return replace(record, step=step, critique=renamed(record.critique, names))


def _texts(step: ProofStep) -> Iterable[str]:
    return *step.goals, step.tactic, step.statement, *step.earlier


def _look(name: str) -> str:
    return "long" if len(name) > 1 else "capital" if name.isupper() else "small"

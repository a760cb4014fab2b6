"""The labelled record: a step, what Lean said of it, and the targets that were made of that.

One JSON object a line; `docs/data.md` tells how every field comes about.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eva.json_text import load, shown
from eva.step import DIMENSIONS, ProofStep

SPLITS = ("train", "validation", "test", "held_out")
LABELS = (1.0, 5.0)  # the scale of the targets


class BadRecord(ValueError):
    """A line that is not a labelled step; the message names the file, the line and the field."""


@dataclass(frozen=True, slots=True)
class LabelledStep:
    """A proof step with its labels.

    - `step`: the step as a model sees it, with Lean's own outcome (`goals_after` or `lean_error`).
    - `theorem_id`: the same for all steps of one theorem; splits never share one.
    - `family`: the family of the theorem.
    - `origin`: what kind of step this turned out to be (`docs/data.md`, "Origins").
    - `split`: `train`, `validation`, `test` or `held_out` (families never seen in training).
    - `accepted`: Lean's verdict on the step.
    - `finishable`: whether the proof can still be finished after the step (for a rejected step: from the
      state before it); `None` where neither a proof nor a counterexample was found.
    - `steps_left`: steps of the shortest proof found from the state after the step, `None` if there is none.
    - `targets`: `logic`, `alignment`, `clarity`, each in [1, 5].
    - `critique`: what Lean said, in one to three sentences.
    """

    step: ProofStep
    theorem_id: str
    family: str
    origin: str
    split: str
    accepted: bool
    finishable: bool | None
    steps_left: int | None
    targets: Mapping[str, float]
    critique: str

    def to_json(self) -> dict[str, Any]:
        """The record as a JSON object."""
        return {
            "step": self.step.to_json(),
            "theorem_id": self.theorem_id,
            "family": self.family,
            "origin": self.origin,
            "split": self.split,
            "accepted": self.accepted,
            "finishable": self.finishable,
            "steps_left": self.steps_left,
            "targets": {name: round(self.targets[name], 3) for name in DIMENSIONS},
            "critique": self.critique,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LabelledStep:
        """Read a record. Raises `BadRecord` (or `eva.step.BadStep` for the step inside)."""
        for key in cls.__slots__:
            if key not in data:
                raise BadRecord(f"a labelled step needs the field '{key}'")
        if data["split"] not in SPLITS:
            raise BadRecord(f"field 'split' must be one of {', '.join(SPLITS)}, not {data['split']!r}")
        if not isinstance(data["critique"], str):
            raise BadRecord(f"field 'critique' must be a string, not {shown(data['critique'])}")
        targets = {name: float(data["targets"][name]) for name in DIMENSIONS}
        for name, value in targets.items():
            if not LABELS[0] <= value <= LABELS[1]:
                raise BadRecord(f"target '{name}' must be in [1, 5], not {value}")
        return cls(
            step=ProofStep.from_json(data["step"]),
            theorem_id=data["theorem_id"],
            family=data["family"],
            origin=data["origin"],
            split=data["split"],
            accepted=bool(data["accepted"]),
            finishable=data["finishable"],
            steps_left=data["steps_left"],
            targets=targets,
            critique=data["critique"],
        )


def rescale(value: float, old: tuple[float, float], new: tuple[float, float]) -> float:
    """`value` on the scale `old`, mapped linearly to the scale `new` (lowest and highest of each)."""
    return new[0] + (value - old[0]) * (new[1] - new[0]) / (old[1] - old[0])


def write_records(path: Path, records: Iterable[LabelledStep]) -> int:
    """Write one record a line; returns how many. The file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(path.suffix + ".part")
    count = 0
    with part.open("w", encoding="utf-8") as out:
        for record in records:
            out.write(json.dumps(record.to_json(), ensure_ascii=False) + "\n")
            count += 1
    part.replace(path)
    return count


def read_records(path: Path) -> Iterator[LabelledStep]:
    """Read records one by one. Raises `BadRecord` with the file and the line."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                yield LabelledStep.from_json(load(line))
            except (ValueError, KeyError, TypeError) as error:
                raise BadRecord(f"{path}:{number}: {error}") from error

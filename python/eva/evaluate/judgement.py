"""What a judge says of a step, on the scale of the labels, whatever the judge is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eva.data.record import LABELS, rescale
from eva.model.checkpoint import EvaConfig
from eva.step import DIMENSIONS, ProofStep, StepScore


@dataclass(frozen=True, slots=True)
class Judgement:
    """One step, judged.

    - `status`: as in `StepScore`; without numbers `expected` is empty.
    - `expected`: the score of each dimension, in [1, 5] like the labels.
    - `distributions`: for each dimension P of every anchor, anchors mapped to [1, 5]; `None` where the judge
      has none (text read as numbers, a regression head).
    - `critique`: its words, or `None`.
    """

    status: str
    expected: Mapping[str, float]
    distributions: Mapping[str, Mapping[float, float]] | None = None
    critique: str | None = None

    def value(self, weights: Sequence[float]) -> float:
        """Weighted mean of the dimensions, in [0, 1].

        Rounded to 9 digits: integers whose sums are equal by right are not to differ by the order of adding.
        """
        total = sum(w * self.expected[n] for w, n in zip(weights, DIMENSIONS, strict=True))
        return round(rescale(total / sum(weights), LABELS, (0.0, 1.0)), 9)

    def to_json(self) -> dict[str, Any]:
        """Numbers with the nine digits that tell any float32 from the next, which they come from."""
        found = self.distributions
        return {
            "status": self.status,
            "expected": {n: _short(x) for n, x in self.expected.items()},
            "distributions": {n: [(a, _short(x)) for a, x in p.items()] for n, p in found.items()}
            if found
            else None,
            "critique": self.critique,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Judgement:
        found = data["distributions"]
        return cls(
            data["status"],
            data["expected"],
            {n: dict(pairs) for n, pairs in found.items()} if found else None,
            data["critique"],
        )


def _short(number: float) -> float:
    return float(f"{number:.9g}")


Judge = Callable[[Sequence[ProofStep]], list[Judgement]]


def judgement(score: StepScore, config: EvaConfig) -> Judgement:
    """A model's score as a judgement: from the checkpoint's scale to the labels'."""
    scale = (float(config.scale[0]), float(config.scale[1]))
    return Judgement(
        score.status,
        {n: rescale(d.expected, scale, LABELS) for n, d in score.dimensions.items()},
        {
            n: {rescale(float(a), scale, LABELS): p for a, p in d.distribution.items()}
            for n, d in score.dimensions.items()
        }
        or None,
        score.critique,
    )


def parsed(judged: Judgement) -> Judgement:
    """What reading the written integers gives: the most likely anchor of each dimension."""
    if not judged.distributions:
        return judged
    modes = {n: max(p, key=p.__getitem__) for n, p in judged.distributions.items()}
    return replace(judged, expected=modes, distributions=None)


def integers(judge: Judge) -> Judge:
    """The judge read by the integers that it writes: `parsed` of all that it says."""
    return lambda steps: [parsed(one) for one in judge(steps)]


def write_judgements(file: Path, judged: Iterable[Judgement]) -> None:
    """One JSON object a line; the file appears whole or not at all."""
    part = file.with_suffix(".part")
    with part.open("w", encoding="utf-8") as out:
        for one in judged:
            out.write(json.dumps(one.to_json(), ensure_ascii=False) + "\n")
    part.replace(file)


def read_judgements(file: Path) -> list[Judgement]:
    """What `write_judgements` wrote."""
    with file.open(encoding="utf-8") as lines:
        return [Judgement.from_json(json.loads(line)) for line in lines]

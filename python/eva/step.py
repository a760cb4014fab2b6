"""The two records that everything here speaks of: a step that is to be judged, and its judgement.

A *step* is one tactic (or proof text) proposed in a *proof state*. A judgement holds, for each *dimension*,
the *expected score* on the anchor scale; its *value* is the weighted mean of the dimensions, in [0, 1].
Both records are plain, immutable and JSON-able; `docs/protocol.md` gives the same shapes as the wire has
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Order = Literal["score_first", "critique_first"]
Status = Literal["scored", "off_format", "too_long", "deadline", "cancelled", "error"]

DIMENSIONS = ("logic", "alignment", "clarity")
ORDERS: tuple[str, ...] = get_args(Order)
STATUSES: tuple[str, ...] = get_args(Status)


class BadStep(ValueError):
    """A record that is not a step; the message names the field, the value and what it must be."""


@dataclass(frozen=True, slots=True)
class ProofStep:
    """One step, proposed in one proof state.

    - `goals`: the proof state before the step; each goal as Lean prints it, hypotheses and then `⊢ target`.
    - `tactic`: the text of the step, without the indentation of the file.
    - `statement`: the theorem's statement as source text (`theorem foo (n : Nat) : n + 0 = n`), or `""`.
    - `earlier`: the steps of the same proof that stand before this one, oldest first.
    - `goals_after`: the proof state that the step led to (`()`: no goals left), or `None` where it is not
      known. It is carried for readers and for labelling; no prompt shows it, since it would tell Lean's
      verdict.
    - `name`, `line`, `column`: where the step stands: declaration, 1-based line, 0-based column (code
      points).
    - `lean_error`: Lean's own first message at this step, or `None` where Lean accepted it (or was not
      asked).
    """

    goals: tuple[str, ...]
    tactic: str
    statement: str = ""
    earlier: tuple[str, ...] = ()
    goals_after: tuple[str, ...] | None = None
    name: str = ""
    line: int | None = None
    column: int | None = None
    lean_error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The step as a JSON object; fields that hold nothing are left out."""
        out: dict[str, Any] = {"goals": list(self.goals), "tactic": self.tactic}
        if self.statement:
            out["statement"] = self.statement
        if self.earlier:
            out["earlier"] = list(self.earlier)
        if self.goals_after is not None:
            out["goals_after"] = list(self.goals_after)
        for key in ("name", "line", "column", "lean_error"):
            value = getattr(self, key)
            if value not in ("", None):
                out[key] = value
        return out

    @classmethod
    def from_json(cls, data: object) -> ProofStep:
        """Read a step; unknown fields are ignored. Raises `BadStep`."""
        if not isinstance(data, Mapping):
            raise BadStep(f"a step must be a JSON object, not {_shown(data)}")
        for key in ("goals", "tactic"):
            if key not in data:
                raise BadStep(f"a step needs the field '{key}'")
        tactic = _text(data, "tactic")
        if not tactic.strip():
            raise BadStep("field 'tactic' is empty: a step needs the text that is proposed")
        after = data.get("goals_after")
        error = data.get("lean_error")
        return cls(
            goals=_texts(data, "goals"),
            tactic=tactic,
            statement=_text(data, "statement"),
            earlier=_texts(data, "earlier"),
            goals_after=None if after is None else _texts(data, "goals_after"),
            name=_text(data, "name"),
            line=_number(data, "line"),
            column=_number(data, "column"),
            lean_error=None if error is None else _text(data, "lean_error"),
        )


@dataclass(frozen=True, slots=True)
class DimensionScore:
    """The judgement in one dimension.

    - `expected`: E[R] = Σ i·P(i) over the anchors, on the anchor scale (method: arXiv 2606.01160).
    - `spread`: standard deviation of the anchor distribution, on the same scale.
    - `distribution`: P(i) for each anchor i; sums to 1.
    - `mass`: anchor mass in [0, 1]: the probability that the full vocabulary gave to the anchors. Low means
      that the model was not about to write a score at all.
    """

    expected: float
    spread: float
    distribution: Mapping[int, float]
    mass: float

    def to_json(self) -> dict[str, Any]:
        return {
            "expected": self.expected,
            "spread": self.spread,
            "distribution": {str(anchor): p for anchor, p in self.distribution.items()},
            "mass": self.mass,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> DimensionScore:
        return cls(
            expected=float(data["expected"]),
            spread=float(data["spread"]),
            distribution={int(anchor): float(p) for anchor, p in data["distribution"].items()},
            mass=float(data["mass"]),
        )


@dataclass(frozen=True, slots=True)
class StepScore:
    """The judgement of one step.

    - `index`: the step's place in the request.
    - `status`: `scored`; `off_format` (anchor mass under the checkpoint's floor: the numbers are given, do
      not trust them); `too_long`, `deadline`, `cancelled`, `error`: no numbers, `message` says why.
    - `value`: weighted mean of the dimensions in [0, 1], `None` where there are no numbers.
    - `dimensions`: by name (`logic`, `alignment`, `clarity`); empty where there are no numbers.
    - `critique`: the model's words, or `None` where none was asked for (or none came in time).
    """

    index: int
    status: Status
    value: float | None = None
    dimensions: Mapping[str, DimensionScore] = field(default_factory=dict)
    critique: str | None = None
    message: str | None = None

    @property
    def expected(self) -> dict[str, float]:
        """Expected score of each dimension, on the anchor scale."""
        return {name: score.expected for name, score in self.dimensions.items()}

    @property
    def spread(self) -> dict[str, float]:
        """Standard deviation of each dimension's anchor distribution, on the anchor scale."""
        return {name: score.spread for name, score in self.dimensions.items()}

    @property
    def mass(self) -> float | None:
        """The smallest anchor mass over the dimensions, in [0, 1]."""
        return min((score.mass for score in self.dimensions.values()), default=None)

    def to_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {"index": self.index, "status": self.status, "value": self.value}
        out["dimensions"] = {name: score.to_json() for name, score in self.dimensions.items()}
        if self.critique is not None:
            out["critique"] = self.critique
        if self.message is not None:
            out["message"] = self.message
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> StepScore:
        return cls(
            index=int(data["index"]),
            status=data["status"],
            value=None if data.get("value") is None else float(data["value"]),
            dimensions={k: DimensionScore.from_json(v) for k, v in data.get("dimensions", {}).items()},
            critique=data.get("critique"),
            message=data.get("message"),
        )


@dataclass(frozen=True, slots=True)
class Scored:
    """Stream event: the numbers of one step are there (its critique may still be on the way)."""

    score: StepScore


@dataclass(frozen=True, slots=True)
class CritiquePiece:
    """Stream event: more words of the critique of step `index`; `final` marks the last piece."""

    index: int
    text: str
    final: bool = False


ScoreEvent = Scored | CritiquePiece


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key, "")
    if not isinstance(value, str):
        raise BadStep(f"field '{key}' must be a string, not {_shown(value)}")
    return value


def _texts(data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = data.get(key, ())
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise BadStep(f"field '{key}' must be a list of strings, not {_shown(value)}")
    return tuple(value)


def _number(data: Mapping[str, Any], key: str) -> int | None:
    value = data.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadStep(f"field '{key}' must be a whole number from 0 up, not {_shown(value)}")
    return value

"""Propositional formulas: truth values, printing with few brackets, reading what Lean prints."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

_BINDING = {"↔": 1, "→": 2, "∨": 3, "∧": 4}
_TOKEN = re.compile(r"\s*([()¬∧∨→↔]|[^\W\d][\w₀-₉']*)")


@dataclass(frozen=True, slots=True)
class Formula:
    """An atom (`sign` is its name, no parts), a negation (one part) or a connective (two)."""

    sign: str
    parts: tuple[Formula, ...] = ()

    def atoms(self) -> set[str]:
        if not self.parts:
            return {self.sign}
        return {atom for part in self.parts for atom in part.atoms()}

    def holds(self, world: Mapping[str, bool]) -> bool:
        """The classical truth value in `world`."""
        if not self.parts:
            return self.sign == "True" or world.get(self.sign, False)
        values = [part.holds(world) for part in self.parts]
        if self.sign == "¬":
            return not values[0]
        left, right = values
        return {"∧": left and right, "∨": left or right, "→": not left or right, "↔": left == right}[
            self.sign
        ]

    def show(self, outer: int = 0) -> str:
        """The formula with as few brackets as Lean needs inside a connective of strength `outer`."""
        if not self.parts:
            return self.sign
        if self.sign == "¬":
            return f"¬{self.parts[0].show(9)}"
        level = _BINDING[self.sign]
        right = level + 1 if self.sign == "↔" else level
        text = f"{self.parts[0].show(level + 1)} {self.sign} {self.parts[1].show(right)}"
        return f"({text})" if level < outer else text


def worlds(atoms: list[str]) -> Iterator[dict[str, bool]]:
    """All assignments of truth values to `atoms`."""
    for values in product((True, False), repeat=len(atoms)):
        yield dict(zip(atoms, values, strict=True))


def parse_formula(text: str) -> Formula | None:
    """Read a formula over plain names, or give `None` where `text` is something else (`p x`, `a = b`)."""
    tokens: list[str] = []
    position = 0
    while position < len(text.rstrip()):
        found = _TOKEN.match(text, position)
        if not found:
            return None
        tokens.append(found.group(1))
        position = found.end()
    formula = _read(tokens, 1)
    return formula if not tokens else None


def _read(tokens: list[str], level: int) -> Formula | None:
    """Read connectives of strength `level` and above from the front of `tokens`; all group to the right."""
    left = _unit(tokens)
    while left is not None and tokens and _BINDING.get(tokens[0], 0) >= level:
        sign = tokens.pop(0)
        right = _read(tokens, _BINDING[sign])
        left = None if right is None else Formula(sign, (left, right))
    return left


def _unit(tokens: list[str]) -> Formula | None:
    if not tokens:
        return None
    token = tokens.pop(0)
    if token == "¬":
        part = _unit(tokens)
        return None if part is None else Formula("¬", (part,))
    if token == "(":
        inner = _read(tokens, 1)
        return inner if inner is not None and tokens and tokens.pop(0) == ")" else None
    return None if token in _BINDING or token == ")" else Formula(token)

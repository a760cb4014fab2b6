"""Families of theorems of core Lean. `FAMILIES` maps each name to its maker."""

from __future__ import annotations

from random import Random

from eva.data.families.base import Maker, Theorem
from eva.data.families.catalogue import read_catalogue
from eva.data.families.chains import equations, inclusions, ladder
from eva.data.families.linear import linear
from eva.data.families.propositional import propositional


def _from_catalogue(family: str) -> Maker:
    return lambda rng: read_catalogue(family, family).draw(rng)


def _either(share: float, one: Maker, catalogue: str, family: str) -> Maker:
    """`one` with chance `share`, else a form of the catalogue, under the name of `family`."""
    return lambda rng: one(rng) if rng.random() < share else read_catalogue(catalogue, family).draw(rng)


def _nat(rng: Random) -> Theorem:
    if rng.random() < 0.3:
        return ladder(rng)
    return linear(rng, "nat_linear", "Nat")


def _int(rng: Random) -> Theorem:
    return linear(rng, "int_linear", "Int")


FAMILIES: dict[str, Maker] = {
    "propositional": propositional,
    "nat_linear": _either(0.55, _nat, "order", "nat_linear"),
    "int_linear": _int,
    "divisibility": _from_catalogue("divisibility"),
    "lists": _from_catalogue("lists"),
    "options_booleans": _from_catalogue("options_booleans"),
    "rewriting": _either(0.5, equations, "rearrange", "rewriting"),
    "induction": _from_catalogue("induction"),
    "quantifiers": _from_catalogue("quantifiers"),
    "recursive": _from_catalogue("recursive"),
    "functions": _from_catalogue("functions"),
    "predicates": _either(0.35, inclusions, "predicates", "predicates"),
}
HELD_OUT = frozenset({"divisibility", "options_booleans"})
"""Families whose theorems are never trained on. Their tactics occur in other families too."""

__all__ = ["FAMILIES", "HELD_OUT", "Maker", "Theorem"]

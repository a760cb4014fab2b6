"""Families of theorems of core Lean. `FAMILIES` maps each name to its maker."""

from eva.data.families.base import Maker, Theorem
from eva.data.families.inductive import induction, recursive, rewriting
from eva.data.families.logic import predicates, propositional, quantifiers
from eva.data.families.numbers import divisibility, int_linear, nat_linear
from eva.data.families.structures import functions, lists, options_booleans

FAMILIES: dict[str, Maker] = {
    "propositional": propositional,
    "nat_linear": nat_linear,
    "int_linear": int_linear,
    "divisibility": divisibility,
    "lists": lists,
    "options_booleans": options_booleans,
    "rewriting": rewriting,
    "induction": induction,
    "quantifiers": quantifiers,
    "recursive": recursive,
    "functions": functions,
    "predicates": predicates,
}
HELD_OUT = frozenset({"divisibility", "options_booleans"})

__all__ = ["FAMILIES", "HELD_OUT", "Maker", "Theorem"]

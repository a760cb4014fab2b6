"""Families written down as text: `catalogue/*.txt`, statements with the proofs that may work.

A file begins with declarations, then come the forms:

    facts h1 h2                 names to draw from a pool: facts, numbers, lists, functions, …
    k 1..9                      a number; `r below k` (0 to k - 1); `w near k` (k, now and then k + 1)
    E = Nat | Nat | Int | α     a type; α brings its binder

    (xs ys : List E) ⊢ (xs ++ ys).length = xs.length + ys.length
      exact List.length_append
      rw [List.length_append] ;; omega

An unindented line with `⊢` is a statement, `def …` lines before it are its definitions, indented lines after
it are scripts with steps between `;;`. `⏎` breaks a line. `{2 * k + 1}` is computed, `{a | b}` is a choice.
Statements need not be true and scripts need not work: Lean finds out.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from random import Random

from eva.data.families.base import POOLS, Names, Theorem

_NAME = re.compile(r"(?<![\w.₀-₉'])[^\W\d_][\w₀-₉']*")
_OPERATORS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
NEAR_MISS = 0.2
"""Chance that a `near` number is off by one, which mostly makes a false statement."""


class BadCatalogue(ValueError):
    """A catalogue that cannot be read; the message names the file and the line."""


@dataclass(frozen=True, slots=True)
class Form:
    """One block of a catalogue, with its fields still open."""

    binders: str
    goal: str
    preamble: str = ""
    scripts: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return "\n".join((self.preamble, self.binders, self.goal, *self.scripts))


@dataclass
class Catalogue:
    """A family of forms, with the names, numbers and types that fill them."""

    family: str
    names: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, tuple[str, str]] = field(default_factory=dict)
    types: dict[str, tuple[str, ...]] = field(default_factory=dict)
    forms: list[Form] = field(default_factory=list)

    def draw(self, rng: Random) -> Theorem:
        """A form with names, numbers and types drawn at random."""
        form = rng.choice(self.forms)
        words = dict.fromkeys(_NAME.findall(form.text))
        values = self._values(rng)
        types = {name: rng.choice(choices) for name, choices in self.types.items() if name in words}
        names = self._names(rng, [word for word in words if word in self.names])
        choices: dict[str, str] = {}

        def fill(text: str) -> str:
            text = re.sub(r"\{([^{}]+)\}", lambda m: _filled(m.group(1), values, choices, rng), text)
            text = _NAME.sub(lambda m: types.get(m.group(), names.get(m.group(), m.group())), text)
            return text.replace(" ⏎ ", "\n")

        binders = fill(form.binders)
        if "α" in types.values():
            binders = f"(α : Type) {binders}"
        scripts = tuple(tuple(step.strip() for step in fill(script).split(";;")) for script in form.scripts)
        return Theorem(self.family, binders, fill(form.goal), scripts, fill(form.preamble))

    def _values(self, rng: Random) -> dict[str, int]:
        values: dict[str, int] = {}
        for name, (kind, detail) in self.numbers.items():
            if kind == "near":
                values[name] = values[detail] + (rng.random() < NEAR_MISS)
            elif kind == "below":
                values[name] = rng.randrange(values[detail])
            else:
                values[name] = rng.randint(int(kind), int(detail))
        return values

    def _names(self, rng: Random, words: list[str]) -> dict[str, str]:
        drawn = Names(rng)
        facts = [word for word in words if self.names[word] == "facts"]
        out = dict(zip(facts, drawn.facts(len(facts)), strict=True))
        out.update({word: drawn.pick(POOLS[self.names[word]]) for word in words if word not in out})
        return out


@cache
def read_catalogue(name: str, family: str) -> Catalogue:
    """The catalogue `name` of the package, its theorems under `family`. Raises `BadCatalogue`."""
    text = resources.files("eva.data.families").joinpath("catalogue", f"{name}.txt").read_text("utf-8")
    return parse_catalogue(family, text)


def parse_catalogue(family: str, text: str) -> Catalogue:
    """Read a catalogue. Raises `BadCatalogue`."""
    out = Catalogue(family)
    preamble = ""
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.rstrip()
        if not line or line.startswith("#"):
            continue
        if line.startswith(" "):
            if not out.forms:
                raise BadCatalogue(f"{family}.txt:{number}: a script needs a statement before it")
            last = out.forms[-1]
            out.forms[-1] = Form(last.binders, last.goal, last.preamble, (*last.scripts, line.strip()))
        elif line.startswith("def "):
            preamble = f"{preamble} ⏎ {line}" if preamble else line
        elif "⊢" in line:
            binders, _, goal = line.partition("⊢")
            out.forms.append(Form(binders.strip(), goal.strip(), preamble))
            preamble = ""
        else:
            _declare(out, line, f"{family}.txt:{number}")
    return out


def _declare(out: Catalogue, line: str, where: str) -> None:
    words = line.split()
    bounds = re.fullmatch(r"(-?\d+)\.\.(-?\d+)", words[1]) if len(words) == 2 else None
    if words[0] in POOLS:
        out.names.update(dict.fromkeys(words[1:], words[0]))
    elif bounds:
        out.numbers[words[0]] = (bounds.group(1), bounds.group(2))
    elif len(words) == 3 and words[1] in ("near", "below") and words[2] in out.numbers:
        out.numbers[words[0]] = (words[1], words[2])
    elif len(words) > 2 and words[1] == "=":
        out.types[words[0]] = tuple(part.strip() for part in line.partition("=")[2].split("|"))
    else:
        raise BadCatalogue(f"{where}: neither a declaration nor a statement (no ⊢): {line!r}")


def _filled(text: str, values: Mapping[str, int], choices: dict[str, str], rng: Random) -> str:
    if " | " in text:
        return choices.setdefault(text, rng.choice(text.split(" | ")).strip())
    return str(_computed(ast.parse(text.strip(), mode="eval").body, values))


def _computed(node: ast.expr, values: Mapping[str, int]) -> int:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    if isinstance(node, ast.Name) and node.id in values:
        return values[node.id]
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_computed(node.left, values), _computed(node.right, values))
    raise BadCatalogue(
        f"cannot compute {ast.unparse(node)!r}: known numbers are {', '.join(values) or 'none'}"
    )

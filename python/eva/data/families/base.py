"""What a family makes: theorem statements, with names drawn at random, and proof scripts that may work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from eva.data.script import Node, parse_script

PROPS = ("p", "q", "r", "s", "a", "b", "c", "P", "Q", "R", "A", "B", "C")
NUMBERS = ("n", "m", "k", "a", "b", "c", "x", "y", "z", "i", "j", "d", "t")
LISTS = ("xs", "ys", "zs", "l", "as", "bs", "l₁", "l₂", "s", "t")
FUNCTIONS = ("f", "g", "h", "u", "v", "φ")
OPTIONS = ("o", "w", "u", "v", "mx", "opt", "val", "res")
BOOLEANS = ("a", "b", "c", "x", "y", "z", "p", "q", "flag", "ok")
ARGUMENTS = ("x", "y", "a", "b", "s", "t", "n", "m")
DEFINITIONS = ("dbl", "grow", "tri", "count", "walk", "fn", "total", "step", "acc", "climb", "go", "pile")
PREDICATES = ("P", "Q", "R", "p", "q", "S", "T", "U", "V")
_FACT_STEMS = ("h", "h", "h", "H", "hp", "hq", "hx", "ha", "hab", "hb", "hn", "hle", "hlt", "heq", "key")
POOLS: dict[str, tuple[str, ...]] = {
    "props": PROPS,
    "numbers": NUMBERS,
    "lists": LISTS,
    "functions": FUNCTIONS,
    "predicates": PREDICATES,
    "options": OPTIONS,
    "booleans": BOOLEANS,
    "arguments": ARGUMENTS,
    "definitions": DEFINITIONS,
    "facts": (),  # drawn by `Names.facts`, in one style
}
"""Pools of names by the word that stands for them in a catalogue."""
_DIGITS = "₀₁₂₃₄₅₆₇₈₉"


@dataclass(frozen=True, slots=True)
class Theorem:
    """A statement (true or not: Lean finds out) and proofs that may work: scripts as text, or taken apart."""

    family: str
    binders: str
    goal: str
    scripts: tuple[tuple[str, ...], ...] = ()
    preamble: str = ""
    proofs: tuple[tuple[Node, ...], ...] = ()

    def all_proofs(self) -> tuple[tuple[Node, ...], ...]:
        """All proofs, taken apart."""
        return (*self.proofs, *(parse_script(script) for script in self.scripts))

    def source(self, name: str) -> str:
        """The statement as it stands in a file."""
        binders = f" {self.binders}" if self.binders else ""
        head = f"{self.preamble}\n" if self.preamble else ""
        return f"{head}theorem {name}{binders} : {self.goal}"


Maker = Callable[[Random], Theorem]


@dataclass
class Names:
    """Names without repetition."""

    rng: Random
    used: set[str] = field(default_factory=set)

    def pick(self, pool: tuple[str, ...]) -> str:
        free = [name for name in pool if name not in self.used]
        name = self.rng.choice(free)
        self.used.add(name)
        return name

    def many(self, pool: tuple[str, ...], count: int) -> list[str]:
        return [self.pick(pool) for _ in range(count)]

    def facts(self, count: int) -> list[str]:
        """Hypothesis names in one of the common styles: `h`, `h1 h2`, `h₁ h₂`, `hp hq`."""
        style = self.rng.randrange(4)
        if count == 1 and style < 2:
            return [self.pick(("h", "H", "hyp", "h0", "h1"))]
        if style == 0:
            names = [f"h{i + 1}" for i in range(count)]
        elif style == 1:
            start = self.rng.randrange(2)
            names = ["h" + _DIGITS[i + start] for i in range(count)]
        elif style == 2:
            start = self.rng.randrange(3)
            names = [f"H{i + start}" for i in range(count)]
        else:
            return [self.pick((*dict.fromkeys(_FACT_STEMS), "h1", "h2", "h3")) for _ in range(count)]
        self.used.update(names)
        return names


def bind(names: list[str], kind: str) -> str:
    """`(a b : Nat)`."""
    return f"({' '.join(names)} : {kind})"

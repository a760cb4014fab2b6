"""Which theorems say what another one says: the same up to names, and up to hypotheses beside the point.

A set of theorems that a model was trained on tells most of such a theorem, so it is no test.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from eva.data.families.variation import binder_groups
from eva.data.goals import Hypothesis
from eva.data.statement import Statement

FIXED = frozenset((
    "Nat", "Int", "Prop", "Bool", "List", "Option", "Type", "fun", "if", "then", "else", "some", "none",
    "true", "false", "id", "min", "max", "True", "False", "def",
))  # fmt: skip
"""Words that are no names of the theorem's own. Splits and theorems' ids depend on them, so they stay."""
_WORD = re.compile(r"(?P<name>[^\W\d][\w₀-₉']*)(?P<rest>(?:\.[\w₀-₉'?!]+)*)|\S")
Token = tuple[str, str]
"""A name of the theorem's own and what is asked of it (`xs`, `.length`), or nothing and any other text."""
Text = tuple[Token, ...]


@dataclass
class Names:
    """One theorem's names as another one's, each for one."""

    there: dict[str, str] = field(default_factory=dict)
    back: dict[str, str] = field(default_factory=dict)

    def match(self, one: Text, other: Text) -> Names | None:
        """These and those that make `one` read as `other`; `None` where nothing does."""
        if len(one) != len(other):
            return None
        new = Names(dict(self.there), dict(self.back))
        for (name, rest), (named, rested) in zip(one, other, strict=True):
            if rest != rested or bool(name) != bool(named):
                return None
            if new.there.setdefault(name, named) != named or new.back.setdefault(named, name) != name:
                return None
        return new


@dataclass(frozen=True)
class Said:
    """A theorem in parts that may be renamed: `claim` (definitions and goal), and its facts and variables."""

    claim: Text
    facts: tuple[Text, ...]
    variables: tuple[Text, ...]
    shapes: Counter[str]

    @classmethod
    def of(cls, statement: Statement) -> Said:
        claim = _text(f"{statement.preamble} ⊢ {statement.goal}")
        facts, variables = [], []
        for names, kind in binder_groups(statement.binders):
            part = _text(kind)
            if not Hypothesis(names[0], kind).is_data:
                facts += [part] * len(names)
            else:
                variables += [(*_text(name), *part) for name in names]
        mentioned = {name for part in (claim, *facts) for name, _ in part}
        variables = [one for one in variables if one[0][0] in mentioned]
        return cls(claim, tuple(facts), tuple(variables), Counter(map(_shape, facts)))

    def is_within(self, other: Said) -> bool:
        """Whether `other` claims the same from at least the same facts."""
        names = Names().match(self.claim, other.claim)
        if names is None or not self.shapes <= other.shapes:
            return False
        return any(
            _fits(self.variables, other.variables, found) for found in _placed(self.facts, other.facts, names)
        )


class Claims:
    """Theorems by what they claim."""

    def __init__(self, statements: Iterable[str]) -> None:
        self._by_claim: dict[str, list[Said]] = defaultdict(list)
        for text in dict.fromkeys(statements):
            said = Said.of(Statement.of(text))
            self._by_claim[_shape(said.claim)].append(said)

    def has(self, statement: str) -> bool:
        """Whether one of them is within the theorem, or the other way round."""
        said = Said.of(Statement.of(statement))
        return any(
            known.is_within(said) or said.is_within(known)
            for known in self._by_claim.get(_shape(said.claim), ())
        )


def _text(text: str) -> Text:
    return tuple(
        (found["name"], found["rest"]) if found["name"] and found["name"] not in FIXED else ("", found[0])
        for found in _WORD.finditer(text)
    )


def _shape(text: Text) -> str:
    """The text with all names alike."""
    return " ".join("_" + rest if name else rest for name, rest in text)


def _placed(facts: tuple[Text, ...], others: tuple[Text, ...], names: Names) -> Iterator[Names]:
    """The ways to find each of the facts among the others, each once."""
    if not facts:
        yield names
        return
    for i, other in enumerate(others):
        found = names.match(facts[0], other)
        if found is not None:
            yield from _placed(facts[1:], (*others[:i], *others[i + 1 :]), found)


def _fits(variables: tuple[Text, ...], others: tuple[Text, ...], names: Names) -> bool:
    """Whether all variables, whose names are settled by now, have the type of what they stand for."""
    kinds = {other[0][0]: other[1:] for other in others}
    return all(
        (named := names.there.get(one[0][0])) in kinds and names.match(one[1:], kinds[named]) is not None
        for one in variables
    )

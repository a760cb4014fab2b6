"""A theorem as its text says it: what is defined before it, what it is about, what it claims."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from eva.data.probes import Place


@dataclass(frozen=True, slots=True)
class Statement:
    """A theorem: its text, and the parts that Lean is asked with."""

    text: str
    preamble: str
    binders: str
    goal: str

    def place(self, path: Sequence[str]) -> Place:
        """The place behind the steps of `path`."""
        place = Place(self.binders, self.goal, self.preamble)
        for step in path:
            place = place.after(step)
        return place

    @classmethod
    def of(cls, text: str) -> Statement:
        """Read `theorem name binders : goal`, behind definitions. Raises `ValueError` on any other text."""
        preamble, _, last = ("\n" + text).rpartition("\ntheorem ")
        found = re.match(r"\S+\s*", last)
        body = last[found.end() :] if found else ""
        depth = 0
        for at, char in enumerate(body):
            depth += (char in "([{⦃") - (char in ")]}⦄")
            if char == ":" and depth == 0 and not body.startswith(":=", at):
                return cls(text, preamble.strip("\n"), body[:at].strip(), body[at + 1 :].strip())
        raise ValueError(f"not a theorem: {text!r}")

"""Headers of case splits and inductions (`cases h with`), with the arms that Lean wants behind them.

A file shows a header up to its `with`; the tactics in its arms are steps of their own.
"""

from __future__ import annotations

from random import Random

from eva.data.goals import Goal, Hypothesis, head

_FRESH = (
    "k",
    "m",
    "n",
    "j",
    "d",
    "x",
    "y",
    "l",
    "t",
    "w",
    "u",
    "v",
    "a",
    "b",
    "h",
    "hx",
    "hy",
    "hl",
    "hr",
    "hw",
)
_IH = ("ih", "ih", "hk", "hi", "IH")


def headers(goal: Goal, rng: Random) -> list[tuple[str, tuple[str, ...]]]:
    """Some headers for this goal and their arms: mostly on what can be split, some on what cannot."""
    usable = [h for h in goal.hypotheses if h.usable]
    able = [h for h in usable if _arms(h, "cases", goal, rng)]
    out = []
    for pool, chance in ((able, 0.9), (usable, 0.5)):
        if pool and rng.random() < chance:
            out.append(_header(rng.choice(pool), goal, rng))
    return out


def _header(chosen: Hypothesis, goal: Goal, rng: Random) -> tuple[str, tuple[str, ...]]:
    recursive = chosen.type == "Nat" or chosen.type.startswith("List")
    verb = "induction" if rng.random() < (0.75 if recursive else 0.1) else "cases"
    arms = _arms(chosen, verb, goal, rng) or ("| inl hl =>", "| inr hr =>")
    text = f"{verb} {chosen.name}"
    others = [v.name for v in goal.variables if v.usable and v.type == chosen.type and v.name != chosen.name]
    if verb == "induction" and others and rng.random() < 0.15:
        text += f" generalizing {rng.choice(others)}"
    return f"{text} with", arms


def _arms(chosen: Hypothesis, verb: str, goal: Goal, rng: Random) -> tuple[str, ...]:
    """The arms for the type of `chosen`; `()` where it is not known to have any."""
    taken = {h.name for h in goal.hypotheses}
    free = [name for name in _FRESH if name not in taken]
    one, two = rng.sample(free, 2) if len(free) > 1 else ("z1", "z2")
    ih = next((name for name in rng.sample(_IH, len(_IH)) if name not in taken), "ih1")
    if chosen.type == "Nat":
        return ("| zero =>", f"| succ {one} {ih} =>" if verb == "induction" else f"| succ {one} =>")
    if chosen.type.startswith("List"):
        tail = f" {ih}" if verb == "induction" else ""
        return ("| nil =>", f"| cons {one} {two}{tail} =>")
    if chosen.type == "Bool":
        return ("| false =>", "| true =>")
    if chosen.type.startswith("Option"):
        return ("| none =>", f"| some {one} =>")
    return {
        "∨": (f"| inl {one} =>", f"| inr {two} =>"),
        "∧": (f"| intro {one} {two} =>",),
        "∃": (f"| intro {one} {two} =>",),
        "↔": (f"| intro {one} {two} =>",),
    }.get(head(chosen.type), ())

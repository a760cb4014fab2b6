"""Critiques: one to three short sentences out of what Lean really said, verdict first."""

from __future__ import annotations

import re
from random import Random

from eva.data.goals import parse_goal
from eva.data.labels import Judged, best_step, changes_nothing
from eva.data.search import Attempt, Proof, State

MAX_WORDS = 45
_ACCEPTS = ("Lean accepts this step.", "Lean accepts it.", "Accepted by Lean.")
_REJECTS = ("Lean rejects this step:", "Lean rejects it:", "Rejected by Lean:")


def stated_verdict(critique: str) -> bool | None:
    """The verdict that a critique states: accepted, rejected, or `None` where it states none (or both)."""
    text = critique.lower()
    yes = "lean accepts" in text or "accepted by lean" in text
    no = "lean rejects" in text or "rejected by lean" in text
    return yes if yes != no else None


def write_critique(proof: Proof, state: State, attempt: Attempt, judged: Judged, rng: Random) -> str:
    """The critique of one attempt: at most `MAX_WORDS` words, no line break, no `<`, no backtick."""
    sentences = (
        _accepted(proof, state, attempt, judged, rng)
        if judged.accepted
        else _rejected(proof, state, attempt, judged, rng)
    )
    kept: list[str] = []
    for sentence in sentences:
        if not sentence or any(bad in sentence for bad in ("<", "\n", "`")):
            continue
        if sum(len(s.split()) for s in [*kept, sentence]) <= MAX_WORDS and len(kept) < 4:
            kept.append(sentence)
    return " ".join(kept)


def _accepted(proof: Proof, state: State, attempt: Attempt, judged: Judged, rng: Random) -> list[str]:
    after = proof.states[attempt.result.goals]
    out = [rng.choice(_ACCEPTS)]
    before, left = len(state.goals), len(after.goals)
    if not left:
        out.append(rng.choice(("No goals are left.", "It finishes the proof.")))
        return out
    if changes_nothing(state, attempt):
        out.append("The goal does not change.")
    elif left < before:
        out.append(f"It closes a goal; {_goals(left)} left.")
    elif left > before:
        out.append(f"It makes {_goals(left, verb=False)}.")
    else:
        target = parse_goal(after.goals[0]).target
        if target == parse_goal(state.goals[0]).target:
            out.append("The target stays, the hypotheses change.")
        elif len(target) <= 36 and "<" not in target:
            out.append(f"The goal is now {target}.")
        else:
            out.append(f"{_goals(left).capitalize()} left.")
    if after.distance is not None:
        out.append(f"The rest can be finished: about {_steps(after.distance)} left.")
        if judged.origin == "useless":
            out.append(_better(proof, state, attempt, "It does not help; better"))
    elif judged.finishable is False:
        if state.finishable is False:
            out.append(f"The goal was false before{_example(state)}.")
        else:
            out.append(f"But a goal is now false{_example(after)}: the proof cannot be finished.")
            out.append(_better(proof, state, attempt, "Better"))
    else:
        out.append("No way to finish from here was found.")
        out.append(_better(proof, state, attempt, "Better"))
    return out


def _rejected(proof: Proof, state: State, attempt: Attempt, judged: Judged, rng: Random) -> list[str]:
    out = [f"{rng.choice(_REJECTS)} {_reason(attempt, judged)}."]
    if judged.origin == "words" and attempt.candidate.stands_for:
        out.append(_words(state, attempt))
    if state.finishable is False:
        out.append(f"The goal itself is false{_example(state)}.")
    elif state.finishable:
        better = _better(proof, state, attempt, rng.choice(("Better", "This works")))
        out.append(better or f"A proof needs about {_steps(state.distance or 1)} here.")
    else:
        out.append("No proof of this goal was found.")
    return out


def _words(state: State, attempt: Attempt) -> str:
    meant = attempt.candidate.stands_for
    for other in state.attempts:
        if other.candidate.tactic == meant:
            verb = "would be accepted" if other.result.outcome == "accepted" else "would fail too"
            return f"As a tactic, {meant}, it {verb}."
    return ""


def _reason(attempt: Attempt, judged: Judged) -> str:
    error = attempt.result.error.replace("`", "")
    first = error.split("\n")[0].strip()
    if judged.origin == "words":
        return "it is prose, not a tactic"
    if judged.failure == "parse":
        expected = re.search(r"expected (.+)", first)
        what = expected.group(1) if expected else ""
        if "unknown tactic" in first or not what or len(what) > 30:
            return "this is not a tactic" if "unknown tactic" in first else "it does not parse"
        return f"it does not parse, expected {what}"
    unknown = re.match(r"[Uu]nknown (identifier|constant) (\S+)", first)
    if unknown:
        name = unknown.group(2).rstrip(".,")
        if unknown.group(1) == "constant" or "." in name:
            return f"there is no lemma {name}"
        return f"{name} is not a hypothesis here"
    if "ype mismatch" in first:
        return _mismatch(error)
    if first.startswith("omega could not"):
        if "counterexample" in error:
            return "omega finds values that fit the facts and break the goal"
        return "omega finds no usable linear facts"
    if "made no progress" in first:
        return f"{first.split()[0]} makes no progress"
    if "Did not find an occurrence" in error:
        found = re.search(r"pattern\s+(.+)", error)
        pattern = found.group(1).strip() if found else ""
        return (
            f"nothing here matches {pattern}"
            if 0 < len(pattern) <= 30
            else "the rewrite matches nothing here"
        )
    if "grind" in first:
        return "grind fails"
    if first.startswith("unsolved goals"):
        return "a goal inside stays open"
    if "proved that the proposition" in error and "is false" in error:
        return "decide finds the goal false"
    if "decide" in first or "Decidable" in error:
        return "the goal is not decidable by computation"
    if "free variables" in first:
        return "decide needs a goal without variables"
    if first.startswith("Tactic rfl failed"):
        return (
            "the sides are not equal by definition" if "left-hand side" in first else "rfl needs an equation"
        )
    failed = re.match(r"[Tt]actic (\S+) failed(?:: (.+)|, (.+))?", first)
    if failed:
        why = (failed.group(2) or failed.group(3) or "").rstrip(".:,")
        return f"{failed.group(1)} fails" + (f", {why}" if 0 < len(why) <= 60 else "")
    return first.rstrip(".:") if 0 < len(first) <= 70 else "the tactic fails"


def _mismatch(error: str) -> str:
    found = re.search(
        r"ype mismatch.*?\n\s*(.+?)\nhas type\n\s*(.+?)\nbut is expected to have type\n\s*(.+?)(?:\n|$)",
        error,
        re.DOTALL,
    )
    if found:
        term, kind, wanted = (" ".join(part.split()) for part in found.groups())
        kind = re.sub(r" : (?:Prop|Type)$", "", kind)
        wanted = re.sub(r" : (?:Prop|Type)$", "", wanted)
        if len(term) <= 24 and len(kind) + len(wanted) <= 56 and "<" not in kind + wanted:
            return f"{term} has type {kind}, not {wanted}"
        if len(term) <= 24:
            return f"the type of {term} does not fit"
    return "the types do not fit"


def _better(proof: Proof, state: State, attempt: Attempt, lead: str) -> str:
    best = best_step(proof, state)
    if best is None or best.candidate.tactic == attempt.candidate.tactic:
        return ""
    line = best.candidate.tactic.split("\n")[0]
    return f"{lead}: {line}." if len(line) <= 40 else ""


def _example(state: State) -> str:
    values = [
        (n, v) for n, v in state.counterexample or () if "fun" not in v and "_d" not in n and v != "Nat"
    ]
    if not values or len(values) > 3:
        return ""
    return ", as " + ", ".join(f"{n} = {v}" for n, v in values) + " shows"


def _goals(count: int, verb: bool = True) -> str:
    if count == 1:
        return "1 goal is" if verb else "1 goal"
    return f"{count} goals are" if verb else f"{count} goals"


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count} steps"

"""Critiques: one to four short sentences, the verdict first, in the voice of a model that foretells Lean.

What they say is what Lean did say when the step was labelled.
"""

from __future__ import annotations

import re
from random import Random

from eva.data.goals import parse_goal
from eva.data.labels import Judged, best_step, changes_nothing
from eva.data.proof import Attempt, Proof, State

MAX_WORDS = 45
_ACCEPTS = ("Lean should accept this.", "Lean should accept this step.", "Lean will accept this.")
_REJECTS = ("Lean will reject this:", "Lean will reject this step:", "Lean should reject this:")


def stated_verdict(critique: str) -> bool | None:
    """The verdict that a critique foretells: accepted, rejected, or `None` where it states none, or both.

    It is read in the words before the first full stop or colon.
    """
    first = re.split(r"[.:]", critique.lower(), maxsplit=1)[0]
    yes, no = "accept" in first, "reject" in first
    return yes if yes != no and "lean" in first else None


def write_critique(proof: Proof, state: State, attempt: Attempt, judged: Judged, rng: Random) -> str:
    """The critique of one attempt: at most `MAX_WORDS` words, no line break, no `<`, no backtick."""
    sentences = (
        _accepted(proof, state, attempt, judged, rng)
        if judged.accepted
        else _rejected(proof, state, attempt, judged, rng)
    )
    if not _plain(sentences[0]):  # the verdict is always said
        sentences[0] = f"{_REJECTS[0]} the tactic fails."
    kept: list[str] = []
    for sentence in sentences:
        if not sentence or not _plain(sentence):
            continue
        if sum(len(s.split()) for s in [*kept, sentence]) <= MAX_WORDS and len(kept) < 4:
            kept.append(sentence)
    return " ".join(kept)


def _plain(sentence: str) -> bool:
    return not any(char in "<`" or ord(char) < 32 for char in sentence)


def _accepted(proof: Proof, state: State, attempt: Attempt, judged: Judged, rng: Random) -> list[str]:
    after = proof.states[attempt.result.goals]
    out = [rng.choice(_ACCEPTS)]
    if not after.goals:
        return [*out, _fits(state, attempt), rng.choice(("No goals are left.", "It finishes the proof."))]
    out.append(_change(state, after, attempt))
    if after.distance is not None:
        out.append(f"The rest can be finished: about {_steps(after.distance)} left.")
        if judged.origin == "useless":
            out.append(_better(proof, state, attempt, "It does not help; better"))
    elif judged.origin == "hopeless":
        out.append(f"The goal was false before{_example(state)}.")
    else:
        if judged.finishable is False:
            out.append(f"But a goal becomes false{_example(after)}: the proof cannot be finished.")
        else:
            out.append("Whether the proof can be finished from there is unclear.")
        out.append(_better(proof, state, attempt, "Better"))
    return out


def _fits(state: State, attempt: Attempt) -> str:
    """The look into the context that `exact h` asks for."""
    named = re.fullmatch(r"exact (\S+)", attempt.candidate.tactic)
    goal = parse_goal(state.goals[0])
    if named and any(h.name == named[1] and h.type == goal.target for h in goal.facts):
        return f"{named[1]} is the goal itself."
    return ""


def _change(state: State, after: State, attempt: Attempt) -> str:
    before, left = len(state.goals), len(after.goals)
    if changes_nothing(state, attempt):
        return "The goal does not change."
    if left < before:
        return f"It closes a goal; {_goals(left)} left."
    if left > before:
        return f"It makes {_goals(left, verb=False)}."
    target = parse_goal(after.goals[0]).target
    if target == parse_goal(state.goals[0]).target:
        return "The target stays, the hypotheses change."
    if len(target) <= 36 and "<" not in target:
        return f"The goal becomes {target}."
    return f"{_goals(left).capitalize()} left."


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
        out.append("Whether this goal can be proved is unclear.")
    return out


def _words(state: State, attempt: Attempt) -> str:
    meant = attempt.candidate.stands_for
    for other in state.attempts:
        if other.candidate.tactic == meant:
            verb = "would work" if other.result.outcome == "accepted" else "would fail too"
            return f"As a tactic, {meant}, it {verb}."
    return ""


def _reason(attempt: Attempt, judged: Judged) -> str:
    """Why Lean rejects the step, in a few words out of its message."""
    error = attempt.result.error.replace("`", "")
    first = error.split("\n")[0].strip()
    if judged.origin == "words":
        return "it is prose, not a tactic"
    if judged.failure == "parse" or "ype mismatch" in first:
        return _parse(first) if judged.failure == "parse" else _mismatch(error)
    for pattern, words in _REASONS:
        found = re.search(pattern, error)
        if found:
            return words.format(*found.groups())
    if "Did not find an occurrence" in error:
        pattern = (re.search(r"pattern\s+(.+)", error) or ["", ""])[1].strip()
        return (
            f"nothing here matches {pattern}"
            if 0 < len(pattern) <= 30
            else "the rewrite matches nothing here"
        )
    failed = re.match(r"[Tt]actic (\S+) failed(?:(?::|,) (.+))?", first)
    if failed:
        why = (failed.group(2) or "").rstrip(".:,")
        return f"{failed.group(1)} fails" + (f", {why}" if 0 < len(why) <= 60 else "")
    return first.rstrip(".:") if 0 < len(first) <= 70 else "the tactic fails"


_REASONS = (
    (r"Invalid rewrite argument", "a rewrite needs an equation or an equivalence"),
    (r"⟨\.\.\.⟩", "the goal is not made of such parts"),
    (r"specialize' requires", "specialize needs a hypothesis with a premise"),
    (r"Invalid (?:field|projection)", "there is no such part"),
    (r"\A'show' tactic failed", "the goal is another one"),
    (r"major premise type is not an inductive", "it cannot be split into cases"),
    (r"introN", "there is nothing to introduce"),
    (r"\ATactic assumption failed", "no hypothesis is the goal"),
    (r"\ATactic contradiction failed", "no two hypotheses contradict each other"),
    (r"could not unify the (?:conclusion|type)", "its conclusion is not the goal"),
    (r"\ATactic subst failed", "subst needs an equation for a variable"),
    (r"\ATactic (left|right) failed", "{0} needs a goal with two alternatives"),
    (r"\ATactic constructor failed", "constructor does not fit this goal"),
    (r"\ATactic clear failed", "something depends on it"),
    (r"\A[Uu]nknown constant (\S+?)[.,]?(?:\s|\Z)", "there is no lemma {0}"),
    (r"\A[Uu]nknown identifier (\S+\.\S+?)[.,]?(?:\s|\Z)", "there is no {0}"),
    (r"\A[Uu]nknown identifier (\S+?)[.,]?(?:\s|\Z)", "{0} is not a hypothesis here"),
    (
        r"\Aomega could not.*\n(?:.*\n)*?.*counterexample",
        "omega cannot get it from the facts",
    ),
    (r"\Aomega could not", "omega finds no usable linear facts"),
    (r"\A(\S+) made no progress", "{0} makes no progress"),
    (r"\A(?:Tactic )?grind\b.*failed", "grind fails"),
    (r"\Aunsolved goals", "a goal inside stays open"),
    (r"proved that the proposition[\s\S]*is false", "the goal is false by computation"),
    (r"must not contain free variables", "decide needs a goal without variables"),
    (r"Decidable", "the goal is not decidable by computation"),
    (r"\ATactic rfl failed: The left-hand side", "the sides are not equal by definition"),
    (r"\ATactic rfl failed", "rfl needs an equation"),
    (r"Alternative (\S+) has not been provided", "the case {0} is missing"),
    (r"No goals to be solved", "the goal was closed before its end"),
    (r"\AFunction expected", "something is applied that is no function"),
    (r"\ANo applicable symmetry lemma", "symm fits no relation here"),
    (r"\ADependent elimination failed", "the cases cannot be told apart here"),
)


def _parse(first: str) -> str:
    if "unknown tactic" in first:
        return "this is not a tactic"
    token = re.match(r"unexpected (?:token|identifier) ?('[^']*')?", first)
    at = f" at {token.group(1)}" if token and token.group(1) else ""
    wanted = (re.search(r"; expected (.+)", first) or ["", ""])[1]
    if not wanted or len(wanted) > 30 or wanted == "')'":  # the bracket that the batch puts around a step
        return f"it does not parse{at}"
    return f"it does not parse{at}, expected {wanted}"


def _mismatch(error: str) -> str:
    found = re.search(
        r"ype mismatch.*?\n\s*(.+?)\nhas type\n\s*(.+?)\n(?:of sort .+? )?but is expected to have type\n"
        r"\s*(.+?)(?:\n|$)",
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
    if best is None or best == attempt.candidate.tactic:
        return ""
    line = best.split("\n")[0].removesuffix(" with")
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

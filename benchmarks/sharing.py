"""One proof in one request against each of its prompts alone, and a proof of which one step was edited."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.harness import Goal, Row, Size, in_turn, seconds, versus
from benchmarks.plain import Plain, farthest
from benchmarks.proofs import edited, proof
from eva.model import Checkpoint, RewardModel
from eva.model.checkpoint import load
from eva.model.prefill import unique_tokens
from eva.step import ProofStep

TOPIC = "sharing"
MODEL = "leibniz-nano"
PLAIN = "transformers, each prompt alone"
SPEED_GOALS = ((10, 3.0), (30, 5.0), (100, 8.0))
QUICK_LENGTHS = (3, 4, 5)
TOKENS_GOAL = Goal("ratio", "≤", 1.15)
TOLERANCE = 2e-3


def rows(size: Size) -> Iterator[Row]:
    """All rows of this topic."""
    checkpoint = load(MODEL)
    lengths = dict(zip((full for full, _ in SPEED_GOALS), QUICK_LENGTHS, strict=True)) if size.quick else {}
    for full, speedup in SPEED_GOALS:
        length = lengths.get(full, full)
        yield _whole_proof(checkpoint, length, Goal("ratio", "≥", speedup), size)
        yield _tokens(checkpoint, length)
    for length, at in ((4, 2),) if size.quick else ((30, 20), (100, 20)):
        yield _edit(checkpoint, length, at, size)


def _whole_proof(checkpoint: Checkpoint, length: int, goal: Goal, size: Size) -> Row:
    """Every round has a proof of its own and a model that remembers nothing."""
    plain = Plain(load(MODEL))
    distance = 0.0

    def together(number: int) -> float:
        nonlocal distance
        model, steps = RewardModel(checkpoint), proof(length, number)
        taken = seconds(lambda: model.score(steps, critique=False))
        if number == 0:
            checked = steps[:: max(1, length // 5)]
            scores = [model.score(steps, critique=False)[step.line - 2] for step in checked if step.line]
            distance = farthest(scores, [plain.read(step)[0] for step in checked])
        return length / taken

    def one_by_one(number: int) -> float:
        return length / seconds(lambda: [plain.read(step) for step in proof(length, number)])

    found = in_turn({"ours": together, "theirs": one_by_one}, size.rounds)
    if distance > TOLERANCE:
        raise AssertionError(f"the two sides differ by {distance:.4f}: they do not compute the same")
    return versus(
        TOPIC,
        f"a proof of {length} steps",
        found["ours"],
        found["theirs"],
        "steps/s",
        against=PLAIN,
        goal=goal,
        note=f"scores agree to {distance:.0e}",
    )


def _tokens(checkpoint: Checkpoint, length: int) -> Row:
    name = f"tokens of a proof of {length} steps"
    against = "the prefix tree's nodes"
    model, steps = RewardModel(checkpoint), proof(length, length)
    model.score(steps, critique=False)
    computed = model.usage.computed
    unique = unique_tokens(Plain(checkpoint).read(step)[1] for step in steps)
    return versus(TOPIC, name, [computed], [unique], "tokens", against=against, goal=TOKENS_GOAL)


def _edit(checkpoint: Checkpoint, length: int, at: int, size: Size) -> Row:
    """One step is changed: the whole proof once more, with and without a memory of the old one."""

    def scored_again(number: int) -> float:
        model = RewardModel(checkpoint)
        model.score(proof(length, number), critique=False)
        return _time(model, edited(proof(length, number), at - 1))

    def from_nothing(number: int) -> float:
        return _time(RewardModel(checkpoint), edited(proof(length, number), at - 1))

    found = in_turn({"ours": scored_again, "theirs": from_nothing}, size.rounds)
    return versus(
        TOPIC,
        f"step {at} of {length} edited, all scored again",
        found["ours"],
        found["theirs"],
        "ms",
        against="the changed proof from nothing",
    )


def _time(model: RewardModel, steps: Sequence[ProofStep]) -> float:
    return seconds(lambda: model.score(steps, critique=False)) * 1000

"""Other ways to the same scores: the same model, the same prompts, the same machine, in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack

from benchmarks.generated import Generated
from benchmarks.harness import Goal, Row, Size, in_turn, missing, seconds, versus
from benchmarks.llamacpp import SLOTS, NotInstalled, llama_server
from benchmarks.plain import farthest
from benchmarks.proofs import file_of
from eva.model import Checkpoint, RewardModel
from eva.model.checkpoint import load
from eva.step import ProofStep, StepScore

TOPIC = "peers"
MODEL = "leibniz-nano"
BATCH = 16
PROOFS, LENGTH = 6, 8
AHEAD = Goal("ratio", "≥", 1.0)
TOLERANCE = 1e-2
"""On the anchor scale; what is farther off does not compute the same."""

GENERATE = "transformers generate + JSON"
DECISION = "transformers pipeline(decision)"
LLAMA = "llama.cpp server"

Peer = Callable[[Sequence[ProofStep]], object]


class Company:
    """The peers that are there and compute the same as `model`, and why the others are missing."""

    def __init__(self, model: RewardModel, sample: Sequence[ProofStep]) -> None:
        self.peers: dict[str, Peer] = {}
        self.notes: dict[str, str] = {}
        self.absent: dict[str, str] = {}
        self.sample = sample
        self.truth: list[StepScore] = model.score(sample, critique=False)

    def admit(self, name: str, peer: Peer, expected: Sequence[Mapping[str, float]]) -> None:
        """Take a peer in, unless the expected scores that it gave for the sample are not ours."""
        distance = farthest(self.truth, expected)
        if distance > TOLERANCE:
            self.absent[name] = f"no comparison: its scores differ from ours by up to {distance:.3f}"
            return
        self.peers[name] = peer
        self.notes[name] = f"expected scores agree to {distance:.0e}"


def rows(size: Size) -> Iterator[Row]:
    """All rows of this topic."""
    checkpoint = load(MODEL)
    model = RewardModel(checkpoint)
    proofs, length = size.pick(PROOFS, 1), size.pick(LENGTH, 3)

    def rate(score: Peer) -> Callable[[int], float]:
        return lambda number: proofs * length / seconds(lambda: score(file_of(proofs, length, 700 + number)))

    def ours(steps: Sequence[ProofStep]) -> object:
        return model.score(steps, critique=False, batch_size=BATCH)

    company = Company(model, file_of(proofs, length, 699))
    with ExitStack() as stack:
        _add_generate(company, load(MODEL))
        _add_decision(company)
        for slots in (1, SLOTS):
            _add_llama(company, load(MODEL), slots, stack)
        ways = {"ours": rate(ours), **{name: rate(peer) for name, peer in company.peers.items()}}
        found = in_turn(ways, size.rounds)
    for name in (*company.peers, *company.absent):
        title = f"scores, beside {name}"
        if name in company.absent:
            yield missing(TOPIC, title, "steps/s", company.absent[name], goal=AHEAD)
        else:
            note = company.notes[name]
            yield versus(
                TOPIC, title, found["ours"], found[name], "steps/s", against=name, goal=AHEAD, note=note
            )


def _add_generate(company: Company, checkpoint: Checkpoint) -> None:
    generated = Generated(checkpoint, BATCH)
    parsed = generated.score(company.sample)
    same = sum(
        one is not None and all(one[name] == _likeliest(score, name) for name in one)
        for one, score in zip(parsed, company.truth, strict=True)
    )
    company.peers[GENERATE] = generated.score
    company.notes[GENERATE] = (
        f"integers only, batch {BATCH}; {sum(one is not None for one in parsed)} of {len(parsed)} objects "
        f"parsed, {same} with the integers that ours finds likeliest"
    )


def _add_decision(company: Company) -> None:
    try:
        from eva.evaluate.decision import decision_judge

        judge = decision_judge(MODEL)
    except ImportError:
        company.absent[DECISION] = "not installed: transformers 5.23 or newer has it"
        return
    company.admit(DECISION, judge, [judgement.expected for judgement in judge(company.sample)])


def _add_llama(company: Company, checkpoint: Checkpoint, slots: int, stack: ExitStack) -> None:
    name = f"{LLAMA}, {slots} at once"
    try:
        server = stack.enter_context(llama_server(checkpoint, slots))
    except NotInstalled as error:
        company.absent[name] = str(error)
    else:
        company.admit(name, server.score, server.score(company.sample))


def _likeliest(score: StepScore, dimension: str) -> int:
    distribution = score.dimensions[dimension].distribution
    return max(distribution, key=lambda anchor: distribution[anchor])

"""Many clients at one daemon with a real model: what it gets done, and who waits for whom."""

from __future__ import annotations

import math
import statistics
import threading
import time
from collections.abc import Iterator, Sequence

from benchmarks.clients import Task, gathered
from benchmarks.daemon import running
from benchmarks.harness import Goal, Row, Size, in_turn, seconds, versus
from benchmarks.proofs import file_of, proof
from eva import RewardModel
from eva.client import Client
from eva.runtime import Connection
from eva.serve.config import default_threads
from eva.step import ProofStep

TOPIC = "crowd"
CLIENTS = 64
BATCH = 16
BIG = 1000
PROOF = 10
HELLO = proof(1, 0)
THROUGHPUT = Goal("ratio", "≥", 0.9)
FAIR = Goal("ratio", "≤", 1.0)


def rows(size: Size) -> Iterator[Row]:
    """All rows of this topic."""
    with running("--batch", str(BATCH)) as connection:
        yield _throughput(connection, size)
        yield _fairness(connection, size)


def _throughput(connection: Connection, size: Size) -> Row:
    """Each client sends whole proofs, one after the other; offline the same steps are one call."""
    many, each = size.pick(CLIENTS, 4), size.pick(2, 1)
    model = RewardModel.from_pretrained(threads=default_threads())
    steps_in_all = many * each * PROOF

    def proofs(number: int, client: int) -> list[int]:
        return [(number * many + client) * each + i + 1 for i in range(each)]

    with gathered(many) as clients:

        def served(number: int) -> float:
            tasks = [
                Task("eva", connection, [proof(PROOF, seed) for seed in proofs(number, client)], HELLO, each)
                for client in range(many)
            ]
            return steps_in_all / max(map(sum, clients.run(tasks)))

        def offline(number: int) -> float:
            steps = [
                step
                for client in range(many)
                for seed in proofs(number, client)
                for step in proof(PROOF, seed)
            ]
            return steps_in_all / seconds(lambda: model.score(steps, critique=False, batch_size=BATCH))

        found = in_turn({"ours": served, "theirs": offline}, size.rounds)
    return versus(
        TOPIC,
        f"{many} clients at once",
        found["ours"],
        found["theirs"],
        "steps/s",
        against="the same steps in one call of RewardModel.score",
        goal=THROUGHPUT,
    )


def _fairness(connection: Connection, size: Size) -> Row:
    """How much later a one-step request is answered while a big one is under way."""
    big = size.pick(BIG, 50)
    later, batches, worst = [], [], 0.0
    with Client(connection) as small, Client(connection) as large:
        seed = 10_000_000
        for number in range(min(size.rounds, 3) + 1):
            idle = []
            for _ in range(10):
                seed += 1
                idle.append(_one_step(small, seed))
            work = file_of(big // PROOF, PROOF, 500 + number)
            taken: list[float] = []
            thread = threading.Thread(target=_score, args=(large, work, taken))
            thread.start()
            busy = []
            time.sleep(0.1)
            while thread.is_alive():
                seed += 1
                busy.append(_one_step(small, seed))
                time.sleep(0.05)
            if not taken:
                raise RuntimeError(f"the request of {big} steps was not answered")
            busy = busy[:-1] or busy  # the last one may have outlived the big request
            if number:
                later.append((statistics.median(busy) - statistics.median(idle)) * 1000)
                batches.append(taken[0] / math.ceil(big / BATCH) * 1000)
                worst = max(worst, *busy)
    return versus(
        TOPIC,
        f"a one-step request held back by one of {big:,} steps",
        later,
        batches,
        "ms",
        against=f"the time of one batch of the big request ({BATCH} steps)",
        goal=FAIR,
        note=f"median of many; the slowest was answered after {worst * 1000:.0f} ms",
    )


def _one_step(client: Client, seed: int) -> float:
    step = proof(2, seed)[1:]
    return seconds(lambda: client.score(step, critique=False))


def _score(client: Client, steps: Sequence[ProofStep], taken: list[float]) -> None:
    taken.append(seconds(lambda: client.score(steps, critique=False, deadline=600)))

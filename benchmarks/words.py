"""Critiques: how much faster they are written together, and whether scores wait for those of others."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator, Sequence

import torch
from transformers import DynamicCache

from benchmarks.daemon import running
from benchmarks.harness import Goal, Row, Size, in_turn, seconds, versus
from benchmarks.proofs import proof
from eva.client import Client
from eva.model import Checkpoint, RewardModel
from eva.model.checkpoint import load
from eva.runtime import Connection
from eva.step import CritiquePiece, ProofStep

TOPIC = "words"
MODEL = "leibniz-nano"
BATCH = 16
TOGETHER = Goal("ratio", "≥", 6.0)


def rows(size: Size) -> Iterator[Row]:
    """All rows of this topic."""
    checkpoint = load(MODEL)
    yield _together(checkpoint, size)
    yield _limit(checkpoint, size)
    with running("--batch", str(BATCH)) as connection:
        yield _scores_first(connection, size)


def _together(checkpoint: Checkpoint, size: Size) -> Row:
    """Tokens of critiques a second, from the first to the last of them."""
    model = RewardModel(checkpoint)
    many, few = size.pick(4 * BATCH, 4), size.pick(6, 1)

    def written(steps: Sequence[ProofStep], batch: int) -> float:
        texts: dict[int, str] = {}
        begun = ended = 0.0
        for event in model.stream(steps, batch_size=batch):
            if isinstance(event, CritiquePiece):
                ended = time.perf_counter()
                begun = begun or ended
                texts[event.index] = texts.get(event.index, "") + event.text
        tokens = sum(len(checkpoint.tokenizer(text)["input_ids"]) for text in texts.values())
        return tokens / (ended - begun)

    found = in_turn(
        {
            "ours": lambda number: written(_steps(many, number), BATCH),
            "theirs": lambda number: written(_steps(few, 500 + number), 1),
        },
        size.rounds,
    )
    return versus(
        TOPIC,
        f"critiques written, batch {BATCH}",
        found["ours"],
        found["theirs"],
        "tokens/s",
        against="the same, batch 1",
        goal=TOGETHER,
    )


def _limit(checkpoint: Checkpoint, size: Size) -> Row:
    """What the machine gives for the bare forward pass: the row above cannot be better than this."""
    model, context = checkpoint.model, 220

    @torch.inference_mode()
    def tokens_per_second(rows: int) -> float:
        cache = DynamicCache(config=model.config)
        model(input_ids=torch.full((rows, context), 7), past_key_values=cache, logits_to_keep=1)
        count = size.pick(48, 4)
        one = torch.full((rows, 1), 7)

        def write() -> None:
            for _ in range(count):
                model(input_ids=one, past_key_values=cache)

        return rows * count / seconds(write)

    found = in_turn(
        {"ours": lambda number: tokens_per_second(BATCH), "theirs": lambda number: tokens_per_second(1)},
        size.rounds,
    )
    return versus(
        TOPIC,
        f"the machine's limit: bare forward passes, batch {BATCH}",
        found["ours"],
        found["theirs"],
        "tokens/s",
        against="the same, batch 1",
        note=f"the same model with transformers' own cache, one token a row behind {context}",
    )


def _scores_first(connection: Connection, size: Size) -> Row:
    """The first score of a score-only request while another client's critiques are being written."""
    ours, theirs = [], []
    asked = 20_000_000
    with Client(connection) as small, Client(connection) as large:
        for number in range(min(size.rounds, 3) + 1):
            idle, busy = [], []
            for _ in range(10):
                asked += 1
                idle.append(_first_score(small, asked))
            writing, written = threading.Event(), threading.Event()
            steps = _steps(size.pick(4 * BATCH, 6), 100 + number)
            thread = threading.Thread(target=_write, args=(large, steps, writing, written))
            thread.start()
            writing.wait(300)
            while thread.is_alive():
                asked += 1
                busy.append(_first_score(small, asked))
                time.sleep(0.05)
            if not written.is_set():
                raise RuntimeError("the critiques were not written to their end")
            if number:
                ours.append(statistics.median(busy[:-1] or busy) * 1000)
                theirs.append(statistics.median(idle) * 1000)
    return versus(
        TOPIC,
        "first score while another client's critiques are written",
        ours,
        theirs,
        "ms",
        against="the same on an idle daemon",
    )


def _steps(count: int, number: int) -> list[ProofStep]:
    """Steps of different proofs, so that no two critiques need be the same."""
    return [proof(6, 30_000_000 + number * 1000 + i)[5] for i in range(count)]


def _first_score(client: Client, seed: int) -> float:
    step = proof(2, seed)[1:]
    return seconds(lambda: next(client.stream(step, critique=False), None))


def _write(
    client: Client, steps: Sequence[ProofStep], writing: threading.Event, written: threading.Event
) -> None:
    try:
        for event in client.stream(steps, deadline=600):
            if isinstance(event, CritiquePiece):
                writing.set()
        written.set()
    finally:
        writing.set()  # nobody is to wait for what will not come

"""The second stage (TRACT, ACL 2025): a trained model writes the critiques that it learns to judge by."""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

from eva.data.record import LabelledStep
from eva.model.checkpoint import CONFIG_FILE, EMBEDDED, Checkpoint
from eva.model.reward_model import RewardModel
from eva.step import ORDERS
from eva.train.config import BadConfig, TrainConfig, saved_orders

BATCH = 64  # steps that are written for together
CHUNK = 512  # steps between two writes to disk


def own_critiques(
    config: TrainConfig, base: Checkpoint, records: Sequence[LabelledStep], *, first: bool
) -> list[str]:
    """The base's own critique of every training step, written where `self_critique_order` says.

    They are kept in `out/critiques.jsonl`, so that a run that is stopped does not write them again. `first`:
    this process writes them; the others come when it is done, and only read. They wait for half an hour at
    most (the `ddp_timeout` of transformers): a run that ends there goes on by the same command.

    Raises `BadConfig` where the base is no model of `eva train`, or has not learned to write critiques there,
    and where one that only reads finds too few; `ModelError`.
    """
    directory = EMBEDDED.get(config.base, Path(config.base))
    if not (directory / CONFIG_FILE).exists():
        raise BadConfig(f"self_critique needs a base made by `eva train`: {directory} has no {CONFIG_FILE}")
    learned, order = saved_orders(directory.parent), config.self_critique_order
    if learned == "none":
        raise BadConfig(f"self_critique needs a base that writes critiques: {directory} had orders none")
    if learned in ORDERS and learned != order:
        raise BadConfig(
            f"self_critique_order {order} is not what {directory} has learned: "
            f"give --self-critique-order {learned}"
        )
    file = config.out / "critiques.jsonl"
    lines = file.read_bytes().splitlines(keepends=True) if file.exists() else []
    whole = [line for line in lines if line.endswith(b"\n")]
    done: list[str] = [json.loads(line) for line in whole][: len(records)]
    if len(done) == len(records):
        return done
    if not first:
        raise BadConfig(
            f"{file} has {len(done)} of {len(records)} critiques: the first process writes them, and every "
            "process must see its --out"
        )
    if len(whole) < len(lines):  # it was cut off in the middle of the last one
        file.write_bytes(b"".join(whole))
    # of a copy, for what a reward model has taken over can be trained no more
    writer = RewardModel(replace(base, model=deepcopy(base.model).eval()))
    with file.open("a", encoding="utf-8") as out:
        while len(done) < len(records):
            part = [record.step for record in records[len(done) : len(done) + CHUNK]]
            words = [score.critique or "" for score in writer.score(part, order=order, batch_size=BATCH)]
            out.writelines(json.dumps(text, ensure_ascii=False) + "\n" for text in words)
            out.flush()
            done += words
            print(f"{len(done)} of {len(records)} critiques written", flush=True)
    return done

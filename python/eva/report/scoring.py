"""Scores the sets with every arm of one run: `python -m eva.report.scoring SETTINGS RUN SEED`."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

from eva.data.record import LabelledStep, read_records
from eva.evaluate import baselines
from eva.evaluate.judgement import Judge, Judgement, write_judgements
from eva.evaluate.sample import whole_theorems
from eva.report.arms import ARMS, BASE, PARSED, SPLITS, Reading
from eva.report.plan import NO_RUN, Settings, run_directory, scores_file
from eva.step import Order


def set_of(settings: Settings, split: str) -> list[LabelledStep]:
    """The labelled steps that every arm is compared on."""
    return whole_theorems(list(read_records(settings.data / f"{split}.jsonl")), settings.evaluate)


def judge_of(
    settings: Settings, arm: str, seed: int, records: Sequence[LabelledStep], *, critique: bool = True
) -> Judge:
    """The judge of an arm; for those that read no proof, from the training steps. Raises `LoadError`.

    `records`: what it is going to judge, for the arms that are given the labels' words. `critique`: whether a
    model writes its own where it has learned to. Parsed integers are told with their distributions.
    """
    reading, run = ARMS[arm].reading, ARMS[arm].run
    if run is None:
        return _without_model(settings, reading, records)

    import torch

    from eva.evaluate import judges
    from eva.model.reward_model import RewardModel

    torch.set_num_threads(1)
    directory = run_directory(settings, run, seed) / "model"
    if reading in ("decimal", "value", "decision", "likelihood"):
        return _without_anchors(settings, reading, directory)
    model = RewardModel.from_pretrained(str(directory))
    if reading == "sampled":
        return judges.sampled_judge(model, seed=seed)
    if reading == "given_critique":
        return judges.given_critique_judge(model, [record.critique for record in records])
    stored = PARSED.get(reading, reading)
    order: Order = "critique_first" if stored == "critique_first" else "score_first"
    return judges.model_judge(model, order=order, critique=critique and run not in (BASE, "no_critique"))


def _without_anchors(settings: Settings, reading: Reading, directory: Path) -> Judge:
    from eva.evaluate import judges
    from eva.evaluate.decision import decision_judge
    from eva.evaluate.likelihood import likelihood_judge

    if reading == "likelihood":
        return likelihood_judge(directory, _train(settings))
    if reading == "decision":
        return decision_judge(str(directory))
    return (judges.decimal_judge if reading == "decimal" else judges.value_judge)(directory)


def _without_model(settings: Settings, reading: Reading, records: Sequence[LabelledStep]) -> Judge:
    if reading == "labels":
        return lambda steps: [Judgement("scored", r.targets, None, r.critique) for r in records]
    train = _train(settings)
    if reading == "constant":
        return baselines.constant_judge(train)
    features = baselines.tactic_words if reading == "words" else baselines.tactic_and_goal_words
    return baselines.words_judge(train, features)


def _train(settings: Settings) -> list[LabelledStep]:
    """The training steps that the other arms learn from: those of the first seed."""
    records = list(read_records(settings.data / "train.jsonl"))
    Random(settings.seeds[0]).shuffle(records)
    return records[: settings.seen(len(records))]


def main(words: Sequence[str]) -> None:
    settings, run, seed = Settings.load(Path(words[0])), words[1], int(words[2])
    for split in SPLITS:
        records = set_of(settings, split)
        for arm in settings.arms:
            out = scores_file(settings, arm, seed, split)
            if (ARMS[arm].run or NO_RUN) != run or out.exists():
                continue
            out.parent.mkdir(parents=True, exist_ok=True)
            start = time.monotonic()
            judged = judge_of(settings, arm, seed, records)([record.step for record in records])
            write_judgements(out, judged)
            print(f"{out.stem}: {time.monotonic() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

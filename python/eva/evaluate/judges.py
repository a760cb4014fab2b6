"""Judges that are models: EVA's own read-outs and the baselines that share its base and data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from eva.data.record import LABELS, rescale
from eva.evaluate.judgement import Judge, Judgement, judgement
from eva.model.checkpoint import CONFIG_FILE, EvaConfig
from eva.model.prompt import prompt
from eva.model.reward_model import RewardModel
from eva.step import DIMENSIONS, DimensionScore, Order, ProofStep

Progress = Callable[[int], None]
BATCH = 32


def model_judge(
    model: RewardModel,
    *,
    order: Order = "score_first",
    critique: bool = True,
    batch_size: int = BATCH,
    progress: Progress = lambda done: None,
) -> Judge:
    """EVA: expected scores in one order, with the model's own critique (B2, B4, B9, B10, B11, B12; B8 by its
    scale).

    `eva.evaluate.judgement.parsed` makes the parsed integers of B1 and B3 out of what it says.
    """

    def judge(steps: Sequence[ProofStep]) -> list[Judgement]:
        out: list[Judgement] = []
        for start in range(0, len(steps), batch_size):
            scores = model.score(
                steps[start : start + batch_size], critique=critique, order=order, batch_size=batch_size
            )
            out += [judgement(score, model.config) for score in scores]
            progress(len(out))
        return out

    return judge


def given_critique_judge(model: RewardModel, critiques: Sequence[str]) -> Judge:
    """Expected scores after critiques that somebody else wrote, one for each step: teacher forcing.

    With the critiques of the labels this is what training sees, and an upper bound: they tell Lean's verdict.
    """

    def judge(steps: Sequence[ProofStep]) -> list[Judgement]:
        out: list[Judgement] = []
        for start in range(0, len(steps), BATCH):
            part = slice(start, start + BATCH)
            scores = model.score_given(steps[part], critiques[part])
            out += [judgement(score, model.config) for score in scores]
        return out

    return judge


def sampled_judge(model: RewardModel, samples: int = 8, seed: int = 0) -> Judge:
    """B5: the mean of `samples` written integers, drawn at temperature 1 (G-Eval, Liu et al. 2023).

    Each sample writes the whole object, so a later dimension follows the integers drawn before it.
    """

    def judge(steps: Sequence[ProofStep]) -> list[Judgement]:
        draw = Random(seed)

        def choose(score: DimensionScore) -> int:
            shares = [p**model.config.temperature for p in score.distribution.values()]  # τ undone
            return draw.choices(list(score.distribution), shares)[0]

        out: list[Judgement] = []
        for start in range(0, len(steps), BATCH):
            written = model.write_integers(steps[start : start + BATCH], choose, samples)
            out += [_mean(integers, model.config) for integers in written]
        return out

    return judge


def _mean(samples: Sequence[dict[str, int]], config: EvaConfig) -> Judgement:
    if not samples:
        return Judgement("too_long", {})
    scale = (float(config.scale[0]), float(config.scale[1]))
    means = {n: sum(sample[n] for sample in samples) / len(samples) for n in DIMENSIONS}
    return Judgement("scored", {n: rescale(mean, scale, LABELS) for n, mean in means.items()})


def value_judge(directory: Path) -> Judge:
    """B7: the regression head of `eva train --scores value`."""
    import torch

    from eva.train.value_head import OUT, load_value_head

    model, tokenizer = load_value_head(directory)
    instruction = EvaConfig.load(directory / CONFIG_FILE).instruction
    low, high = LABELS

    def judge(steps: Sequence[ProofStep]) -> list[Judgement]:
        prompts = [list(tokenizer(prompt(step, instruction))["input_ids"]) for step in steps]
        by_length = sorted(range(len(steps)), key=lambda i: len(prompts[i]))
        out: list[Judgement] = [Judgement("too_long", {})] * len(steps)
        room = getattr(model.config, "max_position_embeddings", 1 << 30)
        fitting = [i for i in by_length if len(prompts[i]) <= room]
        for start in range(0, len(fitting), BATCH):
            rows = fitting[start : start + BATCH]
            width = max(len(prompts[i]) for i in rows)
            ids = torch.full((len(rows), width), tokenizer.pad_token_id)
            for row, i in enumerate(rows):
                ids[row, : len(prompts[i])] = torch.tensor(prompts[i])
            with torch.inference_mode():
                numbers = model(input_ids=ids.to(model.device)).logits.tolist()
            for i, of_prompt in zip(rows, numbers, strict=True):
                three = of_prompt[len(prompts[i]) - 1]
                scores = (min(high, max(low, rescale(x, OUT, LABELS))) for x in three)
                out[i] = Judgement("scored", dict(zip(DIMENSIONS, scores, strict=True)))
        return out

    return judge


def decimal_judge(directory: Path) -> Judge:
    """B6: the decimal scores that `eva train --scores decimal` writes, decoded greedily under a grammar."""
    from eva.evaluate.decimals import read_decimals
    from eva.model.checkpoint import load

    checkpoint = load(str(directory), read="decimal")

    def judge(steps: Sequence[ProofStep]) -> list[Judgement]:
        out: list[Judgement] = []
        for start in range(0, len(steps), BATCH):
            texts = [prompt(step, checkpoint.config.instruction) for step in steps[start : start + BATCH]]
            out += [
                Judgement("too_long" if scores is None else "scored", scores or {})
                for scores in read_decimals(checkpoint, texts)
            ]
        return out

    return judge

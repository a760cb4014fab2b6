"""How likely the base finds a step, with the base as the policy that proposes it: what a language model of
proofs knows of steps before it has seen a label. Proof search has long been ordered by it (GPT-f, arXiv
2009.03393).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

from eva.data.record import LABELS, LabelledStep
from eva.evaluate.judgement import Judge, Judgement
from eva.model.checkpoint import Checkpoint, load
from eva.model.prompt import prompt
from eva.step import DIMENSIONS, ProofStep

BATCH = 8  # every position's logits are held
FITTED = 2000  # labelled steps for three numbers a step


def likelihood_judge(directory: Path, records: Sequence[LabelledStep]) -> Judge:
    """A ridge regression of the labels on the lowest and the mean log-probability of a step's tokens and on
    their number, trained on `FITTED` of `records`, drawn at random.

    Steps whose prompt the model cannot hold are `too_long`. Raises `LoadError`.
    """
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    checkpoint = load(str(directory))
    checkpoint.model.eval()
    drawn = Random(0).sample(records, min(FITTED, len(records)))
    known = [
        (_numbers(found), [record.targets[n] for n in DIMENSIONS])
        for record, found in zip(drawn, log_probabilities(checkpoint, [r.step for r in drawn]), strict=True)
        if found is not None
    ]
    model = make_pipeline(StandardScaler(), Ridge(alpha=1.0))
    model.fit([numbers for numbers, _ in known], [targets for _, targets in known])

    def judge(steps: Sequence[ProofStep]) -> list[Judgement]:
        out = []
        for found in log_probabilities(checkpoint, steps):
            if found is None:
                out.append(Judgement("too_long", {}))
                continue
            row = np.clip(model.predict([_numbers(found)])[0], *LABELS).tolist()
            out.append(Judgement("scored", dict(zip(DIMENSIONS, row, strict=True))))
        return out

    return judge


def log_probabilities(
    checkpoint: Checkpoint, steps: Sequence[ProofStep]
) -> list[npt.NDArray[np.float64] | None]:
    """ln P of each token of each step's text, given everything before it in the prompt; `None` where the
    prompt is longer than the context."""
    import torch

    model: Any = checkpoint.model
    room = getattr(model.config, "max_position_embeddings", None) or 1 << 30
    texts = [_tokens(checkpoint, step) for step in steps]
    out: list[npt.NDArray[np.float64] | None] = [None] * len(steps)
    by_length = sorted(range(len(steps)), key=lambda i: len(texts[i][0]))
    fitting = [i for i in by_length if len(texts[i][0]) <= room]
    for start in range(0, len(fitting), BATCH):
        rows = fitting[start : start + BATCH]
        width = max(len(texts[i][0]) for i in rows)
        ids = torch.tensor(
            [texts[i][0] + [0] * (width - len(texts[i][0])) for i in rows], device=model.device
        )
        with torch.inference_mode():
            logits = model(input_ids=ids).logits[:, :-1].float()
            found = logits.log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0].double().cpu().numpy()
        for row, i in enumerate(rows):
            ids_of, first = texts[i]
            out[i] = found[row, first - 1 : len(ids_of) - 1]
    return out


def _tokens(checkpoint: Checkpoint, step: ProofStep) -> tuple[list[int], int]:
    """The prompt up to the end of the step, and the first token that holds some of the step's text."""
    text = prompt(step, checkpoint.config.instruction).removesuffix("\nJudgement:\n")
    found = checkpoint.tokenizer(text, return_offsets_mapping=True)
    begin = len(text) - len(step.tactic)
    first = next(i for i, (_, end) in enumerate(found["offset_mapping"]) if end > begin)
    return list(found["input_ids"]), first


def _numbers(found: npt.NDArray[np.float64]) -> list[float]:
    return [float(found.min()), float(found.mean()), float(len(found))]

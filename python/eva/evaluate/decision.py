"""The ready-made peer: transformers' `pipeline("decision")`, on the same model and the same prompts.

It reads the expected level of a scale from the logits of its labels, one forward pass a question. It knows
one place of a prompt at a time, so the object is written for it, dimension by dimension, with the levels it
found most likely; and it wants labels of one token.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eva.data.record import LABELS, rescale
from eva.evaluate.judgement import Judge, Judgement
from eva.model.errors import LoadError
from eva.model.frame import Frame
from eva.model.prompt import prompt
from eva.model.reward_model import RewardModel
from eva.step import DIMENSIONS, ProofStep

TEMPLATE = "{{ state }}<|mark|>"  # the text as it stands; the head reads at its end


def decision_judge(name_or_path: str) -> Judge:
    """The pipeline on the causal model `name_or_path`, at the model's own scale and temperature.

    Raises `LoadError` where a score of the scale takes several tokens.
    """
    import copy

    import transformers
    from transformers.decision.configuration_utils import DecisionConfig

    from eva.model.checkpoint import load

    checkpoint = load(name_or_path)
    frame = Frame.of(checkpoint.tokenizer, checkpoint.config.scale)
    paths = frame.fields[0].anchors.paths
    if any(len(path) > 1 for field in frame.fields for path in field.anchors.paths.values()):
        raise LoadError("transformers' decision pipeline reads one token a level: take scale 1..5")
    labels = [checkpoint.tokenizer.decode(path) for path in paths.values()]
    decide = transformers.pipeline(
        "decision",
        model=checkpoint.model,
        tokenizer=copy.deepcopy(checkpoint.tokenizer),  # it adds its marks
        decision_config=DecisionConfig(
            labels={"score": labels},
            temperature={"score": checkpoint.config.temperature},
            chat_template=TEMPLATE,
        ),
    )
    model = RewardModel(checkpoint)
    scale = (float(checkpoint.config.scale[0]), float(checkpoint.config.scale[1]))
    anchors = list(paths)

    def ask(text: str) -> dict[str, Any]:
        question = {"type": "score", "instructions": None, "criteria": [str(a) for a in anchors]}
        answers = decide({"state": text, "questions": {"score": question}})
        return dict(answers["score"])

    def judge(steps: Sequence[ProofStep]) -> list[Judgement]:
        out = []
        for step in steps:
            text = prompt(step, model.config.instruction)
            expected, distributions, before = {}, {}, None
            for field in frame.fields:
                lead = field.leads[before if before in field.leads else None]
                text += checkpoint.tokenizer.decode(lead)
                answer = ask(text)
                shares = dict(zip(anchors, answer["probabilities"].values(), strict=True))
                before = max(shares, key=shares.__getitem__)
                text += labels[anchors.index(before)]
                expected[field.name] = rescale(anchors[0] + answer["score"], scale, LABELS)
                distributions[field.name] = {rescale(float(a), scale, LABELS): p for a, p in shares.items()}
            out.append(Judgement("scored", {n: expected[n] for n in DIMENSIONS}, distributions))
        return out

    return judge

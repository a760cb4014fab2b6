"""Bases as others have made them: without a pad token, with learned positions for so many tokens only."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from toy import toy_records
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from eva.data.record import write_records
from eva.evaluate.judges import value_judge
from eva.train.base import open_base
from eva.train.config import BadConfig, PretrainConfig, TrainConfig
from eva.train.pretrain import pretrain
from eva.train.run import train
from tiny import tiny_tokenizer

CONTEXT = 256
LONG = " ∧ p" * CONTEXT
VALUE = {"scores": "value", "alpha": 0.0, "score_noise": 0.0}


def base_without_pad(directory, **tokens):
    """A GPT-2 with a layer and random weights."""
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=tiny_tokenizer("digits_split").backend_tokenizer, **tokens
    )
    tokenizer.save_pretrained(directory)
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=CONTEXT,
        n_embd=32,
        n_layer=1,
        n_head=2,
        bos_token_id=0,
        eos_token_id=1,
    )
    GPT2LMHeadModel(config).save_pretrained(directory)
    return directory


@pytest.fixture
def given(tmp_path):
    """Options of a short run. A text of each split has more tokens than the base has positions."""
    for split, count in (("train", 12), ("validation", 6)):
        records = [replace(r, step=replace(r.step, goals_after=())) for r in toy_records(count, split)]
        at = next(i for i, record in enumerate(records) if record.accepted)
        step = replace(records[at].step, statement=records[at].step.statement + LONG)
        records[at] = replace(records[at], step=step)
        write_records(tmp_path / "data" / f"{split}.jsonl", records)
    base = base_without_pad(tmp_path / "gpt2", eos_token="</s>")
    return {
        "data": tmp_path / "data",
        "out": tmp_path / "out",
        "base": str(base),
        "steps": 3,
        "batch_size": 4,
        "max_tokens": 4 * CONTEXT,
        "threads": 1,
    }


@pytest.mark.parametrize(
    "arm", [{"orders": "none"}, {**VALUE, "scores": "decimal"}, VALUE], ids=["anchors", "decimal", "value"]
)
def test_texts_longer_than_the_base_are_left_out_in_every_arm(given, arm, capsys):
    final = train(TrainConfig(**given, **arm))
    told = capsys.readouterr().out
    assert f"11 training texts (1 over {CONTEXT} tokens left out)" in told
    assert f"5 validation texts (1 over {CONTEXT} tokens left out)" in told
    assert AutoTokenizer.from_pretrained(final).pad_token == "</s>"
    if arm is VALUE:
        judged = value_judge(final)([r.step for r in toy_records(4, "test")])
        assert [one.status for one in judged] == ["scored"] * 4, "prompts of several lengths, in one batch"


def test_pretraining_leaves_them_out_too(given, capsys):
    pretrain(PretrainConfig(**given))
    told = capsys.readouterr().out
    assert f"training texts (1 over {CONTEXT} tokens left out)" in told
    assert f"validation texts (1 over {CONTEXT} tokens left out)" in told
    assert json.loads((given["out"] / "metrics.json").read_text("utf-8"))["validation_loss"] > 0


def test_a_base_without_any_end_of_text_is_refused(given, tmp_path):
    base = base_without_pad(tmp_path / "neither")
    with pytest.raises(BadConfig, match=r"neither has a tokenizer without a pad token .* name one of them"):
        open_base(TrainConfig(**{**given, "base": str(base)}), [])

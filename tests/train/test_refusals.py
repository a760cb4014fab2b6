"""A run that cannot be, or went wrong, ends with one clear line: before it begins where that can be seen."""

from __future__ import annotations

from dataclasses import replace

import pytest
import transformers
from toy import toy_data, toy_records
from typer.testing import CliRunner

from eva.cli import app
from eva.data.record import write_records
from eva.model.errors import LoadError, ModelError, OutOfMemory
from eva.train import calibrate
from eva.train.config import BadConfig, PretrainConfig, TrainConfig
from eva.train.pretrain import pretrain
from eva.train.run import no_divergence, open_run, train
from eva.train.save import save_checkpoint

VALUE = {"scores": "value", "alpha": 0.0, "score_noise": 0.0}


@pytest.fixture
def given(tmp_path):
    return {
        "data": toy_data(tmp_path / "data", 8, 4),
        "out": tmp_path / "out",
        "base": "new:micro",
        "steps": 1,
        "batch_size": 4,
        "threads": 1,
    }


@pytest.mark.parametrize(
    "arm", [{}, VALUE, {**VALUE, "scores": "decimal"}], ids=["anchors", "value", "decimal"]
)
def test_texts_that_are_all_too_long_are_refused_in_every_arm(given, arm):
    with pytest.raises(
        BadConfig, match="every training text has more than 8 tokens: give a higher --max-tokens"
    ):
        train(TrainConfig(**given, **arm, max_tokens=8))


def test_a_base_of_proofs_needs_steps_that_lean_took(given):
    with pytest.raises(BadConfig, match=r"train\.jsonl has no step that Lean took .* give another --data"):
        pretrain(PretrainConfig(**given))


def test_several_gpus_in_one_process_are_refused_with_both_remedies(given, monkeypatch):
    monkeypatch.setattr(transformers.TrainingArguments, "n_gpu", property(lambda self: 2))
    with pytest.raises(BadConfig, match=r"--num_processes 2 -m eva train .* CUDA_VISIBLE_DEVICES=0"):
        open_run(TrainConfig(**given))
    assert not given["out"].exists(), "before anything is begun"


@pytest.mark.parametrize("command", ["train", "pretrain"])
def test_a_bad_line_of_the_data_is_named(given, command):
    file = given["data"] / "train.jsonl"
    file.write_text(file.read_text("utf-8") + '{"step": 1}\n', "utf-8")
    ended = CliRunner().invoke(app, [command, "--data", str(given["data"]), "--out", str(given["out"])])
    assert ended.exit_code == 2
    assert f"eva: error: {file}:9: a labelled step needs the field" in ended.stderr


@pytest.mark.parametrize(
    ("command", "cause"), [("train", "the model gave NaN logits"), ("pretrain", "the validation loss is nan")]
)
def test_training_that_diverges_says_to_lower_the_learning_rate(given, command, cause):
    for split in ("train", "validation"):
        records = [replace(r, step=replace(r.step, goals_after=())) for r in toy_records(8, split)]
        write_records(given["data"] / f"{split}.jsonl", records)
    options = {**given, "steps": 3, "learning_rate": 1e30, "optimizer": "adamw"}
    words = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    ended = CliRunner().invoke(app, [command, *words])
    assert ended.exit_code == 4
    [line] = [line for line in ended.stderr.splitlines() if "eva: error" in line]
    assert "training has diverged: give a --learning-rate under 1e+30, and another --out" in line
    assert cause in line
    assert not (given["out"] / "model").exists()


def test_numbers_that_only_validation_finds_unusable_say_so_too(given, monkeypatch):
    def refuse(*_):
        raise ModelError("infinite logits")

    monkeypatch.setattr(calibrate, "validate", refuse)
    config = TrainConfig(**given)
    with pytest.raises(ModelError, match=r"under 0\.0015, and another --out \(infinite logits\)"):
        train(config)
    with pytest.raises(OutOfMemory, match=r"^no memory$"), no_divergence(config):
        raise OutOfMemory("no memory")


def test_what_cannot_be_read_is_not_written(given, tmp_path):
    config = TrainConfig(**given)
    object.__setattr__(config, "weights", (0.0, 0.0, 0.0))
    with pytest.raises(LoadError, match="weights"):
        save_checkpoint(tmp_path / "model", None, None, config)
    assert not (tmp_path / "model").exists()

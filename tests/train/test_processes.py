"""Several processes train one model: each on its part of every batch, with whole or with sharded weights."""

from __future__ import annotations

import csv
import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file
from toy import toy_data, toy_records

from eva.data.record import write_records
from eva.model import RewardModel
from eva.train.config import BadConfig, TrainConfig
from eva.train.run import PROCESSES, open_run, train

EVA = ("-m", "eva")
SHARDED = (str(Path(__file__).parent / "sharded.py"),)
SHARDING = {
    "ACCELERATE_USE_FSDP": "true",
    "FSDP_VERSION": "2",
    "FSDP_AUTO_WRAP_POLICY": "TRANSFORMER_BASED_WRAP",
    "FSDP_TRANSFORMER_CLS_TO_WRAP": "LlamaDecoderLayer",
}
VALUE = {"scores": "value", "alpha": 0.0, "score_noise": 0.0}


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """Of a short run on a base that is there."""
    directory = tmp_path_factory.mktemp("processes")
    data = toy_data(directory / "data", 160, 24)
    some = enumerate(toy_records(160, "train"))
    uneven = [dataclasses.replace(r, critique=r.critique + " So there." * (i % 16)) for i, r in some]
    write_records(data / "train.jsonl", uneven)  # one process has longer texts than the other
    base = train(
        TrainConfig(data=data, out=directory / "base", base="new:micro", steps=10, batch_size=16, threads=1)
    )
    return TrainConfig(
        data=data,
        out=directory / "one",
        base=str(base),
        steps=6,
        batch_size=8,
        save_steps=3,
        bf16=False,
        threads=1,
    )


def in_two(config, program, **environment):
    """Train in two processes, and return the directory of the final checkpoint."""
    file = config.out.with_suffix(".json")
    config.save(file)
    words = ["torch.distributed.run", "--standalone", "--nproc_per_node", "2", *program]
    done = subprocess.run(
        [sys.executable, "-m", *words, "train", "--config", str(file)],
        env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    final = config.out / "model"
    assert done.stdout.split().count(str(final)) == 2, "each process says where the model is"
    return final


def farthest(one, other):
    """The largest difference of two weights with the same name."""
    a, b = (load_file(directory / "model.safetensors") for directory in (one, other))
    assert a.keys() == b.keys()
    return max(float((a[name].float() - b[name].float()).abs().max()) for name in a)


def watched(run):
    """The rows of the curves in which the validation loss stands."""
    with (run / "curves.csv").open() as file:
        return [row for row in csv.DictReader(file) if row["eval_loss"]]


def losses(run):
    return [float(row["eval_loss"]) for row in watched(run)]


@pytest.fixture(scope="module")
def whole(config):
    """The final checkpoint of two processes that hold all weights each."""
    return in_two(dataclasses.replace(config, out=config.out.with_name("whole")), EVA)


@pytest.fixture(scope="module")
def sharded(config):
    """A run of two processes that hold half of the weights each: its configuration."""
    config = dataclasses.replace(config, out=config.out.with_name("sharded"))
    in_two(config, SHARDED, **SHARDING)
    return config


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_two_processes_train_the_model_of_one(config, whole):
    train(config)
    RewardModel.from_pretrained(str(whole))
    assert losses(whole.parent) == pytest.approx(losses(config.out), rel=1e-4)
    assert farthest(whole, config.out / "model") < 2e-4, "as weights are rounded where they are kept"


def test_another_number_of_processes_does_not_go_on(tmp_path):
    config = TrainConfig(data=toy_data(tmp_path / "data", 8, 4), out=tmp_path / "out", base="new:micro")
    open_run(config)
    open_run(config)
    (config.out / PROCESSES).write_text("2\n")
    with pytest.raises(BadConfig, match=r"begun by 2 processes, not 1: go on with as many .*processes 2 -m"):
        open_run(config)
    (config.out / "metrics.json").touch()
    open_run(config)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_terms_of_the_loss_are_those_of_all_processes(config, whole):
    """Of three batches the second process has one of its own, and one that the first has had."""
    rows = watched(whole.parent)
    assert len(rows) == 2
    for row in rows:
        terms = float(row["eval_loss_sft"]) + config.alpha * float(row["eval_loss_eva"])
        assert terms == pytest.approx(float(row["eval_loss"]), rel=1e-5)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_sharded_weights_are_gathered(config, whole, sharded):
    """The sum of the gradients is the same, whoever holds which weights: so is the model."""
    assert_gathered(whole, sharded.out)
    assert farthest(Path(config.base), sharded.out / "model") > 5e-3, "training has moved them"


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("change", [{"lora": True}, VALUE], ids=["lora", "value"])
def test_sharded_weights_of_other_models_are_gathered(config, tmp_path, change):
    whole = in_two(dataclasses.replace(config, out=tmp_path / "whole", **change), EVA)
    in_two(dataclasses.replace(config, out=tmp_path / "sharded", **change), SHARDED, **SHARDING)
    assert_gathered(whole, tmp_path / "sharded")


def assert_gathered(whole, run):
    shards = run / "checkpoints" / "checkpoint-6" / "pytorch_model_fsdp_0"
    assert len(list(shards.glob("*.distcp"))) == 2, "each process writes its own part"
    assert farthest(whole, run / "model") < 5e-4, "but for the rounding of sums, kept in bfloat16"
    assert (run / "metrics.json").exists()


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_sharded_run_goes_on_where_it_was(sharded, tmp_path):
    before = shutil.copytree(sharded.out / "model", tmp_path / "before")
    shutil.rmtree(sharded.out / "model")
    shutil.rmtree(sharded.out / "checkpoints" / "checkpoint-6")
    (sharded.out / "metrics.json").unlink()
    assert farthest(before, in_two(sharded, SHARDED, **SHARDING)) == 0

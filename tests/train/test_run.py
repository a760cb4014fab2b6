"""A whole run on toy data: it learns the rule, it resumes, its checkpoint is one that `RewardModel` takes."""

from __future__ import annotations

import csv
import dataclasses

import pytest
from toy import toy_data, toy_records

from eva.model import LoadError, RewardModel
from eva.train.config import BadConfig, TrainConfig
from eva.train.run import train


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    directory = tmp_path_factory.mktemp("run")
    config = TrainConfig(
        data=toy_data(directory / "data", 320, 16),
        out=directory / "out",
        base="new:micro",
        epochs=10,
        batch_size=16,
        learning_rate=6e-3,
        save_steps=60,
        threads=1,
    )
    return config, train(config)


@pytest.mark.slow
def test_training_moves_the_model_to_the_labels(finished):
    config, checkpoint = finished
    model = RewardModel.from_pretrained(str(checkpoint))
    records = toy_records(40, "test")
    scores = model.score([r.step for r in records], critique=False)
    assert all(s.status == "scored" for s in scores), "a trained model is on format"
    error = sum(
        (s.expected["clarity"] - r.targets["clarity"]) ** 2 for s, r in zip(scores, records, strict=True)
    )
    assert error / len(records) < 0.6, "clarity is uniform in [3, 5] here: its mean alone is off by 0.33"
    with (config.out / "curves.csv").open() as file:
        rows = list(csv.DictReader(file))
    eva = [float(row["loss_eva"]) for row in rows if row["loss_eva"]]
    assert eva[-1] < 0.75 * eva[0]
    assert (config.out / "curves.png").stat().st_size > 5000


@pytest.mark.slow
def test_a_finished_run_resumes_and_another_one_is_refused(finished):
    config, checkpoint = finished
    weights = checkpoint / "model.safetensors"
    before = weights.read_bytes()
    assert train(config) == checkpoint and weights.read_bytes() == before
    with pytest.raises(BadConfig, match="another configuration"):
        train(dataclasses.replace(config, alpha=0.0))


def test_bad_options_name_themselves(tmp_path):
    data = toy_data(tmp_path / "data", 4, 2)
    for change, word in [
        ({"alpha": -1.0}, "alpha"),
        ({"epochs": 0.0}, "epochs"),
        ({"data": tmp_path}, "train.jsonl"),
    ]:
        with pytest.raises(BadConfig, match=word):
            TrainConfig(**{"data": data, "out": tmp_path / "out", **change})
    with pytest.raises(BadConfig, match="new:huge"):
        train(TrainConfig(data=data, out=tmp_path / "a", base="new:huge"))
    with pytest.raises(LoadError, match="no-such-model"):
        train(TrainConfig(data=data, out=tmp_path / "b", base="no-such-model"))

"""Whole runs on toy data: they learn the rule, they resume, and `RewardModel` takes their checkpoints."""

from __future__ import annotations

import csv
import dataclasses
import json
import shutil

import pytest
from toy import toy_data, toy_records

from eva.evaluate.judges import decimal_judge, value_judge
from eva.model import LoadError, RewardModel
from eva.train.config import BadConfig, PretrainConfig, TrainConfig
from eva.train.pretrain import pretrain, proof_texts
from eva.train.run import first_pass, last_checkpoint, read_split, train


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    directory = tmp_path_factory.mktemp("run")
    config = TrainConfig(
        data=toy_data(directory / "data", 320, 32),
        out=directory / "out",
        base="new:micro",
        epochs=20,
        batch_size=16,
        learning_rate=6e-3,
        save_steps=60,
        threads=1,
    )
    return config, train(config)


def small(finished, out, **change):
    """A run of a few steps on the base that is there."""
    config, checkpoint = finished
    options = {"base": str(checkpoint), "steps": 6, "batch_size": 8, "save_steps": 3, "epochs": 1}
    return dataclasses.replace(config, out=out, **{**options, **change})


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
    metrics = json.loads((config.out / "metrics.json").read_text())
    assert set(metrics["validation"]) == {"score_first", "critique_first"}
    fitted = [model.config.temperature, model.config.critique_temperature]
    assert list(metrics["temperature"].values()) == fitted and 1.0 not in fitted
    assert fitted[0] != fitted[1], "each order has its own"


@pytest.mark.slow
def test_a_finished_run_is_left_alone_and_another_one_is_refused(finished):
    config, checkpoint = finished
    weights = checkpoint / "model.safetensors"
    before = weights.stat().st_mtime_ns
    assert train(config) == checkpoint and weights.stat().st_mtime_ns == before
    with pytest.raises(BadConfig, match=r"another configuration \(alpha was 0\.5, is 0\.0 now\)"):
        train(dataclasses.replace(config, alpha=0.0))


@pytest.mark.slow
def test_a_run_that_was_stopped_ends_as_if_it_had_not_been(finished, tmp_path):
    whole = small(finished, tmp_path / "whole")
    cut = small(finished, tmp_path / "cut")
    first = train(whole)
    shutil.copytree(whole.out / "checkpoints" / "checkpoint-3", cut.out / "checkpoints" / "checkpoint-3")
    broken = cut.out / "checkpoints" / "checkpoint-5"
    broken.mkdir()
    (broken / "model.safetensors").write_bytes(b"cut off while it was written")
    second = train(cut)
    assert not broken.exists()
    assert (first / "model.safetensors").read_bytes() == (second / "model.safetensors").read_bytes()


def test_only_whole_checkpoints_count(tmp_path):
    assert last_checkpoint(tmp_path) is None
    for step, whole in ((90, True), (100, True), (110, False)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if whole:
            (folder / "trainer_state.json").write_text("{}")
    assert last_checkpoint(tmp_path) == str(tmp_path / "checkpoint-100")


@pytest.mark.slow
def test_baselines_are_read_by_their_own_judges_and_served_by_none(finished, tmp_path):
    steps = [r.step for r in toy_records(5, "test")]
    for scores, judge in (("decimal", decimal_judge), ("value", value_judge)):
        directory = train(small(finished, tmp_path / scores, scores=scores, alpha=0.0, score_noise=0.0))
        judged = judge(directory)(steps)
        assert all(1 <= number <= 5 for one in judged for number in one.expected.values())
        assert all(one.status == "scored" and len(one.expected) == 3 for one in judged)
        with pytest.raises(LoadError, match=f"gives its scores as {scores}"):
            RewardModel.from_pretrained(str(directory))


@pytest.mark.slow
@pytest.mark.parametrize("scores", ["anchors", "value"])
def test_new_names_are_read_from_the_second_pass_on(finished, tmp_path, scores):
    def weights(steps, new_names):
        config = small(
            finished,
            tmp_path / f"{steps} {new_names}",
            steps=steps,
            limit=16,
            scores=scores,
            alpha=0.0,
            score_noise=0.0,
            new_names=new_names,
        )
        return (train(config) / "model.safetensors").read_bytes()

    assert weights(2, new_names=True) == weights(2, new_names=False)
    assert weights(4, new_names=True) != weights(4, new_names=False)


@pytest.mark.slow
def test_two_anchors_are_a_scale(finished, tmp_path):
    directory = train(small(finished, tmp_path / "two", scale=(0, 1), orders="none"))
    model = RewardModel.from_pretrained(str(directory))
    [score] = model.score([toy_records(1, "test")[0].step], critique=False)
    assert set(score.dimensions["logic"].distribution) == {0, 1}


@pytest.mark.slow
def test_self_critique_trains_on_the_bases_own_words(finished, tmp_path):
    config = small(finished, tmp_path / "own", self_critique=True, orders="critique_first", limit=40)
    train(config)
    file = config.out / "critiques.jsonl"
    words = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert len(words) == 40 and sum("Lean" in text for text in words) > 30
    again = small(finished, tmp_path / "again", self_critique=True, orders="critique_first", limit=40)
    again.out.mkdir()
    half = "".join(file.read_text("utf-8").splitlines(keepends=True)[:20])
    (again.out / "critiques.jsonl").write_text(half + '"cut off in the mid', "utf-8")
    train(again)
    kept = [json.loads(line) for line in (again.out / "critiques.jsonl").read_text("utf-8").splitlines()]
    assert kept == words, "what was written is kept, what was cut off is written again"


@pytest.mark.slow
def test_a_base_writes_its_critiques_where_it_has_learned_to(finished, tmp_path):
    first = train(small(finished, tmp_path / "first", orders="score_first"))
    second = {"base": str(first), "self_critique": True, "orders": "both", "limit": 40}
    with pytest.raises(BadConfig, match="give --self-critique-order score_first"):
        train(small(finished, tmp_path / "other", **second))
    own = small(finished, tmp_path / "own", **second, self_critique_order="score_first")
    train(own)
    words = [json.loads(line) for line in (own.out / "critiques.jsonl").read_text("utf-8").splitlines()]
    records = read_split(own, "train")
    behind = RewardModel.from_pretrained(str(first)).score([r.step for r in records], order="score_first")
    assert words == [score.critique for score in behind] and len(words) == 40
    silent = train(small(finished, tmp_path / "silent", orders="none"))
    with pytest.raises(BadConfig, match="had orders none"):
        train(small(finished, tmp_path / "none", **{**second, "base": str(silent)}))


def test_a_run_that_ends_early_prepares_only_what_it_sees(tmp_path):
    records = toy_records(20, "train")
    data = toy_data(tmp_path / "data", 20, 4)
    config = TrainConfig(data=data, out=tmp_path / "out", base="new:micro", steps=3, batch_size=4)
    assert first_pass(config, records) == records[:12]
    assert first_pass(dataclasses.replace(config, steps=6), records) == records
    assert first_pass(dataclasses.replace(config, steps=None), records) == records


@pytest.mark.slow
def test_adapters_are_merged_and_train_little_else(finished, tmp_path):
    pytest.importorskip("peft")
    from safetensors.torch import load_file

    directory = train(small(finished, tmp_path / "lora", lora=True, lora_rank=2, learning_rate=1e-2))
    before = load_file(finished[1] / "model.safetensors")
    after = load_file(directory / "model.safetensors")
    assert set(before) == set(after)
    moved = {name for name in before if not bool((before[name] == after[name]).all())}
    assert moved and all("_proj" in name for name in moved), "the embedding and the norms are frozen"
    RewardModel.from_pretrained(str(directory)).score([toy_records(1, "test")[0].step])


@pytest.mark.slow
def test_pretraining_is_plain_text_and_makes_a_base(finished, tmp_path):
    [good] = [r for r in toy_records(8, "train") if r.accepted][:1]
    record = dataclasses.replace(good, step=dataclasses.replace(good.step, goals_after=()))
    [text] = proof_texts([record], "Judge the step.")
    assert text.endswith(f"Proposed step:\n{good.step.tactic}\nProof state:\nno goals\n")
    assert "logic" not in text and "Judgement" not in text
    bad = dataclasses.replace(record, accepted=False)
    assert list(proof_texts([bad], "")) == []
    config = finished[0]
    data = tmp_path / "data"
    from eva.data.record import write_records

    for split in ("train", "validation"):
        write_records(
            data / f"{split}.jsonl",
            [
                dataclasses.replace(r, step=dataclasses.replace(r.step, goals_after=()))
                for r in toy_records(40, split)
            ],
        )
    base = pretrain(
        PretrainConfig(data=data, out=tmp_path / "base", base="new:micro", steps=4, batch_size=8, threads=1)
    )
    directory = train(dataclasses.replace(config, base=str(base), out=tmp_path / "arm", steps=2, epochs=1))
    RewardModel.from_pretrained(str(directory))


def test_a_base_that_is_not_there(finished, tmp_path):
    with pytest.raises(LoadError, match="no-such-model"):
        train(dataclasses.replace(finished[0], out=tmp_path / "b", base="no-such-model"))

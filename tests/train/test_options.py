"""Options: each is in `--help`, may stand in a YAML file, and names itself when it is wrong."""

from __future__ import annotations

import dataclasses
import math

import pytest
from toy import toy_data
from typer.testing import CliRunner

from eva.cli import app
from eva.train.config import BadConfig, PretrainConfig, TrainConfig
from eva.train.options import build, read_options
from eva.train.run import train


@pytest.fixture
def given(tmp_path):
    return {"data": toy_data(tmp_path / "data", 4, 2), "out": tmp_path / "out"}


@pytest.mark.parametrize(("command", "kind"), [("train", TrainConfig), ("pretrain", PretrainConfig)])
def test_help_shows_every_option(command, kind):
    page = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}).stdout
    for field in dataclasses.fields(kind):
        assert f"--{field.name.replace('_', '-')}" in page
        assert field.metadata["help"][:30] in page


def test_a_file_gives_options_and_the_command_line_wins(tmp_path, given):
    file = tmp_path / "arm.yaml"
    file.write_text(
        f"data: {given['data']}\nout: {given['out']}\n"
        "learning-rate: 2e-5\nscale: [0, 10]\nweights: [1, 0, 0.5]\n"
        "bf16: false\ndigit: two_hot\nlimit: null\nalpha: 1\nsteps: 7\n"
    )
    config = build(TrainConfig, {"alpha": 0.25}, file)
    assert (config.learning_rate, config.scale, config.weights) == (2e-5, (0, 10), (1.0, 0.0, 0.5))
    assert (config.bf16, config.digit, config.limit, config.steps) == (False, "two_hot", None, 7)
    assert config.alpha == 0.25 and config.data == given["data"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("alhpa: 1", "unknown option 'alhpa': did you mean alpha"),
        ("nonsense: 1", "unknown option 'nonsense': options are data"),
        ("alpha: much", "alpha must be a number, not 'much'"),
        ("steps: 2.5", "steps must be a whole number or null"),
        ("steps: true", "steps must be a whole number or null"),
        ("bf16: 1", "bf16 must be true or false"),
        ("digit: half", "digit must be one of rounded, masked, two_hot"),
        ("scale: [1, 2, 3]", "scale must be a list of 2 numbers"),
        ("- alpha", "must hold options"),
        ("a: [", "cannot read"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, line, words):
    file = tmp_path / "bad.yaml"
    file.write_text(line + "\n")
    with pytest.raises(BadConfig, match=r"bad\.yaml") as error:
        read_options(TrainConfig, file)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"alpha": -1.0}, "alpha"),
        ({"epochs": 0.0}, "epochs"),
        ({"epochs": math.inf}, "epochs must be above 0, and finite, not inf"),
        ({"learning_rate": math.nan}, "learning_rate"),
        ({"alpha": math.nan}, "alpha"),
        ({"prompt_loss": math.inf}, "prompt_loss must be 0 or more, and finite, not inf"),
        ({"threads": 0}, "threads must be above 0"),
        ({"seed": -1}, "seed .* not -1"),
        ({"seed": 2**32}, "seed"),
        ({"steps": 0}, "steps"),
        ({"scale": (5, 1)}, "scale"),
        ({"weights": (0.0, 0.0, 0.0)}, r"weights .* not \(0\.0, 0\.0, 0\.0\)"),
        ({"weights": (1.0, -0.5, 0.5)}, r"weights .* not \(1\.0, -0\.5, 0\.5\)"),
        ({"weights": (math.inf, 0.0, 0.0)}, "weights"),
        ({"instruction": " "}, "instruction must have words, not ' '"),
        ({"warmup": 10}, r"in \[0, 1\), not 10"),
        ({"warmup": -0.1}, r"in \[0, 1\), not -0\.1"),
        ({"scores": "decimal"}, "alpha 0.5 needs anchors"),
        ({"scores": "value", "alpha": 0.0}, "with scores value give score_noise 0"),
        (
            {"scores": "value", "alpha": 0.0, "score_noise": 0.0, "digit": "masked"},
            "digit masked needs anchors",
        ),
        ({"score_noise": 1.5}, "score_noise"),
        ({"self_critique": True, "orders": "score_first"}, "orders critique_first or both"),
        ({"self_critique": True}, "base that writes critiques"),
    ],
)
def test_options_that_cannot_be_trained_with(given, change, word):
    with pytest.raises(BadConfig, match=word):
        TrainConfig(**{**given, **change})


def test_a_saved_configuration_that_differs_is_told_with_both_values(tmp_path, given):
    config = TrainConfig(**given)
    config.save(tmp_path / "config.json")
    assert config.difference(tmp_path / "config.json") is None
    other = dataclasses.replace(config, threads=3, scale=(0, 10), seed=2)
    assert other.difference(tmp_path / "config.json") == "seed was 0, is 2 now", (
        "the first; threads may change"
    )
    moved = dataclasses.replace(config, out=tmp_path / "moved")
    assert moved.difference(tmp_path / "config.json") == f"out was {config.out}, is {moved.out} now"


def test_missing_things_are_named(tmp_path, given):
    with pytest.raises(BadConfig, match="--out is needed"):
        build(TrainConfig, {"data": given["data"]})
    with pytest.raises(BadConfig, match=r"train\.jsonl"):
        build(TrainConfig, {**given, "data": tmp_path})
    with pytest.raises(BadConfig, match="new:huge"):
        train(TrainConfig(**given, base="new:huge"))
    done = CliRunner().invoke(app, ["train", "--data", str(given["data"])])
    assert done.exit_code == 2

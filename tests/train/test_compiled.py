"""Compiled layers against the same layers as they are: one model, whatever the lengths."""

from __future__ import annotations

import copy
import csv

import pytest
import torch
from test_attention import branches, llama
from torch._dynamo.utils import counters
from toy import toy_data

from eva.train.attention import use_on
from eva.train.compiled import compile_layers, compiler
from eva.train.config import BadConfig, TrainConfig
from eva.train.run import train

needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C++ compiler")


@needs_compiler
@pytest.mark.slow
def test_losses_and_gradients_stay():
    plain = llama(4)
    use_on(plain)
    compiled = copy.deepcopy(plain)
    compile_layers(compiled)
    assert list(compiled.state_dict()) == list(plain.state_dict())
    counters.clear()
    for rows, width in ((3, 17), (3, 29), (3, 23)):
        ids = torch.randint(0, 50, (rows, width), generator=torch.Generator().manual_seed(width))
        logits = []
        for model in (plain, compiled):
            model.zero_grad()
            logits.append(model(input_ids=ids, use_cache=False, attention_mask=branches(width)).logits)
            logits[-1].logsumexp(-1).sum().backward()
        torch.testing.assert_close(*logits, rtol=1e-4, atol=1e-5)
        for one, other in zip(plain.parameters(), compiled.parameters(), strict=True):
            torch.testing.assert_close(one.grad, other.grad, rtol=1e-4, atol=1e-4)
    assert counters["stats"]["unique_graphs"] == 1, "both layers, of three lengths"


@needs_compiler
@pytest.mark.slow
def test_a_compiled_run_learns_what_a_plain_one_does(tmp_path):
    losses = []
    for compile in (False, True):
        out = tmp_path / f"{compile}"
        config = TrainConfig(
            data=toy_data(tmp_path / f"data-{compile}", 64, 16),
            out=out,
            base="new:micro",
            steps=4,
            batch_size=8,
            bf16=False,
            threads=1,
            compile=compile,
        )
        counters.clear()
        train(config)
        assert bool(counters["stats"].get("unique_graphs")) is compile
        with (out / "curves.csv").open() as file:
            losses.append([float(row["eval_loss"]) for row in csv.DictReader(file) if row["eval_loss"]])
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


def test_without_a_compiler_the_option_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    config = TrainConfig(data=toy_data(tmp_path / "data", 8, 4), out=tmp_path / "out", compile=True)
    with pytest.raises(BadConfig, match=r"C\+\+ compiler"):
        train(config)

"""Critiques of the base's own are written by one process; the others read them."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from torch import nn
from toy import toy_data, toy_records

from eva.model.checkpoint import Checkpoint, EvaConfig
from eva.train import self_critique
from eva.train.config import BadConfig, TrainConfig
from eva.train.self_critique import own_critiques

RECORDS = toy_records(3, "train")
WORDS = ["one", "⊢ is two", "three"]


class Writer:
    def __init__(self, checkpoint):
        pass

    def score(self, steps, **_):
        return [SimpleNamespace(critique=WORDS[[r.step for r in RECORDS].index(step)]) for step in steps]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Calls of `own_critiques`, and the file that they share."""
    monkeypatch.setattr(self_critique, "RewardModel", Writer)
    base = tmp_path / "base"
    base.mkdir()
    EvaConfig().save(base)
    config = TrainConfig(
        data=toy_data(tmp_path / "data", 3, 1),
        out=tmp_path,
        base=str(base),
        self_critique=True,
        orders="critique_first",
    )
    checkpoint = Checkpoint("base", nn.Linear(1, 1), None, EvaConfig())
    return lambda first: own_critiques(config, checkpoint, RECORDS, first=first), tmp_path / "critiques.jsonl"


def lines(words):
    return "".join(json.dumps(text, ensure_ascii=False) + "\n" for text in words).encode()


def test_what_was_cut_off_is_written_again_and_the_rest_is_kept(run):
    own, file = run
    file.write_bytes(lines(["kept"]) + lines(WORDS[1:2])[:3])  # in the middle of a character
    assert own(first=True) == ["kept", *WORDS[1:]]
    assert file.read_bytes() == lines(["kept", *WORDS[1:]])


def test_whole_critiques_are_only_read(run):
    own, file = run
    file.write_bytes(lines(WORDS))
    before = file.stat()
    assert own(first=True) == own(first=False) == WORDS
    assert file.stat().st_mtime_ns == before.st_mtime_ns


def test_a_process_that_only_reads_neither_writes_nor_repairs(run):
    own, file = run
    with pytest.raises(BadConfig, match=r"has 0 of 3 critiques: the first process writes them"):
        own(first=False)
    assert not file.exists()
    file.write_bytes(lines(WORDS[:2]) + b'"cut off')
    with pytest.raises(BadConfig, match="has 2 of 3"):
        own(first=False)
    assert file.read_bytes() == lines(WORDS[:2]) + b'"cut off'

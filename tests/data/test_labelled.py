"""Labelled shards that are kept with the project: they come back as they were, and are what they say."""

from __future__ import annotations

import lzma
import sys
from collections import Counter
from pathlib import Path

import pytest

from eva.data.families import HELD_OUT
from eva.data.record import read_records

sys.path.append(str(Path(__file__).parents[2] / "scripts"))

import labelled


def test_a_shard_comes_back_as_it_was(tmp_path):
    shards = tmp_path / "data" / "shards"
    shards.mkdir(parents=True)
    for number in (0, 1, 2):
        (shards / f"{number:04}.jsonl").write_text(f'{{"step": "⊢ {number}"}}\n' * 50, "utf-8")
    labelled.keep(tmp_path / "data", tmp_path / "kept")
    assert labelled.unpack(tmp_path / "again", 2, tmp_path / "kept") == 2, "no more than are asked for"
    for number in (0, 1):
        name = f"{number:04}.jsonl"
        assert (tmp_path / "again" / "shards" / name).read_bytes() == (shards / name).read_bytes()
    assert not (tmp_path / "again" / "shards" / "0002.jsonl").exists()


def test_a_shard_that_is_there_is_not_written_over(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "0000.jsonl.xz").write_bytes(lzma.compress(b"kept\n"))
    shards = tmp_path / "data" / "shards"
    shards.mkdir(parents=True)
    (shards / "0000.jsonl").write_text("mine\n")
    assert labelled.unpack(tmp_path / "data", 1, tmp_path / "kept") == 1
    assert (shards / "0000.jsonl").read_text() == "mine\n"
    labelled.keep(tmp_path / "data", tmp_path / "kept")
    assert lzma.decompress((tmp_path / "kept" / "0000.jsonl.xz").read_bytes()) == b"kept\n"


def test_what_is_kept_makes_a_data_set_without_a_lean(tmp_path, monkeypatch):
    monkeypatch.setattr(labelled.subprocess, "run", lambda *_, **__: pytest.fail("nothing is to be labelled"))
    assert labelled.label(tmp_path, labelled.SHARD, jobs=1) == 0
    splits = {
        split: list(read_records(tmp_path / f"{split}.jsonl")) for split in ("train", "test", "held_out")
    }
    assert {r.family for r in splits["held_out"]} == set(HELD_OUT)
    assert not {r.family for r in splits["train"]} & set(HELD_OUT)
    assert not {r.theorem_id for r in splits["train"]} & {r.theorem_id for r in splits["test"]}
    origins = Counter(record.origin for record in splits["train"])
    assert len(splits["train"]) > 8000 and min(origins[o] for o in ("gold", "harmful", "unknown_name")) > 100
    for record in splits["train"]:
        assert record.accepted == (record.step.lean_error is None)


def test_a_finished_data_set_grows_only_where_it_has_too_few_shards(tmp_path, monkeypatch):
    monkeypatch.setattr(labelled.subprocess, "run", lambda *_, **__: pytest.fail("nothing is to be labelled"))
    assert labelled.label(tmp_path, labelled.SHARD, jobs=1) == 0
    before = (tmp_path / "train.jsonl").read_bytes()
    (tmp_path / "train.jsonl").write_bytes(b"mine\n")
    assert labelled.label(tmp_path, labelled.SHARD, jobs=1) == 0
    assert (tmp_path / "train.jsonl").read_bytes() == b"mine\n"
    assert labelled.label(tmp_path, 2 * labelled.SHARD, jobs=1) == 0
    assert (tmp_path / "train.jsonl").read_bytes().startswith(before)

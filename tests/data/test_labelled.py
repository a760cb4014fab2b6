"""Labelled shards that are kept with the project: they come back as they were, and are what they say."""

from __future__ import annotations

import json
import lzma
import sys
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eva.cli.data import app
from eva.data.dataset import note_size
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


def lay(data, number=0, text="mine\n"):
    """A shard in a data folder, and the folder's shards."""
    shards = data / "shards"
    shards.mkdir(parents=True, exist_ok=True)
    (shards / f"{number:04}.jsonl").write_text(text)
    return shards


def finish(data):
    (data / "held_out.jsonl").write_text("")


def generate(out, seed, monkeypatch):
    """`eva data generate` where Lean dies: it comes as far as the plan."""
    monkeypatch.setenv("EVA_LEAN", f"{sys.executable} -c 'raise SystemExit(9)'")
    words = ["generate", "--out", out, "--theorems", 1, "--seed", seed, "--shard", labelled.SHARD]
    return CliRunner().invoke(app, [str(word) for word in words])


def test_unpacking_writes_the_plan_that_labelling_writes(tmp_path, monkeypatch):
    generate(tmp_path / "made", labelled.SEED, monkeypatch)
    labelled.unpack(tmp_path / "laid", 1, tmp_path / "none")
    assert (tmp_path / "laid" / "plan.json").read_bytes() == (tmp_path / "made" / "plan.json").read_bytes()


def test_unpacked_data_take_no_shards_of_another_seed(tmp_path, monkeypatch):
    labelled.unpack(tmp_path, 0, tmp_path / "none")
    refused = generate(tmp_path, labelled.SEED + 1, monkeypatch)
    assert refused.exit_code == 2
    assert "name another folder" in refused.output


def test_a_folder_of_another_seed_takes_no_kept_shards_and_gives_none(tmp_path, monkeypatch, capsys):
    (tmp_path / "plan.json").write_text('{"seed": 5}')
    shards = lay(tmp_path, 1)
    assert labelled.label(tmp_path, 2 * labelled.SHARD, jobs=1) == 2
    assert "name another folder" in capsys.readouterr().err
    assert [file.name for file in shards.iterdir()] == ["0001.jsonl"]
    monkeypatch.setattr(labelled, "keep", lambda *_: pytest.fail("they are of another seed"))
    finish(tmp_path)
    monkeypatch.setattr(
        "sys.argv", ["labelled.py", "--data", str(tmp_path), "--theorems", str(labelled.SHARD)]
    )
    assert labelled.main() == 2


def test_finished_data_without_a_plan_get_one_where_they_have_shards(tmp_path):
    for name in ("laid", "own"):
        (tmp_path / name).mkdir()
        finish(tmp_path / name)
    shards = lay(tmp_path / "laid")
    for name in ("laid", "own"):
        assert labelled.label(tmp_path / name, labelled.SHARD, jobs=1) == 0
    assert json.loads((tmp_path / "laid" / "plan.json").read_text())["seed"] == labelled.SEED
    assert [file.name for file in shards.iterdir()] == ["0000.jsonl"]
    assert [file.name for file in (tmp_path / "own").iterdir()] == ["held_out.jsonl"]


def test_finished_data_of_another_plan_are_left_alone(tmp_path):
    (tmp_path / "plan.json").write_text('{"seed": 5}')
    lay(tmp_path)
    finish(tmp_path)
    assert labelled.label(tmp_path, labelled.SHARD, jobs=1) == 0
    assert (tmp_path / "plan.json").read_text() == '{"seed": 5}'


@pytest.mark.parametrize(("asked", "whole"), [(1000, 1600), (1, 800), (0, 800)])
def test_theorems_that_are_no_whole_shards_are_refused(tmp_path, capsys, asked, whole):
    assert labelled.label(tmp_path, asked, jobs=1) == 2
    assert capsys.readouterr().err == f"{asked} theorems are no whole shards of 800: ask for {whole}\n"
    assert not list(tmp_path.iterdir())


def test_a_short_shard_is_no_kept_one_and_gives_way_to_it(tmp_path):
    kept, data = tmp_path / "kept", tmp_path / "data"
    shards = lay(data)
    note_size(shards / "0000.jsonl", 200)
    labelled.keep(data, kept)
    assert not list(kept.iterdir())
    assert labelled.unpack(data, 1, kept) == 0, "it does not count"
    (kept / "0000.jsonl.xz").write_bytes(lzma.compress(b"kept\n"))
    assert labelled.unpack(data, 1, kept) == 1
    assert (shards / "0000.jsonl").read_text() == "kept\n"
    labelled.keep(data, tmp_path / "again")
    assert [file.name for file in (tmp_path / "again").iterdir()] == ["0000.jsonl.xz"]


def test_finished_data_with_a_short_shard_go_on(tmp_path, monkeypatch):
    note_size(lay(tmp_path) / "0000.jsonl", 200)
    finish(tmp_path)
    laid = []
    monkeypatch.setattr(labelled, "unpack", lambda data, count: laid.append(count) or count)
    monkeypatch.setattr(labelled, "assemble", lambda data, seed: None)
    assert labelled.label(tmp_path, labelled.SHARD, jobs=1) == 0
    assert laid == [1]

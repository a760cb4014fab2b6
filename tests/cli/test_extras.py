"""Commands that need the extra `train` say so at once, and what to do."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from eva import extras
from eva.cli import app


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        ("accelerate", "train --data {here} --out {here}/out"),
        ("matplotlib", "pretrain --data {here} --out {here}/out"),
        ("sklearn", "evaluate {here}/test.jsonl"),
        ("sklearn", "data check {here}"),
    ],
)
def test_a_package_that_is_not_there_is_named_with_the_remedy(monkeypatch, tmp_path, gone, words):
    found = extras.find_spec
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == gone else found(name))
    for name in ("train", "validation"):
        (tmp_path / f"{name}.jsonl").touch()
    ended = CliRunner().invoke(app, words.format(here=tmp_path).split())
    assert ended.exit_code == 2
    assert f"{gone} not installed: pip install '.[train]'" in ended.stderr
    assert not (tmp_path / "out").exists(), "before anything is begun"

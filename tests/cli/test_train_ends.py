"""`eva train` where its folder cannot be used: one clear line; its configuration is whole or not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer

from eva.cli.exits import ExitCode
from eva.cli.train import _run
from eva.train.config import BadConfig, PretrainConfig


@pytest.fixture
def given(tmp_path: Path) -> dict[str, Any]:
    for split in ("train", "validation"):
        (tmp_path / f"{split}.jsonl").touch()
    return {"data": tmp_path, "out": tmp_path / "out"}


def test_an_out_that_is_a_file_is_one_clear_line(
    given: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    def run(config: PretrainConfig) -> Path:
        config.out.mkdir(parents=True, exist_ok=True)
        return config.out

    given["out"].touch()
    with pytest.raises(typer.Exit) as ended:
        _run(PretrainConfig, run, given, None)
    assert ended.value.exit_code == ExitCode.USAGE
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"eva: error: cannot train: {given['out']}: File exists; give an --out ")


@pytest.mark.parametrize("text", [b"", b'{"seed": 0', b"\xff", b"[]"])
def test_a_damaged_configuration_is_named_with_the_remedy(given: dict[str, Any], text: bytes) -> None:
    file = given["data"] / "config.json"
    file.write_bytes(text)
    with pytest.raises(BadConfig, match=r"config\.json is damaged: remove it"):
        PretrainConfig(**given).difference(file)


def test_a_configuration_is_saved_whole(given: dict[str, Any]) -> None:
    file = given["data"] / "config.json"
    config = PretrainConfig(**given)
    config.save(file)
    assert config.difference(file) is None
    assert not list(given["data"].glob("*.part"))

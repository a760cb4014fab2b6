"""The front door: `--help` teaches, stays light, and the version is the package's."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import eva
from eva.cli import app

HEAVY = ("torch", "transformers", "lean_dojo", "zmq", "numpy", "llguidance")
WATCH = f"""
import json, runpy, sys
sys.argv = ["eva", *sys.argv[1:]]
try:
    runpy.run_module("eva", run_name="__main__")
except SystemExit as end:
    print(json.dumps([end.code, [name for name in {HEAVY!r} if name in sys.modules]]))
"""


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["score", "--help"], ["score"], []])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *arguments], capture_output=True, text=True, timeout=60, check=True
    )
    code, loaded = json.loads(done.stdout.splitlines()[-1])
    assert loaded == []
    assert code == (0 if "--help" in arguments or "--version" in arguments else 2)


def test_every_command_says_what_it_does_and_shows_an_example() -> None:
    front = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"})
    for command in ("score", "doctor"):
        assert f"eva {command}" in front.stdout
        page = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"})
        assert "Exit codes" in page.stdout


def test_version() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout == f"eva {eva.__version__}\n"


def test_output_is_utf8_whatever_the_locale_says() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "eva", "score", "∀∃.lean"],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        timeout=60,
        check=False,
    )
    assert done.stderr.decode("utf-8") == "eva: error: there is no file ∀∃.lean\n"

"""What the documentation shows of the embedded model is what it says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "eva", "score", "examples/Demo.lean", "--theorem", "both", "--local")
NUMBER = re.compile(r"\d+\.\d+")
BAR = re.compile(r"[█▏▎▍▌▋▊▉·]{20}")
NEAR = 0.015  # another processor's sums may round a last digit the other way
pytestmark = pytest.mark.lean


def said(*options: str) -> str:
    done = subprocess.run(
        [*COMMAND, *options],
        cwd=CHECKOUT,
        env=os.environ | {"COLUMNS": "110", "NO_COLOR": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def text_of(file: str) -> str:
    return (CHECKOUT / file).read_text("utf-8")


def words(text: str) -> list[str]:
    """Its lines without figures and bars."""
    plain = NUMBER.sub("#", BAR.sub("=", text))
    return [line.rstrip() for line in plain.splitlines() if line.strip()]


def numbers(text: str) -> list[float]:
    return [float(found) for found in NUMBER.findall(text)]


@pytest.fixture(scope="module")
def table() -> str:
    return said()


@pytest.fixture(scope="module")
def steps() -> list[dict[str, Any]]:
    return [json.loads(line) for line in said("--json").splitlines()]


@pytest.mark.parametrize("file", ["README.md", "docs/cli.md"])
def test_the_table_that_is_shown_is_printed(file: str, table: str) -> None:
    shown = re.search(r"^theorem both .*?^\d+ steps in .*?$", text_of(file), re.DOTALL | re.MULTILINE)
    assert shown is not None
    assert words(shown[0]) == words(table)
    assert numbers(shown[0]) == pytest.approx(numbers(table), abs=NEAR)


def test_the_json_that_is_shown_is_printed(steps: list[dict[str, Any]]) -> None:
    shown = re.search(
        r'^```json\n(\{"theorem": "Demo\.both".*?)^```', text_of("docs/cli.md"), re.DOTALL | re.MULTILINE
    )
    assert shown is not None
    expected = json.loads(shown[1])
    for name in ("value", "mass", "expected", "spread"):
        expected[name] = pytest.approx(expected[name], abs=NEAR)
    assert steps[-1] == expected


def test_the_message_that_is_shown_has_the_step_s_figures(steps: list[dict[str, Any]]) -> None:
    shown = re.search(r"^Demo\.lean:68:2: eva (.*)\n(.*)$", text_of("docs/lean.md"), re.MULTILINE)
    assert shown is not None
    expected = steps[0]["expected"]
    figures = [float(found) for found in re.findall(r"(?:^|logic |alignment |clarity )(\d+\.\d+)", shown[1])]
    assert figures == pytest.approx([steps[0]["value"], *expected.values()], abs=0.06)
    assert shown[2] == steps[0]["critique"]

"""`make demo`'s script: every step of the demo file is shown, and nothing is left behind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.mark.lean
@pytest.mark.slow
def test_the_demo(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, CHECKOUT / "scripts" / "demo.py"],
        env=os.environ | {"TMPDIR": str(tmp_path), "COLUMNS": "80"},
        capture_output=True,
        encoding="utf-8",
        timeout=170,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    places = re.findall(r"^ +\d+:\d+ [✓✗] \S", done.stdout, re.MULTILINE)
    numbers = re.findall(
        r"^ +[█▏▎▍▌▋▊▉·]+ \d\.\d\d  logic \d\.\d\d.* alignment \d\.\d\d.* clarity \d\.\d\d",
        done.stdout,
        re.MULTILINE,
    )
    assert len(places) == len(numbers) == done.stdout.count("model: ") >= 25
    assert len(re.findall(r"^ +Lean: ", done.stdout, re.MULTILINE)) >= 4
    assert "has ended" in done.stderr
    assert not list(tmp_path.glob("eva-demo-*"))

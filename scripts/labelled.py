"""The labelled steps that `make nano` and `make report` stand on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from eva.data.dataset import PARTIAL

SEED = 4
SHARD = 800  # theorems: a longer run with this seed begins with those of a shorter one


def label(data: Path, theorems: int, jobs: int) -> int:
    """Make the labelled steps, or go on with them; an exit code. Finished ones are left alone."""
    if (data / "held_out.jsonl").exists() and not (data / PARTIAL).exists():
        return 0
    size = ["--theorems", str(theorems), "--seed", str(SEED), "--shard", str(SHARD)]
    words = ["data", "generate", "--out", str(data), *size, "--jobs", str(jobs), "--resume"]
    return subprocess.run([sys.executable, "-m", "eva", *words], check=False).returncode

"""Writes what the embedded model says today where README.md, docs/cli.md and docs/lean.md show it.

tests/cli/test_docs_examples.py tells when that is needed.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
COMMAND = (sys.executable, "-m", "eva", "score", "examples/Demo.lean", "--theorem", "both", "--local")


def main() -> None:
    table = said()
    table = table[table.index("theorem both") :].rstrip() + "\n"
    steps = [json.loads(line) for line in said("--json").splitlines()]
    for file in ("README.md", "docs/cli.md"):
        replace(file, r"^theorem both .*?^\d+ steps in .*?\n", table)
    replace(
        "docs/cli.md",
        r'(?<=^```json\n)\{"theorem": "Demo\.both".*?(?=^```)',
        in_lines(steps[-1]) + "\n",
    )
    first = steps[0]
    dimensions = ", ".join(
        f"{name} {first['expected'][name]:.1f}"
        + (f" ± {first['spread'][name]:.1f}" if first["spread"][name] >= 1 else "")
        for name in first["expected"]
    )
    message = f"Demo.lean:68:2: eva {first['value']:.2f} ({dimensions} of 1…5)\n{first['critique']}"
    replace("docs/lean.md", r"^Demo\.lean:68:2: eva [^\n]*\n[^\n]*$", message)


def in_lines(step: dict[str, Any]) -> str:
    """A step as JSON, with four digits of each figure, broken where people would."""
    text = re.sub(r"\d+\.\d{5,}", lambda m: f"{float(m[0]):.4g}", json.dumps(step, ensure_ascii=False))
    return re.sub(r', (?="(value|expected|spread|critique|lean_error)")', ",\n ", text)


def said(*options: str) -> str:
    environment = os.environ | {"COLUMNS": "110", "NO_COLOR": "1"}
    done = subprocess.run(
        [*COMMAND, *options],
        cwd=CHECKOUT,
        env=environment,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    )
    return done.stdout


def replace(file: str, pattern: str, text: str) -> None:
    path = CHECKOUT / file
    whole, count = re.subn(
        pattern, lambda _: text, path.read_text("utf-8"), count=1, flags=re.DOTALL | re.MULTILINE
    )
    if count != 1:
        sys.exit(f"{file} shows nothing like {pattern}")
    path.write_text(whole, "utf-8")


if __name__ == "__main__":
    main()

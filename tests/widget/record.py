"""Records what the real daemon says, for the panel's stand-in server: writes recorded.json beside this file.

    python tests/widget/record.py

The steps are those that Lean finds in files/*.lean; their scores and critiques come from a daemon with the
embedded model, event by event as they came. `tooLong` is what the same daemon says of a goal that does not
fit; `offFormat` comes from a second daemon, whose tiny model has random weights.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1] / "python")]

from eva.client import Client  # noqa: E402
from eva.lean import steps_of_file  # noqa: E402
from eva.step import ProofStep, Scored, ScoreEvent, StepScore  # noqa: E402
from tiny import save_tiny_checkpoint  # noqa: E402

EVA = (sys.executable, "-m", "eva")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="eva-record-") as directory:
        with daemon(Path(directory) / "nano") as client:
            health = client.health()
            files = [record_file(client, path) for path in sorted((HERE / "files").glob("*.lean"))]
            long = ProofStep(("h : " + " ∧ ".join(["p"] * 5000) + "\n⊢ p",), "exact h.1")
            too_long = shapes(client.stream([long]))[0]["score"]
        tiny = save_tiny_checkpoint(Path(directory) / "tiny", mass_floor=0.5)
        with daemon(Path(directory) / "random", "--model", str(tiny)) as client:
            random = shapes(client.stream([ProofStep(("p : Prop\nh : p\n⊢ p",), "exact h")], deadline=120))
            off_format = random[0]["score"]
    assert too_long["status"] == "too_long", too_long
    assert off_format["status"] == "off_format", off_format
    out = {
        "model": health.model,
        "scale": list(health.scale),
        "files": files,
        "tooLong": too_long,
        "offFormat": off_format,
    }
    (HERE / "recorded.json").write_text(
        json.dumps(out, ensure_ascii=False, separators=(",", ":")).replace('{"score"', '\n{"score"') + "\n",
        encoding="utf-8",
    )


@contextmanager
def daemon(directory: Path, *options: str) -> Iterator[Client]:
    """A daemon of its own, and a client of it."""
    directory.mkdir()
    os.environ["EVA_CONNECTION_FILE"] = str(directory / "daemon.json")
    subprocess.run([*EVA, "serve", "--detach", *options], check=True)
    try:
        with Client() as client:
            yield client
    finally:
        subprocess.run([*EVA, "stop"], check=True)


def record_file(client: Client, path: Path) -> dict[str, Any]:
    text = path.read_text(encoding="utf-8")
    lines = text.split("\n")
    proofs = []
    for name, group in groupby(steps_of_file(path).steps, key=lambda step: step.name):
        steps = list(group)
        proofs.append(
            {
                "name": name,
                "steps": [{"tactic": step.tactic, "range": place(step, lines)} for step in steps],
                "goals": [list(step.goals) for step in steps],
                "events": shapes(client.stream(steps)),
            }
        )
    return {"text": text, "proofs": proofs}


def place(step: ProofStep, lines: list[str]) -> dict[str, dict[str, int]]:
    """Where a step stands, as LSP says it: lines from 0, UTF-16 code units."""
    assert step.line is not None and step.column is not None
    line = step.line - 1
    start = len(lines[line][: step.column].encode("utf-16-le")) // 2
    own = step.tactic.split("\n")
    if len(own) == 1:
        end = start + len(step.tactic.encode("utf-16-le")) // 2
    else:
        end = len(lines[line + len(own) - 1].encode("utf-16-le")) // 2
    return {
        "start": {"line": line, "character": start},
        "end": {"line": line + len(own) - 1, "character": end},
    }


def shapes(events: Iterator[ScoreEvent]) -> list[dict[str, Any]]:
    """Events as the panel's RPC method tells them (lean/Eva/Panel.lean)."""
    return [
        {"score": score_shape(event.score)} if isinstance(event, Scored)
        else {"index": event.index, "text": event.text, "final": event.final}
        for event in events
    ]  # fmt: skip


def score_shape(score: StepScore) -> dict[str, Any]:
    return {
        "index": score.index,
        "status": score.status,
        "value": score.value and round(score.value, 4),
        "message": score.message,
        "dimensions": [
            {
                "name": name,
                "expected": round(dimension.expected, 4),
                "spread": round(dimension.spread, 4),
                "mass": round(dimension.mass, 4),
                "distribution": [[anchor, round(p, 4)] for anchor, p in dimension.distribution.items()],
            }
            for name, dimension in score.dimensions.items()
        ],
    }


if __name__ == "__main__":
    main()

"""The results file: one entry a row, and for each topic when, where and by which command it was measured."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FORMAT = 1
LATEST = Path(__file__).parent / "results" / "latest.json"


def load(file: Path) -> dict[str, Any]:
    """What was measured so far; nothing where there is no file yet."""
    if not file.exists():
        return {"format": FORMAT, "runs": {}, "rows": []}
    data: dict[str, Any] = json.loads(file.read_text("utf-8"))
    if data.get("format") != FORMAT:
        raise ValueError(
            f"{file} has format {data.get('format')!r}, not {FORMAT}: remove it and measure again"
        )
    return data


def put(
    data: dict[str, Any],
    topic: str,
    run: dict[str, Any],
    rows: Sequence[dict[str, Any]],
    order: Sequence[str],
) -> None:
    """Replace what `data` says of `topic`; topics stay in `order`."""
    data["runs"][topic] = run
    data["rows"] = [row for row in data["rows"] if row["topic"] != topic] + list(rows)
    data["rows"].sort(key=lambda row: order.index(row["topic"]) if row["topic"] in order else len(order))


def save(data: dict[str, Any], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", "utf-8")
    part.replace(file)

"""`python -m benchmarks`: measure, print the table, write the results, the plot and the page in the docs."""

from __future__ import annotations

import importlib
import shlex
import sys
import time
import traceback
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks import results, show
from benchmarks.harness import Row, Size, missing
from eva.threads import share_the_cores

TOPICS = ("overhead", "sharing", "crowd", "words", "peers", "training", "gpu", "start")
DOCS = Path(__file__).parent.parent / "docs" / "performance.md"

app = typer.Typer(add_completion=False, context_settings={"help_option_names": ["-h", "--help"]})


@app.command()
def bench(
    *,
    only: Annotated[
        list[str] | None, typer.Option(metavar="TOPIC", help=f"Some topics only: {', '.join(TOPICS)}.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Smoke test: every row, no figure means anything.")
    ] = False,
    out: Annotated[
        Path, typer.Option(help="The results file; other topics in it are kept.")
    ] = results.LATEST,
    docs: Annotated[
        bool,
        typer.Option("--docs", help="Measure nothing: write the page of the docs from the results file."),
    ] = False,
) -> None:
    """Measure eva beside what it is compared with, in one run, in turn."""
    if docs:
        show.write_docs(results.load(out), DOCS)
        return
    share_the_cores()
    for topic in only or ():
        if topic not in TOPICS:
            raise typer.BadParameter(f"no topic {topic!r}: {', '.join(TOPICS)}", param_hint="--only")
    if quick and out == results.LATEST:
        raise typer.BadParameter(
            "a smoke test has no place in the results: name another file", param_hint="--out"
        )
    size = Size.of(quick=quick)
    data = results.load(out)
    failed = False
    for topic in only or TOPICS:
        run, rows, error = _measure(topic, size)
        failed = failed or error
        results.put(data, topic, run, [row.to_json() for row in rows], TOPICS)
        results.save(data, out)  # what is measured is kept, whatever happens to the next topic
    show.print_table([row for row in data["rows"] if row["topic"] in (only or TOPICS)])
    show.plot(data["rows"], out.with_suffix(".png"))
    if out == results.LATEST:
        show.write_docs(data, DOCS)
    if failed:
        raise typer.Exit(1)


def _measure(topic: str, size: Size) -> tuple[dict[str, Any], list[Row], bool]:
    """The rows of one topic, how they came about, and whether it broke off."""
    from benchmarks.machine import commit, machine

    options = f" --only {shlex.quote(topic)}" + (" --quick" if size.quick else "")
    run: dict[str, Any] = {
        "command": f"python -m benchmarks{options}",
        "taken": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "commit": commit(),
        "machine": machine(),
        "quick": size.quick,
    }
    rows: list[Row] = []
    begun = time.monotonic()
    failed = False
    try:
        for row in importlib.import_module(f"benchmarks.{topic}").rows(size):
            rows.append(row)
            print(f"{topic}: {' · '.join(show.cells(row.to_json()))}", file=sys.stderr, flush=True)
    except Exception as error:  # the other topics are measured all the same
        traceback.print_exc()
        rows.append(missing(topic, "the rest of this topic", "", f"failed: {type(error).__name__}: {error}"))
        failed = True
    return run | {"seconds": round(time.monotonic() - begun, 1)}, rows, failed


if __name__ == "__main__":
    app()

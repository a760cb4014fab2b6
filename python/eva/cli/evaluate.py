"""`eva evaluate`: a model's scores against Lean's outcomes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from eva.cli.exits import ExitCode, fail
from eva.extras import lacking

HELP = (
    "Hold a model's scores against labelled steps.\n\n"
    "Prints ranking, discretization, fidelity, calibration, and how often a critique states Lean's verdict; "
    "the main figures with a 95 % interval (theorems drawn with replacement), and beside them those of the "
    "parsed integers, which is what reading the model's text gives."
)
EPILOG = """
[bold]Examples[/]

[cyan]eva evaluate data/steps/test.jsonl[/]  the embedded model, in this process

[cyan]eva evaluate data/steps/held_out.jsonl --model runs/nano/model --limit 2000 --json[/]

[bold]Exit codes[/]

0 evaluated · 2 the data or an option is wrong · 4 the model cannot be used
"""


def evaluate(
    data: Annotated[Path, typer.Argument(metavar="STEPS.jsonl", help="Labelled steps.")],
    *,
    model: Annotated[
        str, typer.Option(metavar="NAME|DIR", help="Embedded model, checkpoint directory, or hub model.")
    ] = "leibniz-nano",
    order: Annotated[
        Literal["score_first", "critique_first"], typer.Option(help="Scores first, or after the critique.")
    ] = "score_first",
    critique: Annotated[bool, typer.Option(help="Write critiques and check their verdicts.")] = True,
    limit: Annotated[
        int | None, typer.Option(min=1, help="About so many steps: whole theorems, drawn by seed 0.")
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Steps that go through the model together.")] = 32,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads for the model.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
) -> None:
    from rich.console import Console
    from rich.progress import Progress

    from eva.data.record import BadRecord, read_records
    from eva.evaluate.figures import columns, figures, finite, headline, intervals
    from eva.evaluate.judgement import parsed
    from eva.evaluate.judges import model_judge
    from eva.evaluate.sample import whole_theorems
    from eva.model import LoadError, ModelError, RewardModel
    from eva.step import DIMENSIONS

    if words := lacking("sklearn"):
        fail(ExitCode.USAGE, words)  # now, rather than when all steps are scored
    try:
        records = list(read_records(data))
    except (OSError, BadRecord) as error:
        fail(ExitCode.USAGE, str(error))
    if not records:
        fail(ExitCode.USAGE, f"{data} holds no labelled steps")
    records = whole_theorems(records, limit)
    try:
        loaded = RewardModel.from_pretrained(model, threads=threads)
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("scoring", total=len(records))
            judge = model_judge(
                loaded,
                order=order,
                critique=critique,
                batch_size=batch_size,
                progress=lambda done: bar.update(task, completed=done),
            )
            judged = judge([record.step for record in records])
    except (LoadError, ModelError) as error:
        fail(ExitCode.MODEL, str(error))
    weights = [loaded.weights[name] for name in DIMENSIONS]
    if not any(one.expected for one in judged):
        fail(ExitCode.MODEL, f"no step got a score: {judged[0].status}")
    out = figures(records, judged, weights)
    out["intervals"] = intervals(columns(records, judged, weights))
    out["integer"] = headline(columns(records, [parsed(one) for one in judged], weights))
    if as_json:
        typer.echo(json.dumps(finite(out)))
        return
    for key, value in out.items():
        typer.echo(f"{key:28} {_shown(value)}")


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, dict):
        return "  ".join(f"{k} {_shown(v)}" for k, v in value.items())
    if isinstance(value, list):
        return " .. ".join(_shown(v) for v in value)
    return "-" if value is None else str(value)


def register(app: typer.Typer) -> None:
    """Add `eva evaluate`."""
    app.command(help=HELP, epilog=EPILOG)(evaluate)

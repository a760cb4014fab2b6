"""`eva data`: make labelled steps with Lean, and convert what others recorded."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from eva.cli.exits import ExitCode, fail
from eva.extras import lacking

app = typer.Typer(name="data", help="Make and convert training data.", no_args_is_help=True)


class Source(str, Enum):
    """The formats that `eva data convert` reads."""

    minif2f = "minif2f"
    rllean = "rllean"


@app.command()
def generate(
    *,
    out: Annotated[
        Path, typer.Option(help="Folder for train, validation, test and held_out .jsonl and card.md.")
    ],
    theorems: Annotated[int, typer.Option(min=1, help="How many theorems to draw.")] = 12000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same data.")] = 1,
    shard: Annotated[
        int, typer.Option(min=1, help="Theorems that are explored and written together.")
    ] = 1000,
    budget: Annotated[
        int, typer.Option(min=3, max=40, help="Steps tried in the first state of a theorem.")
    ] = 8,
    jobs: Annotated[int, typer.Option(min=1, help="Lean processes at a time.")] = 1,
    batch: Annotated[int, typer.Option(min=1, help="Steps in one Lean file.")] = 4000,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds for one Lean file.")] = 1800.0,
    resume: Annotated[bool, typer.Option(help="Go on from batches that are already answered.")] = False,
) -> None:
    """Draw theorems, explore them under Lean, label every step, write the splits and a card."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from eva.data.dataset import OtherPlan, Plan, build
    from eva.data.lean import LeanFailed, LeanRunner, lean_command
    from eva.data.search import Explorer
    from eva.lean.errors import LeanError

    store = out / "batches"
    if store.exists() and any(store.iterdir()) and not resume:
        fail(
            ExitCode.USAGE,
            f"{store} holds answers of an earlier run: pass --resume to use them, or name another folder",
        )
    columns = (
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    try:
        runner = LeanRunner(lean_command(), store=store, timeout=timeout)
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("steps to Lean", total=None)
            explorer = Explorer(runner, batch=batch, budget=budget)
            counts = build(
                Plan(theorems, seed, out, shard=shard, jobs=jobs),
                explorer,
                lambda done: bar.advance(task, done),
            )
    except (LeanError, LeanFailed, OtherPlan, OSError) as error:
        fail(ExitCode.USAGE, str(error))
    for split, count in counts.items():
        typer.echo(f"{count:8d} {split}")
    typer.echo(f"{out / 'card.md'}")


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="What `generate` wrote.")],
) -> None:
    """How much a bag of words knows of Lean's verdict: AUROC by the text of a step, and with its goal."""
    from eva.data.card import baselines
    from eva.data.dataset import check as check_data
    from eva.data.record import BadRecord

    if words := lacking("sklearn"):
        fail(ExitCode.USAGE, words)
    try:
        checked = check_data(folder)
    except (BadRecord, OSError) as error:
        fail(ExitCode.USAGE, str(error))
    typer.echo(baselines(checked))


@app.command()
def convert(
    kind: Annotated[Source, typer.Argument(help="What FILE holds.", metavar="FORMAT")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The file to read.")],
    out: Annotated[Path, typer.Option(help="Where to write steps, one a line, for `eva score`.")] = Path(
        "steps.jsonl"
    ),
) -> None:
    """Turn traced proofs (minif2f) or proof attempts (rllean) into steps for `eva score`."""
    from eva.data.convert import BadSource
    from eva.data.convert import convert as write_steps

    try:
        count = write_steps(kind.value, file, out)
    except (BadSource, OSError) as error:
        fail(ExitCode.USAGE, str(error))
    typer.echo(f"{count} steps in {out}")


@app.command("from-lean")
def from_lean(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Lean files.")],
    out: Annotated[Path, typer.Option(help="Where to write steps, one a line, for `eva score`.")] = Path(
        "steps.jsonl"
    ),
    timeout: Annotated[float, typer.Option(min=1, help="Seconds that Lean gets for each file.")] = 300.0,
) -> None:
    """The steps of Lean files, with the states around them and Lean's errors, as Lean itself saw them."""
    from eva.lean import LeanError, steps_of_file
    from eva.steps_io import write_steps

    steps = []
    for file in files:
        try:
            found = steps_of_file(file, timeout=timeout)
        except (LeanError, OSError, UnicodeDecodeError) as error:
            fail(ExitCode.USAGE, f"{file}: {error}")
        steps += found.steps
        for complaint in found.errors:
            line, column = complaint.start
            typer.echo(f"{file}:{line}:{column}: {complaint.text}", err=True)
    typer.echo(f"{write_steps(out, steps)} steps in {out}")


@app.command()
def trace(
    source: Annotated[
        str,
        typer.Argument(
            metavar="REPO@COMMIT",
            help="owner/name or URL or folder of a git repository, and a commit or tag; or a folder that "
            "LeanDojo has traced.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Where to write steps, one a line, for `eva score`.")] = Path(
        "steps.jsonl"
    ),
) -> None:
    """The steps of a whole repository, traced by LeanDojo (needs git, lake and the network)."""
    from eva.data.trace import TraceFailed
    from eva.data.trace import trace as steps_of_repository
    from eva.steps_io import write_steps

    part = out.with_suffix(out.suffix + ".part")
    try:
        count = write_steps(part, steps_of_repository(source))
        part.replace(out)
    except (TraceFailed, OSError) as error:
        fail(ExitCode.USAGE, str(error))
    typer.echo(f"{count} steps in {out}")


def register(root: typer.Typer) -> None:
    """Add `eva data` with its commands."""
    root.add_typer(app)

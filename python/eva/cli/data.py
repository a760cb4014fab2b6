"""`eva data`: make labelled steps with Lean, and convert what others recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eva.cli.exits import ExitCode, fail, tell
from eva.extras import lacking

if TYPE_CHECKING:
    from eva.step import ProofStep

GENERATE_EPILOG = """
[bold]Examples[/]

[cyan]eva data generate --out data/steps --theorems 2600[/]  every label is an outcome of Lean

[cyan]eva data generate --out data/steps --theorems 2600 --resume[/]  on, after it was stopped

[bold]Exit codes[/]

0 written · 2 an option is wrong, the folder cannot be used, or Lean fails
"""
CHECK_EPILOG = """
[bold]Example[/]

[cyan]eva data check data/steps[/]  prints the table, and writes it into data/steps/card.md

[bold]Exit codes[/]

0 checked · 2 the folder does not hold what generate writes
"""
CONVERT_EPILOG = """
[bold]Examples[/]

[cyan]eva data convert minif2f proofs.jsonl[/]  then: eva score steps.jsonl

[cyan]eva data convert rllean attempts.jsonl --out attempts/steps.jsonl[/]  the first failing line of each

[bold]Exit codes[/]

0 written · 2 a line is not of that format, or --out cannot be written
"""
FROM_LEAN_EPILOG = """
[bold]Examples[/]

[cyan]eva data from-lean Demo.lean[/]  what eva score Demo.lean would score

[cyan]eva data from-lean src/*.lean --out build/steps.jsonl[/]  many files, as one

[bold]Exit codes[/]

0 written · 2 Lean cannot read a file, or --out cannot be written
"""
TRACE_EPILOG = """
[bold]Examples[/]

[cyan]eva data trace OWNER/NAME@COMMIT --out steps.jsonl[/]  a repository of GitHub

[cyan]eva data trace ./traced[/]  a folder that LeanDojo has traced before

[bold]Exit codes[/]

0 written · 2 there is no such repository, LeanDojo fails, or --out cannot be written
"""

app = typer.Typer(name="data", help="Make and convert training data.", no_args_is_help=True)

Out = Annotated[Path, typer.Option(dir_okay=False, help="Where to write steps, one a line, for `eva score`.")]
DEFAULT_OUT = Path("steps.jsonl")


class Source(str, Enum):
    """The formats that `eva data convert` reads."""

    minif2f = "minif2f"
    rllean = "rllean"


@app.command(epilog=GENERATE_EPILOG)
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
    columns = (
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    try:
        if store.is_file():
            fail(
                ExitCode.USAGE,
                f"{store} is a file, where answers of Lean must go: remove it, or give another --out",
            )
        if store.exists() and any(store.iterdir()) and not resume:
            fail(
                ExitCode.USAGE,
                f"{store} holds answers of an earlier run: pass --resume to use them, or name another folder",
            )
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


@app.command(epilog=CHECK_EPILOG)
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


@app.command(epilog=CONVERT_EPILOG)
def convert(
    kind: Annotated[Source, typer.Argument(help="What FILE holds.", metavar="FORMAT")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The file to read.")],
    out: Out = DEFAULT_OUT,
) -> None:
    """Turn traced proofs (minif2f) or proof attempts (rllean) into steps for `eva score`."""
    from eva.data.convert import FORMATS, BadSource

    try:
        _save(FORMATS[kind.value](file), out)
    except BadSource as error:
        fail(ExitCode.USAGE, str(error))


@app.command("from-lean", epilog=FROM_LEAN_EPILOG)
def from_lean(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Lean files.")],
    out: Out = DEFAULT_OUT,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds that Lean gets for each file.")] = 300.0,
) -> None:
    """The steps of Lean files, with the states around them and Lean's errors, as Lean itself saw them."""
    from eva.cli.sources import BadSource, ask_lean

    def steps() -> Iterator[ProofStep]:
        for file in files:
            found = ask_lean(file, timeout, option="--timeout")
            for complaint in found.complaints:
                tell(complaint, label="eva: Lean, outside of the steps")
            yield from found.steps

    try:
        _save(steps(), out)
    except BadSource as error:
        fail(ExitCode.USAGE, str(error))


@app.command(epilog=TRACE_EPILOG)
def trace(
    source: Annotated[
        str,
        typer.Argument(
            metavar="REPO@COMMIT",
            help="owner/name or URL or folder of a git repository, and a commit or tag; or a folder that "
            "LeanDojo has traced.",
        ),
    ],
    out: Out = DEFAULT_OUT,
) -> None:
    """The steps of a whole repository, traced by LeanDojo (needs git, lake and the network)."""
    from eva.data.trace import TraceFailed
    from eva.data.trace import trace as steps_of_repository

    try:
        _save(steps_of_repository(source), out)
    except TraceFailed as error:
        fail(ExitCode.USAGE, str(error))


def _save(steps: Iterable[ProofStep], out: Path) -> None:
    """Write `steps` to `out`, and say how many there were."""
    from eva.steps_io import write_steps

    try:
        count = write_steps(out, steps)
    except OSError as error:
        why = f"{error.filename or out}: {error.strerror or error}"  # a folder above may be in the way
        fail(ExitCode.USAGE, f"cannot write {out} ({why}); name another file with --out")
    typer.echo(f"{count} steps in {out}")


def register(root: typer.Typer) -> None:
    """Add `eva data` with its commands."""
    root.add_typer(app)

"""`eva train`: a reward model from labelled steps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from eva.cli.exits import ExitCode, fail

HELP = (
    "Train a reward model by EVA on labelled steps.\n\n"
    "The loss is cross-entropy on critique and integer scores, plus alpha times the squared error of the "
    "expected scores. The run directory gets the configuration, curves (CSV and PNG), checkpoints to resume "
    "from, and model/, which `eva serve --model` takes. Run the same command again and a stopped run goes on."
)
EPILOG = """
[bold]Examples[/]

[cyan]eva train --data data/steps --out runs/nano[/]  a fresh small model, the recipe of leibniz-nano

[cyan]eva train --data data/steps --out runs/tuned --base ./model --learning-rate 2e-5[/]  on from a model

[bold]Exit codes[/]

0 trained · 2 an option or the data is wrong · 4 the base model cannot be loaded
"""


def train(
    *,
    data: Annotated[Path, typer.Option(metavar="DIR", help="Holds train.jsonl and validation.jsonl.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The run directory.")],
    base: Annotated[
        str,
        typer.Option(
            metavar="NAME|DIR|new:SIZE", help="Model to start from; new:nano and new:micro are fresh."
        ),
    ] = "new:nano",
    alpha: Annotated[float, typer.Option(help="Weight of the squared error of the expected scores.")] = 0.5,
    prompt_loss: Annotated[
        float, typer.Option(help="Weight of the cross-entropy on the prompt's tokens.")
    ] = 0.1,
    orders: Annotated[
        Literal["score_first", "critique_first", "both"],
        typer.Option(help="Which order the outputs are written in."),
    ] = "both",
    epochs: Annotated[float, typer.Option(help="Passes over the data.")] = 3.0,
    batch_size: Annotated[int, typer.Option(help="Examples a step.")] = 16,
    learning_rate: Annotated[float, typer.Option(help="Peak of the cosine schedule.")] = 1.5e-3,
    max_tokens: Annotated[int, typer.Option(help="Longer examples are left out.")] = 512,
    bf16: Annotated[bool, typer.Option(help="bfloat16 autocast.")] = True,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads for torch.", show_default="torch's own choice")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of everything that is drawn.")] = 0,
    save_steps: Annotated[int, typer.Option(help="A checkpoint every so many steps.")] = 200,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Use only so many training steps.", show_default="all")
    ] = None,
) -> None:
    from eva.model.errors import LoadError
    from eva.train.config import BadConfig, TrainConfig

    try:
        config = TrainConfig(
            data=data,
            out=out,
            base=base,
            alpha=alpha,
            prompt_loss=prompt_loss,
            orders=orders,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            max_tokens=max_tokens,
            bf16=bf16,
            threads=threads,
            seed=seed,
            save_steps=save_steps,
            limit=limit,
        )
        from eva.train.run import train as run

        final = run(config)
    except BadConfig as error:
        fail(ExitCode.USAGE, str(error))
    except LoadError as error:
        fail(ExitCode.MODEL, str(error))
    typer.echo(f"{final}")


def register(app: typer.Typer) -> None:
    """Add `eva train`."""
    app.command(help=HELP, epilog=EPILOG)(train)

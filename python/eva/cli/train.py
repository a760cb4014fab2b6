"""`eva train` and `eva pretrain`: a reward model from labelled steps, and a base for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from eva.cli.exits import ExitCode, fail
from eva.cli.fields import command_of
from eva.train.config import PretrainConfig, RunConfig, TrainConfig

HELP = (
    "Train a reward model by EVA on labelled steps.\n\n"
    "The loss is cross-entropy on critique and scores, plus alpha times the squared error of the expected "
    "scores. The run directory gets the configuration, curves (CSV and PNG), checkpoints to resume from, "
    "metrics.json with the figures on the validation set, and model/, which `eva serve --model` takes. Run "
    "the same command again and a stopped run goes on."
)
EPILOG = """
[bold]Examples[/]

[cyan]eva train --data data/steps --out runs/nano[/]  a fresh small model, in both orders

[cyan]eva train --data data/steps --out runs/tuned --base ./model --lora[/]  on from a model

[cyan]eva train --config arm.yaml --seed 2 --out runs/arm-2[/]  options from a file, some of them changed

[cyan]accelerate launch --num_processes 2 -m eva train --config arm.yaml[/]  on two devices

[bold]Exit codes[/]

0 trained · 2 an option or the data is wrong · 4 the base model cannot be loaded, or training diverged
"""
PRETRAIN_HELP = (
    "Train a plain language model on proofs, as the base of reward models.\n\n"
    "Its texts are the steps that Lean took and that can be finished: theorem, earlier steps, state, step, "
    "and the state that follows; no word of scores. All arms of a comparison start from one such base."
)
PRETRAIN_EPILOG = """
[bold]Example[/]

[cyan]eva pretrain --data data/steps --out runs/base --base new:mini[/]  then: eva train --base
runs/base/model …

[bold]Exit codes[/]

0 trained · 2 an option or the data is wrong · 4 the base model cannot be loaded, or training diverged
"""


def _train(given: dict[str, Any], file: Path | None) -> None:
    def run(config: TrainConfig) -> Path:
        from eva.train.run import train

        return train(config)

    _run(TrainConfig, run, given, file)


def _pretrain(given: dict[str, Any], file: Path | None) -> None:
    def run(config: PretrainConfig) -> Path:
        from eva.train.pretrain import pretrain

        return pretrain(config)

    _run(PretrainConfig, run, given, file)


def _run(kind: type[RunConfig], run: Callable[[Any], Path], given: dict[str, Any], file: Path | None) -> None:
    from eva.data.record import BadRecord
    from eva.model.errors import LoadError, ModelError
    from eva.train.config import BadConfig
    from eva.train.options import build

    try:
        final = run(build(kind, given, file))
    except (BadConfig, BadRecord) as error:
        fail(ExitCode.USAGE, str(error))
    except BrokenPipeError:
        raise  # nobody reads what training prints: no fault of an option
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        fail(
            ExitCode.USAGE,
            f"cannot train: {where}{error.strerror or error}; give an --out that can be written, and "
            "a --data that can be read",
        )
    except (LoadError, ModelError) as error:
        fail(ExitCode.MODEL, str(error))
    typer.echo(f"{final}")


def register(app: typer.Typer) -> None:
    """Add `eva train` and `eva pretrain`."""
    app.command("train", help=HELP, epilog=EPILOG)(command_of(TrainConfig, _train))
    app.command("pretrain", help=PRETRAIN_HELP, epilog=PRETRAIN_EPILOG)(command_of(PretrainConfig, _pretrain))

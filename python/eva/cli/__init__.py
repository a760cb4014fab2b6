"""The `eva` command: one file a command. Heavy imports wait until a command runs: `--help` is quick."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import Annotated

import typer

from eva import __version__
from eva.cli import data, doctor, evaluate, score, serve, train

HELP = (
    "A generative reward model that reads your Lean 4 proof with you.\n\n"
    "Each step of a proof gets expected scores for logic, alignment and clarity, one value in 0..1, and a "
    "critique in words. A daemon keeps the model loaded; editor, command line and Python ask it."
)
EPILOG = """
[bold]Start here[/]

[cyan]eva doctor[/]  looks whether everything is in place

[cyan]eva serve --detach[/]  starts the daemon, with the model that came with eva

[cyan]eva score Demo.lean[/]  scores every step of the proofs in a file
"""

app = typer.Typer(
    name="eva",
    help=HELP,
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"eva {__version__}")
        raise typer.Exit


@app.callback()
def _eva(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


app.command(help=score.HELP, epilog=score.EPILOG)(score.score)
serve.register(app)
app.command(help=doctor.HELP, epilog=doctor.EPILOG)(doctor.doctor)
train.register(app)
evaluate.register(app)
app.add_typer(data.app)


def main() -> None:
    """Run the command line. Lean's text is Unicode, so both streams write UTF-8, whatever the locale says."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    app(prog_name="eva")

"""The `eva` command: one file a command, loaded when it runs, and what is heavy later: `--help` is quick."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from typing import Annotated, Any

import typer

from eva import __version__
from eva.cli.exits import output_failures
from eva.cli.late import Late, group_of
from eva.threads import share_the_cores

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

COMMANDS = (
    Late("score", "eva.cli.score", "Score each step of the proofs in a file."),
    Late(
        "serve",
        "eva.cli.serve",
        "Start the daemon: it loads the model once and scores for editor, command line and Python.",
    ),
    Late("status", "eva.cli.serve", "Ask the daemon how it is."),
    Late("top", "eva.cli.top", "Watch the daemon: queue, batches, rates, times and memory."),
    Late("stop", "eva.cli.serve", "End the daemon: requests that it has accepted are answered first."),
    Late("doctor", "eva.cli.doctor", "Look whether everything is in place."),
    Late("train", "eva.cli.train", "Train a reward model by EVA on labelled steps."),
    Late(
        "pretrain", "eva.cli.train", "Train a plain language model on proofs, as the base of reward models."
    ),
    Late("evaluate", "eva.cli.evaluate", "Hold a model's scores against labelled steps."),
    Late("data", "eva.cli.data", "Make and convert training data."),
)
SETTINGS: dict[str, Any] = {
    "rich_markup_mode": "rich",
    "context_settings": {"help_option_names": ["-h", "--help"]},
    "pretty_exceptions_enable": False,
}
app = typer.Typer(
    name="eva", cls=group_of(COMMANDS, **SETTINGS), help=HELP, epilog=EPILOG, no_args_is_help=True, **SETTINGS
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


def main() -> None:
    """Run the command line. Lean's text is Unicode, so both streams write UTF-8, whatever the locale says."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    if os.environ.get("COLUMNS") == "0":
        del os.environ["COLUMNS"]  # others take 0 for not set; rich would print nothing
    share_the_cores()
    with output_failures():
        app(prog_name="eva")

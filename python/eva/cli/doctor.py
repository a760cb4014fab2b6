"""`eva doctor`: is everything in place, and what to do where it is not."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from eva.cli.exits import ExitCode, visible

HELP = (
    "Look whether everything is in place.\n\n"
    "Each line is ok, a warning (something will not work, the rest will) or a failure, with its remedy. "
    "Nothing heavy is loaded and nothing is changed."
)
EPILOG = """
[bold]Examples[/]

[cyan]eva doctor[/]  a line for each check, with its remedy

[cyan]eva doctor --json | jq .ok[/]  true or false, for programs

[bold]Exit codes[/]

0 no failure (there may be warnings) · 1 a check failed
"""
STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def doctor(
    *, as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")] = False
) -> None:
    from eva.cli.checks import all_checks

    checks = []
    for check in all_checks():
        checks.append(check)
        if not as_json:
            _show(check.state, check.name, check.detail, check.remedy)
    sound = all(check.state != "fail" for check in checks)
    if as_json:
        typer.echo(json.dumps({"ok": sound, "checks": [check.to_json() for check in checks]}, indent=2))
    if not sound:
        raise typer.Exit(ExitCode.BELOW)


def _show(state: str, name: str, detail: str, remedy: str) -> None:
    from rich.console import Console
    from rich.text import Text

    out = Console(highlight=False)
    margin = " " * 24
    for number, (line, style) in enumerate([(detail, ""), *([(f"→ {remedy}", "bold")] if remedy else [])]):
        for place, part in enumerate(Text(visible(line), style=style).wrap(out, max(out.width - 24, 30))):
            first = number == place == 0
            head = Text.assemble((f"{state:>6}", STYLES[state]), f"  {name:<16}") if first else Text(margin)
            part.rstrip()
            out.print(head + part, no_wrap=True, crop=False, overflow="ignore")


def register(app: typer.Typer) -> None:
    """Add `eva doctor`."""
    app.command(help=HELP, epilog=EPILOG)(doctor)

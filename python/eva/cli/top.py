"""`eva top`: the daemon at work."""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import Annotated

import typer

from eva.cli.exits import ExitCode, fail

EPILOG = """
[bold]Examples[/]

[cyan]eva top[/]  until Ctrl-C

[cyan]eva top --every 10 --times 6 > load.txt[/]  six looks in a minute

[bold]Exit codes[/]

0 after --times looks · 3 no daemon answers · 130 Ctrl-C
"""


def top(
    *,
    every: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.1, max=3600.0, help="How often to look.")
    ] = 1.0,
    times: Annotated[
        int, typer.Option(metavar="N", min=0, help="End after so many looks; 0: go on until Ctrl-C.")
    ] = 0,
) -> None:
    """Watch the daemon: queue, batches, rates, times and memory.

    On a terminal the table is renewed in place; in a pipe every look is printed below the last.
    """
    from rich.console import Console
    from rich.live import Live

    from eva.cli.health import table
    from eva.cli.screen import is_screen
    from eva.client import Client, DaemonError
    from eva.protocol import Health
    from eva.runtime import read_connection

    console = Console(highlight=False)
    renewed = Live(console=console, auto_refresh=False) if is_screen(console) else nullcontext()
    before: tuple[Health, float] | None = None
    looks = 0
    try:
        with Client(read_connection()) as client, renewed as live:
            while True:
                health, now = client.health(), time.monotonic()
                view = table(health, before and before[0], now - before[1] if before else 0.0)
                if live is None:
                    console.print(view)
                else:
                    live.update(view, refresh=True)
                before = health, now
                looks += 1
                if looks == times:
                    return
                time.sleep(every)
    except DaemonError as error:
        fail(ExitCode.DAEMON, str(error))


def register(app: typer.Typer) -> None:
    """Add `eva top`."""
    app.command(epilog=EPILOG)(top)

"""`eva serve`, `eva status`, `eva stop`: the daemon's life."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from eva.cli.exits import ExitCode, fail, tell

if TYPE_CHECKING:
    from eva.runtime import Connection
    from eva.serve.config import ServeConfig

LogLevel = Literal["debug", "info", "warning", "error"]

SERVE_EPILOG = """
[bold]Examples[/]

[cyan]eva serve --detach[/]  in the background, with the model that came with eva

[cyan]eva serve --model ./my-checkpoint --threads 4[/]  in this terminal, until Ctrl-C

[cyan]eva serve --bind tcp://0.0.0.0:5570 --curve[/]  for other machines, encrypted

[bold]Exit codes[/]

0 ended in good order · 2 a setting is wrong · 3 no place for the connection file · 4 the model cannot be used
· 5 a daemon runs already
"""
STOP_EPILOG = """
[bold]Examples[/]

[cyan]eva stop[/]  what it has accepted is answered first

[cyan]eva stop --timeout 120[/]  for one that has much to answer; [cyan]eva stop[/] once more cuts that short

[bold]Exit codes[/]

0 it has ended · 3 there is none, or it does not end
"""
STATUS_EPILOG = """
[bold]Examples[/]

[cyan]eva status[/]  model, load, times and memory

[cyan]eva status --json | jq .queued_steps[/]  one figure, for programs

[cyan]eva status --prometheus > eva.prom[/]  for Prometheus' textfile collector

[bold]Exit codes[/]

0 a daemon answers · 2 an option is wrong · 3 no daemon answers
"""


def serve(
    *,
    model: Annotated[
        str,
        typer.Option(metavar="NAME|DIR", help="Embedded model, checkpoint directory, or a model of the hub."),
    ] = "leibniz-nano",
    bind: Annotated[
        str,
        typer.Option(metavar="tcp://ADDRESS:PORT", help="Where to listen; port [bold]*[/] takes a free one."),
    ] = "tcp://127.0.0.1:*",
    detach: Annotated[
        bool, typer.Option("--detach", help="Run in the background; return once ready.")
    ] = False,
    curve: Annotated[
        bool, typer.Option("--curve", help="Encrypt and authenticate with CURVE; needed beyond this machine.")
    ] = False,
    threads: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Threads for the model.", show_default="the cores, at most 8"),
    ] = None,
    queue: Annotated[
        int, typer.Option(metavar="STEPS", min=1, help="How many steps may wait before clients hear 'busy'.")
    ] = 4096,
    batch: Annotated[
        int, typer.Option(metavar="STEPS", min=1, help="How many steps go through the model together.")
    ] = 16,
    cache: Annotated[
        int,
        typer.Option("--cache", metavar="MIB", min=0, help="Memory for what the model has read; 0 for none."),
    ] = 256,
    log_level: Annotated[
        LogLevel, typer.Option(help="The log goes to stderr, one JSON object a line.")
    ] = "info",
    startup: Annotated[
        float,
        typer.Option(metavar="SECONDS", min=1.0, help="With --detach: how long it may take to get ready."),
    ] = 300.0,
) -> None:
    """Start the daemon: it loads the model once and scores for editor, command line and Python."""
    from eva.runtime import connection_path
    from eva.serve.config import ConfigError, ServeConfig

    path = connection_path()
    try:
        config = ServeConfig(
            path,
            model,
            bind,
            curve=curve,
            threads=threads,
            queue=queue,
            batch=batch,
            cache_mb=cache,
            log_level=log_level,
        )
    except ConfigError as error:
        fail(ExitCode.USAGE, str(error))
    if detach:
        arguments = ["serve", "--model", model, "--bind", bind, "--queue", str(queue), "--batch", str(batch)]
        arguments += ["--cache", str(cache), "--log-level", log_level, *(["--curve"] if curve else [])]
        arguments += [] if threads is None else ["--threads", str(threads)]
        _start_in_background(arguments, path, model, startup)
    else:
        _serve_here(config)


def status(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")] = False,
    as_prometheus: Annotated[
        bool, typer.Option("--prometheus", help="Prometheus' text format, for its textfile collector.")
    ] = False,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.1, max=3600.0, help="How long it may take to answer.")
    ] = 5.0,
) -> None:
    """Ask the daemon how it is."""
    if as_json and as_prometheus:
        raise typer.BadParameter(
            "does not go with --json: ask for one of the two.", param_hint="--prometheus"
        )
    from eva.cli.health import prometheus, summary
    from eva.client import Client, DaemonError
    from eva.runtime import connection_path, living_daemon, read_connection

    path = connection_path()
    try:
        connection = read_connection(path)
        with Client(connection, timeout=timeout) as client:
            health = client.health()
    except DaemonError as error:
        there = living_daemon(path)
        if there is not None and not path.exists():
            fail(ExitCode.DAEMON, f"a daemon is starting or stopping (pid {there[0]}): ask again in a moment")
        fail(ExitCode.DAEMON, str(error))
    if as_json:
        typer.echo(
            json.dumps(asdict(health) | {"endpoint": connection.endpoint, "connection_file": str(path)})
        )
        return
    if as_prometheus:
        typer.echo(prometheus(health), nl=False)
        return
    low, high = health.scale
    typer.echo(
        f"{health.state}: {health.model} (scores {low} to {high}), pid {health.pid}, {connection.endpoint}"
    )
    for line in summary(health):
        typer.echo(line)


def stop(
    *,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.1, max=3600.0, help="How long it may take to end.")
    ] = 30.0,
) -> None:
    """End the daemon: requests that it has accepted are answered first."""
    from eva.runtime import DaemonError, connection_path, is_abandoned, living_daemon, read_connection

    path = connection_path()
    there = living_daemon(path)  # the holder of the lock, and nobody else, is ended
    if there is None:
        try:
            where = read_connection(path).endpoint
        except DaemonError as error:
            fail(ExitCode.DAEMON, str(error))
        fail(
            ExitCode.DAEMON,
            f"the daemon of {path} ({where}) was not started here: stop it on its own machine",
        )
    pid, host = there
    if host != socket.gethostname():
        fail(
            ExitCode.DAEMON,
            f"the daemon (pid {pid}) runs on {host}: stop it there; if that is this machine: 'kill {pid}'",
        )
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        pass  # it has just ended
    except OSError as error:
        fail(ExitCode.DAEMON, f"the daemon (pid {pid}) cannot be told to stop: {error.strerror}")
    end = time.monotonic() + timeout
    while not is_abandoned(path):
        if time.monotonic() > end:
            fail(
                ExitCode.DAEMON,
                f"the daemon (pid {pid}) has not ended within {timeout:g} s: it may still answer what it has "
                f"accepted, which 'eva stop' once more cuts short; if nothing else helps: 'kill -9 {pid}'",
            )
        time.sleep(0.05)
    tell(f"the daemon (pid {pid}) has ended")


def register(app: typer.Typer) -> None:
    """Add the three commands to `app`."""
    app.command(epilog=SERVE_EPILOG)(serve)
    app.command(epilog=STATUS_EPILOG)(status)
    app.command(epilog=STOP_EPILOG)(stop)


def _serve_here(config: ServeConfig) -> None:
    from eva.runtime import AlreadyRunning, DaemonError
    from eva.serve import daemon
    from eva.serve.config import ConfigError

    try:
        daemon.serve(config, ready=_tell_ready)
    except AlreadyRunning as error:
        fail(ExitCode.RUNNING, str(error))
    except DaemonError as error:
        fail(ExitCode.DAEMON, str(error))
    except ConfigError as error:
        fail(ExitCode.USAGE, str(error))
    except daemon.UnusableModel as error:
        fail(ExitCode.MODEL, str(error))


def _tell_ready(connection: Connection) -> None:
    tell(f"ready ({connection.who})")  # a full disk, or nobody reads: no reason not to serve


def _start_in_background(arguments: list[str], path: Path, model: str, startup: float) -> None:
    from rich.console import Console

    from eva.runtime import BadConnectionFile, beside
    from eva.serve.detach import NotStarted, spawn

    try:
        with Console(stderr=True).status(f"loading {model} (log: {beside(path, 'log')})"):
            connection = spawn(arguments, path, timeout=startup)
    except NotStarted as error:
        ours = (ExitCode.USAGE, ExitCode.DAEMON, ExitCode.RUNNING)
        fail(next((code for code in ours if code == error.code), ExitCode.MODEL), str(error))
    except BadConnectionFile as error:
        fail(ExitCode.DAEMON, str(error))
    tell(f"ready ({connection.who}); 'eva stop' ends it")

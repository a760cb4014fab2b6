"""How long the command line and the daemon take to be there, and whether the daemon stays small."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.clients import Crowd, Task, gathered
from benchmarks.costless import eva_daemon
from benchmarks.daemon import running
from benchmarks.harness import Goal, Row, Size, alone, in_turn, missing, seconds, versus
from benchmarks.proofs import proof
from eva.runtime import Connection

TOPIC = "start"
HELP_GOAL = Goal("ours", "≤", 150.0)
READY_GOAL = Goal("ours", "≤", 4.0)
FLAT = Goal("ours", "≤", 2.0)
CLIENTS = 4
SAMPLES = 20
KNOWN = 4096  # scores that the engine remembers: before, its memory grows by right
HELLO = proof(1, 0)
EMPTY = """
import sys, typer
sys.argv = ["empty", "--help"]
app = typer.Typer()
app.command("one")(lambda: None)
app.command("two")(lambda: None)
app()
"""
LIBRARIES = "import torch; from transformers import AutoModelForCausalLM, AutoTokenizer"


def rows(size: Size) -> Iterator[Row]:
    """All rows of this topic."""
    yield _help(size)
    yield _ready(size)
    with gathered(CLIENTS) as clients:
        with eva_daemon() as (connection, pid):
            name, before, count = "a model that costs nothing", size.pick(12_500, 50), size.pick(50_000, 200)
            yield _memory(name, clients, connection, pid, before=before, count=count)
        with running() as connection:
            before, count = size.pick(KNOWN, 10), size.pick(4000, 40)
            yield _memory("leibniz-nano", clients, connection, connection.pid, before=before, count=count)


def _help(size: Size) -> Row:
    """`eva --help` in a process of its own."""
    found = in_turn({"ours": _timed("-m", "eva", "--help"), "theirs": _timed("-c", EMPTY)}, size.pick(20, 1))
    return versus(
        TOPIC,
        "eva --help",
        [taken * 1000 for taken in found["ours"]],
        [taken * 1000 for taken in found["theirs"]],
        "ms",
        against="the help of a typer program of two empty commands",
        goal=HELP_GOAL,
    )


def _ready(size: Size) -> Row:
    """From the command to a daemon that has judged its first step and takes requests."""

    def ready(number: int) -> float:
        begun = time.perf_counter()
        with running():
            return time.perf_counter() - begun

    found = in_turn({"ours": ready, "theirs": _timed("-c", LIBRARIES)}, size.pick(5, 1))
    return versus(
        TOPIC,
        "eva serve --detach with leibniz-nano",
        found["ours"],
        found["theirs"],
        "s",
        against="to import torch and transformers' Auto classes",
        goal=READY_GOAL,
    )


def _timed(*words: str) -> Callable[[int], float]:
    """How long Python takes with these arguments."""
    command = [sys.executable, *words]
    return lambda number: seconds(lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True))


def _memory(model: str, clients: Crowd, connection: Connection, pid: int, *, before: int, count: int) -> Row:
    """How far the resident memory strays over `count` requests from where it was after those `before`."""
    name = f"resident memory over {count:,} requests, {model}"
    if not Path(f"/proc/{pid}/statm").exists():
        return missing(TOPIC, name, "% of change", "needs /proc", goal=FLAT)
    each = count // (CLIENTS * SAMPLES)
    skipped = -(-before * SAMPLES // count)
    sizes = []
    for sample in range(skipped + SAMPLES):
        tasks = [
            Task(
                "eva",
                connection,
                [proof(8, (sample * CLIENTS + client) * each + i)[7:] for i in range(each)],
                HELLO,
                count=each,
            )
            for client in range(CLIENTS)
        ]
        clients.run(tasks)
        sizes.append(_resident_mb(pid))
    warm = sizes[skipped - 1 :]
    strayed = max(abs(size - warm[0]) for size in warm) / warm[0] * 100
    note = f"{warm[0]:.0f} MB once warm, {warm[-1]:.0f} MB at the end, at most {max(warm):.0f} MB"
    return alone(TOPIC, name, [strayed], "% of change", goal=FLAT, note=note)


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

"""How long the command line and the daemon take to be there, and whether the daemon stays small."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.clients import Crowd, Task, gathered
from benchmarks.costless import eva_daemon
from benchmarks.daemon import running
from benchmarks.harness import Goal, Row, Size, alone, missing
from benchmarks.proofs import proof
from eva.runtime import Connection

TOPIC = "start"
HELP_GOAL = Goal("ours", "≤", 150.0)
READY_GOAL = Goal("ours", "≤", 4.0)
FLAT = Goal("ours", "≤", 2.0)
CLIENTS = 4
SAMPLES = 20
HELLO = proof(1, 0)


def rows(size: Size) -> Iterator[Row]:
    """All rows of this topic."""
    yield from _help(size)
    yield _ready(size)
    with gathered(CLIENTS) as clients:
        with eva_daemon() as (connection, pid):
            yield _memory("a model that costs nothing", clients, connection, pid, size.pick(50_000, 200))
        with running() as connection:
            yield _memory("leibniz-nano", clients, connection, connection.pid, size.pick(4000, 40))


def _help(size: Size) -> Iterator[Row]:
    """`eva --help` in a process of its own: wall time, and the processor's."""
    walls, works = [], []
    for number in range(size.pick(21, 2)):
        begun = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-m", "eva", "--help"], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"eva --help ended with code {process.returncode}")
        if number:  # the first one reads the files from disk
            walls.append((time.perf_counter() - begun) * 1000)
            works.append((usage.ru_utime + usage.ru_stime) * 1000)
    yield alone(TOPIC, "eva --help", walls, "ms", goal=HELP_GOAL)
    yield alone(TOPIC, "eva --help, the processor's time", works, "ms")


def _ready(size: Size) -> Row:
    """From the command to a daemon that has judged its first step and takes requests."""
    taken = []
    for number in range(size.pick(6, 1)):
        begun = time.perf_counter()
        with running():
            if number or size.quick:
                taken.append(time.perf_counter() - begun)
    return alone(TOPIC, "eva serve --detach with leibniz-nano", taken, "s", goal=READY_GOAL)


def _memory(model: str, clients: Crowd, connection: Connection, pid: int, count: int) -> Row:
    """How far the resident memory strays from where it was once warm, a fifth of the requests into it."""
    name = f"resident memory over {count:,} requests, {model}"
    if not Path(f"/proc/{pid}/statm").exists():
        return missing(TOPIC, name, "% of change", "needs /proc", goal=FLAT)
    each = count // (CLIENTS * SAMPLES)
    sizes = []
    for sample in range(SAMPLES + SAMPLES // 4):
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
    warm = sizes[SAMPLES // 4 :]
    strayed = max(abs(size - warm[0]) for size in warm) / warm[0] * 100
    note = f"{warm[0]:.0f} MB once warm, {warm[-1]:.0f} MB at the end, at most {max(warm):.0f} MB"
    return alone(TOPIC, name, [strayed], "% of change", goal=FLAT, note=note)


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

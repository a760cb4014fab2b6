"""Faults that only a process can meet, each of a real `eva serve` with a tiny real model."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
from dealer import dealing
from streams import GREETING, INITIATE, hello

from eva.client import Client
from eva.runtime import Connection, DaemonError, read_connection
from eva.step import ProofStep, Scored

START_S = 120.0
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits are those of Unix")


def steps(count: int) -> list[ProofStep]:
    return [ProofStep((f"n : Nat\n⊢ n + {i} = {i} + n",), "omega") for i in range(count)]


def begin(
    path: Path,
    model: Path,
    *,
    log: IO[bytes] | int = subprocess.DEVNULL,
    limit: str = "",
    **environment: str,
) -> subprocess.Popen[bytes]:
    """`eva serve` on its way, with `limit` (a call of `resource.setrlimit`) in force."""
    limited = f"import os, resource, sys; {limit}; os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    return subprocess.Popen(
        [
            sys.executable,
            *(["-c", limited] if limit else []),
            "-m",
            "eva",
            "serve",
            "--model",
            str(model),
            "--threads",
            "1",
        ],
        env=os.environ | {"EVA_CONNECTION_FILE": str(path)} | environment,
        stdout=subprocess.DEVNULL,
        stderr=log,
    )


@contextmanager
def daemon(path: Path, model: Path, **options: Any) -> Iterator[Connection]:
    """A daemon that got ready; it must end in good order."""
    process = begin(path, model, **options)
    try:
        yield until_ready(path, [process])
        if path.exists():  # else it has been told already
            process.terminate()
        assert process.wait(START_S) == 0
        assert not path.exists()
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(START_S)


def until_ready(path: Path, processes: list[subprocess.Popen[bytes]]) -> Connection:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        assert any(process.poll() is None for process in processes), "it ended before it was ready"
        try:
            return read_connection(path)
        except DaemonError:
            time.sleep(0.05)
    raise AssertionError("it does not get ready")


def test_sigterm_under_load_loses_no_accepted_request(tmp_path: Path, tiny_checkpoint: Path) -> None:
    with ExitStack() as stack:
        there = stack.enter_context(daemon(tmp_path / "daemon.json", tiny_checkpoint))
        clients = [stack.enter_context(dealing(there)) for _ in range(6)]
        asked = [step.to_json() for step in steps(40)]
        for number, client in enumerate(clients):
            for id in ("r1", "r2"):
                client.ask("score", id, steps=asked, critique=number % 2 == 0)
            client.ask("health", "h")
        for client in clients:  # health is answered after what was said before it was accepted
            client.hear_until("health")
        os.kill(there.pid, signal.SIGTERM)
        for client in clients:
            ended = [client.hear_until("done", "error")[-1] for _ in range(2)]
            assert {event["id"] for event in ended} == {"r1", "r2"}
            assert all(event["type"] == "done" or event["code"] == "busy" for event in ended), ended


def test_one_of_many_that_start_at_once_becomes_the_daemon(tmp_path: Path, tiny_checkpoint: Path) -> None:
    path = tmp_path / "daemon.json"
    racers = [begin(path, tiny_checkpoint) for _ in range(4)]
    try:
        there = until_ready(path, racers)
        losers = [racer for racer in racers if racer.pid != there.pid]
        assert [loser.wait(START_S) for loser in losers] == [5, 5, 5]
        with Client(path) as client:
            assert client.health().pid == there.pid
    finally:
        for racer in racers:
            racer.terminate()
        for racer in racers:
            racer.wait(START_S)
    assert not path.exists()


def test_two_thousand_idle_connections(tmp_path: Path, tiny_checkpoint: Path) -> None:
    """The daemon starts with 256 descriptors, fewer than it needs, and takes what the system lets it have."""
    count = 2000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count + 200:
        pytest.skip(f"the system allows {hard} descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count + 200), hard))
    try:
        with (
            daemon(
                tmp_path / "daemon.json",
                tiny_checkpoint,
                limit=f"resource.setrlimit(resource.RLIMIT_NOFILE, (256, {hard}))",
            ) as there,
            ExitStack() as crowd,
        ):
            host, _, port = there.endpoint.removeprefix("tcp://").rpartition(":")
            for _ in range(count):
                idle = crowd.enter_context(socket.create_connection((host, int(port)), timeout=START_S))
                idle.sendall(GREETING + hello(there.token.encode()))
                while b"WELCOME" not in idle.recv(4096):
                    pass
                idle.sendall(INITIATE)
            with Client(there) as client:
                assert len(client.score(steps(3))) == 3
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_log_on_a_full_disk_disturbs_nobody(tmp_path: Path, tiny_checkpoint: Path) -> None:
    with (
        Path("/dev/full").open("wb") as full,
        daemon(tmp_path / "daemon.json", tiny_checkpoint, log=full) as there,
        Client(there) as client,
    ):
        for _ in range(3):
            assert len(client.score(steps(2), critique=False)) == 2
        with pytest.raises(DaemonError):  # which is logged
            client.score([ProofStep(("⊢ p",), " ")])
        assert client.health().state == "ready"


def test_a_log_that_nobody_reads_disturbs_nobody(tmp_path: Path, tiny_checkpoint: Path) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    with (
        os.fdopen(theirs, "wb") as unread,
        daemon(tmp_path / "daemon.json", tiny_checkpoint, log=unread) as there,
        Client(there) as client,
    ):
        assert len(client.score(steps(2), critique=False)) == 2
        assert client.health().state == "ready"


@pytest.mark.parametrize(("room", "file"), [(0, "daemon.json.lock"), (64, "daemon.json")])
def test_no_room_for_the_files_is_one_clear_line(
    tmp_path: Path, tiny_checkpoint: Path, room: int, file: str
) -> None:
    """A limit on the size of files stands for a full disk: writing fails alike."""
    limit = f"resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))"
    path = tmp_path / "daemon.json"
    process = begin(path, tiny_checkpoint, log=subprocess.PIPE, limit=limit)
    _, told = process.communicate(timeout=START_S)
    assert process.returncode == 3
    line = told.decode().strip().splitlines()[-1]
    assert line.startswith(f"eva: error: {tmp_path / file} cannot be")
    assert "EVA_CONNECTION_FILE" in line
    assert "Traceback" not in told.decode()
    assert not path.exists()


@pytest.fixture(scope="session")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that moves the wall clock of the process into which it is loaded."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("needs a C compiler, and Linux' way to load a library first")
    library = tmp_path_factory.mktemp("clock") / "jump.so"
    source = Path(__file__).with_name("jump.c")
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True, timeout=START_S
    )
    return library


def test_the_wall_clock_may_jump(tmp_path: Path, tiny_checkpoint: Path, clock: Path) -> None:
    """No deadline passes, and none is put off, when the clock is set by years in either direction."""
    jump, log_path = tmp_path / "jump", tmp_path / "log"
    years = 10 * 365 * 86400
    with (
        log_path.open("w+b") as log,
        daemon(
            tmp_path / "daemon.json", tiny_checkpoint, log=log, LD_PRELOAD=str(clock), EVA_TEST_JUMP=str(jump)
        ) as there,
        Client(there) as client,
        dealing(there) as dealer,
    ):
        scored = 0
        for event in client.stream(steps(60), deadline=3600.0):
            if isinstance(event, Scored):
                scored += 1
                jump.write_text(str(years if scored % 2 else -years))
        assert scored == 60
        assert client.health().uptime_s < START_S
        jump.write_text(str(-years))
        dealer.ask("score", "r1", steps=[step.to_json() for step in steps(1000)], deadline_ms=200)
        jump.write_text(str(years))
        assert dealer.hear_until("done", "error")[-1]["code"] == "deadline"
    dates = [json.loads(line)["time"][:4] for line in log_path.read_text().splitlines() if line[0] == "{"]
    assert int(dates[-1]) >= int(dates[0]) + 9, "the clock did not jump"

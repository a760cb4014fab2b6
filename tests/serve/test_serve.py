"""`serve` in a process of its own, with a scripted judge: its threads, its signals, its end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

START_S = 120

ONE_THREAD = """
import os, signal, sys, threading
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from scripted import ScriptedJudge, step
from eva.client import Client
from eva.serve.config import ServeConfig
from eva.serve.daemon import serve

class Judge(ScriptedJudge):
    def stream(self, *args, **kwargs):
        print("judged", threading.current_thread().name, flush=True)
        return super().stream(*args, **kwargs)

def load(config):
    print("loaded", threading.current_thread().name, flush=True)
    return Judge()

def ask(connection):
    try:
        with Client(connection) as client:
            client.score([step()], critique=False)
    finally:
        os.kill(os.getpid(), signal.SIGTERM)

serve(
    ServeConfig(Path(sys.argv[1])),
    load=load,
    ready=lambda connection: threading.Thread(target=ask, args=(connection,)).start(),
)
"""


def run(program: str, path: Path) -> subprocess.CompletedProcess[str]:
    """Run a program that serves a scripted judge."""
    return subprocess.run(
        [sys.executable, "-c", program, str(path), str(Path(__file__).parent)],
        capture_output=True,
        text=True,
        timeout=START_S,
        check=False,
    )


def test_the_thread_that_loads_the_model_runs_it(tmp_path: Path) -> None:
    """Else OpenMP has two teams of threads, and the daemon is a fifth slower than the same model offline."""
    done = run(ONE_THREAD, tmp_path / "daemon.json")
    assert done.stdout.splitlines() == ["loaded eva-model", "judged eva-model"], done.stderr


IGNORED = """
import os, signal, sys, threading
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from scripted import ScriptedJudge
from eva.client import Client
from eva.serve.config import ServeConfig
from eva.serve.daemon import serve

def ask(connection):
    try:
        for name in ("SIGHUP", "SIGINT"):
            os.kill(os.getpid(), getattr(signal, name))
            with Client(connection) as client:
                print({client.health().state for _ in range(50)}, flush=True)
    finally:
        os.kill(os.getpid(), signal.SIGTERM)

for name in ("SIGHUP", "SIGINT", "SIGTERM"):  # as `nohup` and a script's shell do; nobody with the last
    signal.signal(getattr(signal, name), signal.SIG_IGN)
serve(
    ServeConfig(Path(sys.argv[1])),
    load=lambda config: ScriptedJudge(),
    ready=lambda connection: threading.Thread(target=ask, args=(connection,)).start(),
)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of Unix")
def test_a_daemon_that_is_to_outlive_its_terminal_does(tmp_path: Path) -> None:
    done = run(IGNORED, tmp_path / "daemon.json")
    assert done.stdout.splitlines() == ["{'ready'}"] * 2, done.stderr
    assert done.returncode == 0


BROKEN = """
import sys, threading
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from scripted import Panic, ScriptedJudge, step
from eva.client import Client, DaemonError
from eva.serve.config import ServeConfig
from eva.serve.daemon import UnusableModel, serve

class Judge(ScriptedJudge):
    def stream(self, steps, **settings):
        raise Panic(steps[0].tactic)

def ask(connection):
    try:
        with Client(connection) as client:
            client.score([step(sys.argv[0])])
    except DaemonError as error:
        print(type(error).__name__, flush=True)

try:
    serve(
        ServeConfig(Path(sys.argv[1])),
        load=lambda config: Judge(),
        ready=lambda connection: threading.Thread(target=ask, args=(connection,)).start(),
    )
except UnusableModel as error:
    print(error)
"""


def test_a_daemon_whose_scheduler_ended_is_none(tmp_path: Path) -> None:
    """What it was given would end with its deadline, while its health says `ready`."""
    path = tmp_path / "daemon.json"
    done = run(BROKEN, path)
    told = ["DaemonGone", "the scheduler ended by Panic: see the log, then start it again with 'eva serve'"]
    assert sorted(done.stdout.splitlines()) == told, done.stderr
    assert "the scheduler's thread ended" in done.stderr
    assert not path.exists()

"""Does the steps of a plan, some at a time, each in a process of its own that can be stopped and started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from eva.report.plan import Step

WAIT = 0.2  # seconds between two looks at the processes


def work_as_program(steps: Sequence[Step], jobs: int, logs: Path) -> int:
    """`work` as a whole program, which SIGTERM and Ctrl-C end in order; its exit code, 0 if all is done."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that the processes end
    try:
        failed = work(steps, jobs, logs)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    if failed:
        print(f"not done: {', '.join(failed)} (logs in {logs})", file=sys.stderr)
    return 1 if failed else 0


def work(steps: Sequence[Step], jobs: int, logs: Path) -> list[str]:
    """Do what is not done, at most `jobs` at a time; returns the names of steps that failed or wait for one
    that did.

    Each step writes its words to a file in `logs`. Ended early (Ctrl-C, SIGTERM as `SystemExit`), it ends its
    processes first; the next call goes on where they were.
    """
    logs.mkdir(parents=True, exist_ok=True)
    waiting = [step for step in steps if not step.done]
    done = {step.name for step in steps if step.done}
    failed: list[str] = []
    running: dict[str, tuple[Step, subprocess.Popen[bytes], float]] = {}
    total, environment = len(steps), os.environ | {"OMP_NUM_THREADS": "1"}
    try:
        while waiting or running:
            for step in [s for s in waiting if done.issuperset(s.after)][: jobs - len(running)]:
                waiting.remove(step)
                with (logs / f"{step.name.replace(' ', '-')}.log").open("ab") as log:
                    process = subprocess.Popen(
                        step.command,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                        stdin=subprocess.DEVNULL,
                        env=environment,
                    )
                running[step.name] = (step, process, time.monotonic())
            if not running:
                failed += [step.name for step in waiting]  # what they wait for has failed
                break
            time.sleep(WAIT)
            for name, (step, process, start) in list(running.items()):
                if process.poll() is None:
                    continue
                del running[name]
                if process.returncode == 0 and step.done:
                    done.add(name)
                    _say(f"[{len(done)}/{total}] {name}: {time.monotonic() - start:.0f} s")
                else:
                    failed.append(name)
                    _say(f"{name} failed with exit code {process.returncode}: {_last(logs, name)}")
    finally:
        for _, process, _ in running.values():
            process.terminate()
        for _, process, _ in running.values():
            process.wait()
    return failed


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _last(logs: Path, name: str) -> str:
    lines = (logs / f"{name.replace(' ', '-')}.log").read_text("utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"

"""One run of Lean over a file: its messages as they come, a deadline, and the truth about how it ended."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eva.lean.errors import LeanCrashed, LeanNotFound, LeanTimeout
from eva.lean.source import Position
from eva.lean.toolchain import REMEDY, Toolchain


@dataclass(frozen=True)
class LeanMessage:
    """A message of Lean. `end` is None where Lean gives a point only; `kind` is Lean's tag (`trace`, `…`)."""

    severity: str
    text: str
    start: Position
    end: Position | None = None
    kind: str = ""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> LeanMessage:
        end = data.get("endPos")
        return cls(
            severity=str(data.get("severity", "information")),
            text=str(data["data"]),
            start=_position(data.get("pos") or {}),
            end=None if end is None else _position(end),
            kind=str(data.get("kind", "")),
        )


def run_lean(
    toolchain: Toolchain, file: Path, options: tuple[str, ...], timeout: float
) -> Iterator[LeanMessage]:
    """Run Lean over `file` with `--json` and give its messages in their order, one at a time.

    Exit codes 0 and 1 (errors in the file) end the messages. Raises `LeanNotFound` (the command does not
    run), `LeanTimeout` (not done after `timeout` seconds; Lean and what it started are stopped),
    `LeanCrashed` (any other end, with the last words of stderr).
    """
    command = [*toolchain.command, "--json", *options, str(file.resolve())]
    shown = f"`{shlex.join(toolchain.command)}` ({toolchain.origin})"
    with tempfile.TemporaryFile() as stderr:
        try:
            process = subprocess.Popen(
                command,
                cwd=toolchain.directory or file.resolve().parent,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
            )
        except OSError as error:
            raise LeanNotFound(f"cannot run {shown}: {error.strerror}; {REMEDY}") from error
        late = threading.Event()

        def stop() -> None:
            late.set()
            _kill(process)

        clock = threading.Timer(timeout, stop)
        clock.daemon = True
        clock.start()
        noise: list[str] = []
        try:
            assert process.stdout is not None
            for line in process.stdout:
                message = _message(line)
                if message is not None:
                    yield message
                elif line.strip():
                    noise = [*noise, line.decode("utf-8", "replace").strip()][-5:]
            code = process.wait()
        finally:
            clock.cancel()
            _kill(process)
            process.wait()
        if late.is_set():
            raise LeanTimeout(
                f"{shown} was not done with {file} after {timeout:g} s and was stopped; give it more time"
            )
        if code not in (0, 1):
            stderr.seek(0)
            words = stderr.read()[-2000:].decode("utf-8", "replace").strip().split("\n")
            said = " / ".join(line for line in [*noise, *words][-5:] if line) or "it said nothing"
            raise LeanCrashed(f"{shown} ended with exit code {code} on {file}: {said}")


def _message(line: bytes) -> LeanMessage | None:
    try:
        data = json.loads(line)
        return LeanMessage.from_json(data) if isinstance(data, dict) and "data" in data else None
    except ValueError:
        return None


def _position(data: dict[str, Any]) -> Position:
    return int(data.get("line", 1)), int(data.get("column", 0))


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and what it started (`lake` starts `lean`): the whole group where there are groups."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()

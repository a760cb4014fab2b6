"""Starting the daemon in the background, and seeing it get ready or fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from eva.runtime import BadConnectionFile, Connection, DaemonError, beside, prepare_directory, read_connection

POLL_S = 0.05


class NotStarted(Exception):
    """The background process ended (with `code`), or was not ready in time (`code` is `None`)."""

    def __init__(self, message: str, code: int | None) -> None:
        super().__init__(message)
        self.code = code


def spawn(arguments: Sequence[str], path: Path, *, timeout: float) -> Connection:
    """Run `eva ARGUMENTS` in the background as the daemon of `path`; its connection, once it is ready.

    Its log goes to `<path>.log`. One that is not ready within `timeout` seconds is ended. Raises `NotStarted`
    with the reason, `BadConnectionFile` where there is no place for the files.
    """
    prepare_directory(path)
    log_path = beside(path, "log")
    try:
        descriptor = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise BadConnectionFile(
            f"{log_path} cannot be written ({error.strerror})", "set EVA_CONNECTION_FILE elsewhere"
        ) from None
    begin = os.fstat(descriptor).st_size
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "eva", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
            # where it is started from is somebody's project: no place to import modules from
            env=os.environ | {"EVA_CONNECTION_FILE": str(path), "PYTHONSAFEPATH": "1"},
        )
    finally:
        os.close(descriptor)
    end = time.monotonic() + timeout
    try:
        while time.monotonic() < end:
            if (code := process.poll()) is not None:
                raise NotStarted(_reason(log_path, begin) or f"it ended with code {code}", code)
            try:
                connection = read_connection(path)
            except DaemonError:
                time.sleep(POLL_S)
                continue
            if connection.pid == process.pid or sys.platform == "win32":  # (there `python` may be a launcher)
                return connection
            time.sleep(POLL_S)
    except BaseException:
        _end(process)
        raise
    _end(process)
    raise NotStarted(f"it was not ready within {timeout:g} s (its log: {log_path})", None)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()


def _reason(log_path: Path, begin: int) -> str:
    """What the process said last: its last line that is no entry of the log, else the last entry."""
    with log_path.open("rb") as file:
        file.seek(begin)
        lines = file.read(1 << 20).decode("utf-8", "replace").split("\n")
    lines = [line.strip() for line in lines if line.strip()]
    plain = [line for line in lines if not _is_entry(line)]
    return (plain or lines or [""])[-1].removeprefix("eva: error: ")


def _is_entry(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False

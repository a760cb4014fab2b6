"""A real daemon, started by the real command, and ended."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eva.runtime import Connection, is_abandoned
from eva.serve.detach import spawn

PATIENCE_S = 60.0


@contextmanager
def running(*options: str) -> Iterator[Connection]:
    """`eva serve` with `options`, in the background, with a connection file of its own."""
    with tempfile.TemporaryDirectory(prefix="eva-bench-") as folder:
        path = Path(folder) / "daemon.json"
        connection = spawn(["serve", "--log-level", "warning", *options], path, timeout=PATIENCE_S)
        try:
            yield connection
        finally:
            os.kill(connection.pid, signal.SIGTERM)
            end = time.monotonic() + PATIENCE_S
            while not is_abandoned(path) and time.monotonic() < end:
                time.sleep(0.05)

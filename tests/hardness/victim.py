"""The server in a process of its own, with a judge that does what the steps say: what crashes, hangs or leaks
there is seen from here.

    python tests/hardness/victim.py     says its connection in one line of JSON, and serves until stdin ends
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

sys.path.insert(0, str(Path(__file__).parents[1] / "serve"))

from scripted import ScriptedJudge

from eva.client import Client
from eva.model.errors import ModelError
from eva.runtime import Connection
from eva.serve.config import ServeConfig
from eva.serve.log import start_logging
from eva.serve.server import Server
from eva.step import ProofStep, ScoreEvent

PATIENCE_S = 30.0
HOLD_S = 2.0
QUEUE = 200
FDS_MORE = 16
"""Descriptors that a victim may have beyond those at its start: the witness, and connections about to end."""
WARM_UP = 3
"""Looks until the memory has reached its level."""
GROWTH = 24 * 2**20
"""Bytes by which it may differ later: pools and fragments, not a leak that goes on."""


class Broken(AssertionError):
    """The server did what it must never do; the message says what."""


class ObedientJudge(ScriptedJudge):
    """Besides what the tactics of a `ScriptedJudge` say: `hold` is never answered, only given up.

    As long as nothing is told to a client, nobody sees that it has vanished, so what it asked for is held
    until its deadline, which may be far: after `HOLD_S` the judge fails, as a model does sooner or later.
    """

    def _score(self, i: int, step: ProofStep, gone: Callable[[int], bool]) -> Iterator[ScoreEvent]:
        self.calls.clear()  # a million of them would read as a leak
        end = time.monotonic() + HOLD_S
        while step.tactic == "hold" and not gone(i):
            if time.monotonic() > end:
                raise ModelError("held for too long")
            time.sleep(0.001)
        yield from super()._score(i, step, gone)


@dataclass(frozen=True)
class Measure:
    """What a process holds. Off Linux both are 0: nobody knows."""

    descriptors: int
    bytes: int


class Victim:
    """A serving process, and a witness: a valid client that must be served whatever others do."""

    def __init__(self, connection: Connection, process: subprocess.Popen[str], log: IO[bytes]) -> None:
        self.connection = connection
        self.process = process
        self._log = log
        self._looks = 0
        self._level = 0
        self._witness = Client(connection, timeout=PATIENCE_S)
        self.check()
        self._start = self.measure()

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.connection.endpoint.removeprefix("tcp://").rpartition(":")
        return host, int(port)

    def check(self) -> None:
        """The witness is served, and the process lives. Raises `Broken`."""
        try:
            self._witness.health()
            steps = [ProofStep(("⊢ p",), "simp"), ProofStep(("⊢ p",), "omega")]
            scores = self._witness.score(steps, deadline=PATIENCE_S)
        except Exception as error:
            raise Broken(f"the witness was not served ({error}); the process {self._state()}") from error
        if [score.value for score in scores] != [0.4, 0.5]:
            raise Broken(f"the witness was told something else: {scores}")

    def check_descriptors(self) -> None:
        """Those of connections that have ended are given back. Raises `Broken`."""
        end = time.monotonic() + PATIENCE_S
        while (held := self.measure().descriptors) > self._start.descriptors + FDS_MORE:
            if time.monotonic() > end:
                raise Broken(
                    f"{held} descriptors are open, at the start there were {self._start.descriptors}"
                )
            time.sleep(0.05)

    def check_memory(self) -> None:
        """It has a level after some looks, and stays near it. Raises `Broken`."""
        self._looks += 1
        resident = self.measure().bytes
        if self._looks <= WARM_UP:
            self._level = max(self._level, resident)
        elif resident > self._level + GROWTH:
            raise Broken(f"memory grew from {self._level >> 20} to {resident >> 20} MiB")

    def check_log(self) -> None:
        """The event loop and the model's thread met no error of their own. Raises `Broken`."""
        self._log.seek(0)
        for line in self._log:
            if not line.startswith(b"{") or json.loads(line)["event"] == "error in the event loop":
                raise Broken(f"in the log: {line.decode('utf-8', 'replace').strip()}")

    def measure(self) -> Measure:
        proc = Path(f"/proc/{self.process.pid}")
        if not proc.exists():
            return Measure(0, 0)
        resident = int((proc / "statm").read_text().split()[1]) * 4096
        return Measure(len(list((proc / "fd").iterdir())), resident)

    def close(self) -> None:
        self._witness.close()
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Broken("the server does not end") from None

    def _state(self) -> str:
        try:
            code = self.process.wait(1.0)
        except subprocess.TimeoutExpired:
            return "lives"
        self._log.seek(0)
        words = self._log.read()[-2000:].decode("utf-8", "replace")
        return f"ended with code {code}; its last words: {words}"


@contextmanager
def suffering(log_path: Path) -> Iterator[Victim]:
    """A victim whose log (at level info, as users run it) goes to `log_path`."""
    with log_path.open("w+b") as log:
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise Broken(f"the victim did not start: {log_path.read_text()}")
            victim = Victim(Connection(**json.loads(line)), process, log)
            yield victim
            victim.close()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(PATIENCE_S)


async def _serve() -> None:
    server = Server(ServeConfig(Path("unused"), queue=QUEUE, batch=8, drain_s=1.0), ObedientJudge())
    there = server.connection
    told = {"endpoint": there.endpoint, "token": there.token, "pid": there.pid, "model": there.model}
    print(json.dumps(told), flush=True)
    loop = asyncio.get_running_loop()
    ended = loop.run_in_executor(None, sys.stdin.read)
    ended.add_done_callback(lambda _: server.stop())
    await server.run()


if __name__ == "__main__":
    start_logging("info")
    asyncio.run(_serve())

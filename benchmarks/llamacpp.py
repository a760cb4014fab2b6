"""llama.cpp's server on the same weights: scores by the probabilities that it gives for the next token."""

from __future__ import annotations

import http.client
import json
import math
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from eva.model import Checkpoint
from eva.model.anchors import expectation
from eva.model.frame import Frame
from eva.model.prompt import prompt
from eva.serve.config import default_threads
from eva.step import ProofStep

INSTALL = (
    "not installed: build llama.cpp's llama-server and put it on the PATH (or into EVA_LLAMA_SERVER), "
    "and pip install gguf"
)
READY_S = 60.0
SLOTS = 4
PROBABILITIES = 40


class NotInstalled(Exception):
    """There is no llama-server, or no gguf package."""


class LlamaServer:
    """Scores steps through `llama-server`: for each integer one request for one token.

    - `slots`: how many steps are asked for at once.
    """

    def __init__(self, checkpoint: Checkpoint, port: int, slots: int) -> None:
        self._checkpoint = checkpoint
        self._frame = Frame.of(checkpoint.tokenizer, checkpoint.config.scale)
        self._port = port
        self._local = threading.local()
        self._pool = ThreadPoolExecutor(slots)

    def score(self, steps: Sequence[ProofStep]) -> list[dict[str, float]]:
        """Expected scores of each step."""
        return list(self._pool.map(self._one, steps))

    def close(self) -> None:
        self._pool.shutdown()

    def _one(self, step: ProofStep) -> dict[str, float]:
        config = self._checkpoint.config
        tokens = list(self._checkpoint.tokenizer(prompt(step, config.instruction))["input_ids"])
        expected: dict[str, float] = {}
        before: int | None = None
        for field in self._frame.fields:
            tokens += field.leads[before if before in field.leads else None]
            logp = self._next(tokens)
            paths = field.anchors.paths
            weights = torch.tensor([[logp.get(path[0], -math.inf) for path in paths.values()]])
            score, shares = expectation(paths, weights, temperature=config.temperature)
            expected[field.name] = float(score)
            before = list(paths)[int(shares.argmax())]
            tokens += paths[before]
        return expected

    def _next(self, tokens: list[int]) -> dict[int, float]:
        """Log-probabilities of the likeliest next tokens."""
        body = {
            "prompt": tokens,
            "n_predict": 1,
            "n_probs": PROBABILITIES,
            "temperature": -1,
            "cache_prompt": True,
        }
        answer = self._post("/completion", body)
        return {one["id"]: one["logprob"] for one in answer["completion_probabilities"][0]["top_logprobs"]}

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        try:
            status, text = self._send(path, json.dumps(body))
        except (ConnectionError, http.client.HTTPException):  # it closes connections that rest for seconds
            del self._local.connection
            status, text = self._send(path, json.dumps(body))
        if status != 200:
            raise RuntimeError(f"llama-server answered {status}: {text[:200]!r}")
        return json.loads(text)

    def _send(self, path: str, body: str) -> tuple[int, bytes]:
        if not hasattr(self._local, "connection"):
            self._local.connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=READY_S)
        connection: http.client.HTTPConnection = self._local.connection
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()


@contextmanager
def llama_server(checkpoint: Checkpoint, slots: int) -> Iterator[LlamaServer]:
    """llama.cpp's server with the weights of `checkpoint`. Raises `NotInstalled`."""
    program = os.environ.get("EVA_LLAMA_SERVER") or shutil.which("llama-server")
    if program is None:
        raise NotInstalled(INSTALL)
    try:
        from benchmarks import gguf_file
    except ImportError:
        raise NotInstalled(INSTALL) from None
    with tempfile.TemporaryDirectory(prefix="eva-bench-") as folder:
        file = Path(folder) / "model.gguf"
        gguf_file.write(checkpoint, file)
        port = _free_port()
        context = checkpoint.model.config.max_position_embeddings * slots
        command = [program, "-m", str(file), "--host", "127.0.0.1", "--port", str(port), "-np", str(slots)]
        command += ["-c", str(context), "-t", str(default_threads()), "--no-webui"]
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            _wait(process, port, Path(folder) / "log")
            server = LlamaServer(checkpoint, port, slots)
            try:
                yield server
            finally:
                server.close()
        finally:
            process.terminate()
            process.wait(30)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        if process.poll() is not None:
            last = log.read_text("utf-8", "replace").strip().splitlines()[-1:]
            raise RuntimeError(f"llama-server ended with code {process.returncode}: {last}")
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise TimeoutError(f"llama-server was not ready within {READY_S:g} s")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])

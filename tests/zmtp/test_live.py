"""The Lean client, in a real Lean, against real libzmq, the daemon's server and the daemon itself.

One Lean process has all the conversations of `Live.lean`, because starting it is what takes long; the tests
look at what it wrote down.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from peers import echo_router, unused_port, web_server
from relay import FileRelay
from zap import PASSWORD

from eva.runtime import Connection, read_connection, write_connection

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests" / "serve")]

from lean_check import package  # noqa: E402
from lean_modules import Module, WasmLean, in_import_order  # noqa: E402
from scripted import ScriptedJudge, Served, serving  # noqa: E402

LEAN = Path(os.environ.get("EVA_LEAN_WASM") or ROOT / ".build" / "lean-wasm") / "bin" / "lean"
START_S = 120

pytestmark = [
    pytest.mark.lean,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not LEAN.is_file(), reason="no WebAssembly Lean (make lean)"),
]


def connection(port: int, token: str = PASSWORD) -> Connection:
    return Connection(f"tcp://127.0.0.1:{port}", token, os.getpid(), "peer")


class Stage:
    """The scripted server, and what `Live.lean` asks to be done with it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.judge = ScriptedJudge()
        self._server = ExitStack()
        self._stop = threading.Event()
        self.start()
        self._thread = threading.Thread(target=self._obey)
        self._thread.start()

    def start(self) -> None:
        served: Served = self._server.enter_context(serving(self.judge, queue=100, batch=4))
        write_connection(self.directory / "scripted.json", served.connection)

    def hold(self) -> None:
        """Scores come, words do not."""
        self.judge.talk.clear()

    def release(self) -> None:
        self.judge.talk.set()

    def stop(self) -> None:
        self._server.close()

    def restart(self) -> None:
        self.stop()
        self.start()

    def _obey(self) -> None:
        while not self._stop.wait(0.02):
            for please in self.directory.glob("*.please"):
                getattr(self, please.stem)()
                please.rename(please.with_suffix(".done"))

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._server.close()


@contextmanager
def daemon(directory: Path, model: Path) -> Iterator[Connection]:
    """`eva serve` as a process of its own."""
    path = directory / "run" / "daemon.json"
    eva = [sys.executable, "-m", "eva"]
    environment = os.environ | {"EVA_CONNECTION_FILE": str(path)}
    serve = [*eva, "serve", "--detach", "--model", str(model), "--threads", "1"]
    subprocess.run(serve, env=environment, check=True, timeout=START_S)
    try:
        yield read_connection(path)
    finally:
        subprocess.run([*eva, "stop"], env=environment, check=True, timeout=START_S)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, tiny_checkpoint: Path) -> Iterator[dict[str, Any]]:
    directory = tmp_path_factory.mktemp("live")
    with ExitStack() as stack:
        echo = stack.enter_context(echo_router(plain=True))
        peers = {
            "echo": connection(echo),
            "echo-wrong": connection(echo, "wrong"),
            "nobody": connection(unused_port()),
            "null": connection(stack.enter_context(echo_router(plain=False))),
            "web": connection(stack.enter_context(web_server())),
            "daemon": stack.enter_context(daemon(directory, tiny_checkpoint)),
        }
        for name, peer in peers.items():
            write_connection(directory / f"{name}.json", peer)
        (directory / "link.json").symlink_to("echo.json")
        write_connection(directory / "stale.json", peers["echo"])
        (directory / "stale.json.lock").touch()
        stack.callback(Stage(directory).close)
        stack.callback(FileRelay(directory).close)
        errors = run_lean(directory)
        assert not errors, errors
        yield json.loads((directory / "results.json").read_text(encoding="utf-8"))


def run_lean(directory: Path) -> list[str]:
    """Have Lean run `Live.lean`; the modules that it needs are compiled where lean_check.py has them."""
    source = Path(__file__).with_name("Live.lean")
    text = source.read_text(encoding="utf-8").replace('"DIRECTORY"', json.dumps(str(directory)))
    library, tests = package()
    modules = in_import_order(library | tests | {"Live": Module("Live", source, text)})
    needed = {"Live"}
    for module in reversed(modules):
        if module.name in needed:
            needed.update(module.imports)
    build = WasmLean(LEAN, ROOT / ".build" / "lean-check", ROOT)
    errors = []
    with build.locked():
        build.prepare()
        for module in modules:
            if module.name in needed:
                errors += [
                    f"{module.name}:{error.line}: {error.text}" for error in build.check(module).errors
                ]
    return errors


def kinds(events: list[Any]) -> list[Any]:
    """A talk without the numbers: the type and index of each event, then how it ended."""
    return [*((event["type"], event["index"]) for event in events[:-1]), events[-1]]


def words(events: list[Any], index: int) -> str:
    return "".join(e["text"] for e in events[:-1] if e["type"] == "critique" and e["index"] == index)


def test_frames_of_every_size_come_back(live: dict[str, Any]) -> None:
    assert live["echo"] == [0, 1, 255, 256, 70000]


def test_who_is_no_daemon_is_told_apart(live: dict[str, Any]) -> None:
    assert "refused the token of" in live["echo-wrong"]
    assert live["nobody"].startswith("nothing answers at tcp://127.0.0.1:")
    assert live["null"].endswith(
        ("the peer's security mechanism is NULL, not PLAIN", "it ended the connection during the handshake")
    )
    assert live["web"].endswith("octet 0 of the greeting is 72, which is not ZMTP")


def test_connection_files_that_are_not_used(live: dict[str, Any]) -> None:
    assert live["link"].endswith("link.json is a symbolic link")
    assert live["stale"].endswith(f"stale.json (pid {os.getpid()}) is gone")


def test_scores_and_words(live: dict[str, Any]) -> None:
    assert live["health"] == "done"
    talk = live["scores"]
    assert talk[-1] == "done"
    scores = {event["index"]: event for event in talk[:-1] if event["type"] == "score"}
    assert [scores[i]["status"] for i in range(3)] == ["scored", "too_long", "scored"]
    assert [scores[i]["value"] for i in range(3)] == [0.4, None, 0.5]
    assert scores[0]["dimensions"]["logic"]["distribution"] == {"1": 0.6, "5": 0.4}
    assert [words(talk, i) for i in range(3)] == ["word word word ", "", "word word word "]


def test_what_the_daemon_refuses_is_an_error(live: dict[str, Any]) -> None:
    assert live["model_error"] == ["ModelError: could not read n : Nat\n⊢ n + 0 = n (model_error)"]


def test_cancel_and_deadline_end_a_request(live: dict[str, Any]) -> None:
    assert kinds(live["cancel"]) == [("score", 0), "the request was cancelled"]
    assert live["deadline"][-1] == "the daemon was not done within 300 ms"


def test_threads_share_a_connection(live: dict[str, Any]) -> None:
    for events, value in zip(live["together"], [0.6, 0.9, 0.4], strict=True):
        assert kinds(events) == [("score", 0), *[("critique", 0)] * 3, "done"]
        assert events[0]["value"] == value


def test_a_restarted_daemon_is_found_again(live: dict[str, Any]) -> None:
    assert kinds(live["after restart"]) == [("score", 0), "done"]
    assert live["after stop"][0].startswith("nothing answers at tcp://127.0.0.1:")


def test_the_daemon_with_a_real_model(live: dict[str, Any]) -> None:
    assert live["daemon health"] == "done"
    talk = live["daemon"]
    assert talk[-1] == "done"
    scores = [event for event in talk[:-1] if event["type"] == "score"]
    assert sorted(event["index"] for event in scores) == [0, 1]
    for event in scores:
        assert 0 <= event["value"] <= 1
        assert list(event["dimensions"]) == ["alignment", "clarity", "logic"]
    finals = [e for e in talk[:-1] if e["type"] == "critique" and e["final"]]
    assert sorted(event["index"] for event in finals) == [0, 1]

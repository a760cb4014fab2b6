"""The daemon as a process of its own, with a real (tiny) model, started and stopped as users do."""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dealer import Dealer, dealing

from eva import RewardModel
from eva.client import Client, DaemonError, DaemonGone, RequestFailed, StaleDaemon, WrongToken
from eva.runtime import Connection, beside, living_daemon, read_connection
from eva.serve.config import ServeConfig
from eva.serve.daemon import UnusableModel, load_judge
from eva.serve.detach import NotStarted, spawn
from eva.step import ProofStep, Scored

VECTORS = Path(__file__).parent.parent / "vectors"
MARK = "zqx_proof_text"  # in every step; in no line of the log
START_S = 120


def steps(count: int) -> list[ProofStep]:
    return [
        ProofStep((f"{MARK} n : Nat\n⊢ n + {i} = {i} + n",), f"omega -- {MARK}", statement="theorem t")
        for i in range(count)
    ]


def eva(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the `eva` command with the connection file `path`."""
    return subprocess.run(
        [sys.executable, "-m", "eva", *arguments],
        env=os.environ | {"EVA_CONNECTION_FILE": str(path), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        timeout=START_S,
        check=False,
    )


def start(path: Path, model: Path, *options: str) -> Connection:
    done = eva(path, "serve", "--detach", "--model", str(model), "--threads", "1", *options)
    assert done.returncode == 0, done.stderr
    return read_connection(path)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("daemon") / "run" / "daemon.json"


@pytest.fixture(scope="module")
def daemon(path: Path, tiny_checkpoint: Path) -> Iterator[Connection]:
    """A running daemon; it is stopped with `eva stop`, and must have left nothing and told nothing."""
    connection = start(path, tiny_checkpoint, "--log-level", "debug")
    yield connection
    stopped = eva(path, "stop")
    assert stopped.returncode == 0, stopped.stderr
    assert not path.exists()
    assert living_daemon(path) is None
    log = beside(path, "log").read_text(encoding="utf-8")
    events = [json.loads(line)["event"] for line in log.splitlines() if line.startswith("{")]
    assert {"loading", "loaded", "ready", "accepted", "answered", "refused", "draining", "stopped"} <= set(
        events
    )
    assert MARK not in log
    assert connection.token not in log


@pytest.fixture
def dealer(daemon: Connection) -> Iterator[Dealer]:
    with dealing(daemon) as dealer:
        yield dealer


def test_the_files_are_for_the_user_alone(daemon: Connection, path: Path) -> None:
    for file in (path, beside(path, "lock"), beside(path, "log")):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(daemon.token) == 64


def test_the_daemon_gives_the_models_own_scores(daemon: Connection, tiny_checkpoint: Path) -> None:
    here = RewardModel.from_pretrained(str(tiny_checkpoint)).score(steps(20), critique=False)
    with Client(daemon) as client:
        there = client.score(steps(20))
        alone = client.score(steps(20), critique=False)
    for scores in (there, alone):
        assert [score.index for score in scores] == list(range(20))
        for mine, theirs in zip(here, scores, strict=True):
            assert theirs.status == mine.status
            assert theirs.value == pytest.approx(mine.value, abs=1e-4)
            assert theirs.expected == pytest.approx(mine.expected, abs=1e-3)
    assert all(isinstance(score.critique, str) for score in there)
    assert {score.critique for score in alone} == {None}


def test_words_before_scores(daemon: Connection) -> None:
    with Client(daemon) as client:
        scores = client.score(steps(3), order="critique_first")
    assert all(score.value is not None and score.critique is not None for score in scores)


def test_many_clients_at_once(daemon: Connection) -> None:
    with Client(daemon) as client:
        alone = [score.value for score in client.score(steps(8), critique=False)]
    wrong: list[Any] = []

    def ask(number: int) -> None:
        with Client(daemon) as client:
            for kind in range(3):
                mine = steps(8)[number % 4 : number % 4 + 4]
                values = [score.value for score in client.score(mine, critique=kind == number % 3)]
                if values != pytest.approx(alone[number % 4 : number % 4 + 4], abs=1e-4):
                    wrong.append((number, values))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert not wrong


def test_every_bad_message_is_answered_as_the_vectors_say(dealer: Dealer) -> None:
    vectors = json.loads((VECTORS / "bad_requests.json").read_text(encoding="utf-8"))
    for vector in vectors:
        dealer.send(bytes.fromhex(vector["hex"]) if "hex" in vector else vector["raw"].encode("utf-8"))
        event = dealer.hear()
        assert (event["type"], event["code"], event["id"]) == ("error", vector["error"], vector["id"]), (
            vector["name"]
        )
    dealer.send(b"x" * 10_000_000)
    assert dealer.hear()["code"] == "too_large"
    dealer.ask("health", "h1")
    assert dealer.hear()["state"] == "ready"


def test_closing_a_stream_stops_the_model(daemon: Connection) -> None:
    with Client(daemon) as client:
        for event in client.stream(steps(500)):
            assert isinstance(event, Scored)
            break
        quick = client.score(steps(1), critique=False, deadline=30.0)
        assert quick[0].value is not None
        health = client.health()
    assert (health.queued_steps, health.running_steps) == (0, 0)


def test_a_second_daemon_says_who_is_there(daemon: Connection, path: Path, tiny_checkpoint: Path) -> None:
    for options in ((), ("--detach",)):
        second = eva(path, "serve", "--model", str(tiny_checkpoint), *options)
        assert second.returncode == 5
        assert str(daemon.pid) in second.stderr
        assert daemon.endpoint in second.stderr
        assert "eva stop" in second.stderr
    with Client(path) as client:
        assert client.health().pid == daemon.pid


def test_status(daemon: Connection, path: Path) -> None:
    told = eva(path, "status", "--json")
    assert told.returncode == 0
    status = json.loads(told.stdout)
    assert (status["state"], status["pid"], status["endpoint"]) == ("ready", daemon.pid, daemon.endpoint)
    assert daemon.token not in told.stdout
    assert str(daemon.pid) in eva(path, "status").stdout


def test_a_file_with_another_token(daemon: Connection, path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "daemon.json"
    shutil.copy(path, copy)
    copy.write_text(path.read_text().replace(daemon.token, "0" * 64))
    with Client(copy) as client, pytest.raises(WrongToken, match=str(copy)):
        client.health()
    told = eva(copy, "status")
    assert told.returncode == 3
    assert "refused the token" in told.stderr
    assert len(told.stderr.splitlines()) == 1


def test_nothing_is_stopped_that_was_not_started_here(daemon: Connection, path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "daemon.json"
    shutil.copy(path, copy)
    refused = eva(copy, "stop")
    assert refused.returncode == 3
    assert "on its own machine" in refused.stderr
    with Client(path) as client:
        assert client.health().state == "ready"


def test_without_a_daemon(tmp_path: Path) -> None:
    for command in ("status", "stop"):
        told = eva(tmp_path / "daemon.json", command)
        assert told.returncode == 3
        assert "eva serve --detach" in told.stderr
        assert len(told.stderr.splitlines()) == 1


def test_a_model_that_cannot_be_loaded(tmp_path: Path, tiny_checkpoint: Path) -> None:
    model = shutil.copytree(tiny_checkpoint, tmp_path / "model")
    for file in model.glob("tokenizer*"):
        file.unlink()
    failed = eva(tmp_path / "daemon.json", "serve", "--detach", "--model", str(model))
    assert failed.returncode == 4, failed.stderr
    assert "tokenizer" in failed.stderr
    assert len(failed.stderr.splitlines()) == 1
    assert not (tmp_path / "daemon.json").exists()


def test_a_model_that_gives_nan_never_gets_ready(tmp_path: Path, tiny_checkpoint: Path) -> None:
    from safetensors.torch import load_file, save_file

    model = shutil.copytree(tiny_checkpoint, tmp_path / "model")
    [weights] = model.glob("*.safetensors")
    spoilt = {name: tensor.fill_(float("nan")) for name, tensor in load_file(weights).items()}
    save_file(spoilt, weights, metadata={"format": "pt"})
    with pytest.raises(UnusableModel, match="NaN"):
        load_judge(ServeConfig(tmp_path / "daemon.json", model=str(model)))


def test_one_that_does_not_get_ready_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "daemon.json"
    with pytest.raises(NotStarted, match=r"not ready within 0\.05 s.*daemon\.json\.log"):
        spawn(["serve"], path, timeout=0.05)
    assert living_daemon(path) is None
    assert not path.exists()


@pytest.mark.parametrize("options", [("--bind", "tcp://0.0.0.0:*"), ("--bind", "nonsense"), ("--queue", "0")])
def test_a_setting_that_cannot_be(tmp_path: Path, options: tuple[str, ...]) -> None:
    assert eva(tmp_path / "daemon.json", "serve", *options).returncode == 2


def test_killed_stale_replaced_and_drained(tmp_path: Path, tiny_checkpoint: Path) -> None:
    """One daemon's life and its successor's: what a client sees when each of them ends."""
    path = tmp_path / "daemon.json"
    first = start(path, tiny_checkpoint)
    client = Client(path)
    with pytest.raises(DaemonGone, match="closed the connection"):
        for event in client.stream(steps(500)):
            if isinstance(event, Scored) and event.score.index == 3:
                os.kill(first.pid, signal.SIGKILL)
    with pytest.raises(StaleDaemon, match=rf"{first.pid}.*eva serve"):
        client.health()
    assert eva(path, "stop").returncode == 3

    second = start(path, tiny_checkpoint)
    assert second.pid != first.pid
    assert client.health().pid == second.pid  # the same client finds the new one
    scored = 0
    try:
        for event in client.stream(steps(200), critique=False):
            scored += isinstance(event, Scored)
            if scored == 1:
                os.kill(second.pid, signal.SIGTERM)
    except RequestFailed as told:
        assert told.code == "busy"
    else:
        assert scored == 200
    with pytest.raises(DaemonError):
        while True:
            client.health()
    client.close()
    assert eva(path, "status").returncode == 3
    assert not path.exists()


def test_nothing_heavy_is_imported_before_the_model_is_loaded() -> None:
    """Clients must not pay for torch, and the daemon sets OpenMP's waiting before torch is imported."""
    program = "import sys, eva.client, eva.cli.serve, eva.serve.daemon, eva.serve.detach; " + (
        "sys.exit(bool({'torch', 'transformers', 'lean_dojo'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=START_S, check=False).returncode == 0


def test_what_was_loaded_is_no_garbage_to_look_through(tmp_path: Path, tiny_checkpoint: Path) -> None:
    before = gc.get_freeze_count()
    try:
        load_judge(ServeConfig(tmp_path / "daemon.json", model=str(tiny_checkpoint)))
        assert gc.isenabled()
        assert gc.get_freeze_count() > before + 100_000
    finally:
        gc.unfreeze()


def test_garbage_is_collected_again_where_loading_failed(tmp_path: Path) -> None:
    with pytest.raises(UnusableModel):
        load_judge(ServeConfig(tmp_path / "daemon.json", model=str(tmp_path / "none")))
    assert gc.isenabled()

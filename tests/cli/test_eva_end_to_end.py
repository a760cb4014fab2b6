"""The command line with nothing replaced: real processes, a real daemon, a real (tiny) model, a real Lean."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from judgements import STEPS, steps_file
from typer.testing import CliRunner

from eva.cli import app
from eva.cli.exits import ExitCode
from eva.cli.judges import JudgingFailed, LocalJudge
from eva.runtime import read_connection, write_connection

EVA = (sys.executable, "-m", "eva")
SECONDS = 120.0


class Daemon:
    """`eva serve` with the tiny model, and `eva` commands that find it."""

    def __init__(self, directory: Path, model: Path) -> None:
        self.connection_file = directory / "daemon.json"
        started = self.eva("serve", "--detach", "--model", str(model))
        assert started.returncode == 0, started.stderr

    def eva(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*EVA, *arguments],
            env=self.environment | environment,
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*EVA, *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"EVA_CONNECTION_FILE": str(self.connection_file), "COLUMNS": "80"}


@pytest.fixture(scope="module")
def daemon(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    directory = tmp_path_factory.mktemp("daemon")
    directory.chmod(0o700)
    found = Daemon(directory, tiny_checkpoint)
    yield found
    found.eva("stop")


@pytest.fixture
def steps(tmp_path: Path) -> str:
    return str(steps_file(tmp_path / "steps.jsonl"))


@pytest.fixture
def many_steps(tmp_path: Path) -> str:
    """Far more than the model can judge in the time of a test."""
    return str(steps_file(tmp_path / "many.jsonl", [replace(STEPS[0], line=i) for i in range(20_000)]))


def records(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_daemon_and_local_model_say_the_same(daemon: Daemon, steps: str, tiny_checkpoint: Path) -> None:
    asked = daemon.eva("score", steps, "--json")
    assert (asked.returncode, asked.stderr) == (0, "")
    local = CliRunner().invoke(app, ["score", steps, "--json", "--local", "--model", str(tiny_checkpoint)])
    assert (local.exit_code, local.stderr) == (0, "")
    for one, other, step in zip(records(asked.stdout), records(local.stdout), STEPS, strict=True):
        assert one["status"] == other["status"] == "scored"
        assert one["value"] == pytest.approx(other["value"], abs=1e-4)
        assert 0.0 <= one["value"] <= 1.0
        assert one["critique"]
        assert (one["theorem"], one["line"], one["tactic"]) == (step.name, step.line, step.tactic)
        assert one.get("lean_error") == step.lean_error


def test_a_table_in_a_pipe_is_plain_text(daemon: Daemon, steps: str) -> None:
    table = daemon.eva("score", steps, "--no-critique")
    assert (table.returncode, table.stderr) == (0, "")
    assert "\x1b" not in table.stdout
    assert table.stdout.splitlines()[-1].startswith(
        "3 steps in 2 theorems · 1 rejected by Lean · lowest value"
    )


def test_colour_can_be_asked_for_and_refused(daemon: Daemon, steps: str) -> None:
    wanted = daemon.eva("score", steps, FORCE_COLOR="1", COLORTERM="truecolor").stdout
    assert "\x1b[38;2;" in wanted
    assert "\x1b[2K" not in wanted  # it is still a pipe: nothing is drawn twice
    refused = daemon.eva("score", steps, FORCE_COLOR="1", COLORTERM="truecolor", NO_COLOR="1").stdout
    assert "\x1b[38;" not in refused


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
@pytest.mark.parametrize("form", ["--json", "--order=score_first"])
def test_on_a_terminal_the_progress_is_drawn_and_taken_away(daemon: Daemon, steps: str, form: str) -> None:
    import pty

    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", 0) as screen:
        scoring = subprocess.Popen(
            [*EVA, "score", steps, form],
            env=daemon.environment | {"TERM": "xterm-256color"},
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        drawn = b""
        with suppress(OSError):  # how the other end says that it is closed
            while piece := screen.read(4096):
                drawn += piece
    text = drawn.decode()
    assert scoring.wait(SECONDS) == 0
    assert "judges 3 steps" in text
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")  # the cursor is back
    assert ('"tactic": "induction' if form == "--json" else "3 steps in 2 theorems") in text
    assert text.endswith("\x1b[2K")  # the progress line is taken away, and nothing comes after


def test_a_deadline_ends_the_command(daemon: Daemon, many_steps: str) -> None:
    late = daemon.eva("score", many_steps, "--json", "--deadline", "4")
    assert late.returncode == ExitCode.MODEL
    found = records(late.stdout)
    assert len(found) == 20_000
    assert {record["status"] for record in found} <= {"scored", "off_format", "deadline"}
    assert (found[-1]["status"], found[-1]["value"]) == ("deadline", None)
    assert late.stderr == (
        "eva: error: the deadline of 4 s passed; give more time with --deadline, or use --no-critique\n"
    )


def test_ctrl_c_ends_the_command_and_not_the_daemon(daemon: Daemon, many_steps: str) -> None:
    scoring = daemon.start("score", many_steps, "--json", "--no-critique")
    assert scoring.stdout is not None
    scoring.stdout.readline()
    scoring.send_signal(signal.SIGINT)
    _, errors = scoring.communicate(timeout=SECONDS)
    assert scoring.returncode == 130
    assert "Traceback" not in errors
    assert daemon.eva("status", "--timeout", "60").returncode == 0


def test_the_daemon_can_be_watched(daemon: Daemon, steps: str) -> None:
    assert daemon.eva("score", steps, "--no-critique").returncode == 0
    known = json.loads(daemon.eva("status", "--json").stdout)
    assert known["work"]["outcomes"]["done"] >= 1
    assert known["work"]["tokens"] > known["work"]["tokens_computed"] > 0
    assert known["work"]["first_score"]["p50_ms"] <= known["work"]["first_score"]["p99_ms"]
    assert "eva_scored_steps_total" in daemon.eva("status", "--prometheus").stdout
    watched = daemon.eva("top", "--times", "2", "--every", "0.1")
    assert watched.returncode == 0, watched.stderr
    assert watched.stdout.count("a second") >= 1
    assert watched.stdout.count("whole answer") == 2


def test_a_reader_that_leaves_is_no_crash(daemon: Daemon, many_steps: str) -> None:
    scoring = daemon.start("score", many_steps, "--json", "--no-critique")
    assert scoring.stdout is not None
    assert scoring.stderr is not None
    scoring.stdout.readline()
    scoring.stdout.close()
    assert "Traceback" not in scoring.stderr.read()
    assert scoring.wait(SECONDS) == ExitCode.CLOSED


def test_ten_megabytes_are_one_clear_line(daemon: Daemon, tmp_path: Path) -> None:
    huge = steps_file(tmp_path / "huge.jsonl", [replace(STEPS[0], tactic="x" * 10_000_000)])
    refused = daemon.eva("score", str(huge))
    assert refused.returncode == ExitCode.MODEL
    assert refused.stderr.count("\n") == 1
    assert "4194304 are allowed" in refused.stderr


def test_a_wrong_token_is_one_clear_line(daemon: Daemon, steps: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    other = tmp_path / "daemon.json"
    write_connection(other, replace(read_connection(daemon.connection_file), token="0" * 64))
    refused = daemon.eva("score", steps, EVA_CONNECTION_FILE=str(other))
    assert (refused.returncode, refused.stdout) == (ExitCode.DAEMON, "")
    assert refused.stderr.count("\n") == 1
    assert "refused the token" in refused.stderr


def test_no_daemon_is_one_clear_line(daemon: Daemon, steps: str, tmp_path: Path) -> None:
    missing = daemon.eva("score", steps, EVA_CONNECTION_FILE=str(tmp_path / "daemon.json"))
    assert (missing.returncode, missing.stdout) == (ExitCode.DAEMON, "")
    assert missing.stderr.count("\n") == 1
    assert "eva serve --detach" in missing.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_daemon_killed_midway_is_one_clear_line(
    tiny_checkpoint: Path, many_steps: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("doomed")
    directory.chmod(0o700)
    doomed = Daemon(directory, tiny_checkpoint)
    scoring = doomed.start("score", many_steps, "--json", "--no-critique", "--deadline", "60")
    assert scoring.stdout is not None
    first = json.loads(scoring.stdout.readline())
    os.kill(read_connection(doomed.connection_file).pid, signal.SIGKILL)
    output, errors = scoring.communicate(timeout=SECONDS)
    assert scoring.returncode == ExitCode.DAEMON
    assert first["value"] is not None
    last = json.loads(output.splitlines()[-1])
    assert (last["status"], last["value"], last["line"]) == ("error", None, 19_999)
    assert errors.count("\n") == 1
    assert "eva serve --detach" in errors


@pytest.mark.parametrize("model", ["no/such", "/nowhere/model", "no-tokenizer"])
def test_a_model_that_cannot_be_loaded_is_one_clear_line(
    steps: str, model: str, tmp_path: Path, tiny_checkpoint: Path
) -> None:
    if model == "no-tokenizer":
        directory = tmp_path / model
        directory.mkdir()
        for name in ("config.json", "model.safetensors"):
            (directory / name).symlink_to(tiny_checkpoint / name)
        model = str(directory)
    result = CliRunner().invoke(app, ["score", steps, "--local", "--model", model])
    assert (result.exit_code, result.stdout) == (ExitCode.MODEL, "")
    assert result.stderr.count("\n") == 1
    assert model in result.stderr


def test_a_deadline_holds_for_a_local_model(tiny_checkpoint: Path) -> None:
    judge = LocalJudge(str(tiny_checkpoint))
    events = []
    with pytest.raises(JudgingFailed) as caught:
        for event in judge.stream(STEPS * 50, critique=True, order="score_first", deadline=0.001):
            events.append(event)
    assert caught.value.deadline
    assert len(events) < 150


LEAN_FILE = """\
theorem and_swap (p q : Prop) (h : p ∧ q) : q ∧ p := by
  constructor
  · exact h.2
  · exact h.2

theorem term (p : Prop) (h : p) : p := nowhere
"""


@pytest.mark.lean
def test_a_lean_file_from_its_text_to_its_scores(daemon: Daemon, tmp_path: Path) -> None:
    file = tmp_path / "Swap.lean"
    file.write_text(LEAN_FILE, "utf-8")
    result = daemon.eva("score", str(file), "--json", "--no-critique", "--fail-under", "1")
    assert result.returncode == ExitCode.BELOW, result.stderr
    found = records(result.stdout)
    assert [(record["line"], record["column"], record["tactic"]) for record in found] == [
        (2, 2, "constructor"),
        (3, 4, "exact h.2"),
        (4, 4, "exact h.2"),
    ]
    assert [("lean_error" in record) for record in found] == [False, False, True]
    assert all(0.0 <= record["value"] <= 1.0 for record in found)
    note, *below = result.stderr.splitlines()
    assert note.startswith(f"eva: Lean, outside of the steps: {file}:6:")
    assert [line.split(": value")[0] for line in below] == [
        f"eva: {file}:{place}" for place in ("2:2", "3:4", "4:4")
    ]

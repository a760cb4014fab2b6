"""How commands end where their output cannot be written, and what they say whatever the terminal is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from types import TracebackType

import pytest
from judgements import STEPS, ScriptedJudge, judged
from rich.console import Console
from test_health import HEALTH
from typer.testing import CliRunner

import eva.client
import eva.runtime
from eva.cli import app, judges, score, sources
from eva.cli.exits import ExitCode, tell
from eva.cli.screen import Screen, is_screen
from eva.step import CritiquePiece, ProofStep, Scored, ScoreEvent

EVA = (sys.executable, "-m", "eva")
UNIX = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
BY_ECHO, BY_RICH = ["--version"], ["stop", "--help"]


@UNIX
@pytest.mark.parametrize("arguments", [BY_ECHO, BY_RICH])
def test_a_closed_pipe_ends_as_a_shell_knows_it_and_not_as_a_low_value(arguments: list[str]) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run([*EVA, *arguments], stdout=theirs, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(theirs)
    assert (done.returncode, done.stderr) == (ExitCode.CLOSED, b"")


@UNIX
@pytest.mark.parametrize("arguments", [BY_ECHO, BY_RICH])
def test_a_full_disk_is_one_clear_line(arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*EVA, *arguments], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert done.returncode == ExitCode.USAGE
    assert done.stderr == b"eva: error: the output cannot be written: No space left on device\n"


@UNIX
def test_the_exit_code_does_not_hang_on_stderr() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*EVA, "score", "missing.lean"], stderr=full, timeout=60, check=False)
    assert done.returncode == ExitCode.USAGE


def test_without_columns_words_and_results_are_still_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "0")
    tell("a word " * 30)
    with Screen() as screen:
        screen.print_raw("[b]x[/] " * 50)
    assert capsys.readouterr() == ("[b]x[/] " * 50 + "\n", "eva: " + ("a word " * 30).strip() + "\n")
    page = subprocess.run([*EVA, "stop", "--help"], capture_output=True, timeout=60, check=True).stdout
    assert b"eva stop --timeout 120" in page


@pytest.mark.parametrize(("term", "drawn"), [("xterm", True), ("dumb", False)])
def test_a_dumb_terminal_is_no_screen(term: str, drawn: bool) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    assert is_screen(Console(file=Terminal(), _environ={"TERM": term})) is drawn


def test_top_moves_no_cursor_in_a_pipe_whatever_colours_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Daemon:
        def __init__(self, connection: None) -> None:
            self.health = lambda: HEALTH

        def __enter__(self) -> Daemon:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(eva.client, "Client", Daemon)
    monkeypatch.setattr(eva.runtime, "read_connection", lambda: None)
    asked = {"FORCE_COLOR": "1", "COLUMNS": "80"}
    done = CliRunner().invoke(app, ["top", "--times", "2", "--every", "0.1"], env=asked)
    assert done.exit_code == 0, done.output
    assert done.stdout.count("in hand") == 2
    assert not any(code in done.stdout for code in ("\x1b[?25", "\x1b[2K", "\x1b[1A"))


def test_lean_s_complaints_come_when_the_live_region_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    order = []

    class Watched(Screen):
        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None:
            super().__exit__(kind, error, trace)
            order.append("region gone")

    def script(steps: Sequence[ProofStep], critique: bool) -> list[ScoreEvent]:
        return [event for i in range(3) for event in (Scored(judged(i, 0.5)), CritiquePiece(i, "x", True))]

    monkeypatch.setattr("eva.cli.screen.Screen", Watched)
    monkeypatch.setattr(sources, "read", lambda *_, **__: sources.Steps(STEPS, ["F.lean:1:2: unknown"]))
    monkeypatch.setattr(score, "tell", lambda text, label: order.append(f"{label}: {text}"))
    monkeypatch.setattr(judges, "DaemonJudge", lambda: ScriptedJudge(script))
    done = CliRunner().invoke(app, ["score", "-"])
    assert done.exit_code == 0, done.output
    assert order == ["region gone", "eva: Lean, outside of the steps: F.lean:1:2: unknown"]


def test_status_has_one_form_at_a_time() -> None:
    done = CliRunner().invoke(app, ["status", "--json", "--prometheus"])
    assert done.exit_code == ExitCode.USAGE
    assert "--prometheus" in done.stderr

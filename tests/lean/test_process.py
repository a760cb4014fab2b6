"""How a run of Lean can end. The Lean here is a script that behaves badly on purpose."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from eva.lean import LeanCrashed, LeanNotFound, LeanTimeout, Toolchain, steps_of_file

END = "[Elab.info] \n  • [Command] @ ⟨2, 0⟩-⟨2, 0⟩ @ Lean.Elab.Command.elabEoi"
COMMAND = "[Elab.info] \n  • [Command] @ ⟨1, 0⟩-⟨1, 5⟩ @ Lean.Elab.Command.elabDeclaration"


def message(text: str, kind: str = "trace", severity: str = "information") -> str:
    position = {"line": 1, "column": 0}
    data = {"data": text, "kind": kind, "severity": severity, "pos": position, "endPos": None}
    return f"cat <<'END_OF_MESSAGE'\n{json.dumps(data)}\nEND_OF_MESSAGE"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "A.lean"
    path.write_text("#eval 1\n")
    return path


def lean(tmp_path: Path, *lines: str) -> Toolchain:
    path = tmp_path / "lean"
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return Toolchain((str(path),), None, "a test")


def test_the_end_marker_is_enough(tmp_path: Path, file: Path) -> None:
    found = steps_of_file(file, toolchain=lean(tmp_path, message(COMMAND), message(END)))
    assert (found.steps, found.errors) == ([], [])


def test_an_end_in_the_middle_is_a_crash(tmp_path: Path, file: Path) -> None:
    for lines in ([message(COMMAND)], []):
        with pytest.raises(LeanCrashed, match=r"stopped before the end of .*A\.lean"):
            steps_of_file(file, toolchain=lean(tmp_path, *lines))
    with pytest.raises(LeanCrashed, match="stopped before the end"):
        failed = message("stack overflow", severity="error")
        steps_of_file(file, toolchain=lean(tmp_path, message(COMMAND), failed, "exit 1"))


def test_errors_before_the_first_command_are_an_answer(tmp_path: Path, file: Path) -> None:
    failed = message("unknown module prefix 'Nope'", kind="[anonymous]", severity="error")
    found = steps_of_file(file, toolchain=lean(tmp_path, failed, "exit 1"))
    assert [error.text for error in found.errors] == ["unknown module prefix 'Nope'"]


def test_a_crash_tells_the_last_words(tmp_path: Path, file: Path) -> None:
    with pytest.raises(LeanCrashed, match=r"exit code 134 on .*A\.lean: words on stdout / out of memory"):
        broken = lean(tmp_path, message(END), "echo words on stdout", "echo out of memory >&2", "exit 134")
        steps_of_file(file, toolchain=broken)


def test_a_command_that_is_not_there(tmp_path: Path, file: Path) -> None:
    with pytest.raises(LeanNotFound, match=r"cannot run `.*/none`"):
        steps_of_file(file, toolchain=Toolchain((str(tmp_path / "none"),), None, "a test"))


def test_after_the_deadline_nothing_runs_on(tmp_path: Path, file: Path) -> None:
    """Lake starts Lean: the process that hangs is a child's child, and holds the pipe open."""
    child = tmp_path / "child"
    hanging = lean(tmp_path, message(COMMAND), f"sleep 600 & echo $! > {child}", "wait")
    with pytest.raises(LeanTimeout, match=r"not done with .*A\.lean after 1 s"):
        steps_of_file(file, toolchain=hanging, timeout=1)
    pid = int(child.read_text())
    deadline = time.monotonic() + 30
    while alive(pid):
        assert time.monotonic() < deadline, "the child still runs"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    """Whether a process runs (one that ended and was not yet reaped does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_stdin_is_empty(tmp_path: Path, file: Path) -> None:
    """A Lean that reads from the terminal must not wait for it."""
    found = steps_of_file(file, toolchain=lean(tmp_path, "cat", message(END)))
    assert found.steps == []

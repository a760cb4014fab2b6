"""Steps out of a Lean file: what Lean said becomes steps, notes, or one clear line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from judgements import STEPS

import eva.lean.steps
from eva.cli.sources import BadSource, of_theorem, read
from eva.lean.errors import LeanCrashed, LeanError, LeanNotFound, LeanTimeout
from eva.lean.process import LeanMessage
from eva.lean.steps import FileSteps
from eva.lean.toolchain import Toolchain
from eva.step import ProofStep

ERROR = LeanMessage("error", "unknown constant 'foo'", (3, 5))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "Demo.lean"
    path.write_text("-- whatever", "utf-8")
    return path


def says(
    monkeypatch: pytest.MonkeyPatch,
    steps: list[ProofStep],
    errors: list[LeanMessage],
    problem: Exception | None,
) -> list[float]:
    """Make Lean's part answer that; the timeouts it is called with."""
    timeouts: list[float] = []

    def answer(path: Path, *, timeout: float) -> FileSteps:
        timeouts.append(timeout)
        if problem is not None:
            raise problem
        return FileSteps(path, Toolchain(("lean",), None, "a test"), steps, errors)

    monkeypatch.setattr(eva.lean.steps, "steps_of_file", answer)
    return timeouts


def test_errors_outside_of_the_steps_are_noted(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    timeouts = says(monkeypatch, list(STEPS), [ERROR], None)
    found = read(str(file), lean_timeout=7.0)
    assert found.steps == list(STEPS)
    assert found.complaints == [f"{file}:3:5: unknown constant 'foo'"]
    assert timeouts == [7.0]


@pytest.mark.parametrize(
    ("errors", "message"),
    [
        ([], "holds no tactic proof"),
        ([ERROR], "has no proof step; Lean reports an error: {file}:3:5: unknown constant 'foo'"),
        ([ERROR] * 3, "Lean reports 3 errors, the first: {file}:3:5: unknown"),
    ],
)
def test_a_file_without_steps_says_why(
    monkeypatch: pytest.MonkeyPatch, file: Path, errors: list[LeanMessage], message: str
) -> None:
    says(monkeypatch, [], errors, None)
    with pytest.raises(BadSource) as caught:
        read(str(file), lean_timeout=1.0)
    assert message.format(file=file) in str(caught.value)


@pytest.mark.parametrize("kind", [LeanNotFound, LeanTimeout, LeanCrashed])
def test_what_keeps_lean_from_answering_is_said(
    monkeypatch: pytest.MonkeyPatch, file: Path, kind: type[LeanError]
) -> None:
    says(monkeypatch, [], [], kind("what and why"))
    with pytest.raises(BadSource, match="what and why"):
        read(str(file), lean_timeout=1.0)


def test_a_lean_file_that_is_not_utf8(file: Path) -> None:
    file.write_bytes(b"theorem \xff")
    with pytest.raises(BadSource, match=r"not UTF-8 \(byte 9\)"):
        read(str(file), lean_timeout=1.0)


def test_what_the_system_refuses_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadSource, match=r"cannot read x+: File name too long"):
        read("x" * 300, lean_timeout=1.0)
    with pytest.raises(BadSource, match=r"there is no file .*Demo"):
        read(str(tmp_path / "Demo.lean"), lean_timeout=1.0)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", refuse)
    with pytest.raises(BadSource, match=r"cannot read secret/Demo\.lean: Permission denied"):
        read("secret/Demo.lean", lean_timeout=1.0)


def test_a_closed_stdin_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(BadSource, match="cannot read stdin: it is closed"):
        read("-", lean_timeout=1.0)


def test_the_names_to_choose_from_are_listed_up_to_a_dozen() -> None:
    steps = [ProofStep((), "rfl", name=f"t{i}") for i in range(20)]
    with pytest.raises(BadSource, match=r"there are steps of t0, t1, .*, t11, …$"):
        of_theorem(steps, "t")
    with pytest.raises(BadSource, match="unnamed theorems only"):
        of_theorem([ProofStep((), "rfl")], "t")

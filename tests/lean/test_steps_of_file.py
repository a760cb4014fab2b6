"""Steps out of real files, by a real Lean."""

from __future__ import annotations

from pathlib import Path

import pytest

from eva.lean import FileSteps, LeanTimeout, find_toolchain, steps_of_file
from eva.lean.process import run_lean
from eva.lean.source import Source
from eva.lean.steps import TRACING, read_messages
from eva.step import ProofStep
from steps_text import as_text

pytestmark = [pytest.mark.lean, pytest.mark.timeout(600)]
FILES = Path(__file__).parent / "files"


def named(found: FileSteps, name: str) -> list[ProofStep]:
    return [step for step in found.steps if step.name == name]


def test_proof_shapes(shapes: FileSteps) -> None:
    assert as_text(shapes) == (FILES / "Shapes.steps").read_text(encoding="utf-8")


def test_rejected_steps(errors: FileSteps) -> None:
    assert as_text(errors) == (FILES / "Errors.steps").read_text(encoding="utf-8")


def test_corners(corners: FileSteps) -> None:
    assert as_text(corners) == (FILES / "Corners.steps").read_text(encoding="utf-8")


def test_no_tactic_comes_twice(shapes: FileSteps, errors: FileSteps, corners: FileSteps) -> None:
    for found in (shapes, errors, corners):
        places = [(step.line, step.column) for step in found.steps]
        assert places == sorted(set(places))


def test_earlier_steps_are_those_of_the_same_proof(shapes: FileSteps) -> None:
    texts = [step.tactic for step in named(shapes, "Shapes.bullets")]
    assert texts == ["constructor", "exact hp", "have h : q := by", "exact hq", "exact h"]
    for place, step in enumerate(named(shapes, "Shapes.bullets")):
        assert step.earlier == tuple(texts[:place])


def test_a_tactic_in_the_statement_is_no_step_of_the_proof(shapes: FileSteps) -> None:
    *in_statement, last = named(shapes, "Shapes.first_one")
    assert [step.tactic for step in in_statement] == ["decide", "decide"]
    assert last.tactic == "rfl"
    assert last.earlier == ()


def test_twins_have_their_own_history(shapes: FileSteps) -> None:
    [right] = named(shapes, "Shapes.right_twin")
    assert right.statement == "theorem right_twin : True"
    assert right.earlier == ()


def test_the_demo_has_what_its_header_says(demo: FileSteps) -> None:
    rejected = [step for step in demo.steps if step.lean_error]
    assert len(demo.steps) == 30
    assert [step.tactic for step in rejected] == ["rfl", "exact ⟨n, rfl⟩", "omega", "exact hpq"]
    source = demo.path.read_text(encoding="utf-8").split("\n")
    assert all("-- wrong:" in source[step.line - 1] for step in rejected if step.line)
    assert sum("-- wrong:" in line for line in source[10:]) == len(rejected)
    assert demo.errors == []
    assert len({step.name for step in demo.steps}) == 10


def test_long_goals_read_as_lean_prints_them() -> None:
    """Lean's own `trace_state` at the margin against the goals out of the indented tree."""
    path = FILES / "WideGoals.lean"
    messages = list(run_lean(find_toolchain(path), path, TRACING, 300))
    printed = {m.start: m.text for m in messages if "⊢" in m.text and not m.text.startswith("[Elab.info]")}
    found, _, complete = read_messages(Source.decode(path.read_bytes()), messages)
    assert complete
    steps = [step for step in found if step.tactic == "trace_state"]
    assert len(steps) == len(printed) == 8
    for step in steps:
        assert step.line is not None
        assert step.column is not None
        assert "\n".join(step.goals) == printed[step.line, step.column]
    assert sum("\n    " in text for text in printed.values()) >= 5  # the file does have what it is for


def test_a_file_of_many_errors_is_read_to_its_end(tmp_path: Path) -> None:
    """More errors than Lean shows by default, Windows line ends, and `#exit` before rubbish."""
    lines = [f"theorem t{i} (ε₁ : Nat) : ε₁ = ε₁ + {i + 1} := by /- ε -/ rfl" for i in range(120)]
    path = tmp_path / "Many.lean"
    path.write_bytes("\r\n".join([*lines, "#exit", "rubbish"]).encode())
    found = steps_of_file(path)
    assert [step.line for step in found.steps] == list(range(1, 121))
    before = "theorem t0 (ε₁ : Nat) : ε₁ = ε₁ + 1 := by /- ε -/ "
    assert {step.column for step in found.steps[:9]} == {len(before)}
    assert all(step.lean_error for step in found.steps)
    assert found.steps[0].statement == "theorem t0 (ε₁ : Nat) : ε₁ = ε₁ + 1"
    assert found.errors == []


def test_an_unknown_import_is_an_error_outside_of_any_step(tmp_path: Path) -> None:
    path = tmp_path / "Import.lean"
    path.write_text("import No.Such.Module\ntheorem t : True := by trivial\n")
    found = steps_of_file(path)
    assert found.steps == []
    [error] = found.errors
    assert "No" in error.text
    assert error.start[0] == 1


def test_a_file_without_proofs_has_no_steps(tmp_path: Path) -> None:
    path = tmp_path / "Plain.lean"
    path.write_text("/-- by the way -/\ndef two : Nat := 2\n#eval two\n")
    found = steps_of_file(path)
    assert (found.steps, found.errors) == ([], [])


def test_a_run_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "Slow.lean"
    path.write_text("theorem t : True := by trivial\n")
    with pytest.raises(LeanTimeout, match=r"Slow\.lean after 0\.2 s"):
        steps_of_file(path, timeout=0.2)

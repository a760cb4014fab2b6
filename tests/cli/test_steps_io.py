"""steps.jsonl: what is read is what was written, and what is wrong is named with its line."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eva.step import ProofStep
from eva.steps_io import BadStepsFile, format_step, parse_steps, read_steps, write_steps

GOOD = b'{"goals": ["\xe2\x8a\xa2 p"], "tactic": "simp"}'
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
STEP = st.builds(
    ProofStep,
    goals=st.lists(TEXT, max_size=3).map(tuple),
    tactic=TEXT.filter(str.strip),
    statement=TEXT,
    earlier=st.lists(TEXT, max_size=2).map(tuple),
    goals_after=st.none() | st.lists(TEXT, max_size=2).map(tuple),
    name=TEXT,
    line=st.none() | st.integers(1, 10**6),
    column=st.none() | st.integers(0, 500),
    lean_error=st.none() | TEXT.filter(bool),
)


@given(st.lists(STEP, max_size=4))
def test_a_step_survives_the_file(steps: list[ProofStep]) -> None:
    lines = [format_step(step).encode() + b"\n" for step in steps]
    assert all(line.count(b"\n") == 1 for line in lines)
    assert list(parse_steps(lines, source="x")) == steps


def test_write_and_read(tmp_path: Path) -> None:
    steps = [ProofStep(("⊢ p",), "simp\n  at h"), ProofStep((), "rfl")]
    assert write_steps(tmp_path / "s.jsonl", steps) == 2
    assert read_steps(tmp_path / "s.jsonl") == steps
    assert "⊢ p" in (tmp_path / "s.jsonl").read_text("utf-8")


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target.jsonl", tmp_path / "link.jsonl"
    link.symlink_to(target)
    for tactic in ("simp", "rfl"):
        write_steps(link, [ProofStep((), tactic)])
        assert link.is_symlink()
        assert [step.tactic for step in read_steps(target)] == [tactic]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as reader:
        read = reader.submit(pipe.read_bytes)
        assert write_steps(pipe, [ProofStep((), "simp")]) == 1
        assert [step.tactic for step in parse_steps(read.result(10).splitlines(), source="x")] == ["simp"]
    assert pipe.is_fifo()


def test_blank_lines_a_byte_order_mark_and_windows_line_ends() -> None:
    lines = [b"\xef\xbb\xbf" + GOOD + b"\r\n", b"\n", b"   \n", GOOD]
    assert len(list(parse_steps(lines, source="x"))) == 2


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"{", "not JSON"),
        (b"[1]", "must be a JSON object"),
        (b'{"goals": []}', "needs the field 'tactic'"),
        (b'{"goals": "p", "tactic": "simp"}', "field 'goals' must be a list of strings, not 'p'"),
        (b'{"goals": [], "tactic": "  "}', "field 'tactic' is empty"),
        (b'{"goals": [], "tactic": "\xff"}', "not UTF-8"),
        (b'{"goals": [], "tactic": "\\ud800"}', "surrogate"),
        (b"[" * 100_000, "not readable as JSON"),
        (b'{"goals": [], "tactic": "t", "line": ' + b"9" * 5000 + b"}", "not readable as JSON"),
    ],
)
def test_a_bad_line_is_named(line: bytes, problem: str) -> None:
    with pytest.raises(BadStepsFile, match=r"^steps\.jsonl:3: ") as caught:
        list(parse_steps([GOOD, b"", line, GOOD], source="steps.jsonl"))
    assert problem in str(caught.value)
    assert caught.value.line == 3

"""The lines that a reader sees."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from judgements import STEPS, judged
from rich.console import Console

from eva.cli.exits import visible
from eva.cli.show import StepLines, bar, place_of
from eva.step import ProofStep, StepScore


def shown(step: ProofStep, score: StepScore, width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    return [line.plain for line in StepLines(console, [step]).step(step, score)]


@pytest.mark.parametrize(
    ("value", "drawn"),
    [
        (0.0, "··········"),
        (0.5, "█████·····"),
        (0.9125, "█████████▏"),
        (1.0, "██████████"),
        (0.0125, "▏·········"),
    ],
)
def test_a_bar_is_exact_to_an_eighth_of_a_column(value: float, drawn: str) -> None:
    assert bar(value, 10).plain == drawn


def test_bars_grow_with_the_value_and_keep_their_width() -> None:
    drawn = [bar(value / 1000, 10).plain for value in range(1001)]
    assert {len(one) for one in drawn} == {10}
    assert len(set(drawn)) == 81


def test_facts_first_then_the_opinion() -> None:
    lines = shown(STEPS[1], replace(judged(1, 0.125), critique="h.1 proves p."))
    assert lines == [
        "  7:4 ✗ exact h.1",
        "        Lean: Type mismatch h.1 has type p",
        "        █▋··········· 0.12  logic 1.50±0.8  alignment 1.50±0.8  clarity 1.50±0.8",
        "        model: h.1 proves p.",
        "",
    ]


def test_the_verdict_is_leans_whatever_the_model_says() -> None:
    accepted = replace(STEPS[0], goals_after=("⊢ q", "⊢ p"))
    claims = replace(judged(0, 0.01), critique="Rejected by Lean: it is prose.")
    assert shown(accepted, claims)[0] == "  6:2 ✓ constructor"
    assert shown(accepted, claims)[2] == "        model: Rejected by Lean: it is prose."
    not_asked = "\n".join(shown(STEPS[0], judged(0, 0.01)))
    assert not set(not_asked) & set("✓✗")


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_nothing_is_wider_than_the_screen(width: int) -> None:
    step = replace(STEPS[1], tactic="simp [" + "Nat.add_comm, " * 40 + "]", lean_error="no progress " * 50)
    score = replace(judged(1, 0.3), critique="a sentence of many words " * 20)
    lines = shown(step, score, width)
    assert max(map(len, lines)) <= min(width, 110)
    assert any(line.endswith("clarity 2.20±0.8") for line in lines) == (width >= 80)
    assert all(line == line.rstrip() for line in lines)
    assert any(line.endswith("…") for line in lines)


def test_a_long_tactic_is_cut_short() -> None:
    step = replace(STEPS[0], tactic="\n".join(f"line {i}" for i in range(20)))
    lines = shown(step, judged(0, 0.5))
    assert [line.strip() for line in lines[:6]] == [
        "6:2   line 0",
        "line 1",
        "line 2",
        "line 3",
        "line 4",
        "…",
    ]


def test_off_format_numbers_never_stand_alone() -> None:
    text = "\n".join(shown(STEPS[0], judged(0, 0.5, "off_format")))
    assert "0.50" in text
    assert "off format, anchor mass 0.99" in text


def test_no_number_is_made_up() -> None:
    score = StepScore(0, "too_long", message="the step needs 900 tokens and this model reads 512")
    lines = shown(STEPS[0], score)
    assert lines[1].strip() == "no score · too long: the step needs 900 tokens and this model reads 512"
    assert "█" not in "".join(lines)


def test_control_characters_cannot_reach_the_terminal() -> None:
    step = replace(STEPS[0], tactic="simp\x1b[2J\x07", lean_error="\x1b]0;title\x07")
    text = "\n".join(shown(step, replace(judged(0, 0.5), critique="\x1b[31mred\x9b")))
    assert not set(text) & set(map(chr, [*range(10), *range(11, 32), 127, *range(128, 160)]))
    assert visible("a\tb\nc\x7f") == "a\tb\nc␡"


def test_places() -> None:
    assert [place_of(step) for step in STEPS] == ["6:2", "7:4", "11:2"]
    assert place_of(ProofStep((), "rfl")) == ""


def test_the_summary_counts_theorems_rejections_and_names_the_lowest() -> None:
    lines = StepLines(Console(file=io.StringIO(), width=110), STEPS)
    [line] = lines.summary([judged(0, 0.9), judged(1, 0.2), StepScore(2, "deadline")])
    assert line.plain == (
        "3 steps in 2 theorems · 1 rejected by Lean · 1 without a score · lowest value 0.20 at 7:4"
    )
    [line] = lines.summary([StepScore(i, "deadline") for i in range(3)])
    assert line.plain == "3 steps in 2 theorems · 1 rejected by Lean · 3 without a score"

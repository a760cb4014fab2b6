"""What a judge knows of lines that somebody else's Lean took or refused."""

from __future__ import annotations

import json

from eva.evaluate.attempts import attempt_figures, attempt_lines
from eva.evaluate.judgement import Judgement

ATTEMPTS = [
    {
        "name": f"sum{number}",
        "code": "import Mathlib\n\ntheorem sum (a : ℝ) (h : a = 1) : a + a = 2 := by\n"
        "  have b := h\n  norm_num\n  linarith [b]",
        "pass": False,
        "errors": [{"pos": {"line": 4, "column": 2}, "data": "linarith failed\na : ℝ\n⊢ False\nfailed"}],
    }
    for number in range(2)
]


def lines_of(tmp_path):
    file = tmp_path / "attempts.jsonl"
    file.write_text("\n".join(json.dumps(attempt) for attempt in ATTEMPTS))
    return list(attempt_lines(file))


def test_lines_up_to_the_first_error_and_nothing_that_tells_them_apart(tmp_path):
    lines = lines_of(tmp_path)
    assert [(line.step.tactic, line.attempt, line.accepted) for line in lines] == [
        ("have b := h", 0, True),
        ("norm_num", 0, True),
        ("linarith [b]", 0, False),
        ("have b := h", 1, True),
        ("norm_num", 1, True),
        ("linarith [b]", 1, False),
    ]
    assert {line.step.goals for line in lines} == {("⊢ sum (a : ℝ) (h : a = 1) : a + a = 2",)}
    assert all(line.step.lean_error is None for line in lines)
    assert lines[2].step.earlier == ("have b := h", "norm_num")


def test_figures_of_a_judge_that_dislikes_one_tactic(tmp_path):
    likes = {"have b := h": 4.0, "linarith [b]": 2.0}

    def judge(steps):
        return [
            Judgement("scored", {"logic": 3.0, "alignment": likes[s.tactic], "clarity": 3.0})
            if s.tactic in likes
            else Judgement("too_long", {})
            for s in steps
        ]

    found = attempt_figures(lines_of(tmp_path), judge)
    assert found == {
        "lines": 6,
        "attempts": 2,
        "scored": 4,
        "auroc_accept": 1.0,
        "pair_strict": 1.0,
        "auroc_place": 1.0,
    }
    likes["linarith [b]"] = 4.0
    tied = attempt_figures(lines_of(tmp_path), judge)
    assert (tied["auroc_accept"], tied["pair_strict"]) == (0.5, 0.0), "a tie ranks nothing"

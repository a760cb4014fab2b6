import json

import pytest

from eva.data.convert import BadSource, convert, minif2f_steps, rllean_steps
from eva.steps_io import parse_steps

PROOF = {
    "theorem": "two",
    "statement": "theorem two (h : p ∧ q) : q ∧ p",
    "steps": [
        {
            "state_before": "⊢ q ∧ p",
            "tactic": "constructor",
            "state_after": "case left\n⊢ q\n\ncase right\n⊢ p",
        },
        {
            "state_before": "case left\n⊢ q\n\ncase right\n⊢ p",
            "tactic": "simp_all",
            "state_after": "no goals",
        },
    ],
}
ATTEMPT = {
    "name": "sum",
    "code": "import Mathlib\n\ntheorem sum (a : ℝ)\n    (h : a = 1) : a + a = 2 := by\n"
    "  have b := h\n  linarith [b]\n  ring",
    "pass": False,
    "errors": [
        {"pos": {"line": 5, "column": 2}, "data": "ring failed"},
        {"pos": {"line": 2, "column": 0}, "data": "unsolved goals\n⊢ False"},
        {"pos": {"line": 4, "column": 2}, "data": "linarith failed\na : ℝ\nh : a = 1\n⊢ False\nfailed"},
    ],
}


def write(tmp_path, *rows):
    path = tmp_path / "source.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def test_traced_proofs_keep_states_and_earlier_steps(tmp_path):
    first, second = minif2f_steps(write(tmp_path, PROOF))
    assert first.goals == ("⊢ q ∧ p",)
    assert len(first.goals_after) == 2
    assert second.earlier == ("constructor",)
    assert second.goals_after == ()


def test_an_attempt_gives_its_first_located_error(tmp_path):
    (step,) = rllean_steps(write(tmp_path, ATTEMPT))
    assert step.tactic == "linarith [b]"
    assert (step.line, step.column) == (6, 2)
    assert step.earlier == ("have b := h",)
    assert step.lean_error.startswith("linarith failed")
    assert step.goals == ("a : ℝ\nh : a = 1\n⊢ False",)
    assert step.statement == "theorem sum (a : ℝ)\n    (h : a = 1) : a + a = 2"


def test_what_is_written_can_be_scored(tmp_path):
    out = tmp_path / "steps.jsonl"
    assert convert("minif2f", write(tmp_path, PROOF), out) == 2
    with out.open("rb") as lines:
        assert [s.tactic for s in parse_steps(lines, source="steps")] == ["constructor", "simp_all"]


def test_a_line_of_another_format_is_named(tmp_path):
    with pytest.raises(BadSource, match=r"source\.jsonl:2: field 'steps'"):
        list(minif2f_steps(write(tmp_path, PROOF, ATTEMPT)))

import json

import pytest

from eva.data.convert import BadSource, minif2f_steps, rllean_steps
from eva.steps_io import read_steps, write_steps

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
    assert write_steps(out, minif2f_steps(write(tmp_path, PROOF))) == 2
    assert [s.tactic for s in read_steps(out)] == ["constructor", "simp_all"]


def test_a_line_of_another_format_is_named(tmp_path):
    with pytest.raises(BadSource, match=r"source\.jsonl:2: field 'steps'"):
        list(minif2f_steps(write(tmp_path, PROOF, ATTEMPT)))


STEP = PROOF["steps"][0]


@pytest.mark.parametrize(
    ("steps", "row", "words"),
    [
        (
            minif2f_steps,
            {**PROOF, "steps": ["x"]},
            "an object with the field 'tactic' must be there, not 'x'",
        ),
        (minif2f_steps, {**PROOF, "steps": [{**STEP, "tactic": " "}]}, "field 'tactic' is empty"),
        (
            minif2f_steps,
            {**PROOF, "steps": [{**STEP, "state_after": 1}]},
            "field 'state_after' must be a str",
        ),
        (rllean_steps, {**ATTEMPT, "errors": [{"data": "no"}]}, "field 'pos' must be a dict"),
        (rllean_steps, {**ATTEMPT, "errors": [{"data": "no", "pos": {}}]}, "field 'line' must be a int"),
    ],
)
def test_a_record_inside_a_line_is_held_to_its_format(tmp_path, steps, row, words):
    with pytest.raises(BadSource, match=rf"source\.jsonl:1: {words}"):
        list(steps(write(tmp_path, row)))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"theorem": "\xff"}', r"is not UTF-8 \(byte 13\)"),
        (b'{"theorem": "\\ud800"}', "holds half of a surrogate pair"),  # could not be written as UTF-8
        (b"[" * 100_000, "nests deeper than 32 levels"),
        (b"[]", "must be a JSON object"),
    ],
)
def test_a_line_that_is_no_json_object_is_named(tmp_path, line, words):
    path = tmp_path / "source.jsonl"
    path.write_bytes(b"\n" + line + b"\n")
    with pytest.raises(BadSource, match=rf"source\.jsonl:2: the line {words}"):
        list(minif2f_steps(path))

import json

import pytest

from eva.data.record import BadRecord, LabelledStep, read_records, write_records
from eva.step import ProofStep

RECORD = LabelledStep(
    step=ProofStep(goals=("n : Nat\n⊢ n + 0 = n",), tactic="rfl", goals_after=()),
    theorem_id="induction_1",
    family="induction",
    origin="gold",
    split="train",
    accepted=True,
    finishable=True,
    steps_left=0,
    targets={"logic": 4.9, "alignment": 4.875, "clarity": 3.25},
    critique="Lean accepts this step. No goals are left.",
)


def test_records_survive_the_file(tmp_path):
    path = tmp_path / "sub" / "train.jsonl"
    assert write_records(path, [RECORD, RECORD]) == 2
    assert list(read_records(path)) == [RECORD, RECORD]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"split": "dev"}, "split"),
        ({"targets": {"logic": 5.2, "alignment": 1.0, "clarity": 1.0}}, "logic"),
        ({"targets": {"logic": 2.0}}, "alignment"),
        ({"step": {"goals": []}}, "tactic"),
        ({"critique": None}, "critique"),
        ({"critique": "\ud835"}, "surrogate"),
    ],
)
def test_a_bad_line_is_named(tmp_path, change, word):
    path = tmp_path / "train.jsonl"
    lines = [json.dumps(RECORD.to_json()), json.dumps({**RECORD.to_json(), **change})]
    path.write_text("\n".join(lines))
    with pytest.raises(BadRecord, match=rf"train\.jsonl:2: .*{word}"):
        list(read_records(path))


def test_a_line_that_is_not_utf8_is_named(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_bytes(json.dumps(RECORD.to_json()).encode() + b'\n{"\xff": 1}\n')
    with pytest.raises(BadRecord, match=r"train\.jsonl:2: is not UTF-8"):
        list(read_records(path))


def test_a_missing_field_is_named():
    data = RECORD.to_json()
    del data["finishable"]
    with pytest.raises(BadRecord, match="finishable"):
        LabelledStep.from_json(data)

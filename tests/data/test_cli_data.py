import json
import stat
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import eva.lean.steps
from eva.cli.data import app
from eva.data.record import read_records
from eva.lean import FileSteps, LeanMessage, Toolchain
from eva.step import ProofStep
from eva.steps_io import read_steps

# Answers as Lean would: every step is taken and closes the goal, unless there is `h` or `x` in its text.
FAKE_LEAN = """
import json, sys
lines = open(sys.argv[-1], encoding="utf-8").read().split("\\n")
say = lambda line, data, severity="information": print(json.dumps(
    {"pos": {"line": line, "column": 2}, "severity": severity, "kind": "trace", "data": data}))
fresh = False
for number, line in enumerate(lines, start=1):
    text = line.strip()
    if text.startswith("example"):
        fresh = taken = True
    elif text == "trace_state":
        if taken:
            say(number, "n : Nat\\n⊢ n = 0" if fresh else "")
        fresh = False
    elif text in ("·", "("):
        taken = True
    elif text not in (")", "skip") and not text.startswith(("all_goals", "refine EvaCopies")):
        if "h" in text or "x" in text:
            taken = False
            say(number, "no", "error")
    if text.startswith("#print"):
        say(number, "EVA-END")
"""


@pytest.fixture
def lean(tmp_path, monkeypatch):
    script = tmp_path / "lean.py"
    script.write_text(FAKE_LEAN, encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("EVA_LEAN", f"{sys.executable} {script}")


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_generate_writes_the_splits_and_a_card(tmp_path, lean):
    out = tmp_path / "data"
    done = run("generate", "--out", out, "--theorems", 24, "--seed", 1)
    assert done.exit_code == 0, done.output
    records = [
        r for name in ("train", "validation", "test", "held_out") for r in read_records(out / f"{name}.jsonl")
    ]
    assert {r.accepted for r in records} == {True, False}
    assert f"{len(list(read_records(out / 'train.jsonl')))} train" in done.output
    assert "seed 1" in (out / "card.md").read_text(encoding="utf-8")


def test_a_second_run_asks_for_resume_and_then_asks_lean_nothing(tmp_path, lean, monkeypatch):
    out = tmp_path / "data"
    run("generate", "--out", out, "--theorems", 12)
    before = (out / "train.jsonl").read_bytes()
    refused = run("generate", "--out", out, "--theorems", 12)
    assert refused.exit_code == 2
    assert "--resume" in refused.output
    monkeypatch.setenv("EVA_LEAN", f"{sys.executable} -c 'raise SystemExit(9)'")
    again = run("generate", "--out", out, "--theorems", 12, "--resume")
    assert again.exit_code == 0, again.output
    assert (out / "train.jsonl").read_bytes() == before


def test_a_lean_that_dies_is_an_error_and_no_data(tmp_path, monkeypatch):
    monkeypatch.setenv("EVA_LEAN", f"{sys.executable} -c 'raise SystemExit(9)'")
    done = run("generate", "--out", tmp_path / "data", "--theorems", 2)
    assert done.exit_code == 2
    assert "exit code 9" in done.output
    assert not (tmp_path / "data" / "train.jsonl").exists()


def test_convert(tmp_path):
    source = tmp_path / "proofs.jsonl"
    steps = [{"state_before": "⊢ True", "tactic": "trivial", "state_after": "no goals"}]
    source.write_text(json.dumps({"theorem": "t", "statement": "theorem t : True", "steps": steps}))
    out = tmp_path / "steps.jsonl"
    done = run("convert", "minif2f", source, "--out", out)
    assert (done.exit_code, done.output.strip()) == (0, f"1 steps in {out}")
    assert json.loads(out.read_text())["tactic"] == "trivial"


def test_convert_names_a_bad_line(tmp_path):
    source = tmp_path / "proofs.jsonl"
    source.write_text('{"theorem": "t"}\n')
    done = run("convert", "minif2f", source, "--out", tmp_path / "steps.jsonl")
    assert done.exit_code == 2
    assert "proofs.jsonl:1" in done.output
    assert not (tmp_path / "steps.jsonl").exists()


def test_help_loads_nothing_heavy():
    heavy = {"torch", "transformers", "lean_dojo", "rich.progress"}
    code = f"import sys, eva.cli.data; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_check_says_what_a_bag_of_words_knows_and_writes_it_into_the_card(tmp_path, lean):
    out = tmp_path / "data"
    run("generate", "--out", out, "--theorems", 60)
    done = run("check", out)
    assert done.exit_code == 0, done.output
    assert "| words and goal |" in done.output
    assert "What a bag of words knows" in (out / "card.md").read_text(encoding="utf-8")


def test_check_names_what_is_missing_and_who_writes_it(tmp_path):
    done = run("check", tmp_path)
    assert done.exit_code == 2
    assert f"{tmp_path} has no plan.json, which names the seed: check a folder that" in done.output
    assert done.output.strip().endswith(f"python scripts/labelled.py --data {tmp_path}")
    assert len(done.output.splitlines()) == 1


@pytest.mark.lean
def test_from_lean_writes_the_steps_of_files_and_what_belongs_to_none(tmp_path):
    good, bad = tmp_path / "Good.lean", tmp_path / "Bad.lean"
    good.write_text("theorem a (p q : Prop) (hp : p) : p ∨ q := by\n  left\n  exact hp\n", encoding="utf-8")
    bad.write_text("#check missing\ntheorem c : 1 = 2 := by\n  rfl\n", encoding="utf-8")
    out = tmp_path / "steps.jsonl"
    done = run("from-lean", good, bad, "--out", out)
    assert done.exit_code == 0, done.output
    steps = read_steps(out)
    assert [step.tactic for step in steps] == ["left", "exact hp", "rfl"]
    assert [step.lean_error is None for step in steps] == [True, True, False]
    assert "Bad.lean:1:7: " in done.output


def test_from_lean_names_the_file_that_lean_did_not_get_through(tmp_path, monkeypatch):
    monkeypatch.setenv("EVA_LEAN", f"{sys.executable} -c 'raise SystemExit(9)'")
    file = tmp_path / "F.lean"
    file.write_text("example : True := trivial\n", encoding="utf-8")
    out = tmp_path / "steps.jsonl"
    done = run("from-lean", file, "--out", out)
    assert done.exit_code == 2
    assert "F.lean" in done.output
    assert not out.exists()


def lean_says(monkeypatch, steps=(), errors=()):
    """Put an answer in Lean's place; the files that it was asked for."""
    asked = []

    def answer(path, *, timeout):
        asked.append(path)
        return FileSteps(path, Toolchain(("lean",), None, "a test"), list(steps), list(errors))

    monkeypatch.setattr(eva.lean.steps, "steps_of_file", answer)
    return asked


def test_from_lean_makes_the_folder_and_tells_what_belongs_to_no_step(tmp_path, monkeypatch):
    steps = [ProofStep(("⊢ True",), "trivial")]
    lean_says(monkeypatch, steps, [LeanMessage("error", "unknown\n  'foo'", (3, 5))])
    file, out = tmp_path / "F.lean", tmp_path / "new" / "steps.jsonl"
    file.touch()
    done = run("from-lean", file, "--out", out)
    assert (done.exit_code, done.stdout) == (0, f"1 steps in {out}\n")
    assert done.stderr == f"eva: Lean, outside of the steps: {file}:3:5: unknown 'foo'\n"
    assert read_steps(out) == steps
    assert list(out.parent.iterdir()) == [out]


@pytest.mark.parametrize("out", ["file/steps.jsonl", "folder"])
def test_from_lean_asks_lean_for_nothing_that_it_cannot_write(tmp_path, monkeypatch, out):
    asked = lean_says(monkeypatch)
    (tmp_path / "folder").mkdir()
    for name in ("F.lean", "file"):
        (tmp_path / name).touch()
    done = run("from-lean", tmp_path / "F.lean", "--out", tmp_path / out)
    assert (done.exit_code, asked) == (2, [])
    assert "--out" in done.stderr


def test_generate_says_that_a_file_is_in_the_way(tmp_path):
    (tmp_path / "batches").touch()
    done = run("generate", "--out", tmp_path)
    assert done.exit_code == 2
    assert f"{tmp_path / 'batches'} is a file, where answers of Lean must go: remove it" in done.stderr

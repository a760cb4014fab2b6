"""`eva score` from its arguments to its output and exit code, with a scripted judge in the model's place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from judgements import STEPS, Script, ScriptedJudge, judged, steps_file
from typer.testing import CliRunner, Result

from eva.cli import app, judges
from eva.cli.exits import ExitCode
from eva.cli.judges import JudgingFailed, deadline_passed
from eva.step import CritiquePiece, ProofStep, Scored, ScoreEvent, StepScore

VALUES = (0.9, 0.125, 0.5)
Run = Callable[..., Result]


def backwards(steps: Sequence[ProofStep], critique: bool) -> Iterator[ScoreEvent]:
    """All that is asked for, the last step first and the words in two pieces."""
    for i in reversed(range(len(steps))):
        yield Scored(judged(i, VALUES[i % 3]))
    if critique:
        for text, final in (("It fits ", False), ("the goal.", True)):
            for i in reversed(range(len(steps))):
                yield CritiquePiece(i, text, final)


def failing(after: int, failure: JudgingFailed) -> Script:
    """`backwards`, cut off by `failure` after that many events."""

    def script(steps: Sequence[ProofStep], critique: bool) -> Iterator[ScoreEvent]:
        for number, event in enumerate(backwards(steps, critique)):
            if number == after:
                raise failure
            yield event
        raise failure

    return script


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs `eva score` on a steps.jsonl (or on `stdin`); `judge` says who answers."""
    monkeypatch.setenv("COLUMNS", "80")
    file = steps_file(tmp_path / "steps.jsonl")

    def go(
        *arguments: str,
        script: Script = backwards,
        judge: ScriptedJudge | None = None,
        source: str = str(file),
        stdin: str | bytes | None = None,
    ) -> Result:
        monkeypatch.setattr(judges, "DaemonJudge", lambda: judge or ScriptedJudge(script))
        return CliRunner().invoke(app, ["score", source, *arguments], input=stdin)

    return go


def records(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_table(run: Run) -> None:
    result = run()
    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout == (
        "theorem and_swap (p q : Prop) (h : p ∧ q) : q ∧ p\n"
        "\n"
        "   6:2   constructor\n"
        "         ██████████▊· 0.90  logic 4.60±0.8  alignment 4.60±0.8  clarity 4.60±0.8\n"
        "         model: It fits the goal.\n"
        "\n"
        "   7:4 ✗ exact h.1\n"
        "         Lean: Type mismatch h.1 has type p\n"
        "         █▌·········· 0.12  logic 1.50±0.8  alignment 1.50±0.8  clarity 1.50±0.8\n"
        "         model: It fits the goal.\n"
        "\n"
        "zero_add\n"
        "\n"
        "  11:2   induction n with\n"
        "         | zero => rfl\n"
        "         ██████······ 0.50  logic 3.00±0.8  alignment 3.00±0.8  clarity 3.00±0.8\n"
        "         model: It fits the goal.\n"
        "\n"
        "3 steps in 2 theorems · 1 rejected by Lean · lowest value 0.12 at 7:4\n"
    )


def test_json_is_one_object_a_step_in_the_order_of_the_file(run: Run) -> None:
    result = run("--json")
    assert result.exit_code == 0
    first, second, third = records(result)
    assert first == {
        "theorem": "and_swap",
        "line": 6,
        "column": 2,
        "tactic": "constructor",
        "status": "scored",
        "value": 0.9,
        "expected": {"logic": 4.6, "alignment": 4.6, "clarity": 4.6},
        "spread": {"logic": 0.75, "alignment": 0.75, "clarity": 0.75},
        "mass": 0.99,
        "critique": "It fits the goal.",
    }
    assert second["lean_error"] == STEPS[1].lean_error
    assert third["tactic"] == "induction n with\n| zero => rfl"


def test_steps_come_on_standard_input_and_unicode_goes_out_as_it_came(run: Run) -> None:
    text = json.dumps({"goals": ["⊢ p"], "tactic": "rw [← h]"})
    assert '"tactic": "rw [← h]"' in run("--json", source="-", stdin=text).stdout


def test_options_reach_the_judge(run: Run) -> None:
    judge = ScriptedJudge(backwards)
    result = run(
        "--json",
        "--no-critique",
        "--order",
        "critique_first",
        "--deadline",
        "7",
        "--theorem",
        "and_swap",
        judge=judge,
    )
    [(count, critique, order, deadline)] = judge.calls
    assert (count, critique, order) == (2, False, "critique_first")
    assert 6.0 < deadline <= 7.0
    assert judge.closed
    assert [record["critique"] for record in records(result)] == [None, None]


def test_a_theorem_is_also_found_by_its_last_parts(run: Run, tmp_path: Path) -> None:
    file = steps_file(tmp_path / "s.jsonl", [replace(STEPS[0], name="Demo.Logic.and_swap"), STEPS[2]])
    assert len(records(run("--json", "--theorem", "Logic.and_swap", source=str(file)))) == 1
    result = run("--theorem", "swap", source=str(file))
    assert result.exit_code == 2
    assert "no steps of a theorem 'swap'; there are steps of Demo.Logic.and_swap, zero_add" in result.stderr


def test_any_number_of_steps_goes_in_requests_that_the_daemon_takes(run: Run, tmp_path: Path) -> None:
    judge = ScriptedJudge(backwards)
    many = [replace(STEPS[0], line=i) for i in range(600)]
    result = run("--json", judge=judge, source=str(steps_file(tmp_path / "many.jsonl", many)))
    found = records(result)
    assert [record["line"] for record in found] == list(range(600))
    assert {record["status"] for record in found} == {"scored"}
    assert [count for count, *_ in judge.calls] == [256, 256, 88]
    long = [replace(STEPS[0], tactic="x" * 900_000)] * 5
    judge = ScriptedJudge(backwards)
    run("--json", judge=judge, source=str(steps_file(tmp_path / "long.jsonl", long)))
    assert [count for count, *_ in judge.calls] == [2, 2, 1]


def test_fail_under_names_the_steps_and_ends_with_1(run: Run) -> None:
    result = run("--fail-under", "0.5")
    assert result.exit_code == ExitCode.BELOW
    assert result.stderr == "eva: step 2 (and_swap 7:4): value 0.125 is under 0.5: exact h.1\n"
    assert run("--fail-under", "0.125").exit_code == 0  # equal is not less


@pytest.mark.parametrize("status", ["off_format", "too_long"])
def test_a_step_without_a_score_to_be_trusted_does_not_pass(run: Run, status: str) -> None:
    def script(steps: Sequence[ProofStep], critique: bool) -> Iterator[ScoreEvent]:
        yield Scored(judged(0, 0.9))
        yield Scored(judged(1, 0.9, "off_format") if status == "off_format" else StepScore(1, "too_long"))
        yield Scored(judged(2, 1.0))

    result = run("--no-critique", "--fail-under", "0.5", script=script)
    assert result.exit_code == ExitCode.MODEL
    assert result.stderr.startswith("eva: step 2 (and_swap 7:4): no score to compare with 0.5 (")
    result = run("--no-critique", "--fail-under", "0.95", script=script)
    assert result.exit_code == ExitCode.BELOW
    assert len(result.stderr.splitlines()) == 2
    assert run("--no-critique", script=script).exit_code == 0


def test_a_passed_deadline_is_a_status_and_never_a_score(run: Run) -> None:
    late = deadline_passed(29.9)  # of one request; the user gave 30 for all
    result = run("--json", "--fail-under", "0.0", "--deadline", "30", script=failing(2, late))
    assert result.exit_code == ExitCode.MODEL
    found = records(result)
    assert [record["status"] for record in found] == ["deadline", "scored", "scored"]
    assert [record["value"] for record in found] == [None, 0.125, 0.5]
    assert [record["critique"] for record in found] == [None, None, None]
    assert result.stderr.splitlines() == [
        "eva: step 1 (and_swap 6:2): no score to compare with 0 (deadline passed): constructor",
        "eva: error: the deadline of 30 s passed; give more time with --deadline, or use --no-critique",
    ]


def test_no_request_is_made_once_the_deadline_has_passed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(judges.time, "monotonic", lambda: now)

    def slow(steps: Sequence[ProofStep], critique: bool) -> Iterator[ScoreEvent]:
        nonlocal now
        now += 4.0
        yield from backwards(steps, critique)

    judge = ScriptedJudge(slow)
    file = steps_file(tmp_path / "many.jsonl", [STEPS[0]] * 1000)
    result = run("--json", "--deadline", "8", judge=judge, source=str(file))
    assert [(count, deadline) for count, _, _, deadline in judge.calls] == [(256, 8.0), (256, 4.0)]
    assert result.exit_code == ExitCode.MODEL
    assert [record["status"] for record in records(result)] == ["scored"] * 512 + ["deadline"] * 488


def test_a_message_of_many_lines_becomes_one(run: Run) -> None:
    result = run("--no-critique", script=failing(0, JudgingFailed("it\n  broke\x1b[2J", ExitCode.MODEL)))
    assert result.stderr == "eva: error: it broke␛[2J\n"


def test_a_daemon_that_goes_away_leaves_what_came_before(run: Run) -> None:
    gone = JudgingFailed("the daemon is gone: start a new one", ExitCode.DAEMON)
    result = run("--json", script=failing(8, gone))  # one event before the end
    assert result.exit_code == ExitCode.DAEMON
    found = records(result)
    assert [record["value"] for record in found] == list(VALUES)
    assert [record["critique"] for record in found] == [None, "It fits the goal.", "It fits the goal."]
    assert result.stderr == "eva: error: the daemon is gone: start a new one\n"
    table = run(script=failing(1, gone))
    assert "11:2" in table.stdout
    assert "6:2 " not in table.stdout
    assert "2 without a score" in table.stdout


def test_a_daemon_that_is_not_there_leaves_stdout_empty(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run()

    def missing() -> None:
        raise JudgingFailed("no daemon runs: start one with 'eva serve --detach'", ExitCode.DAEMON)

    monkeypatch.setattr(judges, "DaemonJudge", missing)
    result = CliRunner().invoke(app, ["score", "-"], input=json.dumps(STEPS[0].to_json()))
    assert (result.exit_code, result.stdout) == (ExitCode.DAEMON, "")
    assert result.stderr == "eva: error: no daemon runs: start one with 'eva serve --detach'\n"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.lean", None, "there is no file "),
        ("steps.jsonl", "", "holds no steps"),
        ("steps.jsonl", "\n{}\n", "steps.jsonl:2: a step needs the field 'goals'"),
        (
            "proof.txt",
            "theorem",
            "proof.txt:1: not JSON: Expecting value at column 1 (a Lean file must end in .lean)",
        ),
    ],
)
def test_bad_input_is_one_clear_line(
    run: Run, tmp_path: Path, name: str, content: str | None, message: str
) -> None:
    (tmp_path / "input").mkdir()
    file = tmp_path / "input" / name
    if content is not None:
        file.write_text(content, "utf-8")
    result = run(source=str(file))
    assert (result.exit_code, result.stdout) == (ExitCode.USAGE, "")
    assert result.stderr.count("\n") == 1
    assert message in result.stderr


def test_a_directory_is_no_input(run: Run, tmp_path: Path) -> None:
    result = run(source=str(tmp_path))
    assert result.exit_code == ExitCode.USAGE
    assert "is a directory: name a .lean file" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--fail-under", "1.5"],
        ["--fail-under", "nan"],
        ["--deadline", "0"],
        ["--deadline", "nan"],
        ["--deadline", "inf"],
        ["--lean-timeout", "-1"],
        ["--order", "words_first"],
        ["--model", "leibniz-nano"],
    ],
)
def test_bad_options_are_refused(run: Run, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == ExitCode.USAGE
    assert arguments[0] in result.stderr

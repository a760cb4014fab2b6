import pytest

from eva.data.lean import LeanRunner, Probe, Result, lean_command, read_messages, render
from eva.lean.errors import LeanError
from eva.lean.toolchain import find_toolchain


def probe(step, earlier=(), goal="p ∧ q", binders="(p q : Prop) (hp : p) (hq : q)", **more):
    return Probe(binders, goal, earlier, step, **more)


def message(line, data, severity="information", kind="trace", **more):
    return {"pos": {"line": line, "column": 2}, "severity": severity, "kind": kind, "data": data, **more}


def test_definitions_are_written_once():
    text, starts = render([probe("simp", preamble="def f := 1"), probe("rfl", preamble="def f := 1")])
    assert text.count("def f := 1") == 1
    assert text.count("namespace D") == 2
    lines = text.split("\n")
    assert all(lines[start - 1].startswith("example") for start in starts[:-1])


def test_messages_go_to_their_probe():
    probes = [probe("simp"), probe("omega"), probe("skip")]
    _, starts = render(probes)
    messages = [
        message(starts[1] + 2, "omega failed", "error", "[anonymous]"),
        message(starts[0] + 5, "⊢ p\n\n⊢ q"),
        message(starts[0] + 6, "closer (simp_all; done)"),
        message(starts[0] + 7, "⊢ q"),
        message(starts[2] + 5, "⊢ p"),
    ]
    first, second, third = read_messages(messages, starts, probes)
    assert first == Result("accepted", goals=("⊢ p", "⊢ q"), closed_by=("simp_all",), open_goals=("⊢ q",))
    assert (second.outcome, second.error) == ("rejected", "omega failed")
    assert third.outcome == "unknown", "one trace of two: no verdict"


def test_the_parser_speaks_first():
    probes = [probe("exact (h")]
    _, starts = render(probes)
    messages = [
        message(starts[0] + 1, "function expected", "error", "x"),
        message(starts[0] + 2, "unexpected token", "error", "x", keepFullRange=True),
    ]
    (result,) = read_messages(messages, starts, probes)
    assert result.parse_error
    assert result.error == "unexpected token"


class CountingRunner(LeanRunner):
    asked = 0

    def _lean(self, source):
        type(self).asked += 1
        if "boom" in source and source.count("example") > 1:
            from eva.data.lean import LeanFailed

            raise LeanFailed("no end")
        return []


def test_answers_are_kept_and_used_again(tmp_path):
    CountingRunner.asked = 0
    runner = CountingRunner(["lean"], store=tmp_path)
    first = runner.run([probe("simp")])
    assert runner.run([probe("simp")]) == first
    assert CountingRunner.asked == 1


def test_one_bad_probe_does_not_cost_the_batch():
    CountingRunner.asked = 0
    results = CountingRunner(["lean"]).run([probe("a"), probe("b"), probe("boom"), probe("c")])
    assert [r.outcome for r in results] == ["unknown"] * 4
    assert CountingRunner.asked > 1


@pytest.mark.lean
def test_real_verdicts():
    try:
        find_toolchain()
    except LeanError as error:
        pytest.skip(str(error))
    cases = [
        (probe("constructor"), "accepted"),
        (probe("exact ⟨hp, hq⟩"), "accepted"),
        (probe("exact hp"), "rejected"),
        (probe("exact h7"), "rejected"),
        (probe("exact (hp"), "rejected"),
        (probe("constructor <;>"), "rejected"),
        (probe("By cases on p."), "rejected"),
        (probe("exact hp", ("constructor",)), "accepted"),
        (probe("exact hq", ("constructor",)), "rejected"),
        (probe("omega", goal="f 2 = 4", binders="", preamble="def f (n : Nat) := n + 2"), "rejected"),
        (probe("rfl", goal="f 2 = 4", binders="", preamble="def f (n : Nat) := n + 2"), "accepted"),
        (probe("exfalso"), "accepted"),
    ]
    results = LeanRunner(lean_command(), timeout=170).run([p for p, _ in cases])
    assert [r.outcome for r in results] == [wanted for _, wanted in cases]
    assert results[0].goals[0].startswith("case left\np q : Prop")
    assert results[0].open_goals == ()
    assert results[1].goals == ()
    assert results[7].goals[0].endswith("⊢ q")
    assert results[3].error == "Unknown identifier `h7`"
    assert results[4].parse_error
    assert results[5].parse_error
    assert results[-1].open_goals == results[-1].goals

import sys

import pytest

from eva.data.lean import LeanFailed, LeanRunner, lean_command, read_results, untagged
from eva.data.probes import CLOSERS, Place, Probe, Result, render
from eva.data.script import Script, Walked, parse_script

START = Place("(p q : Prop) (hp : p) (hq : q)", "p ∧ q")


def probe(step, lines=(), goal="p ∧ q", binders="(p q : Prop) (hp : p) (hq : q)", preamble="", **more):
    return Probe(Place(binders, goal, preamble, tuple(f"  {line}" for line in lines)), step, **more)


def message(line, data, severity="information", kind="trace", **more):
    return {"pos": {"line": line, "column": 2}, "severity": severity, "kind": kind, "data": data, **more}


def test_definitions_are_written_once():
    text = render([probe("simp", preamble="def f := 1"), probe("rfl", ("skip",), preamble="def f := 1")]).text
    assert text.count("def f := 1") == 1
    assert text.count("namespace D") == 2


def test_steps_of_one_place_share_an_example_unless_they_stand_alone():
    probes = [probe("simp"), probe("omega"), probe("exact (", alone=True), probe("rfl", ("skip",))]
    batch = render(probes)
    assert batch.text.count("\nexample") == 3
    assert "refine EvaCopies.c2 ?_ ?_" in batch.text
    lines = batch.text.split("\n")
    for spot, one in zip(batch.spots, probes, strict=True):
        own = lines[spot.start - 1 : spot.end - 1]
        assert any(one.step in line for line in own)
        assert all(lines[at - 1].strip() == "trace_state" for at in (spot.before, *spot.traces))


def test_messages_go_to_their_probe():
    probes = [probe("constructor", closers=CLOSERS), probe("omega"), probe("skip")]
    batch = render(probes)
    one, two, three = batch.spots
    messages = [
        message(one.before, "⊢ p ∧ q\n\n⊢ r"),
        message(two.start + 2, "omega failed", "error", "[anonymous]"),
        message(one.traces[0], "case refine_1.left\n⊢ p\n\ncase refine_1.right\n⊢ q"),
        message(one.closers[0], "closer (simp_all; done)\ncloser -"),
        message(three.traces[0], "case refine_2\n⊢ p"),
    ]
    first, second, third = read_results(messages, batch)
    after = ("case left\n⊢ p", "case right\n⊢ q", "⊢ r")
    assert first == Result("accepted", goals=after, kept=1, fates=("simp_all", ""))
    assert (second.outcome, second.error) == ("rejected", "omega failed")
    assert third.goals == ("case refine_2\n⊢ p", "⊢ r"), "only its own copy's tag is taken away"


def test_no_trace_is_no_verdict_and_neither_is_a_lack_of_heartbeats():
    batch = render([probe("skip"), probe("grind")])
    one, two = batch.spots
    late = message(two.start + 1, "(deterministic) timeout, maximum number of heartbeats", "error", "x")
    outcomes = [r.outcome for r in read_results([message(one.before, "⊢ p"), late], batch)]
    assert outcomes == ["unknown", "unknown"]


def test_the_parser_speaks_first():
    batch = render([probe("exact (h", alone=True)])
    at = batch.spots[0].start
    messages = [
        message(at + 1, "function expected", "error", "x"),
        message(at + 2, "unexpected token", "error", "x", keepFullRange=True),
    ]
    (result,) = read_results(messages, batch)
    assert result.parse_error
    assert result.error == "unexpected token"


@pytest.mark.parametrize(
    ("goal", "shown"),
    [
        ("case refine_3\n⊢ p", "⊢ p"),
        ("case inl.refine_3.left\n⊢ p", "case inl.left\n⊢ p"),
        ("case refine_3.refine_1\n⊢ p", "case refine_1\n⊢ p"),
        ("case pos\n⊢ p", "case pos\n⊢ p"),
        ("⊢ p", "⊢ p"),
    ],
)
def test_the_tag_of_a_copy_is_not_shown(goal, shown):
    assert untagged(goal, 3) == shown


class CountingRunner(LeanRunner):
    asked = 0

    def _lean(self, source):
        type(self).asked += 1
        if "boom" in source and source.count("boom") != source.count("· exact"):
            raise LeanFailed("no end")
        return []


def test_answers_are_kept_and_used_again(tmp_path):
    CountingRunner.asked = 0
    runner = CountingRunner(["lean"], store=tmp_path)
    first = runner.run([probe("simp")])
    assert runner.run([probe("simp")]) == first
    walk = [Script(START, parse_script(("constructor", "exact hp")))]
    assert runner.walk(walk) == runner.walk(walk) == [Walked()]
    assert CountingRunner.asked == 2


def test_one_bad_probe_does_not_cost_the_batch():
    CountingRunner.asked = 0
    results = CountingRunner(["lean"]).run([probe("a"), probe("b"), probe("boom"), probe("c")])
    assert [r.outcome for r in results] == ["unknown"] * 4
    assert CountingRunner.asked > 1


def test_what_lean_did_not_survive_is_asked_again(tmp_path):
    probes = [probe("a"), probe("boom")]
    CountingRunner(["lean"], store=tmp_path).run(probes)
    CountingRunner.asked = 0
    CountingRunner(["lean"], store=tmp_path).run(probes)
    # both, the second alone, and whether Lean runs at all: the first alone was kept
    assert CountingRunner.asked == 3


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import sys; sys.exit('out of memory')", r"exit code 1\): out of memory"),
        ("import time; time.sleep(60)", "within 2 s"),
    ],
)
def test_a_lean_that_does_not_run_at_all_is_told(tmp_path, code, told):
    lean = LeanRunner([sys.executable, "-c", code], store=tmp_path, timeout=2)
    for _ in range(2):  # nothing of it is kept
        with pytest.raises(LeanFailed, match=told):
            lean.run([probe("a"), probe("b")])
    with pytest.raises(LeanFailed, match=told):
        lean.walk([Script(START, parse_script(("constructor", "exact hp")))])


@pytest.fixture
def real():
    return LeanRunner(lean_command(), timeout=170)


@pytest.mark.lean
def test_real_verdicts(real):
    cases = [
        (probe("constructor", closers=CLOSERS), "accepted"),
        (probe("exact ⟨hp, hq⟩"), "accepted"),
        (probe("exact hp"), "rejected"),
        (probe("exact h7"), "rejected"),
        (probe("exact (hp", alone=True), "rejected"),
        (probe("constructor <;>", alone=True), "rejected"),
        (probe("By cases on p.", alone=True), "rejected"),
        (probe("exact hp", ("constructor",)), "accepted"),
        (probe("exact hq", ("constructor",)), "rejected"),
        (probe("omega", goal="f 2 = 4", binders="", preamble="def f (n : Nat) := n + 2"), "rejected"),
        (probe("rfl", goal="f 2 = 4", binders="", preamble="def f (n : Nat) := n + 2"), "accepted"),
        (probe("exfalso", closers=CLOSERS), "accepted"),
        (probe("cases h with", binders="(p q : Prop) (h : p ∨ q)", goal="q ∨ p", closers=CLOSERS,
               arms=("| inl a =>", "| inr b =>")), "accepted"),
        (probe("cases h with", binders="(p q : Prop) (h : p → q)", goal="q ∨ p",
               arms=("| inl a =>", "| inr b =>")), "rejected"),
    ]  # fmt: skip
    results = real.run([p for p, _ in cases])
    assert [r.outcome for r in results] == [wanted for _, wanted in cases]
    assert results[0].goals[0].startswith("case left\np q : Prop")
    assert results[0].fates == ("assumption", "assumption")
    assert results[1].goals == ()
    assert results[7].goals[0].endswith("⊢ q")
    assert results[7].kept == 1
    assert results[3].error == "Unknown identifier `h7`"
    assert results[4].parse_error
    assert results[5].parse_error
    assert results[11].fates == ("",)
    assert results[12].goals == (
        "case inl\np q : Prop\na : p\n⊢ q ∨ p",
        "case inr\np q : Prop\nb : q\n⊢ q ∨ p",
    )
    assert all(results[12].fates)


@pytest.mark.lean
def test_a_copy_shows_what_the_state_itself_would(real):
    """The same steps once in copies of the goal and once each in an example of its own."""
    steps = [
        "constructor",
        "intro h",
        "refine ⟨fun x => ?_, ?_⟩",
        "apply Iff.intro",
        "by_cases hp : p",
        "skip",
        "exact 1",
    ]
    binders, goal = "(p q : Prop) (h1 : q ∨ p)", "(p ↔ q) ∧ (q → p)"
    for lines in ((), ("constructor",), ("cases h1", "constructor")):
        together = real.run([probe(step, lines, goal, binders) for step in steps])
        alone = real.run([probe(step, lines, goal, binders, alone=True) for step in steps])
        assert [(r.outcome, r.goals) for r in together] == [(r.outcome, r.goals) for r in alone]

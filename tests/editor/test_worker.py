"""What an editor sees: Lean's own file worker with the package, over LSP, and a daemon.

The worker is the WebAssembly Lean's (`tools/lean_worker.py`). The daemon is `eva serve` with the embedded
model where numbers and words count, and a real server with a scripted judge behind it where it must wait, or
fail.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from infoview import HEADER, Editor
from lsp import PATIENCE_S, LspError, Message, eventually

from eva.client import Client
from eva.lean import steps_of_file
from eva.runtime import read_connection, write_connection
from eva.step import StepScore

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests" / "serve")]

import scripted  # noqa: E402
from scripted import ScriptedJudge, Served, serving  # noqa: E402

LEAN = Path(os.environ.get("EVA_LEAN_WASM") or ROOT / ".build" / "lean-wasm") / "bin" / "lean"
COMPILING_S = 1500
START_S = 120
CANCELLED = -32800

pytestmark = [
    pytest.mark.lean,
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not LEAN.is_file(), reason="no WebAssembly Lean (make lean)"),
]

ADDITION = """theorem addition (n : Nat) : n + 0 = n := by
  induction n with
  | zero => rfl
  | succ n ih => simp -- by computation
"""


def steps(answers: list[Message]) -> dict[int, Message]:
    """The newest of each step."""
    return {step["index"]: step for answer in answers for step in answer["steps"]}


def error(answer: Message) -> Any:
    return answer["error"] and answer["error"]["kind"]


def wordiest(scores: list[StepScore]) -> tuple[int, str]:
    """Index and words of the longest critique, the one that takes the most time to write."""
    return max(((score.index, score.critique or "") for score in scores), key=lambda one: len(one[1]))


def reads(critique: str) -> Callable[[Message], bool]:
    return lambda answer: any(step["critique"] == critique for step in answer["steps"])


def is_done(answer: Message) -> bool:
    return bool(answer["phase"] == "done")


@pytest.fixture(scope="class")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """`eva serve` with the embedded model; its connection file."""
    path = tmp_path_factory.mktemp("daemon") / "run" / "daemon.json"
    environment = os.environ | {"EVA_CONNECTION_FILE": str(path)}
    eva = [sys.executable, "-m", "eva"]
    subprocess.run(
        [*eva, "serve", "--detach", "--threads", "1"], env=environment, check=True, timeout=START_S
    )
    try:
        yield path
    finally:
        subprocess.run([*eva, "stop"], env=environment, check=True, timeout=START_S)


@pytest.fixture(scope="class")
def editor(daemon: Path) -> Iterator[Editor]:
    """An editor beside the daemon, with a proof that was scored once."""
    editor = Editor(daemon)
    try:
        editor.open(f"{HEADER}#eva_score {ADDITION}")
        assert editor.elaborated(COMPILING_S) is not None
        yield editor
    finally:
        editor.close()


@pytest.fixture(scope="class")
def expected(daemon: Path, tmp_path_factory: pytest.TempPathFactory) -> list[StepScore]:
    """What the Python side says about the same proof."""
    file = tmp_path_factory.mktemp("proof") / "Proof.lean"
    file.write_text(ADDITION, encoding="utf-8")
    with Client(read_connection(daemon)) as client:
        return client.score(steps_of_file(file).steps)


class TestDaemon:
    """One file, in the order in which an author would meet these things."""

    def test_the_panel_knows_the_steps(self, editor: Editor) -> None:
        props = editor.panel("rfl")
        assert (props["name"], props["critique"]) == ("addition", True)
        assert [step["tactic"] for step in props["steps"]] == ["induction n with", "rfl", "simp"]
        assert props["steps"][1]["range"]["start"] == editor.position_of("rfl")

    def test_scores_are_those_of_the_python_client(self, editor: Editor, expected: list[StepScore]) -> None:
        answers = editor.watch(editor.panel("rfl"), is_done)
        found = steps(answers)
        assert sorted(found) == [0, 1, 2]
        for index, score in enumerate(expected):
            assert found[index]["status"] == score.status
            assert found[index]["value"] == pytest.approx(score.value, abs=1e-4)
            for shown in found[index]["dimensions"]:
                judged = score.dimensions[shown["name"]]
                assert shown["expected"] == pytest.approx(judged.expected, abs=1e-3)
                assert shown["spread"] == pytest.approx(judged.spread, abs=1e-3)
                assert dict(map(tuple, shown["distribution"])) == pytest.approx(judged.distribution, abs=1e-3)
        assert [shown["name"] for shown in found[0]["dimensions"]] == ["logic", "alignment", "clarity"]
        assert answers[-1]["scale"] == [1, 5]
        assert eventually(lambda: editor.poll(editor.panel("rfl"))["model"]) == "leibniz-nano"

    def test_the_critique_comes_of_the_step_at_the_cursor_alone(
        self, editor: Editor, expected: list[StepScore]
    ) -> None:
        def complete(answer: Message) -> bool:
            return any(step["critiqueDone"] for step in answer["steps"])

        longest, words = wordiest(expected)
        answers = editor.watch(editor.panel("rfl"), complete, step=longest)
        pieces = [
            step["critique"] for answer in answers for step in answer["steps"] if step["index"] == longest
        ]
        assert pieces[-1] == words
        assert all(later.startswith(earlier) for earlier, later in pairwise(pieces))
        assert {step["critique"] for index, step in steps(answers).items() if index != longest} == {""}

    def test_hints_stand_behind_the_steps(self, editor: Editor, expected: list[StepScore]) -> None:
        hints = editor.hints()
        line = editor.position_of("induction")["line"]
        labels = [f"{score.value:.2f}" for score in expected]
        ends = [len("  induction n with"), len("  | zero => rfl"), len("  | succ n ih => simp")]
        assert {place: hint["label"] for place, hint in hints.items()} == {
            (line + i, end): label for i, (end, label) in enumerate(zip(ends, labels, strict=True))
        }
        longest, words = wordiest(expected)  # the step that was at the cursor
        tooltip = hints[line + longest, ends[longest]]["tooltip"]["value"]
        assert "logic" in tooltip
        assert words.split()[0] in tooltip

    def test_the_code_action_writes_the_critique_above_the_step(
        self, editor: Editor, expected: list[StepScore]
    ) -> None:
        assert editor.actions("import Eva") == []
        [action] = editor.actions("rfl")
        assert action["title"] == "EVA: show critique"
        resolved = editor.request("codeAction/resolve", action).result()
        [change] = resolved["edit"]["documentChanges"]
        [edit] = change["edits"]
        assert (
            edit["range"]["start"]
            == edit["range"]["end"]
            == {**editor.position_of("  | zero"), "character": 0}
        )
        lines = edit["newText"].splitlines()
        assert all(written.startswith("  -- ") for written in lines)
        assert lines[0].startswith(f"  -- EVA {expected[1].value:.2f} (logic ")
        assert " ".join(written.removeprefix("  -- ") for written in lines[1:]) == expected[1].critique

    def test_an_edit_makes_another_proof(self, editor: Editor) -> None:
        before = editor.panel("rfl")
        editor.replace("simp --", "omega --")
        editor.elaborated()
        after = editor.panel("rfl")
        assert after["proof"] != before["proof"]
        answer = editor.poll(after)
        assert steps([answer])[1]["status"] == "scored", "an unchanged step is scored at once"
        assert is_done(editor.watch(after, is_done)[-1])


class Stage:
    """The scripted server, which the file at `path` names while it is there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.judge = ScriptedJudge()
        self._server = ExitStack()
        self.start()

    def start(self) -> None:
        self.served: Served = self._server.enter_context(serving(self.judge, queue=100, batch=4))
        write_connection(self.path, self.served.connection)

    def stop(self) -> None:
        self.path.unlink(missing_ok=True)
        self._server.close()

    def unfinished(self) -> int:
        """How many steps the daemon is at."""
        with Client(self.served.connection) as client:
            health = client.health()
        return health.queued_steps + health.running_steps


@pytest.fixture(scope="class")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = Stage(tmp_path_factory.mktemp("stage") / "daemon.json")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scripted, "PATIENCE_S", PATIENCE_S)  # Lean may be slow while the judge is held
        try:
            yield stage
        finally:
            stage.stop()


@pytest.fixture(scope="class")
def beside(stage: Stage) -> Iterator[Editor]:
    """An editor beside the scripted server."""
    editor = Editor(stage.path)
    try:
        editor.open(HEADER + "-- nothing yet\n")
        editor.elaborated(COMPILING_S)
        yield editor
    finally:
        editor.close()


class TestStates:
    """Each test has its own theorem, so that no score is known from the test before."""

    @pytest.fixture(autouse=True)
    def open_gates(self, stage: Stage) -> None:
        stage.judge.read.set()
        stage.judge.talk.set()
        stage.judge.one_by_one = False

    def test_nothing_waits_for_a_slow_model(self, beside: Editor, stage: Stage) -> None:
        stage.judge.read.clear()
        beside.show("#eva_score theorem slow (n : Nat) : n = n := by\n  rfl\n\n#check slow\n")
        props = beside.panel("rfl")
        waiting = beside.ask(props, beside.poll(props)["revision"])
        eventually(lambda: stage.unfinished() == 1)
        hover = beside.request("textDocument/hover", beside.at(beside.position_of("Nat) : n = n"))).result()
        goals = beside.request("$/lean/plainGoal", beside.at(beside.position_of("rfl"))).result()
        assert goals["goals"] == ["n : Nat\n⊢ n = n"]
        assert hover is not None
        assert any("slow (n : Nat)" in message["message"] for message in beside.diagnostics)
        assert beside.hints() == {}
        assert stage.unfinished() == 1, "the model has not spoken yet"
        stage.judge.read.set()
        answers = [waiting.result(), *beside.watch(props, is_done)]
        assert steps(answers)[0]["value"] == pytest.approx(0.3)

    def test_an_edit_cancels_what_it_supersedes(self, beside: Editor, stage: Stage) -> None:
        stage.judge.read.clear()
        beside.show("#eva_score theorem edited (p : Prop) (h : p) : p := by\n  show p\n  exact h\n")
        old = beside.panel("exact h")
        beside.poll(old)
        eventually(lambda: stage.unfinished() == 2)
        beside.replace("exact h", "assumption")
        beside.elaborated()
        new = beside.panel("assumption")
        assert new["proof"] != old["proof"]
        # The judge reads one batch at a time: it comes to the new steps because it was relieved of the old.
        eventually(lambda: any("assumption" in call.tactics for call in stage.judge.calls))
        assert stage.unfinished() == 2
        stage.judge.read.set()
        assert steps(beside.watch(new, is_done))[1]["value"] == pytest.approx(0.0)  # ten letters

    def test_a_critique_is_shown_while_it_is_written(self, beside: Editor, stage: Stage) -> None:
        stage.judge.talk.clear()
        stage.judge.one_by_one = True
        beside.show("#eva_score theorem written (p : Prop) (h : p) : p := by\n  exact h\n")
        props = beside.panel("exact h")
        beside.watch(props, is_done, step=0)
        for count in (1, 2, 3):
            stage.judge.talk.set()
            answers = beside.watch(props, reads("word " * count), step=0)
            assert steps(answers)[0]["critiqueDone"] == (count == 3)

    def test_what_nobody_looks_at_is_cancelled(self, beside: Editor, stage: Stage) -> None:
        stage.judge.talk.clear()
        beside.show("#eva_score theorem left (p : Prop) (h : p) : p := by\n  exact h\n")
        props = beside.panel("exact h")
        beside.watch(props, is_done, step=0)
        eventually(lambda: stage.unfinished() == 1)  # the critique is being written
        eventually(lambda: stage.unfinished() == 0)
        stage.judge.talk.set()
        words = beside.watch(props, lambda answer: any(s["critiqueDone"] for s in answer["steps"]), step=0)
        assert steps(words)[0]["critique"] == "word word word "

    def test_a_cancelled_poll_ends(self, beside: Editor, stage: Stage) -> None:
        stage.judge.read.clear()
        beside.show("#eva_score theorem cancelled (p : Prop) (h : p) : p := by\n  exact h\n")
        props = beside.panel("exact h")
        pending = beside.ask(props, beside.poll(props)["revision"])
        beside.cancel(pending)
        with pytest.raises(LspError) as refused:
            pending.result()
        assert refused.value.code == CANCELLED

    def test_a_proof_that_was_never_recorded(self, beside: Editor) -> None:
        assert beside.poll({"proof": "1-1"}) == {"known": False}

    def test_a_deadline_is_no_score(self, beside: Editor, stage: Stage) -> None:
        stage.judge.read.clear()
        beside.show(
            "set_option eva.timeout 300\n#eva_score theorem late (p : Prop) (h : p) : p := by\n  exact h\n"
        )
        props = beside.panel("exact h")
        answers = beside.watch(props, lambda answer: bool(answer["phase"] == "failed"))
        assert error(answers[-1]) == "deadline"
        assert "eva.timeout" in answers[-1]["error"]["remedy"]
        assert steps(answers)[0]["value"] is None
        stage.judge.read.set()
        assert error(beside.poll(props)) == "deadline", "it is not tried again unasked"
        beside.poll(props, retry=True)
        assert steps(beside.watch(props, is_done))[0]["value"] == pytest.approx(0.7)

    def test_what_was_late_while_nobody_looked_is_asked_again(self, beside: Editor, stage: Stage) -> None:
        """A file's proofs are all asked for at once, and a slow model is late with most of them."""
        stage.judge.read.clear()
        beside.show(
            "set_option eva.timeout 4000\n#eva_score theorem slower (p : Prop) (h : p) : p := by\n  exact h\n"
        )
        props = beside.panel("exact h")
        eventually(lambda: stage.unfinished() == 1)
        eventually(lambda: stage.unfinished() == 0)
        stage.judge.read.set()
        assert steps(beside.watch(props, is_done))[0]["value"] == pytest.approx(0.7)

    def test_versions_that_were_edited_away_are_forgotten(self, beside: Editor) -> None:
        def show(number: int) -> Message:
            theorems = [("edited", number), *((f"other{i}", i) for i in range(7))]
            lines = [
                f"#eva_score theorem {name} (n : Nat) : n + {i} = n + {i} := by\n  rfl -- {name}\n"
                for name, i in theorems
            ]
            beside.show("\n".join(lines))
            return beside.panel("rfl -- edited")

        first = show(1000)
        other = beside.panel("rfl -- other6")
        for number in range(1001, 1041):
            last = show(number)
        assert [beside.poll(props)["known"] for props in (first, other, last)] == [False, True, True]

    def test_no_daemon_then_one(self, beside: Editor, stage: Stage) -> None:
        stage.stop()
        beside.show("#eva_score theorem alone (p : Prop) (h : p) : p := by\n  exact h\n")
        props = beside.panel("exact h")
        eventually(lambda: error(beside.outcome(props)) == "missing")
        stage.start()
        assert eventually(lambda: is_done(beside.outcome(props)))

    def test_a_wrong_token(self, beside: Editor, stage: Stage) -> None:
        stage.stop()
        stage.start()
        write_connection(stage.path, replace(stage.served.connection, token="f" * 64))
        beside.show("#eva_score theorem refused (p : Prop) (h : p) : p := by\n  exact h\n")
        props = beside.panel("exact h")
        eventually(lambda: error(beside.outcome(props)) == "wrongToken")
        write_connection(stage.path, stage.served.connection)
        assert eventually(lambda: is_done(beside.outcome(props)))

    def test_a_restarted_daemon_is_found(self, beside: Editor, stage: Stage) -> None:
        stage.stop()
        stage.start()
        beside.show("#eva_score theorem again (p : Prop) (h : p) : p := by\n  exact h\n")
        props = beside.panel("exact h")
        assert eventually(lambda: is_done(beside.outcome(props)))

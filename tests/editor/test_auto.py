"""Where the editor shows panels and messages: `eva.auto`, `#eva_score`, `eva_score`, and where not.

Lean's own file worker (the WebAssembly Lean's), a real server, and a scripted judge behind it that holds its
scores back until it is told otherwise. `test_worker.py` tests what the panel is then told.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from lsp import LspClient, Message, eventually

from eva.runtime import write_connection

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests" / "serve")]

from scripted import ScriptedJudge, serving  # noqa: E402

LEAN = Path(os.environ.get("EVA_LEAN_WASM") or ROOT / ".build" / "lean-wasm") / "bin" / "lean"
COMPILING_S = 1500

pytestmark = [
    pytest.mark.lean,
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not LEAN.is_file(), reason="no WebAssembly Lean (make lean)"),
]

FILE = """import Eva

#eva_score theorem both (p q : Prop) (hp : p) (hq : q) : p ∧ q := by
  constructor
  · exact hp
  · exact hq

theorem unasked (n : Nat) : n + 0 = n := by
  omega

theorem one (n : Nat) : n + 0 = n ∧ True := by
  refine ⟨?_, ?_⟩
  · eva_score simp
  · trivial

set_option eva.auto true

mutual
theorem left : True := by decide
theorem right : True := by exact trivial
end

example (n : Nat) : 0 + n = n := by
  induction n with
  | zero => rfl
  | succ k ih => rw [← Nat.add_assoc, ih]

theorem Dotted.name (n : Nat) : n = n := by
  exact Eq.refl n

set_option eva.order "both" in
theorem misconfigured : True := by constructor
"""


@dataclass
class Desk:
    """An editor with `FILE`, and the judge that the daemon asks."""

    editor: LspClient
    judge: ScriptedJudge

    def panels(self, place: str) -> list[Message]:
        widgets = self.editor.widgets(self.editor.position_of(place))
        assert all(widget["id"] == "Eva.Panel.widget" for widget in widgets)
        return [widget["props"] for widget in widgets]

    def shown(self, place: str) -> list[tuple[str, list[str]]]:
        """Name and steps of the panels at a place."""
        return [(props["name"], [step["tactic"] for step in props["steps"]]) for props in self.panels(place)]

    def is_done(self, props: Message) -> bool:
        params = {"proof": props["proof"], "seen": 0, "step": None, "retry": False}
        answer = self.editor.call("Eva.Panel.poll", {"line": 0, "character": 0}, params).result()
        return bool(answer["phase"] == "done")

    def said(self) -> list[tuple[int, str]]:
        """Line (0-based) and first line of the package's messages."""
        messages = [(m["range"]["start"]["line"], m["message"]) for m in self.editor.diagnostics]
        return sorted((line, text.split("\n")[0]) for line, text in messages if text.startswith("eva"))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    connection = tmp_path_factory.mktemp("desk") / "daemon.json"
    judge = ScriptedJudge()
    judge.read.clear()
    with ExitStack() as stack:
        served = stack.enter_context(serving(judge, queue=100, batch=4))
        write_connection(connection, served.connection)
        worker = [sys.executable, str(ROOT / "tools" / "lean_worker.py"), "--connection", str(connection)]
        # Bodies of theorems in threads of their own, as in every editor.
        editor = LspClient([*worker, "-D", "Elab.async=true"])
        stack.callback(editor.close)
        editor.open(FILE)
        editor.elaborated(COMPILING_S)
        yield Desk(editor, judge)


def test_the_file_is_elaborated_while_the_daemon_has_not_answered(desk: Desk) -> None:
    assert not desk.judge.read.is_set()
    assert eventually(lambda: desk.judge.calls), "it was asked"
    warning = 'eva.order is "both", but must be "score_first" or "critique_first"'
    assert [text for _, text in desk.said()] == [warning]


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("constructor\n  ·", [("both", ["constructor", "exact hp", "exact hq"])]),
        ("exact hq", [("both", ["constructor", "exact hp", "exact hq"])]),
        ("omega", []),
        ("simp", [("one", ["simp"])]),
        ("decide", [("left", ["decide"])]),
        ("exact trivial", [("right", ["exact trivial"])]),
        ("rw [←", [("", ["induction n with", "rfl", "rw [← Nat.add_assoc, ih]"])]),
        ("exact Eq.refl", [("Dotted.name", ["exact Eq.refl n"])]),  # Lean elaborates it as two commands
        ("misconfigured", []),
    ],
)
def test_panels_are_where_they_are_asked_for(
    desk: Desk, place: str, shown: list[tuple[str, list[str]]]
) -> None:
    assert desk.shown(place) == shown


def test_what_is_known_is_said_where_it_was_asked_for_by_name(desk: Desk) -> None:
    """No messages for `eva.auto`: there the hints do."""
    desk.judge.read.set()
    for place in ("exact hq", "simp", "rw [←"):
        for props in desk.panels(place):
            eventually(lambda props=props: desk.is_done(props))
    desk.editor.replace("import Eva\n\n#eva", "import Eva\n\n\n#eva")
    desk.editor.elaborated()
    told = [(line, text) for line, text in desk.said() if not text.startswith("eva.order")]
    # The judge's value is the tactic's length, in tenths, without whole ones.
    assert told == [
        (4, "eva 0.10 (logic 1.4 of 1…5)"),
        (5, "eva 0.80 (logic 4.2 of 1…5)"),
        (6, "eva 0.80 (logic 4.2 of 1…5)"),
        (13, "eva 0.40 (logic 2.6 of 1…5)"),
    ]


def test_an_edit_gives_a_new_proof(desk: Desk) -> None:
    [before] = desk.panels("rw [←")
    desk.editor.replace("| zero => rfl", "| zero => simp")
    desk.editor.elaborated()
    [after] = desk.panels("rw [←")
    assert [step["tactic"] for step in after["steps"]] == [
        "induction n with",
        "simp",
        "rw [← Nat.add_assoc, ih]",
    ]
    assert after["proof"] != before["proof"]

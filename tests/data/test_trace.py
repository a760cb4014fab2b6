"""Reading what LeanDojo traced. The traced repository is made here, in the format of LeanDojo's own extractor
(`*.ast.json`, `*.dep_paths`): to trace a real one needs the network and Lake. LeanDojo itself reads it."""

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from eva.cli.data import app
from eva.data.trace import TraceFailed, _kept, trace
from eva.steps_io import read_steps

SOURCE = """\
namespace Small

theorem swap (p q : Prop) (h : p ∨ q) : q ∨ p := by
  cases h with
  | inl hp =>
    right -- the other side
    exact hp
  | inr hq => exact Or.inl hq

end Small
"""
CONTEXT = "p q : Prop\nh : p ∨ q\n⊢ q ∨ p"
LEFT, LEFT_P = "case inl\np q : Prop\nhp : p\n⊢ q ∨ p", "case inl.h\np q : Prop\nhp : p\n⊢ p"
RIGHT = "case inr\np q : Prop\nhq : q\n⊢ q ∨ p"
ARM = "| inl hp =>\n    right -- the other side\n    exact hp"
TRACED = [
    (f"cases h with\n  {ARM}\n  | inr hq => exact Or.inl hq", CONTEXT, "no goals"),
    ("right", LEFT, LEFT_P),
    ("exact hp", LEFT_P, "no goals"),
    ("exact Or.inl hq", RIGHT, "no goals"),
]


def block(*tactics):
    parts = [part for tactic in tactics for part in (tactic, ("null",))]
    return ("Tactic.tacticSeq", ("Tactic.tacticSeq1Indented", ("null", *parts)))


CASES = (
    "Tactic.cases",
    "cases h with",
    "| inl hp =>",
    block(("Tactic.right", "right"), ("Tactic.exact", "exact hp")),
    "| inr hq =>",
    block(("Tactic.exact", "exact Or.inl hq")),
)
COMMANDS = (
    ("Module.header",),
    ("Command.namespace", "namespace", ("ident", "Small")),
    (
        "Command.declaration",
        ("Command.declModifiers",),
        (
            "Command.theorem",
            "theorem",
            ("Command.declId", ("ident", "swap")),
            ("Command.declSig", "(p q : Prop) (h : p ∨ q) : q ∨ p"),
            ("Command.declValSimple", ":=", ("Term.byTactic", "by", block(CASES))),
        ),
    ),
    ("Command.end", "end", ("null", ("ident", "Small"))),
)


class Syntax:
    """Lean's syntax trees as the extractor writes them; leaves are the words of the source, in order."""

    def __init__(self):
        self.at = 0

    def tree(self, part):
        if isinstance(part, str):
            return {"atom": {"info": self.info(part), "val": part}}
        kind, *below = part
        if kind == "ident":
            text = below[0]
            return {"ident": {"info": self.info(text), "rawVal": text, "val": text, "preresolved": []}}
        full = kind if kind == "null" else f"Lean.Parser.{kind}"
        return {"node": {"info": "none", "kind": full, "args": [self.tree(one) for one in below]}}

    def info(self, text):
        start = SOURCE.index(text, self.at)
        self.at = start + len(text)
        pos, end = (len(SOURCE[:at].encode()) for at in (start, self.at))
        return {"original": {"leading": "", "pos": pos, "trailing": "", "endPos": end}}


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "small"
    built = root / ".lake" / "build" / "ir"
    built.mkdir(parents=True)
    (root / "Small.lean").write_text(SOURCE, encoding="utf-8")
    syntax = Syntax()
    tactics = []
    for text, before, after in TRACED:
        start = SOURCE.index(text)
        pos, end = (len(SOURCE[:at].encode()) for at in (start, start + len(text)))
        tactics.append({"stateBefore": before, "stateAfter": after, "pos": pos, "endPos": end})
    data = {"commandASTs": [syntax.tree(command) for command in COMMANDS], "tactics": tactics, "premises": []}
    (built / "Small.ast.json").write_text(json.dumps(data), encoding="utf-8")
    (built / "Small.dep_paths").write_text("\n", encoding="utf-8")
    return root


def test_a_traced_folder_gives_the_steps_that_the_collector_would(folder):
    steps = list(trace(str(folder)))
    assert [step.tactic for step in steps] == ["cases h with", "right", "exact hp", "exact Or.inl hq"]
    header, right, _, last = steps
    assert header.goals == (CONTEXT,)
    assert header.goals_after is None
    assert (right.goals, right.goals_after) == ((LEFT,), (LEFT_P,))
    assert last.goals_after == ()
    assert last.earlier == ("cases h with", "right", "exact hp")
    assert last.statement == "theorem swap (p q : Prop) (h : p ∨ q) : q ∨ p"
    assert (last.name, last.line, last.column) == ("Small.swap", 8, 14)


def test_the_command_writes_them(folder, tmp_path):
    out = tmp_path / "steps.jsonl"
    done = CliRunner().invoke(app, ["trace", str(folder), "--out", str(out)])
    assert (done.exit_code, done.output.strip()) == (0, f"4 steps in {out}")
    assert read_steps(out) == list(trace(str(folder)))


def test_what_cannot_be_read_is_told_with_its_name(folder, tmp_path):
    file = folder / ".lake" / "build" / "ir" / "Small.ast.json"
    file.write_text("{}", encoding="utf-8")
    with pytest.raises(TraceFailed, match="small: KeyError"):
        list(trace(str(folder)))
    out = tmp_path / "steps.jsonl"
    done = CliRunner().invoke(app, ["trace", str(folder), "--out", str(out)])
    assert done.exit_code == 2
    assert not out.exists()


@pytest.mark.parametrize("source", ["mathlib4", "owner/name", "@abc", "name@"])
def test_a_repository_needs_a_commit(source):
    with pytest.raises(TraceFailed, match="REPO@COMMIT"):
        trace(source)


def test_a_repository_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(TraceFailed, match="nowhere"):
        trace(f"file://{tmp_path}/nowhere@v1")


class Place(SimpleNamespace):
    def __lt__(self, other):
        return (self.line_nb, self.column_nb) < (other.line_nb, other.column_nb)


def tactic(text, start, end):
    start, end = (Place(line_nb=line, column_nb=column) for line, column in (start, end))
    return SimpleNamespace(tactic=text, start=start, end=end)


def test_arranging_tactics_are_left_out_and_combinators_stay_whole():
    rows = [
        tactic("· simp\n  rfl", (1, 1), (2, 6)),
        tactic("simp", (1, 3), (1, 7)),
        tactic("rfl", (2, 3), (2, 6)),
        tactic("have h : p := by omega", (3, 1), (3, 23)),
        tactic("omega", (3, 18), (3, 23)),
        tactic("all_goals\n  simp", (4, 1), (5, 7)),
        tactic("simp", (5, 3), (5, 7)),
        tactic("have k : q := by\n  exact h", (6, 1), (7, 10)),
        tactic("exact h", (7, 3), (7, 10)),
    ]
    assert [(text, holds) for _, text, holds in _kept(rows)] == [
        ("simp", False),
        ("rfl", False),
        ("have h : p := by omega", False),
        ("all_goals\n  simp", False),
        ("have k : q := by", True),
        ("exact h", False),
    ]


def test_lean_dojo_is_imported_only_to_trace():
    code = "import sys, eva.data.trace, eva.cli.data; print('lean_dojo' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False"


def test_a_python_without_lean_dojo_is_told(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "lean_dojo", None)
    with pytest.raises(TraceFailed, match=r"is not installed .* runs on Python 3\.9 to 3\.12"):
        trace(f"file://{tmp_path}/nowhere@v1")

"""Nodes and goals out of printed info trees."""

from __future__ import annotations

from eva.lean.goals import split_goals
from eva.lean.infotree import parse_trace

TREE = """[Elab.info]\x20
  • [Command] @ ⟨1, 0⟩-⟨3, 6⟩ @ Lean.Elab.Command.elabDeclaration
    • [Term] Nat : Type @ ⟨1, 13⟩-⟨1, 16⟩ @ Lean.Elab.Term.elabIdent
      • [Tactic] @ ⟨2, 2⟩-⟨2, 8⟩ @ Lean.Elab.Tactic.evalIntro
        (Tactic.intro "intro" [`x])
        before\x20
        ⊢ Nat → True
        after\x20
        case a
        before : Nat
        ⊢ True
        case b
        ⊢ 1 •
          2 = 2
        • [Tactic] @ ⟨2, 2⟩†-⟨2, 8⟩†! @ some.macro
          (Tactic.first "first" [<missing>])
          before no goals
          after no goals
    • [SomethingNew] with words
      and lines
    • [Tactic] @ ⟨3, 2⟩-⟨3, 6⟩ @ Lean.Elab.Tactic.evalSimp
      (Tactic.simp "simp"
       [<missing>])
      before no goals
      after no goals
  • <context-not-available>
  • [Command] @ ⟨4, 0⟩-⟨4, 0⟩ @ Lean.Elab.Command.elabEoi"""


def test_tactics_of_a_tree() -> None:
    first, last = parse_trace(TREE)
    assert last.elaborator == "Lean.Elab.Command.elabEoi"
    assert (first.root.start, first.root.end) == ((1, 0), (3, 6))
    intro, simp = first.root.children
    assert (intro.kind, intro.start, intro.end, intro.original) == ("Tactic.intro", (2, 2), (2, 8), True)
    assert intro.before == ("⊢ Nat → True",)
    assert intro.after == ("case a\nbefore : Nat\n⊢ True", "case b\n⊢ 1 •\n  2 = 2")
    [made] = intro.children
    assert (made.kind, made.original) == ("Tactic.first", False)
    assert (simp.kind, simp.before, simp.after, simp.incomplete) == ("Tactic.simp", (), (), True)
    assert not intro.incomplete


def test_what_is_no_tree_gives_nothing() -> None:
    assert parse_trace("") == []
    assert parse_trace("[Elab.info] \n  • [Tactic] @ ⟨2, 2⟩-⟨2, 8⟩\n  • ?_uniq.1") == []


def test_goals_of_conv() -> None:
    assert split_goals(["a : Nat", "| a + 0", "case b", "| 1"]) == ("a : Nat\n| a + 0", "case b\n| 1")


def test_a_line_broken_by_the_indentation_alone_is_joined() -> None:
    left, right = "a" * 50, "b" * 50
    broken = [f"h : {left} =", f"    {right}", "⊢ True"]
    assert split_goals(broken, indent=30) == (f"h : {left} = {right}\n⊢ True",)
    assert split_goals(broken, indent=0) == ("\n".join(broken),)  # there was room: a hard break


def test_a_line_too_long_for_any_page_stays_broken() -> None:
    broken = [f"⊢ {'a' * 70} =", f"    {'b' * 70}"]
    assert split_goals(broken, indent=40) == ("\n".join(broken),)

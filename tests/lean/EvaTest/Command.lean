import Eva.Auto
import Eva.Linter
import EvaTest.StandIn

/-!
# `#eva_score`, `eva_score`, and what they say where a file is built

The scores are those of a stand-in for the daemon.
-/

set_option linter.unusedVariables false
set_option eva.endpoint ".build/lean-check/stand-in.json"

namespace EvaTest.Command

/-! Every step is reported, each with the critique that has read what stands before it. -/

/--
info: eva 0.11 (logic 2.5 ± 1.5, alignment 4.0, clarity 5.0 of 1…5)
after 0 steps: constructor
---
info: eva 0.08 (logic 2.5 ± 1.5, alignment 4.0, clarity 5.0 of 1…5)
after 1 steps: exact hp
---
info: eva 0.10 (logic 2.5 ± 1.5, alignment 4.0, clarity 5.0 of 1…5)
after 2 steps: assumption
-/
#guard_msgs in
#eva_score theorem both (p q : Prop) (hp : p) (hq : q) : p ∧ q := by
  constructor
  · exact hp
  · assumption

/-! What has no number to be trusted says so; what Lean rejects is reported beside Lean's own error. -/

/--
info: eva off format, do not trust these numbers: 0.04 (logic 2.5 ± 1.5, alignment 4.0, clarity 5.0 of 1…5; anchor mass 0.50)
after 0 steps: skip
---
info: eva has no score: 900 of 512 tokens
-/
#guard_msgs in
#eva_score example : 1 = 1 := by
  skip
  rfl

/--
error: Tactic `assumption` failed

p : Prop
⊢ p
---
info: eva 0.10 (logic 2.5 ± 1.5, alignment 4.0, clarity 5.0 of 1…5)
after 0 steps: assumption
-/
#guard_msgs in
#eva_score example (p : Prop) : p := by
  assumption
  exact never_run

/-! Any command may stand there, also one without a proof, and one that others enclose. -/

#guard_msgs in
#eva_score def two : Nat := 2

/--
info: eva 0.07 (logic 2.5 ± 1.5, alignment 4.0, clarity 5.0 of 1…5)
after 0 steps: trivial
---
info: eva 0.13 (logic 2.5 ± 1.5, alignment 4.0, clarity 5.0 of 1…5)
after 0 steps: exact trivial
-/
#guard_msgs in
#eva_score mutual
theorem left : True := by trivial
theorem right : True := by exact trivial
end

/-- info: eva 0.07 (logic 2.5 ± 1.5, alignment 4.0, clarity 5.0 of 1…5) -/
#guard_msgs in
set_option eva.critique false in
#eva_score
/-- Of documentation nothing is asked. -/
private theorem documented : True := by trivial

/-! Nothing is asked of other commands, also not by `eva.auto`: that is for editors. -/

set_option eva.auto true in
#guard_msgs in
theorem unasked : True := by trivial

/-! The tactic: only the steps in it are reported, and they have read those before it. -/

/--
info: eva 0.06 (logic 2.5 ± 1.5, alignment 4.0, clarity 5.0 of 1…5)
after 1 steps: show p
-/
#guard_msgs in
example (p : Prop) (hp : p) : p := by
  have _ := hp
  eva_score show p
  exact hp

/--
info: eva 0.08 (logic 2.5 ± 1.5, alignment 4.0, clarity 5.0 of 1…5)
after 1 steps: exact hp
-/
#guard_msgs in
example (p q : Prop) (hp : p) (hq : q) : p ∧ q := by
  constructor
  · eva_score exact hp
  · exact hq

/-! On a line of its own: what follows in its block. -/

/--
info: eva 0.08 (logic 2.5 ± 1.5, alignment 4.0, clarity 5.0 of 1…5)
after 2 steps: intro hr
---
info: eva 0.08 (logic 2.5 ± 1.5, alignment 4.0, clarity 5.0 of 1…5)
after 3 steps: exact hp
-/
#guard_msgs in
example (p q r : Prop) (hp : p) (hq : q) : q ∧ (r → p) := by
  constructor
  · exact hq
  · eva_score
    intro hr
    exact hp

/--
info: eva: no tactic is proposed in this state; write one behind or below 'eva_score', and it is scored
-/
#guard_msgs in
example : True := by
  exact trivial
  eva_score

/-! It runs the tactic as if it stood alone: a failure stays what it was, and is scored; the proof is the same term. -/

/--
error: Tactic `assumption` failed

p : Prop
⊢ p
---
info: eva 0.10 (logic 2.5 ± 1.5, alignment 4.0, clarity 5.0 of 1…5)
after 0 steps: assumption
-/
#guard_msgs in
example (p : Prop) : p := by
  eva_score assumption

#guard_msgs in
example (p : Prop) (hp : p) : p := by
  first
  | fail "not this"
  | exact hp

theorem plain (a b : Nat) (h : a = b) : b + 0 = a ∧ True := by
  constructor
  · simp [h]
  · trivial

set_option eva.critique false

#guard_msgs (drop info) in
theorem scored (a b : Nat) (h : a = b) : b + 0 = a ∧ True := by
  eva_score constructor
  · eva_score
    simp [h]
  · eva_score trivial

open Lean in
run_cmd
  let value (name : Name) : Elab.Command.CommandElabM (Option Expr) := return (← getConstInfo name).value?
  unless (← value ``plain) == (← value ``scored) do throwError "another proof"

/-! A name: the steps of a finished proof are gone. -/

/--
warning: Lean keeps no steps of a finished proof. To see the scores of 'plain', write '#eva_score' in front of the theorem itself, or 'set_option eva.auto true' above it.
-/
#guard_msgs in
#eva_score plain

/-- error: Unknown constant `no_such_theorem` -/
#guard_msgs in
#eva_score no_such_theorem

/-! Options that make no sense are a warning; the theorem stands. -/

/-- warning: eva.order is "both", but must be "score_first" or "critique_first" -/
#guard_msgs in
set_option eva.order "both" in
#eva_score theorem of_both : True := by trivial

/-- warning: eva.timeout is 0, but must be 1 to 3600000 milliseconds -/
#guard_msgs in
set_option eva.timeout 0 in
theorem of_zero : True := by eva_score trivial

/--
warning: eva.endpoint is "tcp://127.0.0.1:5570", but must be the path of the daemon's connection file (it holds the address and the token)
-/
#guard_msgs in
set_option eva.endpoint "tcp://127.0.0.1:5570" in
#eva_score example : True := by trivial

example : True := of_both
example : True := of_zero

/-! A daemon that does not answer in time: what came is told, the rest is said to be missing. -/

/--
info: eva: 1 of 1 steps have no score, no answer within 300 ms: give it more time (option eva.timeout), or serve a smaller model
-/
#guard_msgs in
set_option eva.timeout 300 in
#eva_score example (a : Nat) : a ≤ a + 1 := by omega

/--
info: eva 0.07 (logic 2.5 ± 1.5, alignment 4.0, clarity 5.0 of 1…5)
---
info: eva: 1 of 2 steps have no score, no answer within 20000 ms: give it more time (option eva.timeout), or serve a smaller model
-/
#guard_msgs in
set_option eva.timeout 20000 in
#eva_score example (a : Nat) : True → a ≤ a + 1 := by
  intro _
  omega

/-! Scores without the words that were asked for. -/

/--
info: eva 0.07 (logic 2.5 ± 1.5, alignment 4.0, clarity 5.0 of 1…5)
after 0 steps: intro _
---
info: eva 0.06 (logic 2.5 ± 1.5, alignment 4.0, clarity 5.0 of 1…5)
---
info: eva: 1 of 2 steps have no critique, the queue is full (busy): try again later
-/
#guard_msgs in
set_option eva.critique true in
#eva_score example : True → 1 + 1 = 2 := by
  intro _
  decide

/-! No daemon: told once, and the rest of the file is built in silence. -/

set_option eva.endpoint "no/such/daemon.json"

/-- info: eva: no scores, no daemon runs (no no/such/daemon.json): start one with 'eva serve --detach' -/
#guard_msgs in
#eva_score theorem alone (p : Prop) (hp : p) : p := by
  exact hp

#guard_msgs in
#eva_score theorem alone_too (p : Prop) (hp : p) : p := by
  exact alone p hp

#guard_msgs in
theorem alone_three (p : Prop) (hp : p) : p := by
  eva_score exact alone_too p hp

-- What follows is asked for again.
run_cmd Eva.Linter.toldFiles.set []

end EvaTest.Command

module

public meta import Lean.Elab.Tactic.BuiltinTactic

/-!
# The tactic `eva_score`

`eva_score tac` proposes `tac` here: it runs it exactly as if it stood alone, and has its score reported, also where it
fails. On a line of its own, `eva_score` does so with all tactics that follow in its block, beginning with the one that
is proposed in this state.

The tactic does nothing else. What is to be shown is read from the info tree afterwards: at once by `Eva.Auto` in the
editor, by `Eva.Linter` where a file is built.
-/

open Lean Elab Tactic

namespace Eva

public meta section

/-- `eva_score tac` runs `tac` and shows the reward model's score of it; so does `eva_score` with the tactics below it. -/
syntax (name := scoreTactics) "eva_score" ppDedent(ppLine tacticSeq) : tactic

/-- `eva_score` where no tactic follows: there is nothing to score yet. -/
syntax (name := scoreNothing) "eva_score" : tactic

@[tactic scoreTactics, incremental]
def evalScoreTactics : Tactic := Term.withNarrowedArgTacticReuse (argIdx := 1) evalTactic

@[tactic scoreNothing]
def evalScoreNothing : Tactic := fun _ =>
  logInfo "eva: no tactic is proposed in this state; write one behind or below 'eva_score', and it is scored"

end

end Eva

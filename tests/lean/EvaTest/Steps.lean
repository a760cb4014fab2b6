import EvaTest.StepsText

/-!
# Steps out of info trees

The files of `tests/lean/files`, elaborated here, must have the very steps that the Python package finds in them.
-/

open Lean Eva EvaTest.StepsText

namespace EvaTest.Steps

def files : System.FilePath := "tests" / "lean" / "files"

/-- What must come out of a file, without the errors that belong to no step. -/
def wanted (name : String) : IO String := do
  let text ← IO.FS.readFile (files / s!"{name}.steps")
  return (text.splitOn "\n## error at ").head!

/-- The first line in which two texts differ. -/
def difference? (found wanted : String) : Option String := do
  let (found, wanted) := (found.splitOn "\n", wanted.splitOn "\n")
  guard <| found != wanted
  let same := ((found.zip wanted).takeWhile fun (a, b) => a == b).length
  let around (lines : List String) := "\n".intercalate ((lines.drop (same - 3)).take 8)
  return s!"line {same + 1}: found\n{around found}\nwanted\n{around wanted}"

def check (name : String) : CoreM Unit := do
  if let some why := difference? (asText (← proofsOfFile (files / s!"{name}.lean"))) (← wanted name) then
    throwError "{name}: {why}"

#eval check "Shapes"
#eval check "Errors"
#eval check "Corners"

/-- Long goals read as Lean's own `trace_state` prints them. -/
def checkWideGoals : CoreM Unit := do
  let path := files / "WideGoals.lean"
  let (map, trees, messages) ← elaborate path
  let printed ← messages.filterMapM fun message => do
    let text ← message.data.toString
    return if (text.splitOn "⊢").length > 1 then some (message.pos.line, text) else none
  let proofs ← trees.mapM fun tree => Steps.proofsOf map (commandOf tree) #[tree] messages 1000000
  let steps := proofs.toArray.flatten.flatMap fun proof => proof.steps.filter (·.step.tactic == "trace_state")
  unless steps.size == 8 && printed.length == 8 do throwError "{steps.size} steps, {printed.length} messages"
  for { step, .. } in steps do
    let some text := printed.lookup (step.line?.getD 0) | throwError "nothing printed for line {step.line?}"
    let goals := "\n".intercalate step.goals.toList
    unless goals == text.trimAsciiEnd.copy do throwError "line {step.line?}:\n{goals}\nprinted\n{text}"

#eval checkWideGoals

/-! A goal that is too long says that it was cut, and keeps its target. -/

def long : String := "h : " ++ String.ofList (.replicate 100 'x') ++ "\n⊢ p ∧ q"

#guard Steps.ProofState.cut 200 long == long
#guard Steps.ProofState.cut 60 long
  == "h : " ++ String.ofList (.replicate 51 'x') ++ " ⋯ (49 characters cut, see eva.maxGoalSize)\n⊢ p ∧ q"
#guard Steps.ProofState.cut 10 ("h : True\n⊢ " ++ String.ofList (.replicate 100 'x'))
  == "h : T ⋯ (3 characters cut, see eva.maxGoalSize)\n⊢ xxxxx ⋯ (95 characters cut, see eva.maxGoalSize)"
#guard Steps.ProofState.cut 4 "no turnstile" == "no t ⋯ (8 characters cut, see eva.maxGoalSize)"

/-- Long goals of a real proof, cut: each says so, none is much longer than the limit, and each has its target. -/
def checkCut : CoreM Unit := do
  let some proof := (← proofsOfFile (files / "WideGoals.lean") 200)[0]? | throwError "no proof"
  let goals : Array String := proof.steps.flatMap fun placed => placed.step.goals
  unless goals.size > 2 do throwError "{goals.size} goals"
  for goal in goals do
    unless (goal.splitOn "characters cut, see eva.maxGoalSize").length > 1 && (goal.splitOn "\n⊢ ").length == 2
      && goal.length < 350 do throwError goal

#eval checkCut

end EvaTest.Steps

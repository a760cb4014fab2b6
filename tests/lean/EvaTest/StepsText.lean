import Eva.Steps

/-!
# The steps of a whole file, as text

The same text as `tests/steps_text.py` makes of what the Python package finds.
-/

open Lean Elab Eva

namespace EvaTest.StepsText

/-- Elaborate a file that imports nothing; give what its source is, its trees, its messages. -/
def elaborate (path : System.FilePath) : CoreM (FileMap × List InfoTree × List Message) := do
  let input := Parser.mkInputContext (← IO.FS.readFile path) path.toString
  let (_, parserState, messages) ← Parser.parseHeader input
  let options := KVMap.setBool (KVMap.setBool {} `Elab.async false) `showPartialSyntaxErrors true
  let initial := Command.mkState (← getEnv) messages options
  let state ← IO.processCommands input parserState initial
  return (input.fileMap, state.commandState.infoState.trees.toList, state.commandState.messages.toList)

/-- The syntax of a command's tree. -/
partial def commandOf : InfoTree → Syntax
  | .context _ tree => commandOf tree
  | .node (.ofCommandInfo info) _ => info.stx
  | _ => .missing

def proofsOfFile (path : System.FilePath) (limit : Nat := 1000000) : CoreM (Array Proof) := do
  let (map, trees, messages) ← elaborate path
  let proofs ← trees.mapM fun tree => Steps.proofsOf map (commandOf tree) #[tree] messages limit
  return proofs.toArray.flatten

def indented (text : String) : List String :=
  (text.splitOn "\n").map fun line => if line.isEmpty then "" else "    " ++ line

def goals (goals : Array String) : List String :=
  (if goals.isEmpty then ["no goals"] else goals.toList).flatMap indented

def stepText (step : ProofStep) : List String :=
  [s!"{step.line?.getD 0}:{step.column?.getD 0}"] ++ indented step.tactic ++ ["  before"] ++ goals step.goals
  ++ match step.leanError?, step.goalsAfter? with
    | some error, _ => ["  error"] ++ indented error
    | none, some after => ["  after"] ++ goals after
    | none, none => []

def asText (proofs : Array Proof) : String := Id.run do
  let mut lines := []
  for proof in proofs do
    let statement := (proof.steps[0]?.map (·.step.statement)).getD ""
    let name := if proof.name.isEmpty then "(no name)" else proof.name
    lines := lines ++ ["", s!"## {name}"] ++ indented statement
    for placed in proof.steps do
      lines := lines ++ stepText placed.step
  return "\n".intercalate (lines.drop 1) ++ "\n"

end EvaTest.StepsText

import Eva
import EvaTest.StandIn

/-!
# What the editor is given

As far as it goes without an editor; tests/editor/ has the rest. The scores are those of a stand-in for the daemon.
-/

open Lean Elab Command
open Eva

namespace EvaTest.Editor

/-! What is pushed for a command: nothing once it was edited, for then the new version's task is there. -/

def text : String := "example (p q : Prop) (hp : p) (hq : q) : p ∧ q := by\n  constructor\n  exact hp\n  exact hq\n"

/-- Elaborate the command, then act with its syntax where its token is this one. -/
def elaborated (token : IO.CancelToken) (act : Syntax → CommandElabM α) : CommandElabM α := do
  let .ok command := Parser.runParserCategory (← getEnv) `command text | throwError "it does not parse"
  let opts := eva.endpoint.set (← getOptions) StandIn.path.toString
  withReader ({ · with fileMap := text.toFileMap, cancelTk? := some token }) <| withScope ({ · with opts }) do
    elabCommand command
    act command

/-- How many nodes are pushed. -/
def pushed (edited : Bool) : CommandElabM Nat := do
  let token ← IO.CancelToken.new
  elaborated token fun command => do
    if edited then token.set
    Marks.push command none
  let { trees, lazyAssignment, .. } ← getInfoState
  let some (.hole hole) := trees.toArray.back? | throwError "no hole"
  let some task := lazyAssignment.find? hole | throwError "nothing to fill it"
  let .node _ nodes := task.get | throwError "no node"
  return nodes.size

run_cmd
  for (edited, wanted) in [(false, 5), (true, 0)] do -- the panel, what keeps its proof, three hints
    let found ← pushed edited
    unless found == wanted do throwError "{found} nodes, not {wanted}"

/-- The steps of a command that is edited while they are read. -/
def stopped : CommandElabM Unit := do
  let asked : IO.Ref Nat ← IO.mkRef 0
  let stop : BaseIO Bool := asked.modifyGet fun count => (count == 1, count + 1)
  let proofs ← elaborated (← IO.CancelToken.new) fun command => do
    let trees := (← getInfoState).trees.toArray
    Steps.proofsOf (← getFileMap) command trees [] 1000 stop
  unless proofs.isEmpty && (← asked.get) == 2 do throwError "{proofs.size} proofs, asked {← asked.get} times"

run_cmd stopped

/-- A proof of one step. -/
def proofOf (tactic : String) : Proof :=
  { name := "", steps := #[{ step := { goals := #["⊢ p"], tactic }, range := ⟨0, 0⟩, lspRange := default }] }

def asking : Asking := { order := .scoreFirst, critique := true, timeoutMs := 60000, endpoint := StandIn.path.toString }

/-! A proof is known for as long as a tree shows it, and not much longer: an author edits one for hours. -/

def isKnown (tactic : String) : IO Bool :=
  return (← Panel.records.get).proofs.contains (Panel.nameOf (Scoring.keysOf (proofOf tactic) asking) asking)

#eval show IO Unit from do
  let held ← IO.mkRef #[]
  let hold (tactic : String) : IO Unit := do
    let (_, shown) ← Panel.record (proofOf tactic) asking
    held.modify (·.push shown)
  hold "shown"
  hold "shown twice"
  for i in [:3 * Panel.tidyEvery] do
    discard <| Panel.record (proofOf s!"version {i}") asking
    discard <| Panel.record (proofOf "shown twice") asking
  let known (wanted : List Bool) : IO Unit := do
    let found ← ["shown", "shown twice", "version 0"].mapM isKnown
    unless found == wanted do throw <| .userError s!"known: {found}, not {wanted}"
  known [true, true, false]
  let { proofs, .. } ← Panel.records.get
  unless proofs.size ≤ Panel.tidyEvery + Panel.lateUses do throw <| .userError s!"{proofs.size} proofs"
  let trees := (proofs.fold (init := 0) fun count _ { shown, .. } => count + shown.size)
  unless trees ≤ 2 * Panel.tidyEvery do throw <| .userError s!"{trees} trees"
  held.set #[]
  for i in [:Panel.tidyEvery] do discard <| Panel.record (proofOf s!"later {i}") asking
  known [false, false, false]

/-! The code action: the critique as a comment, or why there is none. -/

def critique (tactic : String) (timeoutMs : Nat) : IO String := do
  let asking := { asking with timeoutMs }
  let document : Server.DocumentMeta := { (default : Server.DocumentMeta) with text := s!"  {tactic}".toFileMap }
  let recorded : Panel.Recorded := { proof := proofOf tactic, asking, keys := #[], used := 0 }
  match ← (CodeAction.showCritique document recorded 0 0 { title := "" }).toBaseIO with
  | .error why => return toString why
  | .ok action =>
    let changes := (action.edit?.bind (·.documentChanges?)).getD #[]
    let some (Lsp.DocumentChange.edit { edits, .. }) := changes[0]? | return "no edit"
    return "".intercalate (edits.toList.map (·.newText))

def expect (what found wanted : String) : IO Unit := do
  unless found == wanted do throw <| .userError s!"{what}: '{found}', expected '{wanted}'"

#eval show IO Unit from do
  expect "written" (← critique "exact hp" 60000)
    "  -- EVA 0.08 (logic 2.50, alignment 4.00, clarity 5.00)\n  -- after 0 steps: exact hp\n"
  expect "late" (← critique "omega" 300)
    "eva: no answer within 300 ms: give it more time (option eva.timeout), or serve a smaller model"
  expect "without words" (← critique "decide" 60000) "eva: the queue is full (busy): try again later"
  expect "too long" (← critique "rfl" 60000) "eva: the step is too long for the model: 900 of 512 tokens"

end EvaTest.Editor

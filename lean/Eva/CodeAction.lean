module

public meta import Eva.Panel
public meta import Eva.Hints
public meta import Lean.Server.CodeActions.Basic

/-!
# The code action "EVA: show critique"

Offered at every step that a panel is shown for. When it is chosen, the critique is asked for (if it is not known yet)
and written as a comment above the step's line: the one way of showing text on demand that every editor has, and that
undo takes back. What goes wrong is the action's error, in the editor's own words.

docs/editor.md says what else was considered.
-/

open Lean Server RequestM Elab

namespace Eva.CodeAction

public meta section

/-- Longest line of the comment, in characters, without its indentation. -/
def width : Nat := 90

/-- A text in lines of at most `width` characters, broken at spaces; longer words stay whole. -/
def wrap (text : String) : List String :=
  (text.splitOn "\n").flatMap fun line => Id.run do
    let mut done := #[]
    let mut current := ""
    for word in line.splitOn " " do
      if current.isEmpty then current := word
      else if current.length + 1 + word.length ≤ width then current := current ++ " " ++ word
      else
        done := done.push current
        current := word
    return (done.push current).toList

/-- The comment for a step, each line with this indentation. -/
def comment (indentation : String) (score : StepScore) (words : String) : Except String String := do
  if score.status matches .tooLong then throw s!"the step is too long for the model: {score.message?.getD ""}"
  let dimensions := score.dimensions.toList.map fun (name, score) => s!"{name} {Hints.twoDecimals score.expected}"
  let head := s!"EVA {Hints.label score} ({", ".intercalate dimensions})"
  return String.join <| (head :: wrap words).map fun line => s!"{indentation}-- {line}".trimAsciiEnd.copy ++ "\n"

/-- The panels' proofs in a command, with the places that their props give to the steps. -/
def proofsIn (tree : InfoTree) : BaseIO (Array (Panel.Recorded × Array Lsp.Range)) := do
  let shown := tree.foldInfo (init := #[]) fun _ info shown =>
    match info with
    | .ofUserWidgetInfo panel =>
      if panel.javascriptHash == Panel.widget.javascriptHash then shown.push (panel.props.run' {}) else shown
    | _ => shown
  let { proofs, .. } ← Panel.records.get
  return shown.filterMap fun props => do
    let recorded ← proofs[(← props.getObjValAs? String "proof" |>.toOption)]?
    let steps ← (props.getObjVal? "steps" >>= (·.getArr?)) |>.toOption
    return (recorded, ← steps.mapM fun step => (step.getObjValAs? Lsp.Range "range").toOption)

/-- The step at a position: of those that hold it, the one that starts last. -/
def stepAt (ranges : Array Lsp.Range) (position : Lsp.Position) : Option Nat :=
  let holding := (ranges.zipIdx.filter fun (range, _) => range.start ≤ position && position ≤ range.end)
  (holding.foldl (init := none) fun found (range, index) =>
    match found with
    | some (best, _) => if (best : Lsp.Range).start ≤ range.start then some (range, index) else found
    | none => some (range, index)).map (·.2)

/-- The edit that shows the critique of a step; waits for it. -/
def showCritique (document : DocumentMeta) (recorded : Panel.Recorded) (index : Nat) (line : Nat)
    (action : Lsp.CodeAction) : IO Lsp.CodeAction := do
  let { proof, asking, .. } := recorded
  let some placed := proof.steps[index]? | throw <| .userError "the step is not there any longer"
  let asking := { asking with critique := true }
  let look ← sharedScoring.await { proof with steps := #[placed] } asking (words := true) asking.timeoutMs
  let entry := look.entries.getD 0 {}
  if let some why := entry.error? then throw <| .userError s!"eva: {why}"
  let late : IO.Error := .userError s!"eva: {ClientError.deadline asking.timeoutMs false}"
  let some score := entry.score? | throw late
  unless entry.wordsDone do throw late
  let above := (document.text.source.splitOn "\n").getD line ""
  let indentation := String.ofList (above.toList.takeWhile (· == ' '))
  let comment ← IO.ofExcept <| (comment indentation score entry.words).mapError fun why => s!"eva: {why}"
  let position : Lsp.Position := { line, character := 0 }
  let edit : Lsp.TextEdit := { range := ⟨position, position⟩, newText := comment }
  return { action with edit? := some (.ofTextEdit { uri := document.uri, version? := some document.version } edit) }

@[code_action_provider]
def critique : CodeActionProvider := fun params snapshot => do
  let document := (← readDoc).meta
  let position := params.range.start
  let found ← proofsIn snapshot.infoTree
  let some (recorded, index, range) := found.findSome? fun (recorded, ranges) => do
      let index ← stepAt ranges position
      return (recorded, index, ← ranges[index]?)
    | return #[]
  let action : Lsp.CodeAction := { title := "EVA: show critique", kind? := "refactor.rewrite" }
  return #[{ eager := action, lazy? := some (showCritique document recorded index range.start.line action) }]

end

end Eva.CodeAction

module

public import Eva.Steps.Proof
public meta import Eva.Steps.Proof
public meta import Eva.Steps.Text

/-!
# The steps of the proofs in a command

What counts as a step says `Eva.Steps.Walk`. The tactics after a rejected one in the same block are no steps: Lean never
runs them, so they have no goals. Nor are those whose verdict Lean keeps to itself, because their goal holds something
that it could not read (a `sorry` that stands for an error in the statement).

The Python package reads the same steps out of Lean's trace (`python/eva/lean/steps.py`), and the tests hold both
against the same files.
-/

open Lean Elab

namespace Eva.Steps

public meta section

/-- What Lean said against the file at one place. -/
private structure Complaint where
  pos : String.Pos.Raw
  text : String

private def complaintsOf (map : FileMap) (messages : List Message) : IO (Array Complaint) := do
  let errors := messages.filter (·.severity matches .error)
  return (← errors.mapM fun error => return ⟨map.ofPosition error.pos, trimEnd (← error.data.toString)⟩).toArray

/-- The step in whose own text an error stands, where `last` is the last step that starts at or before it. -/
private def owner? (map : FileMap) (found : Array Found) (last : Nat) (error : Complaint) : Option Nat := do
  let rec around (fuel : Nat) (index : Nat) : Option Nat := do
    let tactic ← found[index]?
    if tactic.start ≤ error.pos && error.pos < tactic.stop then return index
    match fuel with
    | 0 => none
    | fuel + 1 => around fuel (← tactic.inside?)
  match around found.size last with
  | none =>
    -- The parser names the place where it expected more: past the blanks behind an unfinished step.
    let tactic ← found[last]?
    let gap := slice map tactic.stop error.pos
    guard <| tactic.node.stx.hasMissing && tactic.stop ≤ error.pos && gap.all Char.isWhitespace
    return last
  | some index =>
    let tactic ← found[index]?
    guard <| !tactic.blocks.any fun block => block.start ≤ error.pos && error.pos < block.stop
    -- "unsolved goals" stands at the `by`, bullet or arm of a block whose tactics were all accepted. It belongs to the
    -- step that holds the block whole, and to no step where the block was taken out.
    let atBlock := tactic.arms
      || tactic.blocks.any fun block => block.start.byteIdx == error.pos.byteIdx + "by".utf8ByteSize
    guard <| !(atBlock && error.text.startsWith "unsolved goals")
    return index

/-- Each step's first error; `inOrder` has the steps in the order of the source. -/
private def firstErrors (map : FileMap) (found : Array Found) (inOrder : List (Nat × Found))
    (errors : Array Complaint) : Array (Option String) := Id.run do
  let mut first : Array (Option String) := .replicate found.size none
  for error in errors do
    let some (last, _) := inOrder.reverse.find? (·.2.start ≤ error.pos) | continue
    if let some index := owner? map found last error then
      first := first.modify index (· <|> some error.text)
  return first

private def hasWord (word text : String) : Bool :=
  let isPart (char? : Option Char) := char?.any fun char => char.isAlphanum || char == '_'
  let parts := text.splitOn word
  (parts.zip (parts.drop 1)).any fun (left, right) => !isPart left.toList.getLast? && !isPart right.toList.head?

private def fullName (inNamespace : Name) (name : String) : String :=
  match (name.dropPrefix? "_root_.").map (·.copy) with
  | some name => name
  | none =>
    -- Lean elaborates `theorem a.b` as `b` inside of `namespace a`.
    let inNamespace := (inNamespace.eraseSuffix? name.toName.getPrefix).getD inNamespace
    if inNamespace.isAnonymous || name.isEmpty then name else s!"{inNamespace}.{name}"

/-- The proofs in one command, out of its info trees.

- `command`: its syntax; `messages`: what Lean said about it, for the errors at the steps.
- `limit`: characters of a goal; a longer one is cut, and says so.
- `stop`: asked before each step; once it says so, there are no proofs. -/
def proofsOf (map : FileMap) (command : Syntax) (trees : Array InfoTree) (messages : List Message) (limit : Nat)
    (stop : BaseIO Bool := pure false) : IO (Array Proof) := do
  let found := tacticsOf map trees
  -- Lean elaborates a `variable` again in each declaration behind it: a `by` in it is a step of its own command only.
  let own := found.toList.zipIdx.filter fun (tactic, _) => command.getRange?.all (·.contains tactic.start)
  let inOrder := (own.map fun (tactic, index) => (index, tactic)).mergeSort (·.2.start ≤ ·.2.start)
  let errors := firstErrors map found inOrder (← complaintsOf map messages)
  let declarations := Declaration.inCommand map command
  let comments := commentLines map command
  let mut proofs : Array Proof := #[]
  let mut current? : Option Nat := none
  let mut earlier : Array String := #[]
  for (index, tactic) in inOrder do
    if ← stop then return #[]
    let declaredBefore := (declarations.toList.takeWhile (·.start ≤ tactic.start)).length
    let declared? := if declaredBefore == 0 then none else declarations[declaredBefore - 1]?
    let name := declared?.elim "" fun declared => fullName tactic.node.context.currNamespace declared.name
    unless current? == some declaredBefore do
      current? := some declaredBefore
      earlier := #[]
      let range : Syntax.Range := declared?.elim (command.getRange?.getD ⟨0, 0⟩) fun { start, stop, .. } => ⟨start, stop⟩
      proofs := proofs.push { name, steps := #[], range }
    let error? := errors[index]!
    let goals ← tactic.node.before.texts limit
    let ofBlocks ← tactic.blocks.mapM fun block => block.state.texts limit
    let goalsAfter := ofBlocks.flatten ++ (← tactic.node.after.texts limit)
    let text := tactic.text map comments
    if error?.isNone && goalsAfter == goals && goals.any (hasWord "sorry") then continue
    let position := map.toPosition tactic.start
    let range : Syntax.Range := ⟨tactic.start, tactic.stop⟩
    let step : ProofStep := {
      goals
      tactic := text
      statement := declared?.elim "" (·.statement map comments)
      earlier
      goalsAfter? := if error?.isSome || tactic.node.stx.hasMissing then none else some goalsAfter
      name
      line? := position.line
      column? := position.column
      leanError? := error?
    }
    proofs := proofs.modify (proofs.size - 1) fun proof =>
      { proof with steps := proof.steps.push { step, range, lspRange := map.utf8RangeToLspRange range } }
    if declared?.all (·.body ≤ tactic.start) then -- a `by` in the statement itself is no part of the proof
      earlier := earlier.push text
  return proofs.filter (!·.steps.isEmpty)

end

end Eva.Steps

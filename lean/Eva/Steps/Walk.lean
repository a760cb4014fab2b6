module

public meta import Eva.Steps.Tree

/-!
# Which tactics are steps

Every tactic that stands in a tactic block of the source, once, whatever macros made of it and however often it was
elaborated. Where a tactic holds blocks of its own, these are taken out of it:

- Bullets (`·`), `case … =>`, `next =>`, brackets and the like only arrange; the tactics in them are the steps.
- `induction … with`, `cases … with`, `match … with`, `if … then`: the header is a step, the arms' tactics are steps.
- A `by` block that goes over more than one line (`have h : t := by`, new line), and each `by` of a `calc`: its tactics
  are steps, and the tactic that holds it keeps the text around it.
- Everything else is one step whole: `have h : t := by omega` on one line, and the combinators (`<;>`, `try`, `repeat`,
  `first`, `all_goals`, …) with all that stands in them.

Lines that are nothing but a `--` comment belong neither to a step nor to a statement.
-/

open Lean Elab

namespace Eva.Steps

public meta section

private def parsed (names : List Name) : List Name := names.map (`Lean.Parser.Tactic ++ ·)

private def sequences : List Name := parsed [`tacticSeq1Indented, `tacticSeqBracketed]

private def blocks : List Name := parsed [`tacticSeq] ++ sequences

/-- They arrange the tactics in them, and do nothing themselves. -/
private def arranging : List Name :=
  [`Lean.cdot, `Eva.scoreTactics] ++ parsed [`case, `case', `«tacticNext_=>_», `paren, `focus, `tacticSeqBracketed]

/-- Their first line is a step, and the tactics in their arms are steps. -/
private def headers : List Name :=
  parsed [`induction, `cases, `funInduction, `funCases, `match, `tacIfThenElse, `tacDepIfThenElse, `classical, `open,
    `set_option]

/-- They run the tactics in them on several goals, or several times, or until one succeeds: one step, whatever is
inside. -/
private def combinators : List Name :=
  parsed [`«tactic_<;>_», `first, `solve, `solveTactic, `tacticTry_, `allGoals, `anyGoals, `tacticRepeat_, `repeat',
    `repeat1', `tacticRepeat'_, `tacticRepeat1'_, `tacticIterate____, `failIfSuccess]

private def byTerms : List Name := [`Lean.Parser.Term.byTactic, `Lean.Parser.Term.byTactic']

/-- What was taken out of a step, and the proof state that it starts from. -/
structure Block where
  start : String.Pos.Raw
  stop : String.Pos.Raw
  state : ProofState

/-- A tactic of the source that is a step. -/
structure Found where
  node : TacticNode
  start : String.Pos.Raw
  /-- Where its syntax ends, blocks in it included. -/
  stop : String.Pos.Raw
  /-- The step in one of whose blocks it stands: its place among all that were found. -/
  inside? : Option Nat
  /-- Its blocks are arms, not `by` blocks. -/
  arms : Bool
  blocks : Array Block := #[]

/-- A step that holds blocks. -/
private structure Holder where
  arms : Bool
  calc? : Option Syntax

private abbrev Walk := ReaderT FileMap <| StateM (Array Found)

private def lineOf (pos : String.Pos.Raw) : Walk Nat := return ((← read).toPosition pos).line

/-- The end of the code in the line of `pos`: before a comment and trailing blanks. -/
private def lineEnd (pos : String.Pos.Raw) : Walk String.Pos.Raw := do
  let map ← read
  let next := (map.toPosition pos).line + 1
  let rest := String.Pos.Raw.extract map.source pos (map.ofPosition ⟨next, 0⟩)
  let code := ((rest.splitOn "--").head!.splitOn "/-").head!
  let length := ((code.toList.reverse.dropWhile Char.isWhitespace).reverse.map Char.utf8Size).sum
  return ⟨pos.byteIdx + length⟩

/-- Whether what starts at `pos` is the proof in `… := proof`, somewhere in `stx`. -/
private def isProofIn (stx : Syntax) (pos : String.Pos.Raw) : Bool :=
  let isProof (node : Syntax) : Bool :=
    let args := node.getArgs
    (List.range (args.size - 1)).any fun i => args[i]!.isToken ":=" && args[i + 1]!.getPos? == some pos
  (stx.find? isProof).isSome

/-- The author wrote it, and it is neither a token nor a list of nodes. -/
private def isWritten (node : TacticNode) : Bool :=
  node.isOriginal && node.stx matches .node .. && !node.stx.isOfKind nullKind

mutual

/-- Find the blocks below a node. They belong to a holder (and are given back), or stand free in the step `inside?`.
The innermost tactic of the author's that they stand in ends at `stop`. -/
private partial def search (node : TacticNode) (inside? : Option Nat) (holder? : Option Holder)
    (stop : String.Pos.Raw) : Walk (Array Block) := do
  let mut taken := #[]
  for child in node.children do
    let kind := child.stx.getKind
    if child.isOriginal && byTerms.contains kind then
      taken := taken ++ (← byBlock child child.stop inside? holder?)
    else if child.isOriginal && child.stx.isToken "by" then
      -- `have … := by`: a macro took the block apart, but it always ends where the `have` ends.
      taken := taken ++ (← byBlock child stop inside? holder?)
    else if child.isOriginal && blocks.contains kind && holder?.all (·.arms) then
      if holder?.isSome then taken := taken.push ⟨child.start, child.stop, child.before⟩
      block child inside?
    else
      taken := taken ++ (← search child inside? holder? (if isWritten child then child.stop else stop))
  return taken

private partial def byBlock (node : TacticNode) (stop : String.Pos.Raw) (inside? : Option Nat)
    (holder? : Option Holder) : Walk (Array Block) := do
  let some holder := holder?
    | block node inside?
      return #[]
  let inline := (← lineOf node.start) == (← lineOf stop)
  if inline && !(holder.calc?.any (isProofIn · node.start)) then return #[]
  block node inside?
  return #[⟨⟨node.start.byteIdx + "by".utf8ByteSize⟩, stop, node.before⟩]

/-- The items of the sequence that `node` is, or that stands below it under a macro's wrapping. -/
private partial def block (node : TacticNode) (inside? : Option Nat) : Walk Unit := do
  for child in node.children do
    if !sequences.contains node.stx.getKind then block child inside?
    else if isWritten child then item child inside?

private partial def item (node : TacticNode) (inside? : Option Nat) : Walk Unit := do
  let kind := node.stx.getKind
  if arranging.contains kind then
    let known := (← get).size
    if sequences.contains kind then block node inside? else discard <| search node inside? none node.stop
    if (← get).size > known then return -- else nothing in it ran: Lean rejected the arrangement itself
  let stop ← if kind == `Lean.Parser.Tactic.unknown then lineEnd node.stop else pure node.stop
  if (← get).any fun found => found.start == node.start && found.stop == stop then return
  let index := (← get).size
  let arms := headers.contains kind
  modify (·.push { node, start := node.start, stop, inside?, arms })
  unless combinators.contains kind || arranging.contains kind do
    let calc? := if kind == `Lean.calcTactic then some node.stx else none
    let mut taken : Array Block := #[]
    for one in ← search node (some index) (some { arms, calc? }) node.stop do
      unless taken.any fun other => other.start == one.start && other.stop == one.stop do taken := taken.push one
    let inOrder := (taken.toList.mergeSort (·.start ≤ ·.start)).toArray
    modify (·.modify index ({ · with blocks := inOrder }))

end

/-- The tactics of a command's info trees that are steps, each once; not yet in the order of the source. -/
def tacticsOf (map : FileMap) (trees : Array InfoTree) : Array Found :=
  let walk : Walk Unit := do
    for tree in trees do
      for node in TacticNode.ofTree tree do
        discard <| search { node with children := #[node] } none none node.stop
  (walk.run map |>.run #[]).2

end

end Eva.Steps

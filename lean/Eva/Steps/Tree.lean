module

public meta import Lean.Elab.InfoTree.Main
public meta import Lean.Meta.PPGoal

/-!
# The tactics in an info tree

Of all that the elaborator notes down, its tactics alone, each with the proof states around it.
-/

open Lean Elab

namespace Eva.Steps

public meta section

/-- A proof state, with what it takes to print it. -/
structure ProofState where
  context : ContextInfo
  goals : List MVarId

namespace ProofState

/-- Cut a text that is longer than `room` characters, and say so. -/
def shorten (room : Nat) (text : String) : String :=
  let length := text.length
  if length ≤ room then text
  else String.ofList (text.toList.take room) ++ s!" ⋯ ({length - room} characters cut, see eva.maxGoalSize)"

/-- A goal with at most `limit` characters: one half belongs to the hypotheses, one to the target, and either may have
what the other leaves. -/
def cut (limit : Nat) (goal : String) : String :=
  if goal.length ≤ limit then goal else
  match (goal.splitOn "\n⊢ ").reverse with
  | target :: hypothesis :: more =>
    let hypotheses := "\n⊢ ".intercalate (hypothesis :: more).reverse
    let half := limit / 2
    shorten (max half (limit - target.length)) hypotheses
      ++ "\n⊢ " ++ shorten (max half (limit - hypotheses.length)) target
  | _ => shorten limit goal

/-- The goals as Lean prints them at the margin, each cut at `limit` characters. -/
def texts (state : ProofState) (limit : Nat) : IO (Array String) := do
  if state.goals.isEmpty then return #[]
  let printed ← state.context.runMetaM {} <| state.goals.mapM fun goal => return (← Meta.ppGoal goal).pretty
  return (printed.map (cut limit)).toArray

end ProofState

/-- A tactic node of an info tree; what stands between it and its `children` is passed over. -/
structure TacticNode where
  info : TacticInfo
  context : ContextInfo
  children : Array TacticNode

namespace TacticNode

/-- The tactic nodes of a tree, outermost first. -/
partial def ofTree (tree : InfoTree) (context? : Option ContextInfo := none) : Array TacticNode :=
  match tree with
  | .context inner tree => ofTree tree (inner.mergeIntoOuter? context?)
  | .node info below =>
    let context? := info.updateContext? context?
    let children := below.toArray.flatMap (ofTree · context?)
    match info, context? with
    | .ofTacticInfo info, some context => #[{ info, context, children }]
    | _, _ => children
  | .hole _ => #[]

def stx (node : TacticNode) : Syntax := node.info.stx

def start (node : TacticNode) : String.Pos.Raw := node.stx.getPos?.getD 0

def stop (node : TacticNode) : String.Pos.Raw := node.stx.getTailPos?.getD node.start

/-- The author wrote it there: no macro made it. -/
def isOriginal (node : TacticNode) : Bool :=
  node.stx.getHeadInfo matches .original .. && node.stx.getTailInfo matches .original ..

def before (node : TacticNode) : ProofState :=
  { context := { node.context with mctx := node.info.mctxBefore }, goals := node.info.goalsBefore }

def after (node : TacticNode) : ProofState :=
  { context := { node.context with mctx := node.info.mctxAfter }, goals := node.info.goalsAfter }

end TacticNode

end

end Eva.Steps

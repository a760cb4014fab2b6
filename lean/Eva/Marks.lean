module

public meta import Eva.Command
public meta import Eva.Hints
public meta import Eva.Panel
public meta import Eva.Steps
public meta import Eva.Tactic

/-!
# What the editor shows of a command's proofs

Panel and hints are nodes of the command's info tree. They need the proof's own nodes, which a theorem's body may yet
have to make in a thread of its own. So what is pushed is a hole, to be filled by a task: this is how Lean itself puts
the trees of such bodies in their place. Nothing waits but that task.
-/

open Lean Elab Command

namespace Eva.Marks

public meta section

/-- Root of what is shown of a command. -/
structure Root where
  deriving TypeName

/-- The places where all steps are to be scored: those of `eva_score` and `#eva_score`. -/
partial def askedIn (stx : Syntax) : Array Syntax.Range :=
  if isScoreCommand stx || stx.isOfKind ``scoreTactics then stx.getRange?.toArray
  else stx.getArgs.flatMap askedIn

/-- The steps of proofs that stand in one of the `ranges`. -/
def within (ranges : Array Syntax.Range) (proofs : Array Proof) : Array Proof :=
  let asked (placed : PlacedStep) := ranges.any fun range => range.contains placed.range.start
  let proofs := proofs.map fun proof => { proof with steps := proof.steps.filter asked }
  proofs.filter (!·.steps.isEmpty)

/-- The nodes for some proofs; their scores are asked for.

- `token?`: they are wanted until it is set. -/
def nodes (panel : Widget.WidgetInstance) (map : FileMap) (proofs : Array Proof) (asking : Asking)
    (token? : Option IO.CancelToken) : BaseIO (Array InfoTree) := do
  let mut nodes := #[]
  for proof in proofs do
    sharedScoring.start proof asking (token? := token?)
    let infos := (← Panel.infos panel (.ofRange proof.range) proof asking) ++ Hints.infos map proof asking
    nodes := nodes ++ infos.map (.node · {})
  return nodes

/-- Show the proofs of the command that was just elaborated.

- `ranges?`: only the steps in these places. -/
def push (command : Syntax) (ranges? : Option (Array Syntax.Range)) : CommandElabM Unit := do
  let options ← getOptions
  let asking ← match Asking.ofOptions options with
    | .ok asking => pure asking
    | .error why => return ← logWarningAt command[0] why
  let panel ← liftCoreM Panel.prepare
  let map ← getFileMap
  let token? := (← read).cancelTk?
  let stop := Scoring.isSet token?
  let root := InfoTree.node (.ofCustomInfo { stx := command, value := .mk ({} : Root) })
  let task ← BaseIO.mapTask (t := (← getInfoState).substituteLazy) fun settled => do
    -- After an edit, the old version's task must not stand in the way of the new one's.
    if ← stop then return root {}
    let trees := settled.trees.toArray.map (·.substitute settled.assignment)
    -- Lean's messages are not all there yet; no score reads them.
    let found ← (Steps.proofsOf map command trees [] (eva.maxGoalSize.get options) stop).toBaseIO
    let proofs := match found with
      | .ok proofs => ranges?.elim proofs (within · proofs)
      | .error _ => #[] -- a goal that cannot be printed: then there is nothing to show
    if ← stop then return root {}
    return root (← nodes panel map proofs asking token?).toPArray'
  let hole ← liftCoreM mkFreshMVarId
  modifyInfoState fun state => { state with
    lazyAssignment := state.lazyAssignment.insert hole task
    trees := state.trees.push (.hole hole) }

end

end Eva.Marks

module

public meta import Eva.Scoring
public meta import Lean.Server.Rpc.RequestHandling
public meta import Lean.Widget.UserWidget

/-!
# The panel in the infoview

The Lean half of `lean/widget/`: a command records its proof under a name that changes with its content, and has the
panel shown over its range; the panel then polls `Eva.Panel.poll` for what is known, as long as it is looked at.

The method answers from `sharedScoring` and never waits for a snapshot of the file: Lean finds it in the imports. A poll
waits in a thread of its own, at most `pollMs`, and ends when the request is cancelled.

Known limits: a proof is found again by its content alone, so what the panel shows of the places of steps comes from the
widget's props. Of all proofs, the `capacity` that were recorded or polled last are known.
-/

open Lean Server Widget Elab

namespace Eva.Panel

public meta section

@[widget_module]
def widget : Widget.Module where
  javascript := include_str "../widget/dist/evaPanel.js"

/-- A proof as the panel asks for it. -/
structure Recorded where
  proof : Proof
  asking : Asking
  /-- Of its steps. -/
  keys : Array Scoring.Key
  /-- When it was recorded or polled last, in the order of that. -/
  used : Nat

/-- Most proofs that are known. -/
def capacity : Nat := 256

/-- What was recorded, by name, and how often. -/
structure Records where
  proofs : Std.HashMap String Recorded := {}
  uses : Nat := 0
  deriving Inhabited

/-- Note that a proof is in use; the longest unused goes where there are too many. -/
def Records.use (records : Records) (name : String) (recorded : Recorded) : Records :=
  let uses := records.uses + 1
  let proofs := records.proofs.insert name { recorded with used := uses }
  if proofs.size ≤ capacity then { proofs, uses } else
    let oldest := proofs.fold (init := (name, uses)) fun oldest name recorded =>
      if recorded.used < oldest.2 then (name, recorded.used) else oldest
    { proofs := proofs.erase oldest.1, uses }

initialize records : IO.Ref Records ← IO.mkRef {}

/-- The name under which a proof is recorded: another one for other steps or options. -/
def nameOf (keys : Array Scoring.Key) (asking : Asking) : String :=
  s!"{keys.size}-{hash (keys.map (·.digest), asking.critique, asking.timeoutMs)}"

/-- Record a proof; the props of its panel. -/
def record (proof : Proof) (asking : Asking) : BaseIO Json := do
  let keys := Scoring.keysOf proof asking
  let name := nameOf keys asking
  records.modify (·.use name { proof, asking, keys, used := 0 })
  return Json.mkObj [
    ("proof", name), ("name", proof.name), ("critique", asking.critique),
    ("steps", .arr <| proof.steps.map fun { step, lspRange, .. } =>
      Json.mkObj [("tactic", step.tactic), ("range", toJson lspRange)])]

/-- The panel without a proof; for `info`. -/
def prepare : CoreM WidgetInstance :=
  WidgetInstance.ofHash widget.javascriptHash (pure Json.null)

/-- Record a proof; the node of an info tree that shows its panel over the range of `stx`. -/
def info (panel : WidgetInstance) (stx : Syntax) (proof : Proof) (asking : Asking) : BaseIO Info := do
  let props ← record proof asking
  return .ofUserWidgetInfo { panel with props := pure props, stx }

/-- Record a proof, and show its panel over the range of `stx`. -/
def «show» (stx : Syntax) (proof : Proof) (asking : Asking) : CoreM Unit := do
  pushInfoLeaf (← info (← prepare) stx proof asking)

/-! ## The method -/

/-- How long (ms) a poll waits for something new. -/
def pollMs : Nat := 2000

structure PollParams where
  /-- The proof's name, of the props. -/
  proof : String
  /-- The revision of the last answer; 0: answer at once with all. -/
  seen : Nat
  /-- The step whose critique is wanted. -/
  step : Option Nat := none
  /-- What has failed is tried again. -/
  retry : Bool
  deriving FromJson, ToJson

/-- The name of an error's constructor. -/
def kindOf : ClientError → String
  | .noHome .. => "noHome"
  | .missing .. => "missing"
  | .malformed .. => "malformed"
  | .unsafeFile .. => "unsafeFile"
  | .stale .. => "stale"
  | .needsCurve .. => "needsCurve"
  | .unreachable .. => "unreachable"
  | .noHandshake .. => "noHandshake"
  | .wrongToken .. => "wrongToken"
  | .notDaemon .. => "notDaemon"
  | .lost .. => "lost"
  | .badRequest .. => "badRequest"
  | .failed .. => "failed"
  | .deadline .. => "deadline"
  | .cancelled => "cancelled"

def errorJson (error : ClientError) : Json := Json.mkObj <|
  [("kind", Json.str (kindOf error)), ("what", Json.str error.what), ("remedy", Json.str error.remedy)]
  ++ match error with
    | .failed code _ => [("code", Json.str code)]
    | _ => []

def dimensionJson (name : String) (score : DimensionScore) : Json := Json.mkObj [
  ("name", name), ("expected", toJson score.expected), ("spread", toJson score.spread), ("mass", toJson score.mass),
  ("distribution", .arr <| score.distribution.map fun (anchor, share) => .arr #[toJson anchor, toJson share])]

def stepJson (index : Nat) (entry : Scoring.Entry) : Json := Json.mkObj [
  ("index", index),
  ("status", match entry.score? with | some score => score.status.toString | none => "waiting"),
  ("value", toJson (entry.score?.bind (·.value?))),
  ("message", toJson (entry.score?.bind (·.message?))),
  ("dimensions", .arr <| (entry.score?.elim #[] (·.dimensions)).map fun (name, score) => dimensionJson name score),
  ("critique", entry.words),
  ("critiqueDone", entry.wordsDone)]

/-- First and last anchor, by any score that is known. -/
def scaleOf (entries : Array Scoring.Entry) : Option (Array Int) := do
  let score ← entries.findSome? fun entry => entry.score?.filter (!·.dimensions.isEmpty)
  let (_, first) ← score.dimensions[0]?
  return #[(← first.distribution[0]?).1, (← first.distribution.back?).1]

/-- The answer to a poll. -/
def answer (look : Scoring.Look) (seen : Nat) (step? : Option Nat) : Json :=
  let entries := look.entries
  -- Words are asked for one step; of the others only scores can be missing.
  let failed? := entries.findSome? (fun entry => match entry.scoring with | .failed why => some why | _ => none)
    <|> (step?.bind (entries[·]?)).bind (·.error?)
  let waits := entries.any fun entry => entry.score?.isNone && !(entry.scoring matches .failed _)
  let phase := if waits then "scoring" else if failed?.isSome then "failed" else "done"
  let changed := entries.zipIdx.filter fun (entry, _) => entry.changed > seen || seen == 0
  Json.mkObj [
    ("known", true), ("revision", look.revision), ("phase", phase),
    ("model", toJson (entries.findSome? (·.model?))),
    ("scale", toJson (scaleOf entries)),
    ("error", toJson (failed?.map errorJson)),
    ("steps", .arr <| changed.map fun (entry, index) => stepJson index entry)]

/-- What is new of a proof. -/
@[server_rpc_method]
def poll (params : PollParams) : RequestM (RequestTask Json) := do
  let context ← read
  let some { asking, keys, .. } ← records.modifyGet fun records =>
      match records.proofs[params.proof]? with
      | some found => (some found, records.use params.proof found)
      | none => (none, records)
    | return ServerTask.pure (Except.ok (Json.mkObj [("known", false)]))
  let wordsOf := if asking.critique then (params.step.bind (keys[·]?)).toArray else #[]
  let wait : EIO RequestError Json := do
    let look ← sharedScoring.poll keys wordsOf asking params.seen params.retry pollMs
      (stop := context.cancelTk.wasCancelledByCancelRequest)
    if ← context.cancelTk.wasCancelledByCancelRequest then throw RequestError.requestCancelled
    return answer look params.seen params.step
  return { task := ← wait.asTask .dedicated }

end

end Eva.Panel

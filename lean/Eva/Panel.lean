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
widget's props. A proof is known for as long as Lean holds an info tree that shows its panel.
-/

open Lean Server Widget Elab

namespace Eva.Panel

public meta section

@[widget_module]
def widget : Widget.Module where
  javascript := include_str "../widget/dist/evaPanel.js"

/-- What an info tree holds beside a panel, and nothing else does: when the command is edited or the file closed, Lean
frees the tree, and this with it. Nothing resolves the promise; that it is dropped ends the task `alive.result?`. -/
structure Shown where
  alive : IO.Promise Unit
  deriving TypeName

/-- A proof as the panel asks for it. -/
structure Recorded where
  proof : Proof
  asking : Asking
  /-- Of its steps. -/
  keys : Array Scoring.Key
  /-- When it was recorded or polled last, in the order of that. -/
  used : Nat
  /-- The trees that show it, each with a number: its task has ended when it is gone. -/
  shown : Array (Nat × Task (Option Unit)) := #[]

/-- What was recorded, by name, and how often. -/
structure Records where
  proofs : Std.HashMap String Recorded := {}
  uses : Nat := 0
  added : Nat := 0
  deriving Inhabited

/-- Note that a proof is in use. -/
def Records.use (records : Records) (name : String) (recorded : Recorded) : Records :=
  let uses := records.uses + 1
  { records with proofs := records.proofs.insert name { recorded with used := uses }, uses }

/-- Note that one more tree shows a proof. -/
def Records.add (records : Records) (name : String) (recorded : Recorded) (gone : Task (Option Unit)) : Records :=
  let others := records.proofs[name]?.elim #[] (·.shown)
  let added := records.added + 1
  { records with added }.use name { recorded with shown := others.push (added, gone) }

/-- So many uses ago at most, a proof that is shown no longer may still be looked at: a panel hears of an edit late. -/
def lateUses : Nat := 64

/-- Forget the proofs that only trees with these numbers showed. -/
def Records.forget (records : Records) (gone : Std.HashMap Nat Unit) : Records :=
  { records with proofs := records.proofs.filterMap fun _ recorded =>
      let shown := recorded.shown.filter (!gone.contains ·.1)
      if shown.isEmpty && recorded.used + lateUses < records.uses then none else some { recorded with shown } }

initialize records : IO.Ref Records ← IO.mkRef {}

/-- How many recordings lie between two searches for what is shown no longer. -/
def tidyEvery : Nat := 256

/-- Forget what is shown no longer. -/
def tidy : BaseIO Unit := do
  let mut gone : Std.HashMap Nat Unit := {}
  for (_, { shown, .. }) in (← records.get).proofs do
    for (number, task) in shown do
      if ← IO.hasFinished task then gone := gone.insert number ()
  records.modify (·.forget gone)

/-- The name under which a proof is recorded: another one for other steps or options. -/
def nameOf (keys : Array Scoring.Key) (asking : Asking) : String :=
  s!"{keys.size}-{hash (keys.map (·.digest), asking.critique, asking.timeoutMs)}"

/-- Record a proof: the props of its panel, and what the tree that shows it must hold. -/
def record (proof : Proof) (asking : Asking) : BaseIO (Json × Shown) := do
  let keys := Scoring.keysOf proof asking
  let name := nameOf keys asking
  let alive ← IO.Promise.new
  let gone := alive.result?
  let added ← records.modifyGet fun records =>
    let records := records.add name { proof, asking, keys, used := 0 } gone
    (records.added, records)
  if added % tidyEvery == 0 then tidy
  let props := Json.mkObj [
    ("proof", name), ("name", proof.name), ("critique", asking.critique),
    ("steps", .arr <| proof.steps.map fun { step, lspRange, .. } =>
      Json.mkObj [("tactic", step.tactic), ("range", toJson lspRange)])]
  return (props, { alive })

/-- The panel without a proof; for `infos`. -/
def prepare : CoreM WidgetInstance :=
  WidgetInstance.ofHash widget.javascriptHash (pure Json.null)

/-- Record a proof; the nodes of an info tree that show its panel over the range of `stx`. -/
def infos (panel : WidgetInstance) (stx : Syntax) (proof : Proof) (asking : Asking) : BaseIO (Array Info) := do
  let (props, shown) ← record proof asking
  return #[.ofUserWidgetInfo { panel with props := pure props, stx }, .ofCustomInfo { stx, value := .mk shown }]

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

module

public import Eva.Protocol.Field

/-!
# Requests

What a client sends: `score`, `cancel`, `health`.
-/

open Lean (Json FromJson ToJson toJson fromJson?)

namespace Eva

public section

/-- One tactic (or proof text), proposed in a proof state. -/
structure ProofStep where
  /-- The proof state before the step, each goal as Lean prints it. -/
  goals : Array String
  /-- The text of the step, without the indentation of the file; not empty. -/
  tactic : String
  /-- The theorem's statement as source text, or `""`. -/
  statement : String := ""
  /-- The steps of the same proof before this one, oldest first. -/
  earlier : Array String := #[]
  /-- The proof state that the step led to (`#[]`: no goals left), where it is known. -/
  goalsAfter? : Option (Array String) := none
  /-- The declaration that the step stands in, or `""`. -/
  name : String := ""
  /-- 1-based line. -/
  line? : Option Nat := none
  /-- 0-based column, in code points. -/
  column? : Option Nat := none
  /-- Lean's own first message at this step, where it rejected the step. -/
  leanError? : Option String := none
  deriving Inhabited, BEq, Repr

namespace ProofStep

open Protocol

/-- The step as the wire has it; fields that hold nothing are left out. -/
def toJson (step : ProofStep) : Json := Json.mkObj <|
  [("goals", Lean.toJson step.goals), ("tactic", Lean.toJson step.tactic)]
  ++ (if step.statement.isEmpty then [] else [("statement", Lean.toJson step.statement)])
  ++ (if step.earlier.isEmpty then [] else [("earlier", Lean.toJson step.earlier)])
  ++ Json.opt "goals_after" step.goalsAfter?
  ++ (if step.name.isEmpty then [] else [("name", Lean.toJson step.name)])
  ++ Json.opt "line" step.line?
  ++ Json.opt "column" step.column?
  ++ Json.opt "lean_error" step.leanError?

/-- Read a step; unknown fields are ignored. -/
def fromJson (data : Json) : Except String ProofStep := do
  let strings := asArray? asString?
  let tactic ← stringField data "tactic"
  if tactic.trimAscii.isEmpty then throw "field 'tactic' is empty: a step needs the text that is proposed"
  return {
    goals := ← stringsField data "goals"
    tactic
    statement := (← optionalField data "statement" "a string" asString?).getD ""
    earlier := (← optionalField data "earlier" "a list of strings" strings).getD #[]
    goalsAfter? := ← optionalField data "goals_after" "a list of strings" strings
    name := (← optionalField data "name" "a string" asString?).getD ""
    line? := ← optionalField data "line" "a whole number from 0 up" asNat?
    column? := ← optionalField data "column" "a whole number from 0 up" asNat?
    leanError? := ← optionalField data "lean_error" "a string" asString?
  }

instance : ToJson ProofStep := ⟨toJson⟩
instance : FromJson ProofStep := ⟨fromJson⟩

end ProofStep

namespace Protocol

/-- Longest message that the daemon reads, in bytes. -/
def maxBytes : Nat := 4 * 1024 * 1024

/-- Most steps in one request. -/
def maxSteps : Nat := 1000

/-- Longest id, in characters. -/
def maxId : Nat := 64

/-- Longest deadline, in milliseconds. -/
def maxDeadlineMs : Nat := 3600000

/-- Which comes first: the scores (at once), or the words that the scores have then read. -/
inductive Order where
  | scoreFirst
  | critiqueFirst
  deriving Inhabited, BEq, Hashable, Repr

def Order.toString : Order → String
  | .scoreFirst => "score_first"
  | .critiqueFirst => "critique_first"

instance : ToString Order := ⟨Order.toString⟩

def asOrder? : Json → Option Order
  | .str "score_first" => some .scoreFirst
  | .str "critique_first" => some .critiqueFirst
  | _ => none

/-- Score `steps`; what is not done `deadlineMs` milliseconds after arrival ends with the error `deadline`. -/
structure ScoreRequest where
  steps : Array ProofStep
  /-- Whether words are wanted, too. -/
  critique : Bool := true
  order : Order := .scoreFirst
  /-- 1 to `maxDeadlineMs`. -/
  deadlineMs : Nat := 60000
  deriving Inhabited, BEq, Repr

/-- What a client asks; the request's `id` goes beside it. -/
inductive Request where
  | score (request : ScoreRequest)
  /-- End the request of this client that has the message's id. -/
  | cancel
  | health
  deriving Inhabited, BEq, Repr

/-- The message of a request as JSON. -/
def Request.toJson (id : String) (request : Request) : Json :=
  let message (type : String) (fields : List (String × Json)) :=
    Json.mkObj <| [("eva", Lean.toJson version), ("type", Json.str type), ("id", Json.str id)] ++ fields
  match request with
  | .score { steps, critique, order, deadlineMs } =>
    message "score" [
      ("steps", Lean.toJson steps), ("critique", Lean.toJson critique), ("order", Json.str order.toString),
      ("deadline_ms", Lean.toJson deadlineMs)]
  | .cancel => message "cancel" []
  | .health => message "health" []

/-- Read a request's message: its id and what is asked. -/
def Request.fromJson (data : Json) : Except String (String × Request) := do
  checkVersion data
  let id ← stringField data "id"
  match ← stringField data "type" with
  | "score" =>
    let steps ← field data "steps" "a list of steps" fun | .arr steps => some steps | _ => none
    return (id, .score {
      steps := ← steps.mapM ProofStep.fromJson
      critique := (← optionalField data "critique" "true or false" asBool?).getD true
      order := (← optionalField data "order" "score_first or critique_first" asOrder?).getD .scoreFirst
      deadlineMs := (← optionalField data "deadline_ms" "a whole number" asNat?).getD 60000
    })
  | "cancel" => return (id, .cancel)
  | "health" => return (id, .health)
  | other => throw s!"field 'type' is '{other}', no request of protocol {version}"

/-- The frame of a request. An error where the daemon would refuse it for its id, its deadline or its size. -/
def Request.encode (id : String) (request : Request) : Except String ByteArray := do
  unless 1 ≤ id.length ∧ id.length ≤ maxId do
    throw s!"a request's id must have 1 to {maxId} characters, not {id.length}"
  if let .score { steps, deadlineMs, .. } := request then
    unless 1 ≤ steps.size ∧ steps.size ≤ maxSteps do
      throw s!"a request must have 1 to {maxSteps} steps, not {steps.size}"
    unless 1 ≤ deadlineMs ∧ deadlineMs ≤ maxDeadlineMs do
      throw s!"a deadline must be 1 to {maxDeadlineMs} milliseconds, not {deadlineMs}"
  let frame := (request.toJson id).compress.toUTF8
  unless frame.size ≤ maxBytes do
    throw s!"the request has {frame.size} bytes, at most {maxBytes} are allowed: send fewer steps at a time"
  return frame

end Protocol

end

end Eva

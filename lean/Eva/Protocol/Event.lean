module

public import Eva.Protocol.Field

/-!
# Events

What the daemon answers: for each step a `score`, then pieces of its `critique`; `done` or `error` at the end; and
`health`.
-/

open Lean (Json ToJson)

namespace Eva

open Protocol

public section

/-- The dimensions in the order in which they are shown; a model may have others besides. -/
def dimensionOrder : List String := ["logic", "alignment", "clarity"]

/-- The judgement in one dimension. -/
structure DimensionScore where
  /-- Expected score, on the anchor scale. -/
  expected : Float
  /-- Standard deviation of the anchor distribution, on the anchor scale. -/
  spread : Float
  /-- The probability of each anchor, in the order of the anchors. -/
  distribution : Array (Int × Float)
  /-- Anchor mass in [0, 1]: low means that the model was not about to write a score at all. -/
  mass : Float
  deriving Inhabited, BEq, Repr

/-- `scored`; `offFormat`: the numbers are there, do not trust them; `tooLong`: no numbers, the step does not fit. -/
inductive Status where
  | scored
  | offFormat
  | tooLong
  deriving Inhabited, BEq, Repr

def Status.toString : Status → String
  | .scored => "scored"
  | .offFormat => "off_format"
  | .tooLong => "too_long"

instance : ToString Status := ⟨Status.toString⟩

/-- The numbers of one step. -/
structure StepScore where
  /-- The step's place in the request. -/
  index : Nat
  status : Status
  /-- In [0, 1]; `none` where there are no numbers. -/
  value? : Option Float
  /-- By name, in the order of `dimensionOrder`; empty where there are no numbers. -/
  dimensions : Array (String × DimensionScore)
  message? : Option String
  deriving Inhabited, BEq, Repr

/-- The daemon's state. -/
structure Health where
  /-- The daemon's own version, and the protocol's versions that it speaks. -/
  version : String
  versions : Array Nat
  pid : Nat
  model : String
  /-- First and last anchor. -/
  scale : Int × Int
  dimensions : Array String
  weights : Array (String × Float)
  uptimeSeconds : Float
  queuedSteps : Nat
  queueLimit : Nat
  runningSteps : Nat
  scoredSteps : Nat
  /-- `ready` or `draining`. -/
  state : String
  deriving Inhabited, BEq, Repr

/-- What the daemon says about a request. After `done` and `error` nothing more comes. -/
inductive Event where
  | score (score : StepScore)
  /-- More words of the critique of step `index`; `final` marks the last piece. -/
  | critique (index : Nat) (text : String) (final : Bool)
  | done (steps : Nat) (model : String) (elapsedMs : Float)
  /-- `code` as in `docs/protocol.md` (a later daemon may have others); `versions` for `unsupported_version`. -/
  | error (code message : String) (versions : Array Nat)
  | health (health : Health)
  deriving Inhabited, BEq, Repr

namespace Protocol

def asStatus? : Json → Option Status
  | .str "scored" => some .scored
  | .str "off_format" => some .offFormat
  | .str "too_long" => some .tooLong
  | _ => none

/-- A number in [0, 1]. -/
def asShare? (value : Json) : Option Float :=
  (asFloat? value).filter fun share => 0 ≤ share && share ≤ 1

def readDimension (data : Json) : Except String DimensionScore := do
  let mut distribution := #[]
  for (key, probability) in ← field data "distribution" "an object" asObject? do
    let some anchor := key.toInt? | throw s!"'{key}' is not an anchor"
    let some p := asFloat? probability | throw s!"anchor {anchor} must have a finite number, not {shown probability}"
    distribution := distribution.push (anchor, p)
  return {
    expected := ← floatField data "expected"
    spread := ← floatField data "spread"
    distribution := distribution.qsort fun a b => a.1 < b.1
    mass := ← field data "mass" "a number from 0 to 1" asShare?
  }

def readDimensions (members : List (String × Json)) : Except String (Array (String × DimensionScore)) := do
  let known := dimensionOrder.filterMap fun name => members.find? (·.1 == name)
  let others := members.filter fun (name, _) => !dimensionOrder.contains name
  (known ++ others).toArray.mapM fun (name, data) =>
    match readDimension data with
    | .ok score => .ok (name, score)
    | .error reason => .error s!"dimension '{name}': {reason}"

def readScore (data : Json) : Except String StepScore := do
  let status ← field data "status" "scored, off_format or too_long" asStatus?
  let value? ← optionalField data "value" "a number from 0 to 1" asShare?
  let dimensions ← readDimensions (← field data "dimensions" "an object" asObject?)
  let numbers := status != .tooLong
  unless value?.isSome = numbers ∧ !dimensions.isEmpty = numbers do
    throw s!"status '{status}' and the fields 'value', 'dimensions' contradict each other"
  return {
    index := ← natField data "index"
    status, value?, dimensions
    message? := ← optionalField data "message" "a string" asString?
  }

def readHealth (data : Json) : Except String Health := do
  let scale ← field data "scale" "two whole numbers" fun
    | .arr #[low, high] => do return (← low.getInt?.toOption, ← high.getInt?.toOption)
    | _ => none
  let weights ← field data "weights" "an object" asObject?
  return {
    version := ← stringField data "version"
    versions := ← field data "versions" "a list of whole numbers" (asArray? asNat?)
    pid := ← natField data "pid"
    model := ← stringField data "model"
    scale
    dimensions := ← stringsField data "dimensions"
    weights := ← weights.toArray.mapM fun (name, weight) => do
      let some weight := asFloat? weight | throw s!"weight '{name}' must be a finite number, not {shown weight}"
      return (name, weight)
    uptimeSeconds := ← floatField data "uptime_s"
    queuedSteps := ← natField data "queued_steps"
    queueLimit := ← natField data "queue_limit"
    runningSteps := ← natField data "running_steps"
    scoredSteps := ← natField data "scored_steps"
    state := ← stringField data "state"
  }

end Protocol

/-- The id of the request and the event, out of a message. Unknown fields are ignored, other versions refused. -/
def Event.fromJson (data : Json) : Except String (String × Event) := do
  unless (asObject? data).isSome do throw s!"the message must be a JSON object, not {shown data}"
  checkVersion data
  let id ← stringField data "id"
  let event ← match ← stringField data "type" with
    | "score" => pure <| .score (← readScore data)
    | "critique" => pure <| .critique (← natField data "index") (← stringField data "text") (← boolField data "final")
    | "done" => pure <| .done (← natField data "steps") (← stringField data "model") (← floatField data "elapsed_ms")
    | "error" =>
      let versions? ← optionalField data "versions" "a list of whole numbers" (asArray? asNat?)
      pure <| .error (← stringField data "code") (← stringField data "message") (versions?.getD #[])
    | "health" => pure <| .health (← readHealth data)
    | other => throw s!"field 'type' is '{other}', no event of protocol {version}"
  return (id, event)

/-- A dimension's judgement as the wire has it. -/
def DimensionScore.toJson (score : DimensionScore) : Json := Json.mkObj [
  ("expected", Lean.toJson score.expected), ("spread", Lean.toJson score.spread),
  ("distribution", Json.mkObj <| score.distribution.toList.map fun (anchor, p) => (toString anchor, Lean.toJson p)),
  ("mass", Lean.toJson score.mass)]

/-- An event's message as the wire has it, for those who hand it on (the panel, a log). -/
def Event.toJson (id : String) (event : Event) : Json :=
  let message (type : String) (fields : List (String × Json)) :=
    Json.mkObj <| [("eva", Lean.toJson version), ("type", Json.str type), ("id", Json.str id)] ++ fields
  match event with
  | .score { index, status, value?, dimensions, message? } =>
    message "score" <| [
      ("index", Lean.toJson index), ("status", Json.str status.toString), ("value", Lean.toJson value?),
      ("dimensions", Json.mkObj <| dimensions.toList.map fun (name, judged) => (name, judged.toJson))]
      ++ Json.opt "message" message?
  | .critique index text final =>
    message "critique" [("index", Lean.toJson index), ("text", Json.str text), ("final", Json.bool final)]
  | .done steps model elapsedMs =>
    message "done" [
      ("steps", Lean.toJson steps), ("model", Json.str model), ("elapsed_ms", Lean.toJson elapsedMs)]
  | .error code text versions =>
    message "error" <| [("code", Json.str code), ("message", Json.str text)]
      ++ (if versions.isEmpty then [] else [("versions", Lean.toJson versions)])
  | .health daemon =>
    message "health" [
      ("version", Json.str daemon.version), ("versions", Lean.toJson daemon.versions),
      ("pid", Lean.toJson daemon.pid), ("model", Json.str daemon.model),
      ("scale", Lean.toJson #[daemon.scale.1, daemon.scale.2]), ("dimensions", Lean.toJson daemon.dimensions),
      ("weights", Json.mkObj <| daemon.weights.toList.map fun (name, weight) => (name, Lean.toJson weight)),
      ("uptime_s", Lean.toJson daemon.uptimeSeconds), ("queued_steps", Lean.toJson daemon.queuedSteps),
      ("queue_limit", Lean.toJson daemon.queueLimit), ("running_steps", Lean.toJson daemon.runningSteps),
      ("scored_steps", Lean.toJson daemon.scoredSteps), ("state", Json.str daemon.state)]

/-- The id of the request and the event in one frame; the error says what is wrong with the frame. -/
def Event.decode (frame : ByteArray) : Except String (String × Event) := do
  let some text := String.fromUTF8? frame | throw "the message is not UTF-8"
  match Json.parse text with
  | .ok data => Event.fromJson data
  | .error reason => throw s!"the message is not JSON: {reason}"

end

end Eva

import Eva.Protocol

/-!
# The protocol against the vectors that Python reads as well

Every vector of `tests/vectors/` is read here while this file is elaborated; the first that fails is an error.
-/

open Lean (Json)
open Eva Eva.Protocol

namespace EvaTest.Protocol

/-- The vectors of one file, by name. -/
def vectors (file : String) : IO (Array (String × Json)) := do
  let path := System.FilePath.mk "tests" / "vectors" / s!"{file}.json"
  let data ← IO.ofExcept <| Json.parse (← IO.FS.readFile path)
  let found ← IO.ofExcept data.getArr?
  if found.isEmpty then throw <| IO.userError s!"{path} holds no vectors"
  found.mapM fun vector => return (← IO.ofExcept (vector.getObjVal? "name" >>= Json.getStr?), vector)

def hexBytes (hex : String) : Option ByteArray := do
  let digit (c : Char) : Option Nat :=
    if '0' ≤ c ∧ c ≤ '9' then some (c.toNat - '0'.toNat)
    else if 'a' ≤ c ∧ c ≤ 'f' then some (c.toNat - 'a'.toNat + 10)
    else none
  let rec pairs : List Char → Option (List UInt8)
    | high :: low :: rest => return (16 * (← digit high) + (← digit low)).toUInt8 :: (← pairs rest)
    | [] => some []
    | [_] => none
  return ⟨(← pairs hex.toList).toArray⟩

/-- The bytes of a vector's message. -/
def bytes (vector : Json) : Except String ByteArray :=
  match vector.getObjValD "raw", vector.getObjValD "hex" with
  | .str raw, _ => .ok raw.toUTF8
  | _, .str hex => (hexBytes hex).elim (.error "not hexadecimal") .ok
  | _, _ => .error "the vector has neither 'raw' nor 'hex'"

/-- Equality of JSON in which `1` is `1.0`. -/
partial def same : Json → Json → Bool
  | .num a, .num b => a.toFloat == b.toFloat
  | .arr a, .arr b => a.size == b.size && (a.zip b).all fun (x, y) => same x y
  | .obj a, .obj b =>
    a.toList.length == b.toList.length
      && (a.toList.zip b.toList).all fun ((key, x), (key', y)) => key == key' && same x y
  | a, b => a == b

/-- A vector's `expect` as a message, that is, with the version. -/
def expected (vector : Json) : Json :=
  (vector.getObjValD "expect").setObjVal! "eva" (Lean.toJson version)

def encoded (vector : Json) : Bool := vector.getObjValD "encode" == .bool true

def check (file : String) (test : Json → Except String Unit) : IO Unit := do
  for (name, vector) in ← vectors file do
    if let .error reason := test vector then throw <| IO.userError s!"{file}.json, '{name}': {reason}"

/-- Every good event is read as the vector says. -/
def readsEvents : IO Unit := check "events" fun vector => do
  let (id, event) ← Event.decode (← bytes vector)
  let found := event.toJson id
  unless same found (expected vector) do throw s!"read as {found.compress}"

/-- Every bad event is refused. -/
def refusesBadEvents : IO Unit := check "bad_events" fun vector => do
  match Event.decode (← bytes vector) with
  | .error reason => if reason.isEmpty then throw "refused without a reason"
  | .ok (id, event) => throw s!"read as {(event.toJson id).compress}"

/-- Every request that a writer can be asked for is written as the vector says. -/
def writesRequests : IO Unit := check "requests" fun vector => do
  if encoded vector then
    let (id, request) ← Request.fromJson (expected vector)
    let frame ← request.encode id
    let some text := String.fromUTF8? frame | throw "the frame is not UTF-8"
    let .str raw := vector.getObjValD "raw" | throw "no 'raw'"
    let written ← Json.parse text
    -- What a request leaves to its default may stand in it all the same.
    let asked ← Request.fromJson (← Json.parse raw)
    let read ← Request.fromJson written
    unless read == asked do throw s!"written as {text}"
    for (key, value) in (asObject? (← Json.parse raw)).getD [] do
      unless same (written.getObjValD key) value do throw s!"field '{key}' written in {text}"

/-- Some vector is of the kind that a test looks for: else the test would pass on nothing. -/
def someRequestIsWritten : IO Unit := do
  unless (← vectors "requests").any fun (_, vector) => encoded vector do
    throw <| IO.userError "no request has 'encode': true"

#eval readsEvents
#eval refusesBadEvents
#eval writesRequests
#eval someRequestIsWritten

def step : ProofStep := { goals := #["⊢ True"], tactic := "trivial" }

/-- The reason of a refusal, for `#guard`. -/
def reason (result : Except String α) : String :=
  match result with
  | .ok _ => "accepted"
  | .error reason => reason

#guard reason ((Request.score { steps := #[] }).encode "r1") == "a request must have 1 to 1000 steps, not 0"
#guard reason ((Request.score { steps := .replicate 1001 step }).encode "r1")
  == "a request must have 1 to 1000 steps, not 1001"
#guard reason ((Request.score { steps := #[step], deadlineMs := 0 }).encode "r1")
  == "a deadline must be 1 to 3600000 milliseconds, not 0"
#guard reason (Request.health.encode "") == "a request's id must have 1 to 64 characters, not 0"
#guard reason (Request.cancel.encode ("".pushn 'a' 65)) == "a request's id must have 1 to 64 characters, not 65"
#guard (reason ((Request.score { steps := #[{ step with tactic := "".pushn 'a' maxBytes }] }).encode "r1")).endsWith
  "bytes, at most 4194304 are allowed: send fewer steps at a time"
#guard reason (ProofStep.fromJson (Json.mkObj [("goals", Lean.toJson #["⊢ p"]), ("tactic", " \n")]))
  == "field 'tactic' is empty: a step needs the text that is proposed"
#guard reason (Event.decode "{\"eva\": 2, \"type\": \"done\", \"id\": \"r1\"}".toUTF8)
  == "the message is of version 2 of the protocol, and this client speaks 1; update the older of the two"

end EvaTest.Protocol

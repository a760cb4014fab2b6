import Eva.Client.Shared
import Eva.Client.Link

/-!
# A stand-in for the daemon, in this process

With this module imported, every connection is to a peer that scores by rules of its own, without a model: what is to be
seen is what Lean asks and shows. The tests with the real daemon and its model stand in `tests/editor/`.

Its value of a step is the number of characters of the tactic, a hundredth each. A step `skip` is off format, `rfl` is too
long, to one that has an `omega` it never answers, and for the words of one that has a `decide` its queue is full.
-/

open Lean (Json)
open Eva Eva.Protocol

namespace EvaTest.StandIn

def path : System.FilePath := ".build" / "lean-check" / "stand-in.json"

def judged (expected spread : Float) : DimensionScore :=
  { expected, spread, mass := 0.5, distribution := #[(1, 0.25), (2, 0.25), (3, 0), (4, 0), (5, 0.5)] }

def score (index : Nat) (tactic : String) : StepScore :=
  if tactic == "rfl" then
    { index, status := .tooLong, value? := none, dimensions := #[], message? := some "900 of 512 tokens" }
  else {
    index, message? := none, value? := some (tactic.length.toFloat / 100)
    status := if tactic == "skip" then .offFormat else .scored
    dimensions := #[("logic", judged 2.5 1.5), ("alignment", judged 4 0.5), ("clarity", judged 5 0)] }

def answer (request : ScoreRequest) : List Event := Id.run do
  let mut events := []
  for step in request.steps, index in [0:request.steps.size] do
    if (step.tactic.splitOn "omega").length > 1 then return events
    events := events ++ [.score (score index step.tactic)]
    if request.critique && (step.tactic.splitOn "decide").length > 1 then
      return events ++ [.error "busy" "the queue is full" #[]]
    unless !request.critique || step.tactic == "rfl" do
      events := events ++ [.critique index s!"after {step.earlier.size} steps: " false, .critique index step.tactic true]
  return events ++ [.done request.steps.size "stand-in" 1]

/-- The message in a frame, if it is one. -/
def bodyOf (frame : ByteArray) : Option String := do
  let flags ← frame[0]?
  guard <| flags &&& 4 == 0
  String.fromUTF8? (frame.extract (if flags &&& 2 == 0 then 2 else 9) frame.size)

def command (name : String) : ByteArray := (Eva.Zmtp.Command.mk name .empty).frame

def welcome : ByteArray := (Eva.Zmtp.Mechanism.plain "" "").greeting ++ command "WELCOME" ++ command "READY"

def channel : BaseIO Channel := do
  let waiting ← IO.mkRef [welcome]
  return {
    send := fun bytes => do
      let some text := bodyOf bytes | return
      let .ok data := Json.parse text | return
      let .ok (id, .score request) := Request.fromJson data | return
      for event in answer request do
        waiting.modify (· ++ [Eva.Zmtp.messageFrames #[(event.toJson id).compress.toUTF8]])
    receive := fun ms => do
      let next? ← waiting.modifyGet fun
        | next :: rest => (some next, rest)
        | [] => (none, [])
      if let some next := next? then return .bytes next
      IO.sleep (min ms 20).toUInt32
      return .nothing
    close := pure ()
  }

/-- Put the connection file in its place. -/
def writeConnection : IO Unit := do
  IO.FS.createDirAll (path.parent.getD ".")
  IO.FS.writeFile path <| Json.compress <| Json.mkObj [
    ("eva", 1), ("endpoint", "tcp://127.0.0.1:1"), ("token", "secret"), ("pid", 1), ("model", "stand-in")]
  IO.setAccessRights path { user := { read := true, write := true } }

initialize
  writeConnection
  dialer.set fun _ _ _ => channel

end EvaTest.StandIn

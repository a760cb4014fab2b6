import Eva.Client
import EvaTest.FileChannel

/-!
# The Lean client against real peers

Run by `test_live.py`, which puts its directory in the place of `DIRECTORY`, has a relay carry the bytes, starts the
peers, and judges what is written to `results.json`.
-/

open System (FilePath)
open Lean (Json ToJson toJson)
open Eva Eva.Protocol

namespace Live

def directory : FilePath := "DIRECTORY"

/-- The connection file of a peer: a copy without a lock beside it, because this Lean cannot ask about locks. -/
def connectionOf (peer : String) : EIO ClientError Connection := Connection.read (directory / s!"{peer}.json")

def outcome (action : EIO ClientError α) : BaseIO Json := do
  match ← action.toBaseIO with
  | .ok _ => return "done"
  | .error error => return error.what

/-- Have `test_live.py` do something with a peer. -/
def haveDone (what : String) : IO Unit := do
  IO.FS.writeFile (directory / s!"{what}.please") ""
  let done ← EvaTest.FileChannel.wait ((← IO.monoMsNow) + 60000) do
    return if ← (directory / s!"{what}.done").pathExists then some () else none
  unless done.isSome do throw <| .userError s!"'{what}' was not done"

def request (tactics : List String) (critique := true) (deadlineMs := 60000) : ScoreRequest :=
  { steps := tactics.toArray.map fun tactic => { goals := #["n : Nat\n⊢ n + 0 = n"], tactic }, critique, deadlineMs }

/-- All events of a request, then how it ended. -/
def talk (client : Client) (request : ScoreRequest) (cancelAfter? : Option Nat := none) : BaseIO (Array Json) := do
  let events ← IO.mkRef #[]
  let cancelled : BaseIO Bool := return cancelAfter?.any (· ≤ (← events.get).size)
  let ended ← outcome <| client.score request (fun event => events.modify (·.push (event.toJson ""))) cancelled
  return (← events.get).push ended

/-- Read from the echoing ROUTER until `frame` is there, or so many slices of 100 ms have passed; whether it is. -/
def readUntil (link : Link) (frame? : Option ByteArray) : Nat → EIO ClientError (Link × Bool)
  | 0 => return (link, false)
  | slices + 1 => do
    let (link, frames, ended?) ← link.take (← link.channel.receive 100)
    if let some why := ended? then throw why
    if frame?.any frames.contains then return (link, true)
    readUntil link frame? slices

/-- The sizes of frames that come back from the echoing ROUTER as they went. Before them heartbeats alone keep the
connection. -/
def echo (dial : Dial) (sizes : List Nat) : EIO ClientError (List Nat) := do
  let mut (link, _) ← readUntil (← Link.connect dial (← connectionOf "echo") 20000) none 30
  let mut same := []
  for size in sizes do
    let frame : ByteArray := ⟨.replicate size (size % 251).toUInt8⟩
    link.send frame
    let (next, came) ← readUntil link (some frame) 100
    link := next
    if came then same := same ++ [size]
  link.channel.close
  return same

def sizes : List Nat := [0, 1, 255, 256, 70000]

def run : IO Unit := do
  let dial ← EvaTest.FileChannel.dial directory
  let clientOf (peer : String) : BaseIO Client := Client.new dial (connectionOf peer) 20000
  let mut results : Array (String × Json) := #[]
  let echoed ← (echo dial sizes).toBaseIO
  results := results.push ("echo", match echoed with | .ok same => toJson same | .error error => error.toString)
  for peer in ["echo-wrong", "nobody", "null", "web"] do
    results := results.push (peer, ← outcome (Link.connect dial (← IO.ofExcept <|
      (← (connectionOf peer).toBaseIO).mapError toString) 3000))
  for unfit in ["link", "stale"] do
    results := results.push (unfit, ← outcome (connectionOf unfit))
  -- A server of the daemon's with a scripted model.
  let client ← clientOf "scripted"
  results := results.push ("health", ← outcome client.health)
  results := results.push ("scores", toJson (← talk client (request ["simp", "too long", "omega"])))
  results := results.push ("model_error", toJson (← talk client (request ["raise"])))
  haveDone "hold"
  results := results.push ("cancel", toJson (← talk client (request ["rfl"]) (some 1)))
  results := results.push ("deadline", toJson (← talk client (request ["rfl"] (deadlineMs := 300))))
  haveDone "release"
  let tasks ← ["rw [h]", "exact h x", "ring"].mapM fun tactic => (talk client (request [tactic])).asTask .dedicated
  results := results.push ("together", toJson (← tasks.mapM fun task => IO.wait task))
  haveDone "restart"
  results := results.push ("after restart", toJson (← talk client (request ["simp"] (critique := false))))
  haveDone "stop"
  results := results.push ("after stop", toJson (← talk client (request ["simp"])))
  -- The daemon itself.
  let daemon ← clientOf "daemon"
  results := results.push ("daemon health", ← outcome daemon.health)
  results := results.push ("daemon", toJson (← talk daemon (request ["simp", "omega"])))
  IO.FS.writeFile (directory / "results.json") (Json.mkObj results.toList).compress

#eval run

end Live

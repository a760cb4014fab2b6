import Eva.Client.Channel

/-!
# A channel made of files

For a Lean without sockets. Connection number `n` is a few files in one directory, and `tests/zmtp/relay.py` carries the
bytes between them and TCP:

| file | by | |
|---|---|---|
| `n.dial` | Lean | the port of the daemon |
| `n.open`, `n.refused` | relay | the connection is there, or is not |
| `n.out`, `n.in` | Lean, relay | all bytes to the daemon, all bytes from it; they grow |
| `n.end` | relay | the daemon has ended the connection; `n.in` is complete |
| `n.close` | Lean | the client has |
-/

open System (FilePath)
open Eva

namespace EvaTest.FileChannel

/-- How long one sleeps between two looks. -/
def napMs : Nat := 5

partial def wait (endMs : Nat) (look : IO (Option α)) : IO (Option α) := do
  if let some found ← look then return some found
  if (← IO.monoMsNow) ≥ endMs then return none
  IO.sleep napMs.toUInt32
  wait endMs look

/-- Open the channel `number` in `directory`. -/
def dialAs (directory : FilePath) (number : Nat) (address : Address) (endMs : Nat) : IO Channel := do
  let file (what : String) : FilePath := directory / s!"{number}.{what}"
  IO.FS.writeFile (file "in") ""
  let output ← IO.FS.Handle.mk (file "out") .write
  let input ← IO.FS.Handle.mk (file "in") .read
  IO.FS.writeFile (file "dialling") s!"{address.port}"
  IO.FS.rename (file "dialling") (file "dial")
  let opened ← wait endMs do
    if ← (file "open").pathExists then return some true
    if ← (file "refused").pathExists then return some false
    return none
  unless opened == some true do
    throw <| .userError (if opened.isNone then "no connection in time" else "connection refused")
  let look : IO (Option Received) := do
    let ended ← (file "end").pathExists
    let bytes ← input.read 65536
    return if !bytes.isEmpty then some (.bytes bytes) else if ended then some .closed else none
  return {
    send := fun bytes => discard (do output.write bytes; output.flush : IO Unit).toBaseIO
    receive := fun ms => do
      let found ← (do wait ((← IO.monoMsNow) + ms) look : IO (Option Received)).toBaseIO
      return match found with
        | .ok found => found.getD .nothing
        | .error _ => .closed
    close := discard (IO.FS.writeFile (file "close") "").toBaseIO
  }

/-- Dials through the relay that watches `directory`. -/
def dial (directory : FilePath) : BaseIO Dial := do
  let dialled ← IO.mkRef 0
  return fun address endpoint ms => do
    let number ← dialled.modifyGet fun count => (count, count + 1)
    let endMs := (← IO.monoMsNow) + ms
    (dialAs directory number address endMs).toEIO fun error => .unreachable endpoint (toString error)

end EvaTest.FileChannel

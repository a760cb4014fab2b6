import Eva.Client
import Eva.Client.Shared

/-!
# The client, as far as it goes without a peer

Discovery, what every failure says, and conversations with a scripted channel. Those with real libzmq and the daemon
stand in `tests/zmtp/`.
-/

open System (FilePath)
open Eva Eva.Protocol

namespace EvaTest.Client

def unwrap (result : Except ClientError α) : IO α := IO.ofExcept (result.mapError toString)

/-- What comes of an action: `done`, or the error's first line. -/
def outcome (action : EIO ClientError α) : IO String := do
  match ← action.toBaseIO with
  | .ok _ => return "done"
  | .error error => return error.what

def expect (what : String) (found wanted : String) : IO Unit := do
  unless found == wanted do throw <| IO.userError s!"{what}: '{found}', expected '{wanted}'"

/-! Where the connection file is. -/

def place (windows : Bool) (env : List (String × String)) : IO String := do
  match ← (Connection.findPath (fun name => return env.lookup name) windows).toBaseIO with
  | .ok path => return path.toString
  | .error error => return error.toString

#eval show IO Unit from do
  let all := [("EVA_CONNECTION_FILE", "/f.json"), ("XDG_RUNTIME_DIR", "/run/user/1"), ("LOCALAPPDATA", "/local"),
    ("USERPROFILE", "/users/a"), ("HOME", "/home/a")]
  expect "named" (← place false all) "/f.json"
  expect "empty is not set" (← place false (("EVA_CONNECTION_FILE", "") :: all.drop 1)) "/run/user/1/eva/daemon.json"
  expect "runtime" (← place true (all.drop 1)) "/run/user/1/eva/daemon.json"
  expect "windows" (← place true (all.drop 2)) "/local/eva/daemon.json"
  expect "windows profile" (← place true (all.drop 3)) "/users/a/AppData/Local/eva/daemon.json"
  expect "home" (← place false (all.drop 2)) "/home/a/.cache/eva/daemon.json"
  expect "nowhere" (← place false [("USERPROFILE", "/users/a"), ("HOME", "")])
    "the daemon's connection file cannot be found: HOME is not set: \
      set EVA_CONNECTION_FILE to the daemon's connection file"
  expect "nowhere on windows" (← place true [("HOME", "/home/a")])
    "the daemon's connection file cannot be found: LOCALAPPDATA is not set: \
      set EVA_CONNECTION_FILE to the daemon's connection file"

/-! Which addresses are taken. -/

def endpoint (text : String) : String :=
  match Connection.parseEndpoint text with
  | .ok (some { host := .loopback4 b c d, port }) => s!"127.{b}.{c}.{d} {port}"
  | .ok (some { host := .loopback6, port }) => s!"::1 {port}"
  | .ok none => "elsewhere"
  | .error why => why

#guard endpoint "tcp://127.0.0.1:40111" == "127.0.0.1 40111"
#guard endpoint "tcp://127.1.2.255:1" == "127.1.2.255 1"
#guard endpoint "tcp://localhost:65535" == "127.0.0.1 65535"
#guard endpoint "tcp://[::1]:5570" == "::1 5570"
#guard endpoint "tcp://192.168.1.2:5570" == "elsewhere"
#guard endpoint "tcp://127.example.org:5570" == "elsewhere"
#guard endpoint "tcp://[fe80::1]:5570" == "elsewhere"
#guard endpoint "ipc:///tmp/socket" == "is not tcp://host:port"
#guard endpoint "tcp://127.0.0.1" == "has the port '127.0.0.1'"
#guard endpoint "tcp://127.0.0.1:0" == "has the port 0"
#guard endpoint "tcp://127.0.0.1:65536" == "has the port 65536"
#guard endpoint "tcp://127.0.0.256:80" == "has the host '127.0.0.256'"
#guard endpoint "tcp://:80" == "has no host"

/-! What the file says. -/

def parsed (text : String) : String :=
  match Connection.parse "f" text with
  | .ok { endpoint, token, pid, model, .. } => s!"{endpoint} {token} {pid} {model}"
  | .error error => error.what

def file (fields : String) : String := "{\"eva\": 1, \"token\": \"t\", \"pid\": 7, \"model\": \"m\", " ++ fields ++ "}"

#guard parsed (file "\"endpoint\": \"tcp://127.0.0.1:1\", \"new\": []") == "tcp://127.0.0.1:1 t 7 m"
#guard parsed "{" == "f is not JSON"
#guard parsed "[]" == "f is not a JSON object"
#guard parsed "{}" == "f is of version nothing, not 1"
#guard parsed "{\"eva\": 2}" == "f is of version 2, not 1"
#guard parsed (file "\"x\": 1") == "f is malformed: field 'endpoint' must be a string, not nothing"
#guard parsed (file "\"endpoint\": \"tcp://x\"") == "f has the endpoint 'tcp://x', which has the port 'x'"
#guard parsed (file "\"endpoint\": \"tcp://10.0.0.1:1\"")
  == "the daemon at tcp://10.0.0.1:1 is to be reached with CURVE, which Lean does not speak"
#guard parsed (file "\"endpoint\": \"tcp://127.0.0.1:1\", \"curve\": {}")
  == "the daemon at tcp://127.0.0.1:1 is to be reached with CURVE, which Lean does not speak"

/-! Who may have touched it. -/

def listed (line : String) : String := (Connection.unsafeListing? line "1000").getD "safe"

#guard listed "-rw------- 1 1000 1000 201 Nov 22 23:00 /home/a/daemon.json" == "safe"
#guard listed "-rw-------. 1 1000  1000  201 Nov 22 23:00 f" == "safe"
#guard listed "-r--------@ 1 1000 1000 201 Nov 22 23:00 f" == "safe"
#guard listed "-rw-r----- 1 1000 1000 201 Nov 22 23:00 f" == "can be opened by others (mode -rw-r-----)"
#guard listed "-rw-----w- 1 1000 1000 201 Nov 22 23:00 f" == "can be opened by others (mode -rw-----w-)"
#guard listed "-rw------- 1 0 0 201 Nov 22 23:00 f" == "belongs to another user (uid 0)"
#guard listed "" == "safe"

/-- Read a connection file with this content. -/
def readFrom (directory : FilePath) (content : String) : IO String := do
  IO.FS.writeFile (directory / "f.json") content
  IO.setAccessRights (directory / "f.json") { user := { read := true, write := true } }
  outcome (Connection.read (directory / "f.json"))

#eval show IO Unit from do
  let directory := FilePath.mk ".build" / "lean-check" / "connection"
  if ← directory.pathExists then IO.FS.removeDirAll directory
  IO.FS.createDirAll directory
  let absent := directory / "no.json"
  expect "missing" (← outcome (Connection.read absent)) s!"no daemon runs (no {absent})"
  expect "a directory" (← outcome (Connection.read directory)) s!"{directory} is not a regular file"
  expect "empty" (← readFrom directory "") s!"{directory / "f.json"} is not JSON"

/-! A lock speaks only for the daemons of the host that it names. -/

#eval show IO Unit from do
  let directory := FilePath.mk ".build" / "lean-check" / "connection"
  let lock := directory / "f.json.lock"
  let named (host : String) := file s!"\"endpoint\": \"tcp://127.0.0.1:1\", \"host\": {host}"
  let stale := s!"the daemon of {directory / "f.json"} (pid 7) is gone"
  expect "no lock" (← readFrom directory (named "\"here\"")) "done"
  for (text, host, wanted) in [
      ("4711 here\n", "\"here\"", stale), ("4711 here\n", "\"elsewhere\"", "done"), ("4711 here\n", "\"\"", stale),
      ("4711 here\n", "null", stale), ("", "\"here\"", stale), ("4711", "\"here\"", stale)] do
    IO.FS.writeFile lock text
    expect s!"'{text}' beside {host}" (← readFrom directory (named host)) wanted

/-! Every failure says what to do. -/

def failures : List ClientError := [
  .noHome "HOME", .missing "f", .malformed "f" "x", .unsafeFile "f" "x", .stale "f" 7, .needsCurve "e",
  .unreachable "e" "x", .noHandshake "e" 5, .wrongToken "e" "f", .notDaemon "e" "x", .lost "e", .badRequest "x",
  .failed "busy" "x", .failed "model_error" "x", .failed "new" "x", .deadline 5 true, .deadline 5 false, .cancelled]

#guard failures.all fun error => error.what.length > 0 && error.remedy.length > 10 && !error.toString.contains '\n'
#guard (ClientError.wrongToken "tcp://127.0.0.1:1" "f").toString == "the daemon at tcp://127.0.0.1:1 refused the token \
  of f: it is another daemon's: restart it with 'eva stop' and 'eva serve --detach'"

/-! Conversations with a peer that says what it was told to say. -/

def connection : Connection :=
  { path := "f", address := { host := .loopback4 0 0 1, port := 1 }, endpoint := "tcp://127.0.0.1:1", token := "secret"
    pid := 7, model := "m" }

/-- A channel that gives `script` piece by piece, then nothing, and notes what is sent. -/
def scripted (script : List Received) (sent : IO.Ref ByteArray) : IO Channel := do
  let rest ← IO.mkRef script
  return {
    send := fun bytes => sent.modify (· ++ bytes)
    receive := fun ms => do
      if (← rest.get).isEmpty then IO.sleep ms.toUInt32
      rest.modifyGet fun
      | next :: rest => (next, rest)
      | [] => (.nothing, [])
    close := pure ()
  }

def command (name : String) : ByteArray := (Eva.Zmtp.Command.mk name .empty).frame
def welcome : ByteArray := (Eva.Zmtp.Mechanism.plain "" "").greeting ++ command "WELCOME" ++ command "READY"
def says (text : String) : Received := .bytes (Eva.Zmtp.messageFrames #[text.toUTF8])

def doneEvent (id : String) : String :=
  "{\"eva\": 1, \"type\": \"done\", \"id\": \"" ++ id ++ "\", \"steps\": 1, \"model\": \"m\", \"elapsed_ms\": 1}"

def errorEvent (id code : String) : String :=
  "{\"eva\": 1, \"type\": \"error\", \"id\": \"" ++ id ++ "\", \"code\": \"" ++ code ++ "\", \"message\": \"why\"}"

def wordEvent (id : String) : String :=
  "{\"eva\": 1, \"type\": \"critique\", \"id\": \"" ++ id ++ "\", \"index\": 0, \"text\": \"w\", \"final\": true}"

/-- A client whose connections are these scripts, one after the other; then nothing listens. -/
def clientOf (scripts : List (List Received)) (sent : IO.Ref ByteArray) : IO Client := do
  let channels ← IO.mkRef (← scripts.mapM (scripted · sent))
  Client.new (find := pure connection) (timeoutMs := 300) fun _ endpoint _ => do
    match ← channels.modifyGet fun | [] => (none, []) | next :: rest => (some next, rest) with
    | some channel => return channel
    | none => throw <| .unreachable endpoint "refused"

def request : ScoreRequest := { steps := #[{ goals := #["⊢ p"], tactic := "simp" }], deadlineMs := 1000 }

def talk (script : List Received) (cancelled : BaseIO Bool := pure false) : IO String := do
  let client ← clientOf [script] (← IO.mkRef .empty)
  outcome (client.score request (fun _ => pure ()) cancelled)

#eval show IO Unit from do
  let ready := Received.bytes welcome
  expect "done" (← talk [ready, says (wordEvent "r1"), says (doneEvent "r1")]) "done"
  expect "another's answer" (← talk [ready, says (doneEvent "r7"), says (errorEvent "r1" "busy")]) "why (busy)"
  expect "no id" (← talk [ready, says (errorEvent "" "too_large")]) "why (too_large)"
  expect "daemon's deadline" (← talk [ready, says (errorEvent "r1" "deadline")])
    "the daemon was not done within 1000 ms"
  expect "cancelled there" (← talk [ready, says (errorEvent "r1" "cancelled")]) "the request was cancelled"
  expect "cancelled here" (← talk [ready] (pure true)) "the request was cancelled"
  expect "silence" (← talk [ready]) "no answer within 3000 ms"
  expect "end" (← talk [ready, .closed]) "the connection to the daemon at tcp://127.0.0.1:1 was lost"
  let noDaemon := "what answers at tcp://127.0.0.1:1 is no eva daemon of this version: "
  let notJson ← talk [ready, says "hello"]
  unless notJson.startsWith (noDaemon ++ "it sent something unreadable: the message is not JSON") do
    throw <| IO.userError notJson
  expect "two frames" (← talk [ready, .bytes (Eva.Zmtp.messageFrames #[.empty, .empty])])
    (noDaemon ++ "it sent a message of 2 frames")
  expect "bad frame" (← talk [ready, .bytes ⟨#[9]⟩])
    (noDaemon ++ "a frame has the flags 9, which ZMTP 3 does not have")
  expect "not ZMTP" (← talk [.bytes "HTTP".toUTF8])
    (noDaemon ++ "octet 0 of the greeting is 72, which is not ZMTP")
  expect "hangs up" (← talk [.closed]) (noDaemon ++ "it ended the connection during the handshake")
  expect "says nothing" (← talk []) "tcp://127.0.0.1:1 did not finish the handshake within 300 ms"
  let greeting := (Eva.Zmtp.Mechanism.plain "" "").greeting
  expect "wrong token" (← talk [.bytes (greeting ++ ⟨#[4, 9]⟩ ++ "^RROR\x03400".toUTF8)])
    "the daemon at tcp://127.0.0.1:1 refused the token of f"

/-- A daemon that was restarted: the old connection is dead at the second request, or dies before it is answered. -/
def reconnects : IO Unit := do
  for dying in [[Received.closed], [.nothing, .closed]] do
    let sent ← IO.mkRef .empty
    let client ← clientOf
      [[.bytes welcome, says (doneEvent "r1")] ++ dying, [.bytes welcome, says (doneEvent "r2"), says (doneEvent "r3")]]
      sent
    discard <| unwrap (← (client.score request fun _ => pure ()).toBaseIO)
    discard <| unwrap (← (client.score request fun _ => pure ()).toBaseIO)
    let greetings := (String.fromUTF8! (ByteArray.mk ((← sent.get).data.filter (· < 128)))).splitOn "HELLO"
    unless greetings.length == 3 do throw <| IO.userError s!"{greetings.length - 1} connections"

#eval reconnects

/-- What was told is not asked again: a connection that ends after an event is an error. -/
def asksOnce : IO Unit := do
  let told ← IO.mkRef 0
  let client ← clientOf
    [[.bytes welcome, says (doneEvent "r1"), .nothing, says (wordEvent "r2"), .closed], [.bytes welcome]]
    (← IO.mkRef .empty)
  discard <| unwrap (← (client.score request fun _ => pure ()).toBaseIO)
  expect "after a word" (← outcome (client.score request fun _ => told.modify (· + 1)))
    "the connection to the daemon at tcp://127.0.0.1:1 was lost"
  unless (← told.get) == 1 do throw <| IO.userError s!"{← told.get} events"

#eval asksOnce

/-- What is refused here is not sent. -/
def refusesEarly : IO Unit := do
  let sent ← IO.mkRef .empty
  let client ← clientOf [] sent
  expect "no steps" (← outcome (client.score { request with steps := #[] } fun _ => pure ()))
    "a request must have 1 to 1000 steps, not 0"
  unless (← sent.get).isEmpty do throw <| IO.userError "something was sent"
  expect "nobody there" (← outcome client.health) "nothing answers at tcp://127.0.0.1:1: refused"

#eval refusesEarly

/-- Two threads, one connection: each hears its own words. Nothing is told before both have asked. -/
def sharesConnection : IO Unit := do
  let words := (List.range 50).flatMap fun _ => [says (wordEvent "r1"), says (wordEvent "r2")]
  let told ← scripted (words ++ [says (doneEvent "r2"), .nothing, says (doneEvent "r1")]) (← IO.mkRef .empty)
  let greeted ← IO.mkRef false
  let asked ← IO.mkRef 0
  let dialled ← IO.mkRef 0
  let channel : Channel := { told with
    send := fun bytes => if bytes[0]! == 0 then asked.modify (· + 1) else pure ()
    receive := fun ms => do
      unless ← greeted.modifyGet ((·, true)) do return .bytes welcome
      if (← asked.get) < 2 then
        IO.sleep 5
        return .nothing
      told.receive ms }
  let client ← Client.new (find := pure connection) fun _ _ _ => do
    dialled.modify (· + 1)
    return channel
  let ask : EIO ClientError Nat := do
    let heard ← IO.mkRef 0
    discard <| client.score { request with deadlineMs := 20000 } fun _ => heard.modify (· + 1)
    heard.get
  let tasks ← [1, 2].mapM fun _ => ask.asTask .dedicated
  for task in tasks do
    let heard ← unwrap task.get
    unless heard == 50 do throw <| IO.userError s!"{heard} words"
  unless (← dialled.get) == 1 do throw <| IO.userError s!"{← dialled.get} connections"

#eval sharesConnection

/-- A peer that accepts and stays silent: those who ask while it is waited for do not wait again, one after another. -/
def waitsOnce : IO Unit := do
  let begun ← IO.mkRef 0
  let dialled ← IO.mkRef 0
  let client ← Client.new (find := pure connection) fun _ endpoint _ => do
    dialled.modify (· + 1)
    while (← begun.get) < 4 do IO.sleep 10
    IO.sleep 500
    throw <| .noHandshake endpoint 500
  let tasks ← (List.range 4).mapM fun _ => IO.asTask (prio := .dedicated) do
    begun.modify (· + 1)
    outcome client.health
  for task in tasks do
    expect "silent" (← IO.ofExcept task.get) "tcp://127.0.0.1:1 did not finish the handshake within 500 ms"
  unless (← dialled.get) == 1 do throw <| IO.userError s!"{← dialled.get} connections"
  discard <| outcome client.health
  unless (← dialled.get) == 2 do throw <| IO.userError "a later request did not try again"

#eval waitsOnce

/-- A request's time begins when it is made, not when there is a connection. -/
def countsConnecting : IO Unit := do
  let channel ← scripted [.bytes welcome, says (doneEvent "r1")] (← IO.mkRef .empty)
  let client ← Client.new (find := pure connection) fun _ _ _ => do
    IO.sleep 2100
    return channel
  expect "slow to connect" (← outcome (client.score { request with deadlineMs := 1 } fun _ => pure ()))
    "no answer within 2001 ms"

#eval countsConnecting

end EvaTest.Client

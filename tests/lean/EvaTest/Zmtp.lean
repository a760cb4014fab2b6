import Eva.Zmtp
import Lean.Data.Json

/-!
# ZMTP against transcripts of real libzmq, and against malformed bytes

Each transcript of `tests/vectors/zmtp/` is fed whole, cut in two at every place, byte by byte and in random pieces.
-/

open Lean (Json FromJson fromJson?)
open Eva.Zmtp

namespace EvaTest.Zmtp

/-- A recorded connection: see `tests/vectors/README.md`. -/
structure Transcript where
  name : String
  config : Config
  greeting : ByteArray
  handshake : ByteArray
  request : ByteArray
  answers : ByteArray
  server : ByteArray
  messages : Array (Array ByteArray)
  pings : Nat
  refused? : Option String

def hexBytes (hex : String) : Except String ByteArray := do
  let digit (c : Char) : Except String Nat :=
    match "0123456789abcdef".toList.idxOf? c with
    | some value => .ok value
    | none => .error s!"'{c}' is no hexadecimal digit"
  let rec pairs (bytes : ByteArray) : List Char → Except String ByteArray
    | high :: low :: rest => do pairs (bytes.push (16 * (← digit high) + (← digit low)).toUInt8) rest
    | [] => .ok bytes
    | [_] => .error "an odd number of hexadecimal digits"
  pairs .empty hex.toList

def Transcript.fromJson (data : Json) : Except String Transcript := do
  let text (key : String) : Except String String := data.getObjVal? key >>= Json.getStr?
  let bytes (key : String) : Except String ByteArray := text key >>= hexBytes
  let mechanism ← match ← text "mechanism" with
    | "PLAIN" => pure (Mechanism.plain (← text "username") (← text "password"))
    | "NULL" => pure .null
    | other => throw s!"mechanism {other}"
  return {
    name := ← text "name"
    config := { mechanism, identity := ← bytes "identity" }
    greeting := ← bytes "greeting", handshake := ← bytes "handshake", request := ← bytes "request"
    answers := ← bytes "answers", server := ← bytes "server"
    messages := ← (← (← data.getObjVal? "messages").getArr?).mapM fun frames => do
      (← frames.getArr?).mapM fun frame => frame.getStr? >>= hexBytes
    pings := ← data.getObjVal? "pings" >>= Json.getNat?
    refused? := ← fromJson? (← data.getObjVal? "refused")
  }

def transcripts : IO (Array Transcript) := do
  let path := System.FilePath.mk "tests" / "vectors" / "zmtp" / "transcripts.json"
  let found ← IO.ofExcept <| Json.parse (← IO.FS.readFile path) >>= Json.getArr?
  unless found.size ≥ 7 do throw <| IO.userError s!"{path} holds {found.size} transcripts"
  found.mapM fun data => IO.ofExcept (Transcript.fromJson data)

/-- Feed pieces one after the other: all events, all replies, the state at the end. -/
def feedAll (state : State) (pieces : List ByteArray) : Fed :=
  pieces.foldl (init := { state }) fun fed piece =>
    let more := fed.state.feed piece
    { state := more.state, events := fed.events ++ more.events, reply := fed.reply ++ more.reply }

def started (config : Config) : Except String State :=
  match State.start config with
  | .ok (state, _) => .ok state
  | .error error => .error (toString error)

/-- What must come of a transcript, however it is cut. -/
def expect (transcript : Transcript) (fed : Fed) : Except String Unit := do
  let events := fed.events
  let reply := fed.reply
  unless reply == transcript.handshake ++ transcript.answers do
    throw s!"replies {reply.toList}, libzmq {(transcript.handshake ++ transcript.answers).toList}"
  let messages := events.filterMap fun | .message parts => some parts | _ => none
  unless messages == transcript.messages do throw s!"{messages.size} messages, or others than were sent"
  let pings := events.filter (· matches .ping 25 _)
  unless pings.size == transcript.pings do throw s!"{pings.size} heartbeats"
  match transcript.refused?, events.toList with
  | some reason, [event] => unless event == .failed (.refused reason) do throw "not refused, or for another reason"
  | none, .ready peer :: _ =>
    unless peer.get? "socket-type" == some "ROUTER".toUTF8 do throw "the peer's socket type is lost"
    unless events.size == 1 + messages.size + pings.size do throw "there are other events"
  | _, _ => throw "the first event is neither `ready` nor `failed`, or there are too many"

/-- Pieces of random lengths, 0 to `longest`. -/
def randomPieces (bytes : ByteArray) (longest seed : Nat) : List ByteArray := Id.run do
  let mut random := mkStdGen seed
  let mut pieces := []
  let mut start := 0
  while start < bytes.size do
    let (length, next) := randNat random 0 longest
    random := next
    pieces := bytes.extract start (start + length) :: pieces
    start := start + length
  return pieces.reverse

def onEvery (check : Transcript → State → Except String Unit) : IO Unit := do
  for transcript in ← transcripts do
    if let .error reason := started transcript.config >>= check transcript then
      throw <| IO.userError s!"'{transcript.name}': {reason}"

#eval onEvery fun transcript state => expect transcript (state.feed transcript.server)

#eval onEvery fun transcript state => do
  let bytes := transcript.server
  for i in [0:bytes.size + 1] do
    if let .error reason := expect transcript (feedAll state [bytes.extract 0 i, bytes.extract i bytes.size]) then
      throw s!"cut at {i}: {reason}"

#eval onEvery fun transcript state =>
  expect transcript (feedAll state (transcript.server.toList.map fun octet => ⟨#[octet]⟩))

#eval onEvery fun transcript state => do
  for seed in [0:40] do
    if let .error reason := expect transcript (feedAll state (randomPieces transcript.server (1 + 5 * seed) seed)) then
      throw s!"seed {seed}: {reason}"

/-- A transcript that is cut off is not yet anything wrong. -/
def nothingTooEarly : IO Unit := onEvery fun transcript state => do
  for i in [0:transcript.server.size] do
    let fed := state.feed (transcript.server.extract 0 i)
    if fed.events.any (· matches .failed _) then throw s!"failed after {i} bytes"

#eval nothingTooEarly

/-- What is sent unasked: the greeting (but for its padding, which means nothing) and a message. -/
def sendsAsLibzmq : IO Unit := do
  for transcript in ← transcripts do
    let .ok (_, greeting) := State.start transcript.config | throw <| IO.userError "no start"
    unless greeting.size == 64 && greeting[0]! == 0xFF
        && greeting.extract 9 64 == transcript.greeting.extract 9 64 do
      throw <| IO.userError s!"'{transcript.name}': greeting {greeting.toList}"
    unless transcript.request.isEmpty || transcript.request == messageFrames #["hello".toUTF8] do
      throw <| IO.userError s!"'{transcript.name}': the message is written otherwise"

#eval sendsAsLibzmq

/-! Messages that are written here are read here, at the borders between short and long frames. -/

def plain : Config := { mechanism := .plain "eva" "secret" }
def null : Config := { mechanism := .null }

/-- The state after a handshake under NULL. -/
def inTraffic (limits : Limits := {}) : State :=
  let state := (State.start { null with limits }).toOption.get!.1
  (feedAll state [null.mechanism.greeting, (Command.withMetadata "READY" #[]).frame]).state

def octets (count : Nat) : ByteArray := ⟨.replicate count 7⟩

#guard [0, 1, 254, 255, 256, 65535, 65536, 100000].all fun size =>
  let parts := #[octets size, octets 3, octets size]
  (inTraffic.feed (messageFrames parts)).events == #[.message parts]

#guard (messageFrames #[octets 255]).extract 0 3 == ⟨#[0, 255, 7]⟩
#guard (messageFrames #[octets 256]).extract 0 10 == ⟨#[2, 0, 0, 0, 0, 0, 0, 1, 0, 7]⟩
#guard readBigEndian (bigEndian 8 0x0102030405060708) 0 8 == 0x0102030405060708
#guard (Command.hello "user" "pass").frame
  == ⟨#[4, 16, 5, 72, 69, 76, 76, 79, 4, 117, 115, 101, 114, 4, 112, 97, 115, 115]⟩

/-! Malformed bytes: each is the error that it is, at the byte that shows it, and nothing comes after it. -/

/-- The one event of bytes that come `before` a `failed`. -/
def failure (state : State) (bytes : ByteArray) : String :=
  let whole := state.feed bytes
  let single := feedAll state (bytes.toList.map fun octet => ⟨#[octet]⟩)
  if whole.events != single.events || whole.reply != single.reply then "depends on how it is cut"
  else if whole.state.pending.size + single.state.pending.size > 2 * bytes.size then "keeps more than it was given"
  else match whole.events.back?, (whole.state.feed (octets 100)).events with
    | some (.failed error), #[] => toString error
    | some (.failed _), _ => "goes on after a failure"
    | _, _ => "accepted"

def fresh (config : Config) : State := (State.start config).toOption.get!.1

/-- The states in which `WELCOME` and `READY` are awaited. -/
def awaitsWelcome : State := ((fresh plain).feed plain.mechanism.greeting).state
def awaitsReady : State := (awaitsWelcome.feed (Command.mk "WELCOME" .empty).frame).state

def command (name : String) (data : List UInt8 := []) : ByteArray := (Command.mk name ⟨data.toArray⟩).frame
def ascii (text : String) : List UInt8 := text.toUTF8.toList

-- The greeting.
#guard failure (fresh plain) "HTTP/1.1 400 Bad Request".toUTF8 == "octet 0 of the greeting is 72, which is not ZMTP"
#guard failure (fresh plain) ⟨#[0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7E]⟩
  == "octet 9 of the greeting is 126, which is not ZMTP"
#guard failure (fresh plain) ⟨#[0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 1]⟩
  == "the peer speaks ZMTP 1, at least 3 is needed"
#guard failure (fresh plain) null.mechanism.greeting == "the peer's security mechanism is NULL, not PLAIN"
#guard failure (fresh null) (plain.mechanism.greeting.extract 0 32)
  == "the peer's security mechanism is PLAIN, not NULL"
#guard failure (fresh plain) (plain.mechanism.greeting.set! 12 0)
  == "the peer's security mechanism is ?LAIN, not PLAIN"
-- A later version is welcome.
#guard failure (fresh plain) ((plain.mechanism.greeting.set! 10 4).set! 11 7) == "accepted"

-- Frames.
#guard failure inTraffic ⟨#[8]⟩ == "a frame has the flags 8, which ZMTP 3 does not have"
#guard failure inTraffic ⟨#[5, 0]⟩ == "a frame has the flags 5, which ZMTP 3 does not have"
#guard failure inTraffic ⟨#[2, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]⟩
  == "octets of a message: 18446744073709551615, at most 16777216 are taken"
#guard failure inTraffic ⟨#[6, 0, 0, 0, 0, 0, 1, 0, 1]⟩ == "octets of a command: 65537, at most 65536 are taken"
#guard failure (inTraffic { message := 10 }) (messageFrames #[octets 6, octets 5])
  == "octets of a message: 11, at most 10 are taken"
#guard failure (inTraffic { message := 10 }) (messageFrames #[octets 5, octets 5]) == "accepted"
#guard failure (inTraffic { frames := 3 }) (messageFrames (.replicate 4 .empty))
  == "frames of a message: 4, at most 3 are taken"
-- A long frame may be short.
#guard (inTraffic.feed ⟨#[2, 0, 0, 0, 0, 0, 0, 0, 1, 65]⟩).events == #[.message #["A".toUTF8]]

-- The handshake.
#guard failure awaitsWelcome (messageFrames #["x".toUTF8]) == "a message came before the handshake was done"
#guard failure awaitsWelcome (command "READY") == "the command READY came instead of WELCOME"
#guard failure awaitsWelcome (command "WELCOME" [1]) == "malformed command WELCOME: it holds data"
#guard failure awaitsReady (command "WELCOME") == "the command WELCOME came instead of READY"
#guard failure awaitsReady (command "PING" [0, 0]) == "the command PING came instead of READY"
#guard failure awaitsWelcome (command "ERROR" (3 :: ascii "400")) == "the peer refused with the reason '400'"
#guard failure awaitsWelcome ⟨#[4, 9] ++ (ascii "^RROR").toArray ++ #[3] ++ (ascii "400").toArray⟩
  == "the peer refused with the reason '400'"
#guard failure awaitsReady (command "ERROR" (4 :: ascii "a\x1bé")) == "the peer refused with the reason 'a???'"
#guard failure awaitsReady (command "ERROR" []) == "malformed command ERROR: its reason ends after the command does"
#guard failure awaitsReady (command "ERROR" [0, 1]) == "malformed command ERROR: there is more after its reason"
#guard failure awaitsReady (command "READY" (ascii "\x0bSocket-Type\x00\x00\x00\x03PUB"))
  == "the peer is a PUB, with which a DEALER cannot speak"
#guard failure awaitsReady (command "READY" (ascii "\x0bSOCKET-type\x00\x00\x00\x06ROUTER")) == "accepted"
#guard failure awaitsReady (command "READY" [0, 0, 0, 0, 0]) == "malformed command READY: property 0 has no name"
#guard failure awaitsReady (command "READY" [5, 65])
  == "malformed command READY: property 0 has a name that ends after the command does"
#guard failure awaitsReady (command "READY" [1, 65, 0, 0, 0])
  == "malformed command READY: property 'A' ends after the command does"
#guard failure awaitsReady (command "READY" [1, 65, 0x7F, 0xFF, 0xFF, 0xFF, 1])
  == "malformed command READY: property 'A' ends after the command does"

-- Traffic.
#guard failure inTraffic ⟨#[4, 0]⟩ == "malformed command ?: its name ends after the command does"
#guard failure inTraffic ⟨#[4, 1, 0]⟩ == "malformed command : a name is one or more letters"
#guard failure inTraffic (command "PI-G") == "malformed command PI-G: a name is one or more letters"
#guard failure inTraffic (command "PING" [0]) == "malformed command PING: it holds 1 octets, 2 to 18 are allowed"
#guard failure inTraffic (command "PING" (.replicate 19 0))
  == "malformed command PING: it holds 19 octets, 2 to 18 are allowed"
#guard failure inTraffic (command "PONG" (.replicate 17 0))
  == "malformed command PONG: it holds 17 octets, at most 16 are allowed"
#guard failure inTraffic (command "ERROR" (2 :: ascii "no")) == "the peer refused with the reason 'no'"

/-- A heartbeat with a context, between the frames of a message, is answered with its context. -/
def heartbeat : Fed :=
  inTraffic.feed <| (messageFrames #[octets 1, octets 2]).extract 0 3 ++ (Command.ping 300 "ctx".toUTF8).frame
    ++ (messageFrames #[octets 2]) ++ (Command.pong "mine".toUTF8).frame ++ command "SUBSCRIBE" [1, 2]
    ++ command "Later"

#guard heartbeat.events
  == #[.ping 300 "ctx".toUTF8, .message #[octets 1, octets 2], .pong "mine".toUTF8]
#guard heartbeat.reply == (Command.pong "ctx".toUTF8).frame

-- What does not fit is refused before a byte is sent.
def startError (config : Config) : String :=
  match State.start config with
  | .ok _ => "started"
  | .error error => toString error

#guard startError { mechanism := .plain ("".pushn 'a' 256) "b" }
  == "the user's name has 256 octets, at most 255 are allowed"
#guard startError { mechanism := .plain "a" ("".pushn 'é' 128) }
  == "the password has 256 octets, at most 255 are allowed"
#guard startError { null with identity := octets 256 } == "the identity has 256 octets, at most 255 are allowed"
#guard startError { null with identity := ⟨#[0, 1]⟩ } == "an identity must not start with a zero"
#guard startError { mechanism := .plain ("".pushn 'a' 255) "", identity := octets 255 } == "started"

/-- Random bytes end in events or in an error, the same however they are cut. -/
def survivesNoise : IO Unit := do
  let mut random := mkStdGen 5
  for round in [0:400] do
    let mut bytes := ByteArray.empty
    for _ in [0:60] do
      let (octet, next) := randNat random 0 (if round % 2 == 0 then 255 else 7)
      random := next
      bytes := bytes.push octet.toUInt8
    let state := [inTraffic, awaitsReady, awaitsWelcome, fresh plain][round % 4]!
    if ["depends on how it is cut", "keeps more than it was given", "goes on after a failure"].contains
        (failure state bytes) then
      throw <| IO.userError s!"{failure state bytes}: {bytes.toList}"

#eval survivesNoise

end EvaTest.Zmtp

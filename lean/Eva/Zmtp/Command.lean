module

public import Eva.Zmtp.Frame

/-!
# Commands

The body of a command is its name, after its length, and its data (RFC 37, "Commands"). Those of the handshake carry a
user (`HELLO`), properties of the connection (`INITIATE`, `READY`), a reason (`ERROR`) or nothing (`WELCOME`); `PING` and
`PONG` are the heartbeat.
-/

namespace Eva.Zmtp

public section

structure Command where
  name : String
  data : ByteArray := .empty
  deriving Inhabited, BEq

/-- Properties of a connection, such as `Socket-Type`, by name. -/
abbrev Metadata := Array (String × ByteArray)

/-- libzmq (4.3.5, on both its sides) writes `^RROR` where its length (5) and `ERROR` belong. -/
private def brokenError : ByteArray := "^RROR".toUTF8

namespace Command

/-- The command as a frame. -/
def frame (command : Command) : ByteArray := commandFrame (shortText command.name.toUTF8 ++ command.data)

/-- The command in the body of a frame. -/
def read (body : ByteArray) : Except Error Command := do
  if body.extract 0 brokenError.size == brokenError then
    return { name := "ERROR", data := body.extract brokenError.size body.size }
  let some (name, stop) := readShortText? body 0 | throw <| .badCommand "?" "its name ends after the command does"
  let letter (octet : UInt8) : Bool := (65 ≤ octet && octet ≤ 90) || (97 ≤ octet && octet ≤ 122)
  unless name.size > 0 && name.toList.all letter do
    throw <| .badCommand (asciiText name) "a name is one or more letters"
  return { name := asciiText name, data := body.extract stop body.size }

def hello (username password : String) : Command :=
  { name := "HELLO", data := shortText username.toUTF8 ++ shortText password.toUTF8 }

/-- `PING` and the seconds, in tenths, after which a silent peer counts as dead (0: never). -/
def ping (ttl : Nat) (context : ByteArray) : Command :=
  { name := "PING", data := bigEndian 2 ttl ++ context }

def pong (context : ByteArray) : Command := { name := "PONG", data := context }

/-- A command whose data are properties: `READY`, `INITIATE`. -/
def withMetadata (name : String) (properties : Metadata) : Command :=
  { name
    data := properties.foldl (init := .empty) fun data (key, value) =>
      data ++ shortText key.toUTF8 ++ bigEndian 4 value.size ++ value }

/-- The properties in the data of `READY`. -/
def readMetadata (command : Command) : Except Error Metadata := do
  let data := command.data
  let mut properties := #[]
  let mut start := 0
  for _ in [0:data.size] do
    if start == data.size then break
    let some (key, stop) := readShortText? data start
      | throw <| .badCommand command.name s!"property {properties.size} has a name that ends after the command does"
    if key.isEmpty then throw <| .badCommand command.name s!"property {properties.size} has no name"
    let size := readBigEndian data stop 4
    unless stop + 4 + size ≤ data.size do
      throw <| .badCommand command.name s!"property '{asciiText key}' ends after the command does"
    properties := properties.push (asciiText key, data.extract (stop + 4) (stop + 4 + size))
    start := stop + 4 + size
  return properties

/-- The reason in the data of `ERROR`. -/
def readReason (command : Command) : Except Error String := do
  match readShortText? command.data 0 with
  | some (reason, stop) =>
    unless stop == command.data.size do throw <| .badCommand command.name "there is more after its reason"
    return asciiText reason
  | none => throw <| .badCommand command.name "its reason ends after the command does"

/-- The time to live, in tenths of a second, and the context in the data of `PING`. -/
def readPing (command : Command) : Except Error (Nat × ByteArray) := do
  unless 2 ≤ command.data.size && command.data.size ≤ 18 do
    throw <| .badCommand command.name s!"it holds {command.data.size} octets, 2 to 18 are allowed"
  return (readBigEndian command.data 0 2, command.data.extract 2 command.data.size)

/-- The context in the data of `PONG`. -/
def readPong (command : Command) : Except Error ByteArray := do
  unless command.data.size ≤ 16 do
    throw <| .badCommand command.name s!"it holds {command.data.size} octets, at most 16 are allowed"
  return command.data

end Command

/-- A property, whatever the case of its name. -/
def Metadata.get? (properties : Metadata) (name : String) : Option ByteArray :=
  (Array.find? (fun (key, _) => key.toLower == name.toLower) properties).map (·.2)

end

end Eva.Zmtp

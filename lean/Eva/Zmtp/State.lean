module

public import Eva.Zmtp.Command
public import Eva.Zmtp.Greeting

/-!
# The conversation

    client                          server
    greeting                        greeting
    HELLO (PLAIN)                   WELCOME, or ERROR
    INITIATE (PLAIN), READY (NULL)  READY, or ERROR
    messages, PONG                  messages, PING

The order in which events come does not depend on how the bytes are cut into pieces.
-/

namespace Eva.Zmtp

public section

/-- The most that is taken of a peer; more ends the connection. -/
structure Limits where
  /-- Octets in all frames of one message. -/
  message : Nat := 16 * 1024 * 1024
  /-- Frames of one message. -/
  frames : Nat := 64
  /-- Octets in one command. -/
  command : Nat := 64 * 1024
  deriving Inhabited

structure Config where
  mechanism : Mechanism
  /-- The name under which a ROUTER knows this client; empty: the ROUTER chooses one. -/
  identity : ByteArray := .empty
  limits : Limits := {}
  deriving Inhabited

/-- What is awaited of the peer. -/
inductive Phase where
  | greeting
  /-- `WELCOME`, the answer to `HELLO`. -/
  | welcome
  /-- `READY`, the last word of the handshake. -/
  | ready
  | traffic
  | failed (error : Error)
  deriving Inhabited, BEq, Repr

inductive Event where
  /-- The handshake is done: messages may be sent. -/
  | ready (peer : Metadata)
  | message (parts : Array ByteArray)
  /-- A heartbeat, already answered: the peer asks to count as dead after `ttl` tenths of a second of silence (0: never). -/
  | ping (ttl : Nat) (context : ByteArray)
  | pong (context : ByteArray)
  /-- The last event: the connection is to be closed. -/
  | failed (error : Error)
  deriving Inhabited, BEq

structure State where
  config : Config
  phase : Phase := .greeting
  /-- Bytes of the greeting, or of a frame, that is not complete. -/
  pending : ByteArray := .empty
  /-- The frames so far of a message that is not complete. -/
  parts : Array ByteArray := #[]
  deriving Inhabited

/-- What came of some bytes. -/
structure Fed where
  state : State
  events : Array Event := #[]
  /-- To be sent to the peer. -/
  reply : ByteArray := .empty
  deriving Inhabited

namespace State

/-- Before the first byte, and the bytes to send. An error where a name or a password does not fit into its field. -/
def start (config : Config) : Except Error (State × ByteArray) := do
  let fits (what : String) (size : Nat) : Except Error Unit :=
    unless size ≤ 255 do throw <| .config s!"{what} has {size} octets, at most 255 are allowed"
  if let .plain username password := config.mechanism then
    fits "the user's name" username.utf8ByteSize
    fits "the password" password.utf8ByteSize
  fits "the identity" config.identity.size
  if config.identity[0]? == some 0 then throw <| .config "an identity must not start with a zero"
  return ({ config }, config.mechanism.greeting)

private def metadata (config : Config) : Metadata :=
  #[("Socket-Type", "DEALER".toUTF8), ("Identity", config.identity)]

private def greeted (state : State) : Fed :=
  match state.config.mechanism with
  | .null =>
    { state := { state with phase := .ready }, reply := (Command.withMetadata "READY" (metadata state.config)).frame }
  | .plain username password =>
    { state := { state with phase := .welcome }, reply := (Command.hello username password).frame }

private def peerReady (state : State) (command : Command) : Except Error Fed := do
  let peer ← command.readMetadata
  if let some found := peer.get? "Socket-Type" then
    unless ["ROUTER", "DEALER", "REP"].any (·.toUTF8 == found) do throw <| .socketType (asciiText found)
  return { state := { state with phase := .traffic }, events := #[.ready peer] }

private def takeCommand (state : State) (command : Command) : Except Error Fed := do
  if command.name == "ERROR" then throw <| .refused (← command.readReason)
  match state.phase, command.name with
  | .welcome, "WELCOME" =>
    unless command.data.isEmpty do throw <| .badCommand "WELCOME" "it holds data"
    let initiate := Command.withMetadata "INITIATE" (metadata state.config)
    return { state := { state with phase := .ready }, reply := initiate.frame }
  | .ready, "READY" => state.peerReady command
  | .traffic, "PING" =>
    let (ttl, context) ← command.readPing
    return { state, events := #[.ping ttl context], reply := (Command.pong context).frame }
  | .traffic, "PONG" => return { state, events := #[.pong (← command.readPong)] }
  -- Others (SUBSCRIBE, what later versions add) are not for a DEALER of this one.
  | .traffic, _ => return { state }
  | .welcome, name => throw <| .unexpected s!"the command {name}" "instead of WELCOME"
  | _, name => throw <| .unexpected s!"the command {name}" "instead of READY"

private def takePart (state : State) (header : Header) (part : ByteArray) : Fed :=
  let parts := state.parts.push part
  if header.more then { state := { state with parts } }
  else { state := { state with parts := #[] }, events := #[.message parts] }

/-- Refuse a frame for its header, before its body takes memory. -/
private def admit (state : State) (header : Header) : Except Error Unit := do
  let limits := state.config.limits
  if header.command then
    if header.size > limits.command then throw <| .tooLarge "octets of a command" header.size limits.command
  else
    unless state.phase == .traffic do throw <| .unexpected "a message" "before the handshake was done"
    let size := state.parts.foldl (init := header.size) fun sum part => sum + part.size
    if size > limits.message then throw <| .tooLarge "octets of a message" size limits.message
    let frames := state.parts.size + 1
    if frames > limits.frames then throw <| .tooLarge "frames of a message" frames limits.frames

/-- Take the next greeting or frame, which starts at `start`: what came of it, and where it ends (after `start`);
`none` where it is not complete. -/
private def next (state : State) (bytes : ByteArray) (start : Nat) : Except Error (Option (Fed × Nat)) := do
  if state.phase == .greeting then
    unless ← state.config.mechanism.readGreeting bytes do return none
    return some (state.greeted, greetingSize)
  let some header ← Header.read? bytes start | return none
  state.admit header
  let stop := start + header.length + header.size
  unless stop ≤ bytes.size do return none
  let body := bytes.extract (start + header.length) stop
  let fed ← if header.command then state.takeCommand (← Command.read body) else pure (state.takePart header body)
  return some (fed, stop)

/-- Take bytes of the peer. After `Event.failed` nothing more comes of any bytes. -/
def feed (state : State) (bytes : ByteArray) : Fed := Id.run do
  if state.phase matches .failed _ then return { state }
  let bytes := state.pending ++ bytes
  let mut fed : Fed := { state := { state with pending := .empty } }
  let mut start := 0
  for _ in [0:bytes.size + 1] do -- each round takes at least one byte, or is the last
    match fed.state.next bytes start with
    | .ok none => break
    | .ok (some (more, stop)) =>
      fed := { state := more.state, events := fed.events ++ more.events, reply := fed.reply ++ more.reply }
      start := stop
    | .error error =>
      return { fed with
        state := { fed.state with phase := .failed error, parts := #[] }, events := fed.events.push (.failed error) }
  return { fed with state := { fed.state with pending := bytes.extract start bytes.size } }

end State

end

end Eva.Zmtp

module

public import Eva.Client.Discovery
public import Eva.Zmtp

/-!
# A connection that has shaken hands

ZMTP over a channel, with PLAIN and the token of the connection file.
-/

namespace Eva

public section

/-- A connection over which messages go. -/
structure Link where
  connection : Connection
  channel : Channel
  zmtp : Zmtp.State

namespace Link

/-- Say what an error of ZMTP means for this connection. -/
def explain (connection : Connection) : Zmtp.Error → ClientError
  | .refused _ => .wrongToken connection.endpoint connection.path
  | .config why => .malformed connection.path s!"has a token that cannot be sent: {why}"
  | error => .notDaemon connection.endpoint (toString error)

/-- Read from the channel until the handshake is done, or `endMs` (of `IO.monoMsNow`) has come. -/
private partial def shakeHands (link : Link) (endMs timeoutMs : Nat) : EIO ClientError Link := do
  let endpoint := link.connection.endpoint
  let now ← IO.monoMsNow
  if now ≥ endMs then throw <| .noHandshake endpoint timeoutMs
  match ← link.channel.receive (endMs - now) with
  | .nothing => throw <| .noHandshake endpoint timeoutMs
  | .closed => throw <| .notDaemon endpoint "it ended the connection during the handshake"
  | .bytes bytes =>
    let fed := link.zmtp.feed bytes
    link.channel.send fed.reply
    let link := { link with zmtp := fed.state }
    for event in fed.events do
      if let .failed error := event then throw <| explain link.connection error
    if fed.state.phase == .traffic then return link
    link.shakeHands endMs timeoutMs

/-- Connect and shake hands within `timeoutMs` milliseconds. -/
def connect (dial : Dial) (connection : Connection) (timeoutMs : Nat) : EIO ClientError Link := do
  let endMs := (← IO.monoMsNow) + timeoutMs
  let start := Zmtp.State.start { mechanism := .plain "eva" connection.token }
  let (zmtp, greeting) ← EIO.ofExcept (start.mapError (explain connection))
  let channel ← dial connection.address connection.endpoint timeoutMs
  try
    channel.send greeting
    shakeHands { connection, channel, zmtp } endMs timeoutMs
  catch error =>
    channel.close
    throw error

/-- Hand a frame over to be sent. -/
def send (link : Link) (frame : ByteArray) : BaseIO Unit := link.channel.send (Zmtp.messageFrames #[frame])

/-- What came out of the channel: the link from now on, and the frames that are whole; or why the link has ended.
Heartbeats are answered here. -/
def take (link : Link) (received : Received) : BaseIO (Link × Array ByteArray × Option ClientError) := do
  match received with
  | .nothing => return (link, #[], none)
  | .closed => return (link, #[], some <| .lost link.connection.endpoint)
  | .bytes bytes =>
    let fed := link.zmtp.feed bytes
    unless fed.reply.isEmpty do link.channel.send fed.reply
    let mut frames := #[]
    let mut ended := none
    let bad (why : String) : Option ClientError := some (.notDaemon link.connection.endpoint why)
    for event in fed.events do
      match event with
      | .message #[frame] => frames := frames.push frame
      | .message parts => ended := bad s!"it sent a message of {parts.size} frames"
      | .failed error => ended := bad (toString error)
      | _ => pure ()
    return ({ link with zmtp := fed.state }, frames, ended)

end Link

end

end Eva

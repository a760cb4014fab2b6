module

public import Eva.Client.Link
public import Eva.Protocol
public import Std.Sync.Mutex

/-!
# Asking the daemon

A `Client` keeps one connection, opens it at the first request, and again after it was lost, so it outlives a daemon.
Any number of threads may ask at once: each waits for its own events, and one of them reads for all. No thread is left
behind, and every wait has a deadline. Waiting blocks the thread: ask from a task of its own
(`IO.asTask (prio := .dedicated)`).
-/

namespace Eva

open Protocol

public section

/-- How much longer than its deadline the daemon is waited for, so that it may say itself what became of the request. -/
def graceMs : Nat := 2000

/-- How long one reads before looking at deadlines and cancellation again. -/
def sliceMs : Nat := 50

/-- A request in flight. -/
structure Inbox where
  /-- Events that its thread has not taken yet. -/
  events : Array Event := #[]
  /-- The connection over which it was asked has ended. -/
  ended? : Option ClientError := none
  deriving Inhabited

/-- What the threads of a client share. -/
structure Client.Shared where
  link? : Option Link := none
  /-- How often a connection was opened: the number of the current one. -/
  opened : Nat := 0
  /-- Some thread reads from the current connection. -/
  reading : Bool := false
  inboxes : List (String × Inbox) := []
  asked : Nat := 0
  /-- When (`IO.monoMsNow`) the last attempt to connect failed, and why. -/
  failed? : Option (Nat × ClientError) := none
  deriving Inhabited

structure Client where
  private mk ::
  private shared : Std.Mutex Client.Shared
  /-- Some inbox has changed, or nobody reads. -/
  private news : Std.Condvar
  private dial : Dial
  private find : EIO ClientError Connection
  private timeoutMs : Nat
  deriving Nonempty

namespace Client

/-- A client that is not connected yet.

- `find`: where the daemon is; by default what its connection file says at that moment.
- `timeoutMs`: milliseconds that connecting, and each answer that needs no model, may take. -/
def new (dial : Dial) (find : EIO ClientError Connection := do Connection.read (← Connection.findPath))
    (timeoutMs : Nat := 5000) : BaseIO Client :=
  return { shared := ← Std.Mutex.new {}, news := ← Std.Condvar.new, dial, find, timeoutMs }

private abbrev Locked := Std.AtomicT Shared (EIO ClientError)

/-- End the connection; everyone who awaits something over it is told why. -/
private def drop (why : ClientError) : Locked Unit := do
  if let some link := (← get).link? then link.channel.close
  modify fun shared => { shared with
    link? := none
    inboxes := shared.inboxes.map fun (id, inbox) => (id, { inbox with ended? := inbox.ended? <|> some why }) }

/-- Put what was received into the inboxes. -/
private def deliver (received : Received) : Locked Unit := do
  let some link := (← get).link? | return
  let (link, frames, ended?) ← link.take received
  modify fun shared => { shared with link? := some link }
  for frame in frames do
    match Event.decode frame with
    | .error why => return ← drop (.notDaemon link.connection.endpoint s!"it sent something unreadable: {why}")
    | .ok (id, event) =>
      -- An error without an id could not be told apart by the daemon: it belongs to one of those who wait.
      let owns (owner : String) := owner == id || (id.isEmpty && event matches .error ..)
      modify fun shared => { shared with
        inboxes := shared.inboxes.map fun (owner, inbox) =>
          (owner, if owns owner then { inbox with events := inbox.events.push event } else inbox) }
  if let some why := ended? then drop why

/-- The connection, opened if there is none; whether it was there before.

- `since`: when it began to be wanted. An attempt that failed after that is not made again: requests that waited for it
would wait for theirs, one after another. -/
private def connected (client : Client) (since : Nat) : Locked (Link × Bool) := do
  -- A daemon may have ended since the last request.
  if let some link := (← get).link? then
    unless (← get).reading do deliver (← link.channel.receive 0)
  if let some link := (← get).link? then return (link, true)
  if let some (failed, why) := (← get).failed? then
    if failed > since then throw why
  try
    let connection ← client.find
    let link ← Link.connect client.dial connection client.timeoutMs
    modify fun shared => { shared with link? := some link, opened := shared.opened + 1, reading := false }
    return (link, false)
  catch why =>
    let now ← IO.monoMsNow
    modify fun shared => { shared with failed? := some (now, why) }
    throw why

/-- What a thread that waits for request `id` does next. -/
private inductive Turn where
  | events (events : Array Event)
  | ended (why : ClientError)
  /-- Nobody reads: read from this channel, that of the connection with this number. -/
  | read (channel : Channel) (number : Nat)
  /-- Somebody else has read. -/
  | again

private def turn (client : Client) (id : String) : EIO ClientError Turn := client.shared.atomically do
  let some inbox := (← get).inboxes.lookup id | return .ended .cancelled
  unless inbox.events.isEmpty do
    modify fun shared => { shared with
      inboxes := shared.inboxes.map fun (owner, inbox) =>
        (owner, if owner == id then { inbox with events := #[] } else inbox) }
    return .events inbox.events
  if let some why := inbox.ended? then return .ended why
  if (← get).reading then
    client.news.wait client.shared.mutex
    return .again
  let some link := (← get).link? | return .ended .cancelled
  modify fun shared => { shared with reading := true }
  return .read link.channel (← get).opened

/-- The next events of request `id`; none if a slice of time passes without. -/
private def await (client : Client) (id : String) : EIO ClientError (Array Event) := do
  match ← client.turn id with
  | .events events => return events
  | .ended why => throw why
  | .again => return #[]
  | .read channel number =>
    let received ← channel.receive sliceMs
    client.shared.atomically do
      -- Meanwhile another connection may have taken this one's place.
      if (← get).opened == number then
        modify fun shared => { shared with reading := false }
        deliver received
    client.news.notifyAll
    return #[]

private def forget (client : Client) (id : String) : BaseIO Unit := do
  let closed : EIO ClientError Unit := client.shared.atomically do
    modify fun shared => { shared with inboxes := shared.inboxes.filter (·.1 != id) }
  discard closed.toBaseIO

/-- Ask the daemon to leave request `id`, if there is a connection. -/
private def sendCancel (client : Client) (id : String) : BaseIO Unit := do
  let sent : EIO ClientError Unit := client.shared.atomically do
    if let some link := (← get).link? then
      if let .ok frame := Request.cancel.encode id then link.send frame
  discard sent.toBaseIO

/-- Send a request and open its inbox: its id, and whether the connection was there before. -/
private def post (client : Client) (request : Request) : EIO ClientError (String × Bool) := do
  let since ← IO.monoMsNow
  client.shared.atomically do
    let id := s!"r{(← get).asked + 1}"
    let frame ← match request.encode id with
      | .ok frame => pure frame
      | .error why => throw <| .badRequest why
    let (link, old) ← client.connected since
    modify fun shared => { shared with asked := shared.asked + 1, inboxes := (id, {}) :: shared.inboxes }
    link.send frame
    return (id, old)

/-- Give the events of request `id` to `take` until it says what the answer is. -/
private partial def follow (client : Client) (id : String) (endMs waitMs : Nat) (cancelled : BaseIO Bool)
    (take : Event → BaseIO (Option (Except ClientError α))) (heard : IO.Ref Bool) : EIO ClientError α := do
  if ← cancelled then
    client.sendCancel id
    throw .cancelled
  if (← IO.monoMsNow) ≥ endMs then
    client.sendCancel id
    throw <| .deadline waitMs false
  for event in ← client.await id do
    heard.set true
    if let some answer ← take event then return ← EIO.ofExcept answer
  client.follow id endMs waitMs cancelled take heard

/-- One request and its answer. A connection that proves dead before anything was heard is opened anew, once. -/
private def ask (client : Client) (request : Request) (waitMs : Nat) (cancelled : BaseIO Bool)
    (take : Event → BaseIO (Option (Except ClientError α))) : EIO ClientError α := do
  let endMs := (← IO.monoMsNow) + waitMs
  let once : EIO ClientError (α ⊕ ClientError) := do
    let (id, old) ← client.post request
    let heard ← IO.mkRef false
    try
      return .inl (← client.follow id endMs waitMs cancelled take heard)
    catch error =>
      if old && !(← heard.get) && error matches .lost _ then return .inr error else throw error
    finally
      client.forget id
      client.news.notifyAll
  match ← once with
  | .inl answer => return answer
  | .inr _ =>
    match ← once with
    | .inl answer => return answer
    | .inr error => throw error

/-- What the daemon says at the end of a request. -/
structure Done where
  steps : Nat
  model : String
  elapsedMs : Float
  deriving Inhabited, BEq, Repr

/-- Score steps; `onEvent` is given each score and each piece of a critique as it comes, in this thread.

It returns when all is answered, and throws a `ClientError` otherwise (what was told before stays valid). The request is
cancelled as soon as `cancelled` says so: by default, when the task that asks is cancelled. -/
def score (client : Client) (request : ScoreRequest) (onEvent : Event → BaseIO Unit)
    (cancelled : BaseIO Bool := IO.checkCanceled) : EIO ClientError Done :=
  client.ask (.score request) (request.deadlineMs + graceMs) cancelled fun
    | .done steps model elapsedMs => return some (.ok { steps, model, elapsedMs })
    | .error "deadline" _ _ => return some (.error (.deadline request.deadlineMs true))
    | .error "cancelled" _ _ => return some (.error .cancelled)
    | .error code message _ => return some (.error (.failed code message))
    | .health _ => return none
    | event => do
      onEvent event
      return none

/-- The daemon's state; it answers at once, also while its model works. -/
def health (client : Client) : EIO ClientError Health :=
  client.ask .health client.timeoutMs (pure false) fun
    | .health health => return some (.ok health)
    | .error code message _ => return some (.error (.failed code message))
    | _ => return none

/-- End the connection; requests in flight end with `cancelled`. The next request opens it again. -/
def close (client : Client) : BaseIO Unit := do
  let closed : EIO ClientError Unit := client.shared.atomically (drop .cancelled)
  discard closed.toBaseIO
  client.news.notifyAll

end Client

end

end Eva

module

public import Eva.Client.Channel
public import Std.Internal.UV.TCP
public import Std.Internal.UV.Timer

/-!
# TCP

A channel over libuv, as core Lean has it. `Std.Internal.UV` is used directly, because what wraps it has other names in
other versions of Lean.

One read is always under way, and a deadline leaves it so: cancelling a read can lose data.
-/

open Std.Internal.UV
open Std.Net (SocketAddress IPv4Addr IPv6Addr)

namespace Eva.Tcp

public section

private def socketAddress (address : Address) : SocketAddress :=
  match address.host with
  | .loopback4 b c d => .v4 { addr := .ofParts 127 b c d, port := address.port }
  | .loopback6 => .v6 { addr := .ofParts 0 0 0 0 0 0 0 1, port := address.port }

/-- The result of a promise, if it comes within so many milliseconds. -/
private def within (promise : IO.Promise α) (milliseconds : Nat) : IO (Option α) := do
  let timer ← Timer.mk milliseconds.toUInt64 false
  let passed := (← timer.next).result?.map (sync := true) fun _ => none
  let result ← IO.waitAny [promise.result?, passed]
  timer.stop
  return result

/-- Open a TCP connection. -/
def dial : Dial := fun address endpoint milliseconds => do
  let connecting : IO TCP.Socket := do
    let socket ← TCP.Socket.new
    match ← within (← socket.connect (socketAddress address)) milliseconds with
    | some result => IO.ofExcept result
    | none => throw <| .userError s!"no connection within {milliseconds} ms"
    socket.noDelay
    return socket
  let socket ← connecting.toEIO fun error => .unreachable endpoint (toString error)
  let underway : IO.Ref (Option (IO.Promise (Except IO.Error (Option ByteArray)))) ← IO.mkRef none
  let receive (milliseconds : Nat) : IO Received := do
    let reading ← match ← underway.get with
      | some reading => pure reading
      | none => socket.recv? 65536
    underway.set (some reading)
    match ← within reading milliseconds with
    | none => return .nothing
    | some result =>
      underway.set none
      match result with
      | .ok (some bytes) => return .bytes bytes
      | .ok none | .error _ => return .closed
  return {
    send := fun bytes => do discard (socket.send #[bytes]).toBaseIO
    receive := fun milliseconds => return (← (receive milliseconds).toBaseIO).toOption.getD .closed
    close := do
      discard socket.cancelRecv.toBaseIO
      discard socket.shutdown.toBaseIO
  }

end

end Eva.Tcp

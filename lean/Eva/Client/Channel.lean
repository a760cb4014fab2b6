module

public import Eva.Client.Error

/-!
# How bytes travel

The client speaks over a `Channel`: TCP (`Eva.Client.Tcp`), or whatever carries bytes both ways (files, in the tests). A
`Dial` opens one.
-/

namespace Eva

public section

/-- A computer on this side of the network: the token goes over it in clear text. -/
inductive Host where
  /-- 127.b.c.d -/
  | loopback4 (b c d : UInt8)
  /-- ::1 -/
  | loopback6
  deriving Inhabited, BEq, Repr

/-- Where the daemon listens. -/
structure Address where
  host : Host
  port : UInt16
  deriving Inhabited, BEq, Repr

inductive Received where
  | bytes (bytes : ByteArray)
  /-- Nothing came in that time. -/
  | nothing
  /-- The connection has ended; nothing will come any more. -/
  | closed
  deriving Inhabited

/-- A connection's two streams of bytes. -/
structure Channel where
  /-- Hand bytes over to be sent. Does not wait until they have arrived; that the connection is gone, `receive` says. -/
  send : ByteArray → BaseIO Unit
  /-- Wait up to so many milliseconds for bytes. For one thread at a time. -/
  receive : (milliseconds : Nat) → BaseIO Received
  close : BaseIO Unit

/-- Open a channel within so many milliseconds, or say (`ClientError.unreachable`) why not. -/
abbrev Dial := (address : Address) → (endpoint : String) → (milliseconds : Nat) → EIO ClientError Channel

end

end Eva

module

/-!
# What can be wrong with a peer's bytes
-/

namespace Eva.Zmtp

public section

/-- Why a connection cannot go on. None of them can be mended: the connection is to be closed. -/
inductive Error where
  /-- The octet at this position of the greeting is not one that ZMTP has there. -/
  | notZmtp (position : Nat) (found : UInt8)
  /-- The peer speaks an older version; there is no downgrade here. -/
  | version (major : Nat)
  /-- The peer's security mechanism is another one. -/
  | mechanism (offered expected : String)
  /-- The flags of a frame that no ZMTP frame has. -/
  | flags (found : UInt8)
  /-- More bytes, or more frames, than are taken here. -/
  | tooLarge (what : String) (size limit : Nat)
  /-- A command whose body is not as its grammar says. -/
  | badCommand (name why : String)
  /-- A message or a command before its time. -/
  | unexpected (what phase : String)
  /-- The peer refused the handshake, or ended the traffic, by the command ERROR. -/
  | refused (reason : String)
  /-- The peer's socket type is none that a DEALER speaks with. -/
  | socketType (found : String)
  /-- Something of our own that does not fit into its field. -/
  | config (why : String)
  deriving Inhabited, BEq, Repr

def Error.toString : Error → String
  | .notZmtp position found => s!"octet {position} of the greeting is {found}, which is not ZMTP"
  | .version major => s!"the peer speaks ZMTP {major}, at least 3 is needed"
  | .mechanism offered expected => s!"the peer's security mechanism is {offered}, not {expected}"
  | .flags found => s!"a frame has the flags {found}, which ZMTP 3 does not have"
  | .tooLarge what size limit => s!"{what}: {size}, at most {limit} are taken"
  | .badCommand name why => s!"malformed command {name}: {why}"
  | .unexpected what phase => s!"{what} came {phase}"
  | .refused reason => s!"the peer refused with the reason '{reason}'"
  | .socketType found => s!"the peer is a {found}, with which a DEALER cannot speak"
  | .config why => why

instance : ToString Error := ⟨Error.toString⟩

end

end Eva.Zmtp

module

public import Eva.Zmtp.Frame

/-!
# The greeting

The first 64 octets of each side (RFC 37, "Formal Grammar"): signature (`FF`, 8 octets of padding, `7F`), version (2),
mechanism (20, padded with zeros), as-server (1), filler (31). What comes from the peer is judged octet by octet, so that
something else on that port (a web server, say) is noticed at its first word and not after 64 octets that may never come.

Not checked, because the RFC says so or libzmq does not keep to it: padding, filler, as-server (libzmq leaves it 0).
-/

namespace Eva.Zmtp

public section

/-- Length of the greeting in octets. -/
def greetingSize : Nat := 64

/-- How the peers make sure of each other. -/
inductive Mechanism where
  /-- Not at all (RFC 37). -/
  | null
  /-- By a password (RFC 24), in clear text. -/
  | plain (username password : String)
  deriving Inhabited, BEq

def Mechanism.name : Mechanism → String
  | .null => "NULL"
  | .plain .. => "PLAIN"

/-- The greeting of a client with this mechanism. -/
def Mechanism.greeting (mechanism : Mechanism) : ByteArray :=
  let name := mechanism.name.toUTF8
  let zeros (count : Nat) := bigEndian count 0
  ⟨#[0xFF]⟩ ++ zeros 8 ++ ⟨#[0x7F, 3, 1]⟩ ++ name ++ zeros (20 - name.size) ++ zeros 32

/-- Whether `bytes`, which start with what there is of the peer's greeting, hold all of it. -/
def Mechanism.readGreeting (mechanism : Mechanism) (bytes : ByteArray) : Except Error Bool := do
  for (position, octet) in [(0, 0xFF), (9, 0x7F)] do
    if position < bytes.size && bytes[position]! != octet then throw <| .notZmtp position bytes[position]!
  if 10 < bytes.size && bytes[10]! < 3 then throw <| .version bytes[10]!.toNat
  if 32 ≤ bytes.size then
    let offered := (bytes.extract 12 32).toList.reverse.dropWhile (· == 0) |>.reverse
    let offered := asciiText ⟨offered.toArray⟩
    if offered != mechanism.name then throw <| .mechanism offered mechanism.name
  return greetingSize ≤ bytes.size

end

end Eva.Zmtp

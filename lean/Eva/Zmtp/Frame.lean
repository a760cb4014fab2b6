module

public import Eva.Zmtp.Error

/-!
# Frames

After the greeting everything is a frame (RFC 37, "Framing"): an octet of flags (1 more frames follow, 2 long, 4 command; the
others are 0), the size of the body in 1 octet or, if long, in 8, and the body. Numbers stand in network order, and before each
text stands its length.
-/

namespace Eva.Zmtp

public section

/-- `value` in `count` octets, the most significant one first. -/
def bigEndian (count value : Nat) : ByteArray :=
  (List.range count).foldl (init := ByteArray.emptyWithCapacity count) fun bytes i =>
    bytes.push (value >>> (8 * (count - 1 - i))).toUInt8

/-- The number in `count` octets from `start` on; octets that are not there count as 0. -/
def readBigEndian (bytes : ByteArray) (start count : Nat) : Nat :=
  (List.range count).foldl (init := 0) fun value i => (value <<< 8) + (bytes[start + i]?.getD 0).toNat

/-- ASCII text as it is, and `?` for every other octet: what a peer sends may end in an error message. -/
def asciiText (bytes : ByteArray) : String :=
  String.ofList <| bytes.toList.map fun octet => if 32 ≤ octet ∧ octet < 127 then Char.ofNat octet.toNat else '?'

/-- A text after its length in one octet, for texts up to 255 octets. -/
def shortText (text : ByteArray) : ByteArray := bigEndian 1 text.size ++ text

/-- The text that `shortText` wrote at `start`, and where it ends; `none` where the bytes end before it does. -/
def readShortText? (bytes : ByteArray) (start : Nat) : Option (ByteArray × Nat) :=
  let stop := start + 1 + readBigEndian bytes start 1
  if start < bytes.size && stop ≤ bytes.size then some (bytes.extract (start + 1) stop, stop) else none

/-- What stands before a frame's body. -/
structure Header where
  command : Bool
  /-- More frames of the same message follow. -/
  more : Bool
  /-- Octets of the body. -/
  size : Nat
  /-- Octets of the header itself. -/
  length : Nat
  deriving Inhabited, BEq, Repr

/-- The header that starts at `start`; `none` where the bytes end before it does. -/
def Header.read? (bytes : ByteArray) (start : Nat) : Except Error (Option Header) := do
  unless start < bytes.size do return none
  let flags := bytes[start]!
  let has (bit : UInt8) := flags &&& bit != 0
  if flags > 7 || (has 4 && has 1) then throw <| .flags flags
  let sizeLength := if has 2 then 8 else 1
  unless start + 1 + sizeLength ≤ bytes.size do return none
  return some {
    command := has 4, more := has 1
    size := readBigEndian bytes (start + 1) sizeLength, length := 1 + sizeLength
  }

private def frame (flags : UInt8) (body : ByteArray) : ByteArray :=
  let header := if body.size ≤ 255 then (bigEndian 1 flags.toNat) ++ bigEndian 1 body.size
    else (bigEndian 1 (flags ||| 2).toNat) ++ bigEndian 8 body.size
  header ++ body

/-- The frame of a command with this body. -/
def commandFrame (body : ByteArray) : ByteArray := frame 4 body

/-- The frames of one message. -/
def messageFrames (parts : Array ByteArray) : ByteArray :=
  (List.range parts.size).foldl (init := .empty) fun bytes i =>
    bytes ++ frame (if i + 1 < parts.size then 1 else 0) parts[i]!

end

end Eva.Zmtp

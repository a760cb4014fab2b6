module

public import Lean.Data.Json

/-!
# Fields of a JSON object

Readers that say what is wrong: the field's name, what it must be, and what it is. `Lean.FromJson` would also take a
string such as `"NaN"` for a number, and passes over a field that is missing.
-/

open Lean (Json)

namespace Eva.Protocol

public section

/-- The version of the protocol that is spoken here. -/
def version : Nat := 1

/-- A value as an error message shows it, cut at 60 characters. -/
def shown (value : Json) : String :=
  let text := if value matches .null then "nothing" else value.compress
  if text.length ≤ 60 then text else String.ofList (text.toList.take 57) ++ "..."

/-- A field that must be there: `read` gives `none` where the value is not `what`. -/
def field (data : Json) (key what : String) (read : Json → Option α) : Except String α :=
  let value := data.getObjValD key
  match read value with
  | some result => .ok result
  | none => .error s!"field '{key}' must be {what}, not {shown value}"

/-- A field that may be missing or `null`. -/
def optionalField (data : Json) (key what : String) (read : Json → Option α) : Except String (Option α) :=
  if data.getObjValD key matches .null then .ok none else some <$> field data key what read

def asString? : Json → Option String
  | .str text => some text
  | _ => none

def asBool? : Json → Option Bool
  | .bool value => some value
  | _ => none

/-- A whole number from 0 up; `1.0` is none. -/
def asNat? (value : Json) : Option Nat := value.getNat?.toOption

/-- A finite number. -/
def asFloat? : Json → Option Float
  | .num number =>
    let value := number.toFloat
    if value.isFinite then some value else none
  | _ => none

/-- The members of an object, in the order of their names. -/
def asObject? : Json → Option (List (String × Json))
  | .obj members => some members.toList
  | _ => none

def asArray? (read : Json → Option α) : Json → Option (Array α)
  | .arr values => values.mapM read
  | _ => none

def stringField (data : Json) (key : String) : Except String String := field data key "a string" asString?

def boolField (data : Json) (key : String) : Except String Bool := field data key "true or false" asBool?

def natField (data : Json) (key : String) : Except String Nat := field data key "a whole number from 0 up" asNat?

def floatField (data : Json) (key : String) : Except String Float := field data key "a finite number" asFloat?

def stringsField (data : Json) (key : String) : Except String (Array String) :=
  field data key "a list of strings" (asArray? asString?)

/-- Refuse a message of another version of the protocol. -/
def checkVersion (data : Json) : Except String Unit := do
  let found ← natField data "eva"
  unless found = version do
    throw s!"the message is of version {found} of the protocol, and this client speaks {version}; \
      update the older of the two"

end

end Eva.Protocol

module

public import Eva.Client.Error
public import Eva.Protocol

/-!
# A step's score in words

What `#eva_score` writes at a step. The numbers never stand alone where they are not to be trusted.
-/

namespace Eva.Message

public section

/-- A number with so many decimals. -/
def fixed (decimals : Nat) (x : Float) : String :=
  let scale := 10 ^ decimals
  let scaled := (x.abs * Float.ofNat scale).round.toUInt64.toNat
  let sign := if x < 0 && scaled > 0 then "-" else ""
  let rest := toString (scaled % scale)
  let zeros := String.ofList (.replicate (decimals - rest.length) '0')
  s!"{sign}{scaled / scale}{if decimals == 0 then "" else "." ++ zeros ++ rest}"

/-- First and last anchor of a distribution. -/
def scale? (score : DimensionScore) : Option (Int × Int) :=
  return ((← score.distribution[0]?).1, (← score.distribution.back?).1)

/-- A dimension's expected score; its spread besides, where that is a quarter of the scale or more: the model was torn
between anchors that are far apart. -/
def dimension (name : String) (score : DimensionScore) : String :=
  let width := match scale? score with
    | some (first, last) => Float.ofInt (last - first)
    | none => 0
  let spread := if width > 0 && score.spread * 4 ≥ width then s!" ± {fixed 1 score.spread}" else ""
  s!"{name} {fixed 1 score.expected}{spread}"

/-- The dimensions in words: `logic 4.3, alignment 4.6, clarity 3.9 of 1…5`. -/
def dimensions (score : StepScore) : String :=
  let shown := ", ".intercalate (score.dimensions.toList.map fun (name, score) => dimension name score)
  match score.dimensions[0]?.bind (scale? ·.2) with
  | some (first, last) => s!"{shown} of {first}…{last}"
  | none => shown

/-- The smallest anchor mass of the dimensions. -/
def mass (score : StepScore) : Float := score.dimensions.foldl (fun mass (_, score) => min mass score.mass) 1

/-- The numbers of a step in one line. -/
def numbers (score : StepScore) : String :=
  match score.status, score.value? with
  | .scored, some value => s!"eva {fixed 2 value} ({dimensions score})"
  | .offFormat, some value =>
    s!"eva off format, do not trust these numbers: {fixed 2 value} ({dimensions score}; anchor mass \
      {fixed 2 (mass score)})"
  | _, _ => s!"eva has no score: {score.message?.getD "the step does not fit the model's context"}"

/-- A step's score, and the critique where there is one. -/
def step (score : StepScore) (critique : String) : String :=
  let words := critique.trimAscii.copy
  if words.isEmpty then numbers score else s!"{numbers score}\n{words}"

/-- What is said once where there are no scores at all. -/
def nothing (why : ClientError) : String := s!"eva: no scores, {why}"

/-- What is said where some steps of a command have no score, or have one without the critique. -/
def incomplete (scores critiques steps : Nat) (why : ClientError) : String :=
  let missing := if scores == 0 then s!"{critiques} of {steps} steps have no critique"
    else if critiques == 0 then s!"{scores} of {steps} steps have no score"
    else s!"{scores} of {steps} steps have no score and {critiques} no critique"
  s!"eva: {missing}, {why}"

end

end Eva.Message

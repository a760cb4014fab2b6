module

public meta import Eva.Scoring
public meta import Lean.Elab.InfoTree.InlayHints

/-!
# Scores at the steps themselves

An inlay hint behind each step, with its value. Lean makes a command's hints once after each edit, three seconds after
the last key, by a function that the command left behind; it looks into `sharedScoring` then, and waits a moment for
scores that are under way. docs/editor.md says why hints, and what else there is.

Known limits: scores that come later are shown at the next edit. A hint without a score has an empty label, which
VS Code leaves out.
-/

open Lean Elab

namespace Eva.Hints

public meta section

/-- How long (ms) one collection of hints waits for scores that are under way, all steps together. -/
def waitMs : Nat := 400

/-- When the current collection ends its wait; a new one begins when that is long past. -/
initialize waitEnd : IO.Ref Nat ← IO.mkRef 0

/-- How long (ms) after its wait a collection may still be going on. -/
def collectionMs : Nat := 1500

/-- A number with two decimals. -/
def twoDecimals (x : Float) : String :=
  let hundredths := (x * 100).round.toUInt64.toNat
  let rest := toString (hundredths % 100)
  s!"{hundredths / 100}.{if rest.length < 2 then "0" ++ rest else rest}"

/-- What stands behind a step: its value, and a word where that is not to be trusted. -/
def label (score : StepScore) : String :=
  match score.status, score.value? with
  | .scored, some value => twoDecimals value
  | .offFormat, some value => s!"{twoDecimals value} off format"
  | .tooLong, _ => "too long to score"
  | _, none => ""

/-- The dimensions, and the words so far; Markdown, in which no text of the model means anything but itself. -/
def tooltip (entry : Scoring.Entry) : Option String := do
  let score ← entry.score?
  let dimensions := score.dimensions.toList.map fun (name, score) =>
    s!"- {escaped name}: {twoDecimals score.expected} ± {twoDecimals score.spread}"
  let words := if entry.words.isEmpty then [] else [escaped entry.words ++ if entry.wordsDone then "" else " …"]
  return "\n\n".intercalate <|
    [s!"**EVA** {label score}"] ++ score.message?.toList.map escaped ++ ["\n".intercalate dimensions] ++ words
where
  escaped (text : String) : String :=
    text.foldl (init := "") fun made c =>
      if c.isAlphanum || c == ' ' || c.val > 127 then made.push c
      else if c == '\n' then made ++ "  \n" else (made.push '\\').push c

/-- Where a step's hint stands: behind it, or at the end of its first line. -/
def place (text : FileMap) (range : Lean.Syntax.Range) : String.Pos.Raw :=
  let step := String.Pos.Raw.extract text.source range.start range.stop
  let line := ((step.splitOn "\n").headD "").trimAsciiEnd
  ⟨range.start.byteIdx + line.utf8ByteSize⟩

/-- What is known of a step now; waits for what is under way, if this collection of hints has not waited enough. -/
partial def entryOf (key : Scoring.Key) : BaseIO Scoring.Entry := do
  let now ← IO.monoMsNow
  let endMs ← waitEnd.modifyGet fun endMs =>
    let endMs := if now > endMs + collectionMs then now + waitMs else endMs
    (endMs, endMs)
  wait endMs
where
  wait (endMs : Nat) : BaseIO Scoring.Entry := do
    let entry := (← sharedScoring.lookAt #[key]).entries.getD 0 {}
    unless entry.score?.isNone && entry.scoring matches .asked _ && (← IO.monoMsNow) < endMs do return entry
    IO.sleep Scoring.napMs.toUInt32
    wait endMs

/-- The hints of a proof's steps, as nodes of an info tree; `text` is the file's. -/
def infos (text : FileMap) (proof : Proof) (asking : Asking) : Array Info :=
  proof.steps.map fun { step, range, .. } =>
    let key := Scoring.Key.of step asking
    let hint : InlayHint := {
      position := place text range
      label := .name ""
      lctx := {}
      deferredResolution := fun hint => do
        let entry ← entryOf key
        return { hint with
          label := .name ((entry.score?.map label).getD "")
          tooltip? := tooltip entry
          paddingLeft := true } }
    .ofCustomInfo hint.toCustomInfo

end

end Eva.Hints

module

public meta import Eva.Marks
public meta import Eva.Message
public meta import Lean.Linter.Basic

/-!
# Scores as messages

What `#eva_score` and `eva_score` say at the steps. Where a file is built, the daemon is waited for, at most
`eva.timeout` for each command; the first sign that there is none is told once, and the rest of the file is built as if
nothing had been asked. In the editor nothing is waited for: only what is known already is told.
-/

open Lean Elab Command

namespace Eva.Linter

public meta section

/-- Files that were told that there is no daemon, each with the endpoint that was asked: where a file goes on with
another one, that one is asked, and linters that are still to run for the first one are not silenced by it. -/
initialize toldFiles : IO.Ref (List (String × String)) ← IO.mkRef []

/-- Whether it makes no sense to ask again for the next command. -/
def isLasting : ClientError → Bool
  | .deadline .. | .failed .. | .badRequest .. | .cancelled => false
  | _ => true

/-- The step's first line. -/
def placeOf (map : FileMap) (placed : PlacedStep) : Syntax :=
  let { start, stop } := placed.range
  let line := ((Steps.slice map start stop).splitOn "\n").headD ""
  .ofRange ⟨start, ⟨start.byteIdx + (Steps.trimEnd line).utf8ByteSize⟩⟩

/-- What did not come: how many scores, how many critiques of scored steps, and the first reason. -/
structure Missing where
  scores : Nat := 0
  critiques : Nat := 0
  why? : Option ClientError := none

/-- Say what is known of a proof's steps; gives what is missing, besides what was `missing` before. -/
def tell (proof : Proof) (entries : Array Scoring.Entry) (asking : Asking) (missing : Missing := {}) :
    CommandElabM Missing := do
  let map ← getFileMap
  let mut missing := missing
  for placed in proof.steps, entry in entries do
    match entry.score? with
    | some score =>
      let words := if entry.wordsDone || entry.words.isEmpty then entry.words else entry.words ++ " …"
      logInfoAt (placeOf map placed) (Message.step score words)
      if asking.critique && !entry.wordsDone then
        missing := { missing with critiques := missing.critiques + 1, why? := missing.why? <|> entry.error? }
    | none =>
      missing := { missing with scores := missing.scores + 1, why? := missing.why? <|> entry.error? }
  return missing

/-- Have all steps scored, wait for it, and say what came. -/
def wait (stx : Syntax) (proofs : Array Proof) (asking : Asking) : CommandElabM Unit := do
  let file := (← getFileName, asking.endpoint)
  if (← toldFiles.get).contains file then return
  let token? := (← read).cancelTk?
  let stop := Scoring.isSet token?
  let endMs := (← IO.monoMsNow) + asking.timeoutMs
  let mut missing : Missing := {}
  for proof in proofs do
    if missing.why?.any isLasting then
      missing := { missing with scores := missing.scores + proof.steps.size }
      continue
    let wait := sharedScoring.await proof asking asking.critique (endMs - (← IO.monoMsNow)) stop
    -- In a thread of its own: Lean may run linters in threads that others need.
    let look ← IO.wait (← wait.asTask .dedicated)
    missing ← tell proof look.entries asking missing
  let { scores, critiques, why? } := missing
  if scores + critiques == 0 then return
  let steps := (proofs.map (·.steps.size)).sum
  let why := why?.getD (.deadline asking.timeoutMs false)
  let text := if scores == steps && isLasting why then Message.nothing why
    else Message.incomplete scores critiques steps why
  if isLasting why then
    -- Lean may run the linters of several commands at once.
    let isFirst ← toldFiles.modifyGet fun files =>
      if files.contains file then (false, files) else (true, file :: files)
    unless isFirst do return
  logInfoAt stx[0] text

/-- Report the steps that a command asks for. -/
def report (stx : Syntax) : CommandElabM Unit := do
  let asked := Marks.askedIn stx
  if asked.isEmpty then return
  let options ← getOptions
  let inEditor := Elab.inServer.get options
  let asking ← match Asking.ofOptions options with
    | .ok asking => pure asking
    | .error why => return ← unless inEditor do logWarningAt stx[0] why
  let trees := (← getInfoState).trees.toArray
  let messages := (← get).messages.toList
  let proofs ← Steps.proofsOf (← getFileMap) stx trees messages (eva.maxGoalSize.get options)
  let proofs := Marks.within asked proofs
  if inEditor then
    for proof in proofs do
      discard <| tell proof (← sharedScoring.look proof asking).entries asking
  else wait stx proofs asking

def linter : Lean.Elab.Command.Linter where
  name := `Eva.linter
  run := withSetOptionIn report

initialize addLinter linter

end

end Eva.Linter

module

public import Eva.Client
public import Eva.Options
public import Eva.Steps.Proof
public import Std.Data.HashMap

/-!
# What is known of which step

The pure half of `Eva.Scoring`: scores and critiques by the content of steps, which of them are on their way, and how
events of the daemon change that. Nothing here knows a thread or a clock; times are numbers that the caller gives.
-/

open Std (HashMap)

namespace Eva.Scoring

open Protocol (Order)

public section

/-- What a score depends on: the step's content without its place, how it is asked for, and of whom. Two steps of one
content are one. -/
structure Key where
  step : ProofStep
  order : Order
  /-- The numbers have read the words. -/
  afterWords : Bool
  endpoint : String
  /-- Of all of it, so that a look-up need not read it again. -/
  digest : UInt64
  deriving Inhabited, Repr

instance : Hashable Key := ⟨Key.digest⟩

instance : BEq Key where
  beq a b := a.digest == b.digest && a.order == b.order && a.afterWords == b.afterWords && a.endpoint == b.endpoint
    && a.step == b.step

/-- The key of a step: its name, its place and what Lean made of it are left out, for no model reads them. -/
def Key.of (step : ProofStep) (asking : Asking) : Key :=
  let { goals, tactic, statement, earlier, .. } := step
  let { order, endpoint, .. } := asking
  let afterWords := asking.critique && order == .critiqueFirst
  let digest := hash (goals, tactic, statement, earlier, order, afterWords, endpoint)
  { step := { goals, tactic, statement, earlier }, order, afterWords, endpoint, digest }

def keysOf (proof : Proof) (asking : Asking) : Array Key := proof.steps.map (Key.of ·.step asking)

/-- How far something is that is not known yet. -/
inductive Stage where
  /-- Nobody has asked, or nobody wanted it any longer. -/
  | idle
  /-- On its way, by the job of that number. -/
  | asked (job : Nat)
  | failed (why : ClientError)
  /-- Given up, because a newer version of its proof took its place; whoever still looks at the old one is no reason to
  ask again. -/
  | dropped
  deriving Inhabited, BEq, Repr

/-- What is known of a step. -/
structure Entry where
  score? : Option StepScore := none
  /-- How far the score is, where there is none. -/
  scoring : Stage := .idle
  /-- The critique's words so far, and whether they are all. -/
  words : String := ""
  wordsDone : Bool := false
  /-- How far the words are, where they are not all there. -/
  wording : Stage := .idle
  /-- The model that said so, known when it has said all. -/
  model? : Option String := none
  /-- The board's revision when this changed last. -/
  changed : Nat := 0
  /-- When it was asked for, in the order of that. -/
  asked : Nat := 0
  deriving Inhabited, Repr

namespace Entry

/-- Whether there is nothing more to wait for: all is known, or has failed. -/
def isSettled (entry : Entry) (words : Bool) : Bool :=
  (entry.score?.isSome || entry.scoring matches .failed _)
    && (!words || entry.wordsDone || entry.wording matches .failed _)

/-- Why something is missing that was asked for. -/
def error? (entry : Entry) : Option ClientError :=
  match entry.scoring, entry.wording with
  | .failed why, _ | _, .failed why => some why
  | _, _ => none

end Entry

/-- A proof that a request is for. -/
structure Holder where
  /-- Where it begins in the file: a version that replaces it begins there, too. -/
  place : String.Pos.Raw
  /-- It is wanted until this token is set. -/
  token? : Option IO.CancelToken := none

/-- A request to the daemon. -/
structure Job where
  /-- The steps, in the order of the request. -/
  keys : Array Key
  /-- Whether words are asked for, too. -/
  words : Bool
  /-- Until when (ms) it is wanted in any case; whoever looks at it moves that on. -/
  wantedUntil : Nat
  /-- The proofs that were started and need it. -/
  holders : Array Holder := #[]
  deriving Inhabited

/-- All that the process knows. -/
structure Board where
  /-- Raised by every change. -/
  revision : Nat := 1
  entries : HashMap Key Entry := {}
  jobs : HashMap Nat Job := {}
  /-- How many jobs there were, and how often somebody asked. -/
  opened : Nat := 0
  asked : Nat := 0
  deriving Inhabited

namespace Board

/-- Most steps that are remembered; those that were asked for longest ago go first. -/
def capacity : Nat := 4096

def entry (board : Board) (key : Key) : Entry := board.entries.getD key {}

/-- Change what is known of a step. -/
def change (board : Board) (key : Key) (to : Entry → Entry) : Board :=
  let revision := board.revision + 1
  let entry := { to (board.entry key) with changed := revision }
  { board with revision, entries := board.entries.insert key entry }

private def changeAll (board : Board) (keys : Array Key) (to : Entry → Entry) : Board :=
  keys.foldl (fun board key => board.change key to) board

/-- Forget the steps that were asked for longest ago, a quarter of all, so that it is seldom done. What is on its way
stays. -/
private def evict (board : Board) : Board :=
  if board.entries.size ≤ capacity then board else
    let idle := board.entries.toArray.filter fun (_, entry) =>
      !(entry.scoring matches .asked _ || entry.wording matches .asked _)
    let oldest := idle.qsort (·.2.asked < ·.2.asked) |>.take (board.entries.size - capacity * 3 / 4)
    { board with entries := oldest.foldl (fun entries (key, _) => entries.erase key) board.entries }

/-- What failed or was dropped may be asked again. -/
def retry (board : Board) (keys : Array Key) : Board :=
  let ended : Stage → Bool
    | .failed _ | .dropped => true
    | .idle | .asked _ => false
  let again (stage : Stage) : Stage := if ended stage then .idle else stage
  let stuck := keys.filter fun key => ended (board.entry key).scoring || ended (board.entry key).wording
  board.changeAll stuck fun entry => { entry with scoring := again entry.scoring, wording := again entry.wording }

/-- Put steps down as asked for by a new job; its number. -/
private def openJob (board : Board) (job : Job) : Board × Nat :=
  let number := board.opened
  let board := { board with opened := number + 1, jobs := board.jobs.insert number job }
  let board := board.changeAll job.keys fun entry =>
    let entry := { entry with asked := board.asked }
    -- A score may be on its way already, by a job that asked for scores alone.
    let asks := entry.score?.isNone && entry.scoring == .idle
    let entry := if asks then { entry with scoring := .asked number } else entry
    if job.words then { entry with words := "", wordsDone := false, wording := .asked number } else entry
  (board, number)

/-- Bytes of steps in one request, about; the daemon's limit is higher. -/
def batchBytes : Nat := 1024 * 1024

/-- Steps in pieces that the daemon takes in one request each. -/
def batches (keys : Array Key) : Array (Array Key) := Id.run do
  let mut done := #[]
  let mut batch := #[]
  let mut bytes := 0
  for key in keys do
    let size := key.step.toJson.compress.utf8ByteSize
    if !batch.isEmpty && (bytes + size > batchBytes || batch.size ≥ Protocol.maxSteps) then
      done := done.push batch
      batch := #[]
      bytes := 0
    batch := batch.push key
    bytes := bytes + size
  return if batch.isEmpty then done else done.push batch

/-- Ask for what is neither known nor on its way, and has neither failed nor been dropped: the numbers of the new jobs.

- `words`: critiques are wanted besides the scores.
- `wantedUntil`, `holder?`: how long, as in `want`. -/
def ask (board : Board) (keys : Array Key) (words : Bool) (wantedUntil : Nat)
    (holder? : Option Holder := none) : Board × Array Nat := Id.run do
  let mut seen : HashMap Key Unit := {}
  let mut missing := #[]
  for key in keys do
    let entry := board.entry key
    let lacking := (entry.score?.isNone && entry.scoring == .idle)
      || (words && !entry.wordsDone && entry.wording == .idle)
    if lacking && !seen.contains key then
      missing := missing.push key
      seen := seen.insert key ()
  let mut board := { board with asked := board.asked + 1 }
  let mut numbers := #[]
  for batch in batches missing do
    let words := words || batch.any (·.afterWords)
    let (next, number) := board.openJob { keys := batch, words, wantedUntil, holders := holder?.toArray }
    board := next
    numbers := numbers.push number
  return (board.evict, numbers)

/-- Whether job `number` still owes something for a step. -/
private def owes (board : Board) (number : Nat) (key : Key) : Bool :=
  let entry := board.entry key
  entry.scoring == .asked number || entry.wording == .asked number

/-- A job ends; what it still owes is put down by `stage`. -/
private def close (board : Board) (number : Nat) (stage : Stage) : Board :=
  match board.jobs[number]? with
  | none => board
  | some job =>
    let owed := job.keys.filter (board.owes number)
    let board := board.changeAll owed fun entry => { entry with
      scoring := if entry.scoring == .asked number then stage else entry.scoring
      wording := if entry.wording == .asked number then stage else entry.wording
      words := if entry.wording == .asked number && stage == .idle then "" else entry.words }
    { board with jobs := board.jobs.erase number }

/-- A job is given up; what it owes may be asked again. -/
def leave (board : Board) (number : Nat) : Board := board.close number .idle

/-- A job has failed. -/
def fail (board : Board) (number : Nat) (why : ClientError) : Board := board.close number (.failed why)

/-- A job is answered whole, by this model. -/
def finish (board : Board) (number : Nat) (model : String) : Board :=
  match board.jobs[number]? with
  | none => board
  | some job =>
    let board := board.changeAll job.keys fun entry => { entry with model? := some model }
    board.fail number (.notDaemon "the daemon's address" "it ended a request without all that was asked for")

/-- A job's event. The first score of a step stays; what nobody awaits any longer is passed over. -/
def take (board : Board) (number : Nat) (event : Event) : Board := Id.run do
  let some job := board.jobs[number]? | return board
  match event with
  | .score score =>
    let some key := job.keys[score.index]? | return board
    board.change key fun entry =>
      let tooLong := score.status == .tooLong
      { entry with
        score? := entry.score? <|> some { score with index := 0 }
        scoring := .idle
        wordsDone := entry.wordsDone || tooLong
        wording := if tooLong then .idle else entry.wording }
  | .critique index text final =>
    let some key := job.keys[index]? | return board
    unless (board.entry key).wording == .asked number do return board
    board.change key fun entry => { entry with
      words := entry.words ++ text
      wordsDone := final
      wording := if final then .idle else entry.wording }
  | _ => return board

/-- Give up those of the jobs `ended` that were for an earlier version of these steps: they still owe one of them, and
another that is none of them.

- `ended`: jobs that no other proof of the file needs, which may begin in the same way. -/
def supersede (board : Board) (keys : Array Key) (ended : Array Nat) : Board := Id.run do
  let now : HashMap Key Unit := .ofArray (keys.map (·, ()))
  let mut board := board
  for number in ended do
    let some job := board.jobs[number]? | continue
    let owed := job.keys.filter (board.owes number)
    let (kept, gone) := owed.partition now.contains
    unless kept.isEmpty || gone.isEmpty do
      board := (board.leave number).changeAll gone fun entry => { entry with
        scoring := if entry.score?.isSome then .idle else .dropped
        wording := if entry.wordsDone then .idle else .dropped }
  return board

/-- The jobs that owe something of what is looked at: scores of all `keys`, words of those that `wordsOf` names. -/
def jobsFor (board : Board) (keys : Array Key) (wordsOf : Array Key) : Array Nat := Id.run do
  let mut found : Array Nat := #[]
  for (keys, stage) in [(keys, Entry.scoring), (wordsOf, Entry.wording)] do
    for key in keys do
      if let .asked number := stage (board.entry key) then
        unless found.contains number do found := found.push number
  return found

/-- These jobs are wanted at least until `wantedUntil`, and by the holder, if there is one. -/
def want (board : Board) (numbers : Array Nat) (wantedUntil : Nat) (holder? : Option Holder := none) : Board :=
  { board with jobs := numbers.foldl (init := board.jobs) fun jobs number =>
      jobs.modify number fun job =>
        { job with wantedUntil := max job.wantedUntil wantedUntil, holders := job.holders ++ holder?.toArray } }

end Board

end

end Eva.Scoring

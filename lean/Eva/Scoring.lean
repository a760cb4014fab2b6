module

public import Eva.Client.Shared
public import Eva.Scoring.Board

/-!
# Scores and critiques for all who show them

One `Scoring` a process: the panel, the hints, code actions and commands ask it for proofs, and see what it knows. What
it does not know it asks the daemon for, each request in a task of its own that ends with it; nothing runs while nothing
is asked. A request is cancelled when nobody has looked at it for `patienceMs` and the tokens that held it are set, or
as soon as a newer version of its proof is started. Memory is bounded by `Board.capacity`.

What has failed stays failed until someone starts it again: no retries in the background. Only a deadline that passed
while nobody looked is no failure, for all proofs of a file are asked at once and may wait for each other: the next look
asks again.
-/

namespace Eva

public section

/-- The board, and who answers for the daemon of a connection file. -/
structure Scoring where
  private mk ::
  private board : Std.Mutex Scoring.Board
  private clientAt : (endpoint : String) → BaseIO Client
  deriving Nonempty

namespace Scoring

/-- Whether a token, where there is one, is set. -/
def isSet (token? : Option IO.CancelToken) : BaseIO Bool :=
  token?.elim (return false) (·.isSet)

/-- How long (ms) a request is kept after the last look at it. -/
def patienceMs : Nat := 2000

/-- How long (ms) a waiting thread sleeps between two looks. -/
def napMs : Nat := 25

/-- What is known of the steps of a proof, and the board's revision then. -/
structure Look where
  revision : Nat
  entries : Array Entry
  deriving Inhabited

/-- An empty one. Revisions go on from the clock, so that those of an earlier process are older than all of this one. -/
def new (clientAt : String → BaseIO Client) : BaseIO Scoring :=
  return { board := ← Std.Mutex.new { revision := (← IO.monoMsNow) + 1 }, clientAt }

private def withBoard (scoring : Scoring) (act : Board → α × Board) : BaseIO α :=
  scoring.board.atomically (modifyGet act)

private def update (scoring : Scoring) (act : Board → Board) : BaseIO Unit :=
  scoring.withBoard fun board => ((), act board)

private def job? (scoring : Scoring) (number : Nat) : BaseIO (Option Job) :=
  scoring.withBoard fun board => (board.jobs[number]?, board)

/-- Whether somebody has looked at a job lately. -/
private def Job.isLookedAt (job : Job) : BaseIO Bool :=
  return (← IO.monoMsNow) ≤ job.wantedUntil

/-- Whether somebody has, or a command that it is for still stands. -/
private def Job.isWanted (job : Job) : BaseIO Bool := do
  if ← job.isLookedAt then return true
  job.holders.anyM fun { token?, .. } => return token?.isSome && !(← isSet token?)

/-- The jobs that were for proofs at this place alone, or for some whose tokens are set. Lean sets those of the commands
behind an edit; the edited command itself it leaves to its elaborator, and that may be late. -/
private def ended (scoring : Scoring) (place : String.Pos.Raw) : BaseIO (Array Nat) := do
  let jobs ← scoring.withBoard fun board => (board.jobs.toArray, board)
  let isOver (holder : Holder) : BaseIO Bool := return holder.place == place || (← isSet holder.token?)
  let ended ← jobs.filterM fun (_, { holders, .. }) => return !holders.isEmpty && (← holders.allM isOver)
  return ended.map (·.1)

/-- Have the daemon answer a job. -/
private def answer (scoring : Scoring) (asking : Asking) (number : Nat) : BaseIO Unit := do
  let some job ← scoring.job? number | return
  let client ← scoring.clientAt asking.endpoint
  let request := {
    steps := job.keys.map (·.step), critique := job.words, order := asking.order, deadlineMs := asking.timeoutMs }
  let still (check : Job → BaseIO Bool) : BaseIO Bool := do
    let some job ← scoring.job? number | return false
    check job
  let asked := client.score request (cancelled := return !(← still (·.isWanted))) fun event =>
    scoring.update (·.take number event)
  match ← asked.toBaseIO with
  | .ok done => scoring.update (·.finish number done.model)
  | .error why =>
    let concerns ← match why with
      | .cancelled => still (·.isWanted)
      | .deadline .. => still (·.isLookedAt)
      | _ => pure true
    scoring.update (if concerns then (·.fail number why) else (·.leave number))

/-- Ask for all that is missing, and keep what is on its way; `prepare` the board for it in the same breath. -/
private def pursue (scoring : Scoring) (keys wordsOf : Array Key) (asking : Asking)
    (holder? : Option Holder := none) (prepare : Board → Board := id) : BaseIO Unit := do
  let wantedUntil := (← IO.monoMsNow) + patienceMs
  let numbers ← scoring.withBoard fun board =>
    let board := prepare board
    let board := board.want (board.jobsFor keys wordsOf) wantedUntil holder?
    -- The words first: where they are wanted of all steps, one request brings both.
    let (board, words) := board.ask wordsOf true wantedUntil holder?
    let (board, scores) := board.ask keys false wantedUntil holder?
    (words ++ scores, board)
  -- Each in its own task: the words of one step must not wait for the scores of a long proof.
  for number in numbers do
    discard <| (scoring.answer asking number).asTask .dedicated

/-- Begin to score a proof; what failed before is tried again, and requests for an earlier version of it are given up.

- `words`: critiques of all steps are wanted as well.
- `token?`: it is wanted until this token is set, even if nobody looks. -/
def start (scoring : Scoring) (proof : Proof) (asking : Asking) (words : Bool := false)
    (token? : Option IO.CancelToken := none) : BaseIO Unit := do
  let keys := keysOf proof asking
  let place := proof.range.start
  let ended ← scoring.ended place
  scoring.pursue keys (if words then keys else #[]) asking (some { place, token? }) fun board =>
    (board.supersede keys ended).retry keys

/-- What is known of steps now; asks for nothing. -/
def lookAt (scoring : Scoring) (keys : Array Key) : BaseIO Look :=
  scoring.withBoard fun board => ({ revision := board.revision, entries := keys.map board.entry }, board)

/-- What is known of a proof now; asks for nothing. -/
def look (scoring : Scoring) (proof : Proof) (asking : Asking) : BaseIO Look :=
  scoring.lookAt (keysOf proof asking)

/-- Have steps scored, and look at them again and again until it is `enough`, the time is over, or `stop` says so. -/
private partial def watch (scoring : Scoring) (keys wordsOf : Array Key) (asking : Asking) (endMs : Nat)
    (enough : Look → Bool) (stop : BaseIO Bool) : BaseIO Look := do
  scoring.pursue keys wordsOf asking
  let look ← scoring.lookAt keys
  if enough look || (← IO.monoMsNow) ≥ endMs || (← stop) then return look
  untilChanged look.revision (min endMs ((← IO.monoMsNow) + patienceMs / 4)) stop
  scoring.watch keys wordsOf asking endMs enough stop
where
  untilChanged (revision endMs : Nat) (stop : BaseIO Bool) : BaseIO Unit := do
    let now ← scoring.withBoard fun board => (board.revision, board)
    if now != revision || (← IO.monoMsNow) ≥ endMs || (← stop) then return
    IO.sleep napMs.toUInt32
    untilChanged revision endMs stop

/-- Have a proof scored and wait until all is known or has failed, at most so many milliseconds. What failed before is
tried again.

- `words`: critiques of all steps are wanted as well.
- `stop`: ends the wait early, by default when the task that waits is cancelled. -/
def await (scoring : Scoring) (proof : Proof) (asking : Asking) (words : Bool) (milliseconds : Nat)
    (stop : BaseIO Bool := IO.checkCanceled) : BaseIO Look := do
  let keys := keysOf proof asking
  scoring.update (·.retry keys)
  scoring.watch keys (if words then keys else #[]) asking ((← IO.monoMsNow) + milliseconds)
    (·.entries.all (·.isSettled words)) stop

/-- Have steps scored, and wait until something of them is newer than the revision `seen`, at most so many milliseconds.

- `wordsOf`: the steps whose critiques are wanted as well.
- `retry`: what has failed is tried again. -/
def poll (scoring : Scoring) (keys wordsOf : Array Key) (asking : Asking) (seen : Nat) (retry : Bool)
    (milliseconds : Nat) (stop : BaseIO Bool := IO.checkCanceled) : BaseIO Look := do
  if retry then scoring.update (·.retry (keys ++ wordsOf))
  scoring.watch keys wordsOf asking ((← IO.monoMsNow) + milliseconds)
    (fun look => seen == 0 || look.entries.any (·.changed > seen)) stop

end Scoring

/-- The scores of this process. -/
initialize sharedScoring : Scoring ← Scoring.new clientAt

end

end Eva

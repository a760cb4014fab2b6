import Eva.Scoring

/-!
# What is known of which step

The board by itself: what is asked, what is shared, what goes away. Then the threads, with a client whose daemon says
what it was told to say. Those with the real daemon stand in `tests/editor/`.
-/

open Eva Eva.Protocol Eva.Scoring

namespace EvaTest.Scoring

/-- How long a test waits for what must come: a busy machine may take a while. -/
def patienceMs : Nat := 60000

def asking : Asking := { order := .scoreFirst, critique := true, timeoutMs := patienceMs, endpoint := "" }

def placed (step : ProofStep) : PlacedStep :=
  { step, range := ⟨0, 0⟩, lspRange := { start := ⟨0, 0⟩, «end» := ⟨0, 0⟩ } }

def stepOf (tactic : String) : ProofStep := { goals := #["⊢ a"], tactic }

def proofOf (tactics : List String) : Proof :=
  { name := "", steps := (tactics.map fun tactic => placed (stepOf tactic)).toArray }

def proofAt (place : Nat) (tactics : List String) : Proof := { proofOf tactics with range := ⟨⟨place⟩, ⟨place⟩⟩ }

def keys (tactics : List String) : Array Key := keysOf (proofOf tactics) asking

def scoreOf (index : Nat) (value : Float) (status : Status := .scored) : Event :=
  let distribution := #[(1, 1 - value), (5, value)]
  let judged : DimensionScore := { expected := 1 + 4 * value, spread := 0, distribution, mass := 1 }
  let tooLong := status matches .tooLong
  .score { index, status, value? := if tooLong then none else some value, message? := none
           dimensions := if tooLong then #[] else #[("logic", judged)] }

/-- What one sees of a step: its value, how far it is, its words. -/
def seen (board : Board) (tactic : String) : String :=
  let entry := board.entry (Key.of (stepOf tactic) asking)
  let stage : Stage → String
    | .idle => "-"
    | .asked job => s!"asked {job}"
    | .failed why => s!"failed: {why.what}"
    | .dropped => "dropped"
  let score := match entry.score? with
    | some { value? := some value, .. } => s!"{(value * 100).toUInt64.toNat}%"
    | some _ => "too long"
    | none => stage entry.scoring
  let words := if entry.wordsDone then s!"'{entry.words}'" else s!"'{entry.words}' {stage entry.wording}"
  s!"{score} {words}"

def ask (board : Board) (tactics : List String) (words := false) : Board := (board.ask (keys tactics) words 1000).1

/-! One content is one step, wherever it stands; options that make other numbers make another one. -/

#guard Key.of (stepOf "simp") asking
  == Key.of { stepOf "simp" with name := "b", line? := some 3, goalsAfter? := some #[] } asking
#guard Key.of (stepOf "simp") asking != Key.of { stepOf "simp" with earlier := #["intro"] } asking
#guard Key.of (stepOf "simp") asking != Key.of (stepOf "simp") { asking with endpoint := "/f.json" }
#guard Key.of (stepOf "simp") asking == Key.of (stepOf "simp") { asking with critique := false, timeoutMs := 7 }
#guard Key.of (stepOf "simp") { asking with order := .critiqueFirst }
  != Key.of (stepOf "simp") { asking with order := .critiqueFirst, critique := false }

/-! What is asked: each step once, and only what is missing. -/

#guard (({} : Board).ask (keys ["simp", "rfl", "simp"]) false 0).2 == #[0]
#guard (({} : Board).ask (keys ["simp", "rfl", "simp"]) false 0).1.jobs[0]!.keys == keys ["simp", "rfl"]
#guard ((ask {} ["simp", "rfl"]).ask (keys ["rfl", "omega"]) false 0).1.jobs[1]!.keys == keys ["omega"]
#guard ((ask {} ["simp", "rfl"]).ask (keys ["rfl"]) false 0).2 == #[]
#guard (({} : Board).ask #[] true 0).2 == #[]

/-! Scores come and stay; words are asked for one step while the scores of all are on their way. -/

def both : Board := ask (ask {} ["simp", "rfl"]) ["rfl"] (words := true)

#guard seen both "rfl" == "asked 0 '' asked 1"
#guard seen (both.take 1 (scoreOf 0 0.5)) "rfl" == "50% '' asked 1"
#guard seen ((both.take 1 (scoreOf 0 0.5)).take 0 (scoreOf 1 0.75)) "rfl" == "50% '' asked 1"
#guard seen (((both.take 1 (.critique 0 "no " false)).take 1 (.critique 0 "way" true)).take 1 (scoreOf 0 0.5)) "rfl"
  == "50% 'no way'"
#guard seen ((both.take 1 (scoreOf 0 0.5)).leave 1) "rfl" == "50% '' -"
#guard seen (((both.take 1 (.critique 0 "no " false)).leave 1).take 0 (scoreOf 1 0.75)) "rfl" == "75% '' -"
#guard seen ((both.leave 1).take 1 (.critique 0 "late" true)) "rfl" == "asked 0 '' -"
#guard seen (both.leave 0) "simp" == "- '' -"
#guard seen ((ask {} ["simp"] true).take 0 (scoreOf 0 0 .tooLong)) "simp" == "too long ''"
#guard ((ask {} ["simp"] true).take 0 (scoreOf 3 0.5)).revision == (ask {} ["simp"] true).revision

/-! What fails stays failed until it is tried again; what is known stays known. -/

def broken : Board := ((ask {} ["simp", "rfl"]).take 0 (scoreOf 0 0.5)).fail 0 .cancelled

#guard seen broken "simp" == "50% '' -"
#guard seen broken "rfl" == "failed: the request was cancelled '' -"
#guard broken.jobs.isEmpty
#guard (broken.ask (keys ["simp", "rfl"]) false 0).2 == #[]
#guard ((broken.retry (keys ["simp", "rfl"])).ask (keys ["simp", "rfl"]) false 0).1.jobs[1]!.keys == keys ["rfl"]

/-! A daemon that ends a request without all that was asked for has failed. -/

#guard ((broken.entry (keys ["simp"])[0]!).model?).isNone
#guard seen ((ask {} ["simp"]).finish 0 "m") "simp"
  == "failed: what answers at the daemon's address is no eva daemon of this version: \
      it ended a request without all that was asked for '' -"
#guard (((((ask {} ["simp"]).take 0 (scoreOf 0 0.5)).finish 0 "m").entry (keys ["simp"])[0]!).model?) == some "m"

/-! An edit gives up the request for the version before it, and that one alone. -/

def before : Board := ask (ask {} ["simp", "rfl"]) ["omega"]
def edited : Board := before.supersede (keys ["simp", "decide"]) #[0, 1]

#guard edited.jobs.toList.map (·.1) == [1]
#guard seen edited "simp" == "- '' -"
#guard seen edited "rfl" == "dropped '' dropped"
#guard (edited.ask (keys ["simp", "rfl"]) true 0).1.jobs[2]!.keys == keys ["simp"]
#guard ((edited.retry (keys ["rfl"])).ask (keys ["rfl"]) false 0).2 == #[2]
#guard (before.supersede (keys ["simp", "decide"]) #[1]).jobs.size == 2
#guard (ask {} ["simp"]).supersede (keys ["simp", "decide"]) #[0] |>.jobs.contains 0
#guard ((ask {} ["simp", "rfl"]).take 0 (scoreOf 0 0.5)).supersede (keys ["simp", "decide"]) #[0] |>.jobs.contains 0

/-! Revisions: what changed since one, and nothing else. -/

def changedSince (board later : Board) (tactics : List String) : List Bool :=
  tactics.map fun tactic => (later.entry (Key.of (stepOf tactic) asking)).changed > board.revision

#guard changedSince both (both.take 0 (scoreOf 0 0.5)) ["simp", "rfl"] == [true, false]
#guard changedSince both (both.take 1 (.critique 0 "x" false)) ["simp", "rfl"] == [false, true]
#guard changedSince both both ["simp", "rfl"] == [false, false]

/-! Who is wanted for how long. -/

#guard (both.jobsFor (keys ["simp", "rfl"]) #[]) == #[0]
#guard (both.jobsFor (keys ["simp", "rfl"]) (keys ["rfl"])) == #[0, 1]
#guard ((both.want #[0] 5000).jobs[0]!.wantedUntil, (both.want #[0] 500).jobs[0]!.wantedUntil) == (5000, 1000)

/-! A request has at most so many steps, and about so many bytes; a step alone is never split. -/

def long (count : Nat) (size : Nat) : Array Key :=
  (Array.range count).map fun i => Key.of (stepOf (s!"simp {i} " ++ "".pushn 'x' size)) asking

#guard (Board.batches (long 2500 1)).map (·.size) == #[1000, 1000, 500]
#guard (Board.batches (long 5 400000)).map (·.size) == #[2, 2, 1]
#guard (Board.batches (long 2 2000000)).map (·.size) == #[1, 1]

/-! Memory: the longest unused steps go, those on their way stay. -/

def full : Board := Id.run do
  let mut board := ask {} ["on its way"]
  for i in [:9] do
    let part := (Array.range 500).map fun j => Key.of (stepOf s!"{i} {j}") asking
    let (asked, numbers) := board.ask part false 0
    board := (Array.range 500).foldl (fun board j => board.take numbers[0]! (scoreOf j 0.5)) asked
    board := board.finish numbers[0]! "m"
  return board

#guard full.entries.size ≤ Board.capacity
#guard full.jobs.size == 1
#guard seen full "on its way" == "asked 0 '' -"
#guard (seen full "0 0", seen full "8 499") == ("- '' -", "50% '' -")

/-! Threads: a daemon that is told what to say. -/

def connection : Connection :=
  { path := "f", address := { host := .loopback4 0 0 1, port := 1 }, endpoint := "tcp://127.0.0.1:1", token := "secret"
    pid := 7, model := "m" }

def welcome : ByteArray :=
  let command (name : String) : ByteArray := (Eva.Zmtp.Command.mk name .empty).frame
  (Eva.Zmtp.Mechanism.plain "" "").greeting ++ command "WELCOME" ++ command "READY"

/-- The message of an event as the wire has it, for request number `n` of the connection. -/
def says (n : Nat) (event : Event) : ByteArray :=
  Eva.Zmtp.messageFrames #[(event.toJson s!"r{n}").compress.toUTF8]

/-- A daemon on the other side of a channel: what it still has to say, and all that it was sent. -/
structure Daemon where
  speech : IO.Ref (List ByteArray)
  heard : IO.Ref String

/-- A scoring whose daemon says these pieces, whenever somebody listens. -/
def withDaemon (speech : List ByteArray) : IO (Scoring × Daemon) := do
  let daemon : Daemon := { speech := ← IO.mkRef (welcome :: speech), heard := ← IO.mkRef "" }
  let channel : Channel := {
    send := fun bytes => daemon.heard.modify (· ++ String.ofList (bytes.toList.map (Char.ofNat ·.toNat)))
    receive := fun ms => do
      match ← daemon.speech.modifyGet fun | [] => (none, []) | next :: rest => (some next, rest) with
      | some bytes => return .bytes bytes
      | none =>
        IO.sleep (min ms 20).toUInt32
        return .nothing
    close := pure () }
  let client ← Client.new (find := pure connection) fun _ _ _ => pure channel
  return (← Scoring.new fun _ => pure client, daemon)

def count (text part : String) : Nat := (text.splitOn part).length - 1

/-- Wait until the daemon has been sent `part` so many times; fails where it is not, or more often. -/
partial def Daemon.hears (daemon : Daemon) (part : String) (times : Nat) : IO Unit := do
  let endMs := (← IO.monoMsNow) + patienceMs
  let rec wait : IO Unit := do
    let found := count (← daemon.heard.get) part
    if found == times then return
    if found > times || (← IO.monoMsNow) > endMs then throw <| .userError s!"{part} was sent {found} times, not {times}"
    IO.sleep 10
    wait
  wait

def Daemon.say (daemon : Daemon) (speech : List ByteArray) : IO Unit := daemon.speech.modify (· ++ speech)

def expect [BEq α] [Repr α] (what : String) (found wanted : α) : IO Unit := do
  unless found == wanted do throw <| .userError s!"{what}: {reprStr found}, expected {reprStr wanted}"

def stages (scoring : Scoring) (tactics : List String) : IO (Array Stage) :=
  return (← scoring.look (proofOf tactics) asking).entries.map (·.scoring)

def values (look : Look) : Array (Option Float) := look.entries.map fun entry => entry.score?.bind (·.value?)

def score : String := "\"type\":\"score\""
def withWords : String := "\"critique\":true"
def cancel : String := "\"type\":\"cancel\""

/-- A proof is scored in one request; the second look asks for nothing. -/
def scores : IO Unit := do
  let (scoring, daemon) ← withDaemon [says 1 (scoreOf 1 0.25), says 1 (scoreOf 0 0.5), says 1 (.done 2 "m" 1)]
  let proof := proofOf ["simp", "rfl"]
  expect "before" (values (← scoring.look proof asking)) #[none, none]
  expect "scores" (values (← scoring.await proof asking false patienceMs)) #[some 0.5, some 0.25]
  expect "again" (values (← scoring.await proof asking false patienceMs)) #[some 0.5, some 0.25]
  daemon.hears score 1
  daemon.hears withWords 0

#eval scores

/-- Two that look at once share one request. -/
def shared : IO Unit := do
  let (scoring, daemon) ← withDaemon []
  let proof := proofOf ["simp"]
  let looks ← (List.range 4).mapM fun _ => (scoring.await proof asking false patienceMs).asTask .dedicated
  daemon.hears score 1
  daemon.say [says 1 (scoreOf 0 0.5), says 1 (.done 1 "m" 1)]
  for look in looks do expect "value" (values (← IO.wait look)) #[some 0.5]
  daemon.hears score 1

#eval shared

/-- A poll answers at once with all; later with what is new, as soon as it is. -/
def polls : IO Unit := do
  let (scoring, daemon) ← withDaemon []
  let steps := keys ["simp", "rfl"]
  let first ← scoring.poll steps (steps.take 1) asking 0 false patienceMs
  expect "nothing yet" (values first) #[none, none]
  let next ← (scoring.poll steps (steps.take 1) asking first.revision false patienceMs).asTask .dedicated
  daemon.hears score 2
  -- Which of the two requests asks for the words is left to their threads; the other takes none.
  daemon.say [says 1 (.critique 0 "good" false), says 2 (.critique 0 "good" false)]
  let next ← IO.wait next
  expect "words" (next.entries.map (·.words)) #["good", ""]
  expect "what changed" (next.entries.map fun entry => decide (entry.changed > first.revision)) #[true, false]
  let none ← scoring.poll steps (steps.take 1) asking next.revision false 100
  expect "nothing new" none.revision next.revision
  daemon.hears score 2
  daemon.hears withWords 1

#eval polls

/-- What nobody looks at any longer is cancelled, what a token holds is not; then it is asked for anew. -/
def abandoned : IO Unit := do
  let (scoring, daemon) ← withDaemon []
  let token ← IO.CancelToken.new
  scoring.start (proofOf ["rfl"]) asking (token? := some token)
  discard <| scoring.poll (keys ["simp"]) #[] asking 0 false 100
  daemon.hears cancel 1
  let endMs := (← IO.monoMsNow) + patienceMs
  while (← stages scoring ["simp"]) == #[.asked 1] && (← IO.monoMsNow) < endMs do IO.sleep 10
  expect "and none failed" (← stages scoring ["simp"]) #[.idle]
  token.set
  daemon.hears cancel 2
  let again ← (scoring.await (proofOf ["simp"]) asking false patienceMs).asTask .dedicated
  daemon.hears score 3
  daemon.say [says 3 (scoreOf 0 0.5), says 3 (.done 1 "m" 1)]
  expect "again" (values (← IO.wait again)) #[some 0.5]

#eval abandoned

/-- An edit has the request for the version before it cancelled at once, although the panel still looks at that. -/
def superseded : IO Unit := do
  let (scoring, daemon) ← withDaemon []
  scoring.start (proofOf ["simp", "rfl"]) asking (token? := some (← IO.CancelToken.new))
  daemon.hears score 1
  let before := (← scoring.look (proofOf ["simp", "rfl"]) asking).revision
  let looks ← (scoring.poll (keys ["simp", "rfl"]) #[] asking before false patienceMs).asTask .dedicated
  scoring.start (proofOf ["simp", "omega"]) asking
  daemon.hears cancel 1
  discard <| IO.wait looks
  discard <| scoring.poll (keys ["simp", "rfl"]) #[] asking 0 false 100
  daemon.hears score 2
  daemon.say [says 1 (scoreOf 0 0.1), says 2 (scoreOf 0 0.5), says 2 (scoreOf 1 0.75), says 2 (.done 2 "m" 1)]
  let look ← scoring.await (proofOf ["simp", "omega"]) asking false patienceMs
  expect "the new version" (values look) #[some 0.5, some 0.75]

#eval superseded

/-- An edit further up moves the proof: then the token of the version before it is set. -/
def moved : IO Unit := do
  let (scoring, daemon) ← withDaemon []
  let token ← IO.CancelToken.new
  scoring.start (proofOf ["simp", "rfl"]) asking (token? := some token)
  daemon.hears score 1
  token.set
  scoring.start (proofAt 7 ["simp", "omega"]) asking
  expect "the old version" (← stages scoring ["simp", "rfl"]) #[.asked 1, .dropped]

#eval moved

/-- Two proofs of one file that begin in the same way are no versions of one another: both are scored wholly. -/
def alike : IO Unit := do
  let (scoring, daemon) ← withDaemon []
  for (tactics, number) in [(["simp", "rfl"], 1), (["simp", "omega"], 2)] do
    scoring.start (proofAt number tactics) asking (token? := some (← IO.CancelToken.new))
    daemon.hears score number
  expect "the first" (← stages scoring ["simp", "rfl"]) #[.asked 0, .asked 0]
  daemon.say [says 1 (scoreOf 0 0.5), says 1 (scoreOf 1 0.25), says 1 (.done 2 "m" 1)]
  daemon.say [says 2 (scoreOf 0 0.75), says 2 (.done 1 "m" 1)]
  expect "the first" (values (← scoring.await (proofOf ["simp", "rfl"]) asking false patienceMs)) #[some 0.5, some 0.25]
  expect "the second" (values (← scoring.await (proofOf ["simp", "omega"]) asking false patienceMs))
    #[some 0.5, some 0.75]
  daemon.hears score 2

#eval alike

/-- An edit of one of them takes nothing from the other. -/
def heldByBoth : IO Unit := do
  let (scoring, daemon) ← withDaemon []
  for (place, tactics) in [(1, ["simp", "rfl"]), (2, ["simp", "omega"]), (2, ["simp", "decide"])] do
    scoring.start (proofAt place tactics) asking (token? := some (← IO.CancelToken.new))
  expect "the other" (← stages scoring ["simp", "rfl"]) #[.asked 0, .asked 0]
  daemon.hears score 3

#eval heldByBoth

/-- A daemon's error is kept, and is no score; a retry asks again. -/
def failures : IO Unit := do
  let (scoring, daemon) ← withDaemon [says 1 (.error "busy" "full" #[])]
  let steps := keys ["simp"]
  let look ← scoring.await (proofOf ["simp"]) asking false patienceMs
  expect "failed" (look.entries.map (·.error?)) #[some (.failed "busy" "full")]
  let look ← scoring.poll steps #[] asking 0 false 100
  expect "still" (look.entries.map (·.error?)) #[some (.failed "busy" "full")]
  let look ← scoring.poll steps #[] asking look.revision true patienceMs
  expect "retried" (look.entries.map (·.error?)) #[none]
  daemon.hears score 2
  daemon.say [says 2 (scoreOf 0 0.5), says 2 (.done 1 "m" 1)]
  expect "value" (values (← scoring.await (proofOf ["simp"]) asking false patienceMs)) #[some 0.5]

#eval failures

/-- All proofs of a file are asked at once, and a slow model is late with most: whose deadline passes while nobody looks is
asked again by the next one who does, and by nobody else. Who waits for it is told. -/
def late : IO Unit := do
  let (scoring, daemon) ← withDaemon []
  let proof := proofOf ["simp"]
  scoring.start proof asking (token? := some (← IO.CancelToken.new))
  daemon.hears score 1
  IO.sleep (Scoring.patienceMs + 500).toUInt32
  daemon.say [says 1 (.error "deadline" "late" #[])]
  let endMs := (← IO.monoMsNow) + patienceMs
  while (← stages scoring ["simp"]) == #[.asked 0] && (← IO.monoMsNow) < endMs do IO.sleep 10
  expect "unseen" (← stages scoring ["simp"]) #[.idle]
  daemon.hears score 1
  let look ← (scoring.poll (keys ["simp"]) #[] asking (← scoring.look proof asking).revision false patienceMs).asTask
    .dedicated
  daemon.hears score 2
  discard <| IO.wait look
  let look ← (scoring.poll (keys ["simp"]) #[] asking (← scoring.look proof asking).revision false patienceMs).asTask
    .dedicated
  daemon.say [says 2 (.error "deadline" "late" #[])]
  expect "seen" ((← IO.wait look).entries.map (·.error?)) #[some (.deadline patienceMs true)]
  daemon.hears score 2

#eval late

/-- A panel polls for hours. -/
def manyPolls : IO Unit := do
  let (scoring, _) ← withDaemon [says 1 (scoreOf 0 0.5), says 1 (.done 1 "m" 1)]
  discard <| scoring.await (proofOf ["simp"]) asking false patienceMs
  for _ in [:600] do
    let poll ← (scoring.poll (keys ["simp"]) #[] asking 0 false 100).asTask .dedicated
    expect "value" (values (← IO.wait poll)) #[some 0.5]

#eval manyPolls

end EvaTest.Scoring

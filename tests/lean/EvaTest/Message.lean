import Eva.Message
import Eva.Options

/-!
# What is said at a step, and what the options may be
-/

open Lean Eva Eva.Message

namespace EvaTest.Message

#guard ([0, 0.005, 0.81, 0.999, 4.25, 12.5, -1.26, -0.001].map (fixed 2))
  == ["0.00", "0.01", "0.81", "1.00", "4.25", "12.50", "-1.26", "0.00"]
#guard (fixed 0 2.6, fixed 1 0.04, fixed 1 9.96) == ("3", "0.0", "10.0")

def judged (expected spread mass : Float) : DimensionScore :=
  { expected, spread, mass, distribution := #[(1, 0.1), (2, 0.1), (3, 0.2), (4, 0.3), (5, 0.3)] }

def score : StepScore := {
  index := 0, status := .scored, value? := some 0.806, message? := none
  dimensions := #[("logic", judged 4.31 0.77 0.998), ("alignment", judged 3.2 1.4 0.9), ("clarity", judged 4 0.2 1)] }

#guard step score "" == "eva 0.81 (logic 4.3, alignment 3.2 ± 1.4, clarity 4.0 of 1…5)"
#guard step score "  It closes the goal.\n" ==
  "eva 0.81 (logic 4.3, alignment 3.2 ± 1.4, clarity 4.0 of 1…5)\nIt closes the goal."
#guard step { score with status := .offFormat } "?" ==
  "eva off format, do not trust these numbers: 0.81 (logic 4.3, alignment 3.2 ± 1.4, clarity 4.0 of 1…5; \
    anchor mass 0.90)\n?"
#guard step { score with status := .tooLong, value? := none, dimensions := #[], message? := some "600 of 512 tokens" } ""
  == "eva has no score: 600 of 512 tokens"
#guard step { score with status := .tooLong, value? := none, dimensions := #[] } ""
  == "eva has no score: the step does not fit the model's context"
#guard step { score with dimensions := #[("logic", { expected := 1, spread := 9, distribution := #[], mass := 1 })] } ""
  == "eva 0.81 (logic 1.0)"

/-! The states in which there is no score. -/

#guard nothing (.missing "f.json") == "eva: no scores, no daemon runs (no f.json): start one with 'eva serve --detach'"
#guard nothing (.stale "f.json" 7)
  == "eva: no scores, the daemon of f.json (pid 7) is gone: start one with 'eva serve --detach'"
#guard nothing (.wrongToken "tcp://127.0.0.1:1" "f.json") == "eva: no scores, the daemon at tcp://127.0.0.1:1 refused \
  the token of f.json: it is another daemon's: restart it with 'eva stop' and 'eva serve --detach'"
#guard incomplete 2 0 5 (.deadline 300 true) == "eva: 2 of 5 steps have no score, the daemon was not done within 300 ms: \
  give it more time (option eva.timeout), or serve a smaller model"
#guard incomplete 1 0 1 (.failed "busy" "the queue is full")
  == "eva: 1 of 1 steps have no score, the queue is full (busy): try again later"
#guard incomplete 0 3 5 (.failed "busy" "the queue is full")
  == "eva: 3 of 5 steps have no critique, the queue is full (busy): try again later"
#guard incomplete 1 3 5 (.failed "busy" "the queue is full")
  == "eva: 1 of 5 steps have no score and 3 no critique, the queue is full (busy): try again later"

/-! Options. -/

def asked (set : Options → Options) : String :=
  match Asking.ofOptions (set {}) with
  | .ok asking => toString (repr asking)
  | .error why => why

#guard match Asking.ofOptions {} with
  | .ok { order := .scoreFirst, critique := true, timeoutMs := 60000, endpoint := "" } => true
  | _ => false
#guard match Asking.ofOptions (eva.critique.set (eva.order.set {} "critique_first") false) with
  | .ok { order := .critiqueFirst, critique := false, .. } => true
  | _ => false
#guard asked (eva.order.set · "both") == "eva.order is \"both\", but must be \"score_first\" or \"critique_first\""
#guard asked (eva.timeout.set · 0) == "eva.timeout is 0, but must be 1 to 3600000 milliseconds"
#guard asked (eva.timeout.set · 3600001) == "eva.timeout is 3600001, but must be 1 to 3600000 milliseconds"
#guard asked (eva.endpoint.set · "tcp://127.0.0.1:5570") == "eva.endpoint is \"tcp://127.0.0.1:5570\", but must be the \
  path of the daemon's connection file (it holds the address and the token)"

end EvaTest.Message

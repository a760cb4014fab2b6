module

public import Eva.Protocol
public meta import Eva.Protocol
public meta import Lean.Elab.Exception

/-!
# Options

All that a file can set, and what it asks the daemon for.
-/

open Lean

namespace Eva

public section

/-- What is asked of the daemon besides the steps. -/
structure Asking where
  order : Protocol.Order
  critique : Bool
  timeoutMs : Nat
  /-- Path of the daemon's connection file, or `""`: where it usually is. -/
  endpoint : String
  deriving Inhabited, BEq, Hashable, Repr

end

public meta section

register_option eva.endpoint : String := {
  defValue := ""
  descr := "the daemon's connection file; \"\": where docs/protocol.md says that it is"
}

register_option eva.timeout : Nat := {
  defValue := 60000
  descr := "milliseconds after which a request to the daemon ends without an answer"
}

register_option eva.auto : Bool := {
  defValue := false
  descr := "show scores at all tactic proofs of the file, as #eva_score does at one command"
}

register_option eva.order : String := {
  defValue := "score_first"
  descr := "score_first (the scores come at once, the words follow) or critique_first (the scores have read the words)"
}

register_option eva.critique : Bool := {
  defValue := true
  descr := "whether words are wanted besides the scores"
}

register_option eva.maxGoalSize : Nat := {
  defValue := 4000
  descr := "characters of a goal that are sent to the daemon; longer goals are cut, and say so"
}

/-- What the options ask for; the error names the option that has no meaning, and what it could be. -/
def Asking.ofOptions (options : Options) : Except String Asking := do
  let order := eva.order.get options
  let timeoutMs := eva.timeout.get options
  let endpoint := eva.endpoint.get options
  let some order := Protocol.asOrder? (.str order)
    | throw s!"eva.order is \"{order}\", but must be \"score_first\" or \"critique_first\""
  unless 1 ≤ timeoutMs && timeoutMs ≤ Protocol.maxDeadlineMs do
    throw s!"eva.timeout is {timeoutMs}, but must be 1 to {Protocol.maxDeadlineMs} milliseconds"
  if (endpoint.splitOn "://").length > 1 then
    throw s!"eva.endpoint is \"{endpoint}\", but must be the path of the daemon's connection file \
      (it holds the address and the token)"
  return { order, critique := eva.critique.get options, timeoutMs, endpoint }

end

end Eva

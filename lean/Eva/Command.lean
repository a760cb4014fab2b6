module

public meta import Lean.Elab.Command
public meta import Eva.Options

/-!
# The command `#eva_score`

`#eva_score theorem … := by …` elaborates the command behind it as usual, and has every step of its proofs reported at
the step: in the editor by panel and hints (`Eva.Auto`), where a file is built by messages (`Eva.Linter`).
-/

open Lean Elab Command

namespace Eva

public meta section

/-- `#eva_score theorem …` elaborates the theorem and shows the reward model's score of each of its steps. Any command
may stand there. -/
syntax (name := scoreCommand) "#eva_score " command : command

/-- `#eva_score name` says how to see the scores of a theorem that is already there. -/
syntax (name := scoreName) "#eva_score " ident : command

macro_rules
  | `(scoreCommand| #eva_score $command:command) => `(set_option eva.auto true in $command:command)

/-- Whether a command asks for a report of all its steps. -/
def isScoreCommand (stx : Syntax) : Bool := stx.isOfKind ``scoreCommand

@[command_elab scoreName]
def elabScoreName : CommandElab := fun stx => do
  let name ← liftCoreM <| realizeGlobalConstNoOverloadWithInfo stx[1]
  logWarning m!"Lean keeps no steps of a finished proof. To see the scores of '{.ofConstName name}', write '#eva_score' \
    in front of the theorem itself, or 'set_option eva.auto true' above it."

end

end Eva

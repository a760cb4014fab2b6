module

public meta import Eva.Marks
public meta import Lean.Elab.Declaration

/-!
# Scores in the editor, by themselves

With `eva.auto` on, every declaration shows its panel and its hints; with it off, those do that ask for it by
`eva_score`. (`#eva_score` turns the option on for one command.)

This is no linter: Lean throws away what linters add to the info tree. Instead it stands before Lean's own elaborators of
declarations, lets them do their work, and adds its marks. Nothing is done where a file is built.

Known limit: what is marked is elaborated whole after each edit, for the infoview looks for panels in the tree of the
single tactic at the cursor where Lean takes the tactics of a proof one by one.
-/

open Lean Elab Command

namespace Eva.Auto

public meta section

/-- Elaborate a command by whatever would elaborate it without `mine`, then add the marks that are wanted. -/
def elaborate (mine : Name) : CommandElab := fun stx => do
  let options ← getOptions
  unless Elab.inServer.get options do throwUnsupportedSyntax
  let asked := Marks.askedIn stx
  let all := eva.auto.get options
  unless all || !asked.isEmpty do throwUnsupportedSyntax
  let entries := (commandElabAttribute.getEntries (← getEnv) stx.getKind).filter (·.declName != mine)
  let some usual := entries.head? | throwUnsupportedSyntax
  -- Lean leaves it to whoever reuses nothing of the command's old version to cancel that.
  if let some old := (← read).snap?.bind (·.old?) then old.val.cancelRec
  withoutCommandIncrementality true <| usual.value stx
  Marks.push stx (if all then none else some asked)

-- `incremental`, so that what is not marked is taken by the usual elaborator as if these were not there.
@[command_elab Lean.Parser.Command.declaration, incremental]
def elabDeclaration : CommandElab := elaborate decl_name%

@[command_elab Lean.Parser.Command.mutual, incremental]
def elabMutual : CommandElab := elaborate decl_name%

end

end Eva.Auto

module

public import Eva.Protocol
public import Lean.Data.Lsp.Basic
public import Lean.Syntax

/-!
# The steps of a proof

What the elaborator leaves behind, as the rest of the package takes it: steps with their places.
-/

namespace Eva

public section

/-- A step of a proof, and where it stands. -/
structure PlacedStep where
  step : ProofStep
  /-- The step's whole syntax, blocks in it included. -/
  range : Lean.Syntax.Range
  /-- The same as editors count. -/
  lspRange : Lean.Lsp.Range
  deriving Inhabited

/-- The steps of one declaration, in the order of the source. -/
structure Proof where
  /-- The declaration's full name, or `""`. -/
  name : String
  steps : Array PlacedStep
  /-- The whole declaration, or where nothing is declared the whole command. -/
  range : Lean.Syntax.Range := ⟨0, 0⟩
  deriving Inhabited

end

end Eva

/-! What is easily read wrongly, by Lean's info trees or out of the source; `Corners.steps` has what must come out. -/

namespace Corners

section
variable (n : Nat) (i : Fin (n + 1)) (h : i = ⟨0, by omega⟩)
include h
theorem wrong_with_variables : i = i + 1 := by rfl
theorem with_variables : i = i := by rfl
end

end Corners

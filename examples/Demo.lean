/-!
# A file for `eva score examples/Demo.lean`

Ten small theorems of core Lean (no imports), with the tactics that a newcomer meets first. Most of the steps are
sound. **Four are wrong on purpose**, each marked by `-- wrong:` with what is wrong about it: Lean reports an error
there, so this file does not compile, and must not. Look at what the model says about the wrong steps and about the
sound ones around them; the verdict stays Lean's alone.
-/

namespace Demo

/-- A conjunction is taken apart by `obtain` and built up by `constructor`. -/
theorem and_swap (p q : Prop) (h : p ∧ q) : q ∧ p := by
  obtain ⟨hp, hq⟩ := h
  constructor
  · exact hq
  · exact hp

/-- A disjunction is a question of cases. -/
theorem or_swap (p q : Prop) (h : p ∨ q) : q ∨ p := by
  cases h with
  | inl hp => exact Or.inr hp
  | inr hq => exact Or.inl hq

/-- Induction: the hypothesis `ih` is what the step lives on. -/
theorem zero_add' (n : Nat) : 0 + n = n := by
  induction n with
  | zero => rfl
  | succ k ih => rw [← Nat.add_assoc, ih]

/-- A chain of implications, walked backwards with `apply`. -/
theorem chain (p q r : Prop) (hpq : p → q) (hqr : q → r) : p → r := by
  intro hp
  apply hqr
  apply hpq
  exact hp

/-- An intermediate fact (`have`) that linear arithmetic finds and then uses. -/
theorem double_le (a b : Nat) (h : a ≤ b) : a + a ≤ 2 * b := by
  have twice : a + a ≤ b + b := by omega
  omega

/-- A calculation, line by line. -/
theorem regroup (a b c : Nat) : a + b + c = c + (b + a) := by
  calc a + b + c
      _ = c + (a + b) := by rw [Nat.add_comm]
      _ = c + (b + a) := by rw [Nat.add_comm a b]

/-- The length of two lists put together. -/
theorem length_append' (xs ys : List Nat) : (xs ++ ys).length = ys.length + xs.length := by
  rw [List.length_append]
  rfl -- wrong: addition must be turned round first (`omega` closes it)

/-- Existence needs a witness. -/
theorem exists_larger (n : Nat) : ∃ m, n < m ∧ 2 ∣ m := by
  refine ⟨2 * n + 2, ?_, ?_⟩
  · omega
  · exact ⟨n, rfl⟩ -- wrong: `2 * n + 2` is twice `n + 1`, not twice `n`

/-- True for every natural number except zero, so not true. -/
theorem pred_lt (n : Nat) : n - 1 < n := by
  cases n with
  | zero => omega -- wrong: `0 - 1 < 0` is false
  | succ k => simp

/-- The hypotheses speak of `p` and `q`; the goal asks for both. -/
theorem both (p q : Prop) (hp : p) (hpq : p → q) : p ∧ q := by
  constructor
  · exact hp
  · exact hpq -- wrong: a proof of `p → q` is not yet a proof of `q`

end Demo

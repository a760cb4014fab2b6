/-! Steps that Lean rejects, in all the ways it can; `Errors.steps` has what must come out of this file. -/

namespace Errors

theorem rejected (a b : Nat) : a = b := by
  rw [Nat.add_comm]
  simp

theorem bullet (a b : Nat) : a = b ∧ a = a := by
  constructor
  · simp
  · rfl

theorem unknown_tactic (p : Prop) (h : p) : p ∧ p := by
  constructor
  · simp
  · linarith [h] -- the whole line is the step
    exact h

theorem left_open (n : Nat) : n = n + 0 := by
  induction n with
  | zero => skip
  | succ n ih => omega

theorem block_left_open (n : Nat) : n = n + 1 := by
  have h : n = 2 := by
    have : 1 = 2 := by
      skip
    skip
  have inline : n = 2 := by skip
  exact nope h

theorem cut_off (n : Nat) : n = n + 0 := by
  have h : n = 0 := by
    simp
    omega
  rw [h,

theorem cut_off_at (n : Nat) : n = n + 0 := by
  simp at

theorem too_much (n : Nat) : n = n + 0 := by
  rfl
  rfl

theorem arm_missing (n : Nat) : n = n + 1 ∨ True := by
  cases n with
  | zero => right; trivial

theorem arm_unknown (n : Nat) : n = n ∨ True := by
  cases n with
  | nought => right; trivial
  | succ n => left; rfl

theorem chained (a b c : Nat) (h : a = b) (_ : b = c) : a = c := by
  calc a = b := by rw [h]
    _ = c := by rw [h]

theorem no_such_case (p : Prop) (h : p) : p := by
  case foo => exact h

theorem no_tactics (p : Prop) (h : p) : p := nope

theorem bad_statement (n : Nat) : n = true && nope := by
  rfl

theorem combined (p : Prop) (h : p) : p ∧ p := by
  constructor <;>
    all_goals
      have := h
      skip

theorem unknown_word (p : Prop) (h : p) : p := by
  exact h
unexpected words here

theorem after_all (p : Prop) (h : p) : p := by
  exact h

end Errors

/-! Proof shapes, and for each beside this file (`Shapes.steps`) what must come out of it. -/

namespace Shapes

/-- A bullet and a `have` whose block is on lines of its own. -/
theorem bullets (p q : Prop) (hp : p) (hq : q) : p ∧ q := by
  constructor
  · exact hp
  · have h : q := by
      exact hq
    exact h

section
namespace Inner

theorem induct (n : Nat) : 0 + n = n := by
  induction n with
  | zero => rfl
  | succ k ih =>
    rw [← Nat.add_assoc,
      ih]

end Inner
end

private theorem split (p q : Prop) (h : p ∨ q) : q ∨ p := by
  cases h with
  | inl hp => right; assumption
  | inr hq => exact Or.inl hq

theorem arranged (p q : Prop) (h : p ∨ q) : q ∨ p := by
  cases h
  case inl hp => (right; exact hp)
  next hq =>
    left
    exact hq

theorem bracketed (p q : Prop) (h : p ∨ q) : q ∨ p := by
  rcases h with hp | hq
  { right; exact hp }
  · exact Or.inl hq

theorem matched (n : Nat) : n = n := by
  match n with
  | 0 => rfl
  | k + 1 =>
    if k = 0 then rfl
    else
      rfl

theorem chained (a b c : Nat) (h : a = b) (h₂ : b = c) : a = c := by
  calc a
    _ = b := by rw [h]
    _ = c := by
      rw [h₂]

theorem by_term (a b : Nat) : a + b = b + a ∧ True := ⟨by omega, by
  trivial⟩

theorem combinators (p q : Prop) (hp : p) (hq : q) : (p ∧ q) ∧ p := by
  refine ⟨?_, ?_⟩ <;> try constructor <;> assumption
  all_goals first
    | exact hq
    | exact hp

theorem repeated (p : Prop) (hp : p) : p ∧ p ∧ p := by
  repeat' constructor
  any_goals
    have h : p := by
      exact hp
    exact h

theorem inline (a b : Nat) (h : a ≤ b) : a + a ≤ 2 * b := by
  have twice : a + a ≤ b + b := by omega
  show a + a ≤ 2 * b; omega

theorem hidden (p q : Prop) (hp : p) (hq : q) : q ∧ p := by
  suffices h : p ∧ q by
    exact ⟨h.2, h.1⟩
  exact ⟨hp, by
    exact hq⟩

example (p q : Prop) : p ∧ q → q ∧ p := by
  intro ⟨hp, hq⟩
  obtain ⟨x, hx⟩ : ∃ x : Nat, x = 0 := by exact ⟨0, rfl⟩
  exact ⟨hq, hp⟩

def first (n : Nat) (h : n > 0) : Fin n := ⟨0, by omega⟩

theorem first_one : first 1 (by decide) = ⟨0, by decide⟩ := by
  rfl

instance : Inhabited (Fin 3) where
  default := ⟨0, by decide⟩

def down (n : Nat) : Nat := if h : n = 0 then 0 else down (n - 1)
termination_by n
decreasing_by
  have := h
  omega

theorem equations : ∀ n : Nat, n = n
  | 0 => by rfl
  | n + 1 => by
    simp

theorem statement_let : let x := 1; x = 1 := by
  intro x
  rfl

mutual
theorem left_twin : True := by
  trivial
theorem right_twin : True := by trivial
end

set_option linter.unusedVariables false in
theorem «names with spaces» (α : Type) (ε δ : Nat) (hε : ε = δ) : δ = ε := by
  /- δ -/ exact hε.symm -- the column counts code points

macro "close_it" : tactic => `(tactic| (intro h; exact h))

theorem by_macro (p : Prop) : p → p := by
  close_it

theorem scoped_option (p : Prop) (hp : p) : p := by
  classical
  set_option maxRecDepth 1000 in
  exact hp

theorem converted (a b : Nat) : a + b = b + a := by
  conv =>
    lhs
    rw [Nat.add_comm]

theorem _root_.at_root : True := by
  exact trivial

theorem Dotted.inside : True := by
  exact trivial

theorem Shapes.again : True := by
  exact trivial

end Shapes

theorem Dotted.name.outside : True := by
  exact trivial

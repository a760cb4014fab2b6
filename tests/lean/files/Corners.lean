/-! What is easily read wrongly, by Lean's info trees or out of the source; `Corners.steps` has what must come out. -/

namespace Corners

section
variable (n : Nat) (i : Fin (n + 1)) (h : i = ⟨0, by omega⟩)
include h
theorem wrong_with_variables : i = i + 1 := by rfl
theorem with_variables : i = i := by rfl
end

theorem wrapped (p q : Prop) (hp : p) (hq : q) : p ∧ q := by
  refine ⟨hp, ?_⟩
  with_reducible
    have h : q := by
      exact hq
    exact h

theorem wrapped_inline (a b : Nat) (h : a = b) (p : Nat → Prop) (hp : p b) : p a := by
  conv in a => tactic =>
    have h₂ : a = b := by exact h
    have h₃ : a = b := by
      have h₄ : a = b := by
        exact h₂
      exact h₄
    exact h₃
  exact hp

open Nat in theorem opened : 1 = 1 := by rfl
set_option linter.all false in open Nat in theorem opened_twice : 1 = 1 := by rfl
@[simp,
  inline] def attributed : Nat := by exact 0

theorem matched : match 0 with
    | 0 => True
    | _ => False := by
  trivial

def equations : match 0 with
    | 0 => Nat → Nat
    | _ => Nat
  | 0 => by exact 1
  | n + 1 => by exact n

def quoted := r#"x " y"#
def path := r"C:\"
theorem after_raw : 1 = 1 := by rfl

theorem commented (a b c : Nat) (h : a = b) (h₂ : b = c) : a = c := by
  -- before
  calc a
    -- above an arm
    _ = b := by rw [h] -- behind an arm
    -- above
    -- the next one
    _ = c := by
      -- in a block
      rw [h₂]

theorem commented_lines (a : Nat) :
    -- in a statement
    a = a ∧ a + 0 = a := by
  first
  | done
  /- a block comment
  -- in lines -/ | (constructor
                    -- and a line
                    · rfl -- so
                    · rfl)

theorem commented_string : "a
  -- no comment
  " ≠ "b
" := by
  exact (by decide : "a
  -- no comment
  -- " ≠ -- a comment
    -- a comment
    "b") |> fun _ => by
      decide

end Corners

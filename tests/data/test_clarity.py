import pytest

from eva.data.clarity import clarity


@pytest.mark.parametrize(
    ("clearer", "murkier"),
    [
        ("simp only [List.length_append]", "simp"),
        ("simp", "simp_all"),
        ("exact Nat.le_trans h1 h2", "grind"),
        ("exact h1", "assumption"),
        ("induction n with\n| zero => rfl\n| succ k ih => omega", "induction n"),
        ("cases a", "cases a <;> cases b <;> simp_all"),
        ("intro x hx", "intros"),
        ("rw [h1]", "rw [h1] at *"),
        ("rw [h1]", "rw [h1"),
        ("exact ⟨w, hw⟩", "exact ⟨w, ⟨hw, ⟨h1, (h2 (f (g x)))⟩⟩⟩"),
    ],
)
def test_the_rubric_prefers(clearer, murkier):
    assert clarity(clearer) > clarity(murkier)


def test_prose_is_less_clear_than_its_tactic_and_naming_helps_it():
    assert clarity("By induction on n.", in_words=True) < clarity("induction n")
    assert clarity("Rewrite using h1.", in_words=True) > clarity("It is well known", in_words=True)


def test_the_scale_is_kept():
    assert 1 <= clarity("simp_all <;> simp <;> grind <;> " * 30) < 2
    assert clarity("exact h") <= 5

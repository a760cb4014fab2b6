import pytest

from eva.data.formula import Formula, parse_formula, worlds


@pytest.mark.parametrize(
    "text",
    [
        "p",
        "¬p",
        "p ∧ q",
        "p → q → r",
        "(p → q) → r",
        "p ∨ q ∧ r",
        "(p ∨ q) ∧ r",
        "¬(p ∧ q)",
        "(p ↔ q) ↔ r",
        "h₁ → ¬¬a'",
    ],
)
def test_what_is_read_is_shown_again(text):
    formula = parse_formula(text)
    assert formula is not None
    assert formula.show() == text


@pytest.mark.parametrize("text", ["p x", "a = b", "(p", "p ∧", "∀ x, p", "", "p)"])
def test_other_text_is_no_formula(text):
    assert parse_formula(text) is None


def test_truth_values():
    formula = parse_formula("p → q ∧ ¬False")
    assert [formula.holds(world) for world in worlds(["p", "q"])] == [True, False, True, True]
    assert Formula("↔", (Formula("p"), Formula("True"))).holds({"p": True})

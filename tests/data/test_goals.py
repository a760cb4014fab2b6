import pytest

from eva.data.goals import head, parse_goal, split_goals

TWO = "case left\np q : Prop\nh : p ∧\n  q\n⊢ q\n\ncase right\np q : Prop\nh : p ∧\n  q\n⊢ p"


def test_a_state_splits_into_its_goals():
    assert len(split_goals(TWO)) == 2
    assert split_goals("") == split_goals("no goals") == ()


def test_a_goal_is_read_with_case_continued_lines_and_kinds():
    goal = parse_goal(split_goals(TWO)[0])
    assert goal.case == "left"
    assert [h.name for h in goal.variables] == ["p", "q"]
    assert [(h.name, h.type) for h in goal.facts] == [("h", "p ∧ q")]
    assert goal.target == "q"


def test_names_that_cannot_be_written_are_marked():
    goal = parse_goal("n✝ : Nat\na✝ : n✝ = 0\n⊢ False")
    assert not any(h.usable for h in goal.hypotheses)


def test_text_without_a_target_is_refused():
    with pytest.raises(ValueError, match="⊢"):
        parse_goal("n : Nat")


@pytest.mark.parametrize(
    ("formula", "shape"),
    [
        ("∀ (n : Nat), n = n", "∀"),
        ("p → q ∧ r", "→"),
        ("(p → q) ∧ r", "∧"),
        ("p ∧ q ∨ r", "∨"),
        ("p ∨ q ↔ q ∨ p", "↔"),
        ("¬p", "¬"),
        ("¬p ∧ q", "∧"),
        ("a + 1 ≥ b", "≤"),
        ("(a = b)", "="),
        ("(∃ x, p x) ∨ q", "∨"),
        ("False", "False"),
        ("P n", "?"),
    ],
)
def test_the_outermost_shape_is_found(formula, shape):
    assert head(formula) == shape

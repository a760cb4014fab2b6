"""Declarations and statements in source text; places in it."""

from __future__ import annotations

import pytest

from eva.lean.source import Source, declarations, first_word, statement_end


def read(text: str) -> tuple[str, str]:
    """Name and statement of the last declaration."""
    source = Source(text)
    found = declarations(source, 0, len(text))
    body = text.find("by")
    end = statement_end(source, found[-1], len(text), body)
    return found[-1].name, text[found[-1].start : end].rstrip()


@pytest.mark.parametrize(
    ("text", "name", "statement"),
    [
        ("theorem a.b (n : Nat) : n = n := by rfl", "a.b", "theorem a.b (n : Nat) : n = n"),
        ("lemma foo' : p\n    ∧ q := by simp", "foo'", "lemma foo' : p\n    ∧ q"),
        ("@[simp, grind =] protected theorem x : p := by simp", "x", "theorem x : p"),
        ("@[simp]\nprivate noncomputable def y : Nat := by exact 1", "y", "def y : Nat"),
        ("#eva_score @[simp] theorem s : p := by simp", "s", "theorem s : p"),
        ("open Nat in\n/-- theorem no : q := -/\ntheorem z : p := by simp", "z", "theorem z : p"),
        ("example : p := by simp", "", "example : p"),
        ("instance : C Nat where\n  c := by simp", "", "instance : C Nat"),
        (
            "instance (priority := low) name : C Nat := by simp",
            "name",
            "instance (priority := low) name : C Nat",
        ),
        ("theorem «a b».c : p := by simp", "«a b».c", "theorem «a b».c : p"),
        ("theorem t (h : x := by simp) : p := by simp", "t", "theorem t (h : x := by simp) : p"),
        ("theorem t : let x := 1; x = 1 := by simp", "t", "theorem t : let x := 1; x = 1"),
        ("theorem t : p := have h : q := r; by simp", "t", "theorem t : p"),
        ("theorem t : ∀ n, p n\n  | 0 => by simp\n  | n + 1 => q", "t", "theorem t : ∀ n, p n"),
        ('theorem t : f "(:= " = \'"\' := by simp', "t", 'theorem t : f "(:= " = \'"\''),
        ("theorem t : p -- where := by\n  ∧ q := by simp", "t", "theorem t : p -- where := by\n  ∧ q"),
        ("theorem t : f' 'a' h'' := by simp", "t", "theorem t : f' 'a' h''"),
        ("theorem t{n : Nat} : p := by simp", "t", "theorem t{n : Nat} : p"),
        ("open Nat in theorem z : p := by simp", "z", "theorem z : p"),
        ("open A in open B in\n  @[simp] theorem z : p := by simp", "z", "theorem z : p"),
        ("#eva_score set_option a.b false in theorem x : p := by simp", "x", "theorem x : p"),
        ("@[simp,\n  grind =] theorem y : p := by simp", "y", "theorem y : p"),
        ('@[to (attr := simp) ["a"],\n aesop [x[0]]] private def y : p := by simp', "y", "def y : p"),
        (
            "theorem m : match 0 with\n    | 0 => p\n    | _ => q := by simp",
            "m",
            "theorem m : match 0 with\n    | 0 => p\n    | _ => q",
        ),
        ("theorem m : (∃ f, f = fun\n| 0 => p) := by simp", "m", "theorem m : (∃ f, f = fun\n| 0 => p)"),
        (
            "def m : match 0 with\n    | 0 => p\n    | _ => q\n  | 0 => by simp",
            "m",
            "def m : match 0 with\n    | 0 => p\n    | _ => q",
        ),
    ],
)
def test_statement(text: str, name: str, statement: str) -> None:
    assert read(text) == (name, statement)


def test_comments_and_strings_are_blank_and_keep_their_place() -> None:
    text = 'a -- b\n/- c /- d -/ "e -/ f "g\\"-- h" \'"\' i\' /- j'
    code = Source(text).code
    assert len(code) == len(text)
    assert code.split() == ["a", "f", "i'"]
    assert [i for i, char in enumerate(code) if char == "\n"] == [6]


@pytest.mark.parametrize("raw", ['r"C:\\"', 'r#"x " y"#', 'r##"x "# y"##', 'r"a\nb"'])
def test_raw_strings_end_where_lean_ends_them(raw: str) -> None:
    code = Source(f"def a := {raw}\ntheorem b").code
    assert code.split() == ["def", "a", ":=", "theorem", "b"]


def test_a_name_that_ends_in_r_opens_no_raw_string() -> None:
    assert Source('ar"\\" b" r# "c" r').code.split() == ["ar", "r#", "r"]


def test_places_count_code_points_and_lean_s_line_ends() -> None:
    source = Source.decode("α\r\n  𝔸b\r\n".encode())
    assert source.text == "α\n  𝔸b\n"
    assert source.slice((2, 2), (2, 3)) == "𝔸"
    assert source.offset((9, 9)) == len(source.text)
    with pytest.raises(UnicodeDecodeError):
        Source.decode(b"\xff")


def test_the_end_of_a_line_is_that_of_its_code() -> None:
    source = Source("  linarith [h]  -- so\nx")
    assert source.line_end((1, 10)) == (1, 14)
    assert source.line_end((2, 1)) == (2, 1)


def test_a_header_ends_at_its_word_outside_of_brackets() -> None:
    assert first_word("cases (match n with | _ => h) with\n", ("with",)) == 34
    assert first_word("induction withal", ("with",)) is None

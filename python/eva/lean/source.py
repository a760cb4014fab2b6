"""A Lean source file as Lean counts it: 1-based lines, 0-based columns in code points, `\\n` line ends."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from math import inf

Position = tuple[int, int]
"""(1-based line, 0-based column in code points), as Lean's messages and info trees give it."""

_OPEN, _CLOSE = "([{⟨⟦", ")]}⟩⟧"
_KEYWORDS = "theorem|lemma|example|instance|def|abbrev|opaque|structure|class|inductive|alias"
_MODIFIERS = "private|protected|public|noncomputable|nonrec|unsafe|partial|meta|scoped|local"
_ATTRIBUTES = r"@\[(?:[^][]|\[(?:[^][]|\[[^][]*\])*\])*\]"  # with brackets in them, two deep
_DECLARATION = re.compile(
    rf"(?:^[ \t]*|\bin\s+|#eva_score\s+)(?:{_ATTRIBUTES}\s*)*(?:(?:{_MODIFIERS})\s+)*"
    rf"(?P<keyword>{_KEYWORDS})\b",
    re.MULTILINE,
)
_NAME = re.compile(
    r"\s+(?:\(priority[^)]*\)\s*)?(?P<name>(?:«[^»]*»|[^\s.:({\[«⦃|]+)(?:\.(?:«[^»]*»|[^\s.:({\[«⦃|]+))*)"
)


@dataclass(frozen=True)
class Source:
    """The text of a file, with the look-ups by position that Lean's answers need."""

    text: str

    @classmethod
    def decode(cls, data: bytes) -> Source:
        """Read a file as Lean does: UTF-8, `\\r\\n` counts as one line end. Raises `UnicodeDecodeError`."""
        return cls(data.decode("utf-8").replace("\r\n", "\n"))

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *accumulate(len(line) + 1 for line in self.text.split("\n"))]

    @cached_property
    def _skipped(self) -> list[tuple[str, int, int]]:
        """Comments, strings and character literals: how each opens, and its extent."""
        return list(_skipped(self.text))

    @cached_property
    def code(self) -> str:
        """The text with comments and string literals blanked out; every character stays at its place."""
        out, at = [], 0
        for _, start, end in self._skipped:
            out += [self.text[at:start], re.sub(r"[^\n]", " ", self.text[start:end])]
            at = end
        return "".join([*out, self.text[at:]])

    @cached_property
    def _comment_lines(self) -> list[tuple[int, int]]:
        """The extents of the lines that are nothing but a `--` comment, line ends included."""
        comments = [(start, end) for opening, start, end in self._skipped if opening == "--"]
        lines = [(self.text.rfind("\n", 0, start) + 1, start, end) for start, end in comments]
        return [(line, end + 1) for line, start, end in lines if not self.text[line:start].strip()]

    def written(self, start: int, end: int, without: Iterable[tuple[int, int]] = ()) -> str:
        """The text between two indices without the extents `without` and the lines that are only a
        comment."""
        lines = self._comment_lines
        within = lines[bisect_left(lines, (start,)) : bisect_left(lines, (end,))]
        text, at = "", start
        for cut_start, cut_end in sorted([*without, *within]):
            text += self.text[at:cut_start]
            at = max(at, cut_end)
        return text + self.text[at:end]

    def offset(self, position: Position) -> int:
        """The index into `text` of a position; a position past the end gives the end."""
        line, column = position
        if line > len(self._starts) - 1:
            return len(self.text)
        return min(self._starts[line - 1] + column, len(self.text))

    def slice(self, start: Position, end: Position) -> str:
        return self.text[self.offset(start) : self.offset(end)]

    def follows(self, position: Position, token: str) -> bool:
        """Whether `token` is the last code before a position."""
        at = self.offset(position)
        while at > 0 and self.code[at - 1].isspace():
            at -= 1
        return self.code.startswith(token, max(0, at - len(token)))

    def line_end(self, position: Position) -> Position:
        """The end of the code in the line of `position`: before a comment and trailing blanks."""
        start = self._starts[position[0] - 1]
        stop = self.text.find("\n", start)
        code = self.code[start : stop if stop >= 0 else len(self.code)].rstrip()
        return position[0], max(len(code), position[1])


@dataclass(frozen=True)
class Declaration:
    """A declaration found in the source of one command.

    - `name`: as written, `""` for an `example` or an unnamed instance.
    - `start`: index into the text of its keyword.
    """

    name: str
    keyword: str
    start: int


def declarations(source: Source, start: int, end: int) -> list[Declaration]:
    """The declarations between two indices of the text, in order (several in a `mutual` block)."""
    found = []
    for match in _DECLARATION.finditer(source.code, start, end):
        keyword, after = match["keyword"], match.end()
        name = None if keyword == "example" else _NAME.match(source.code, after, end)
        found.append(Declaration(name["name"] if name else "", keyword, match.start("keyword")))
    return found


def statement_end(source: Source, declaration: Declaration, end: int, body: int) -> int:
    """Where the statement of a declaration ends; the declaration itself ends at index `end`.

    That is before the first `:=` outside of all brackets that belongs to no `let` or `have` of the statement
    itself, or before a `where` or a line of equations (`| 0 => …`) that is no arm of a `match` in the
    statement; without any of these at `body`.
    """
    open_lets = depth = 0
    arms = inf  # the column from which on lines are arms
    for match in _BREAK.finditer(source.code, declaration.start, end):
        token = match[0]
        if token in _OPEN:
            depth += 1
        elif token in _CLOSE:
            depth -= 1
        elif depth > 0:
            continue
        elif token in ("let", "have"):
            open_lets += 1
        elif token == ":=" and open_lets:
            open_lets -= 1
        elif token.startswith(("with", "fun")):
            arms = min(arms, _column(source.code, match.end()))
        elif not (token.endswith("|") and _column(source.code, match.end() - 1) >= arms):
            return match.start()
    return body


def _column(code: str, at: int) -> int:
    return at - code.rfind("\n", 0, at) - 1


def first_word(code: str, words: tuple[str, ...]) -> int | None:
    """The index just after the first of `words` that stands in `code` outside of all brackets, or None."""
    pattern = re.compile(
        rf"(?<![\w.«])(?:{'|'.join(map(re.escape, words))})(?![\w'!?»])|[{re.escape(_OPEN + _CLOSE)}]"
    )
    depth = 0
    for match in pattern.finditer(code):
        token = match[0]
        if token in _OPEN:
            depth += 1
        elif token in _CLOSE:
            depth -= 1
        elif depth == 0:
            return match.end()
    return None


_BREAK = re.compile(
    rf"[{re.escape(_OPEN + _CLOSE)}]|:=|\b(?:where|let|have)\b|\b(?:with|fun)\s*(?=\|)|^\s*\|(?=.*=>)",
    re.MULTILINE,
)
_SKIPPED = re.compile(r'/-|--|(?<![\w.\'!?»])r#*"|"|\'(?:\\.[^\']*|[^\\\'\n])\'|«')
_COMMENT_MARK = re.compile(r"/-|-/")
_STRING_END = re.compile(r'(?:[^"\\]|\\.)*"', re.DOTALL)


def _skipped(text: str) -> Iterator[tuple[str, int, int]]:
    """What is no code: comments (nested ones too), strings and character literals."""
    at = 0
    while match := _SKIPPED.search(text, at):
        at = _token_end(text, match)
        if match[0] != "«" and not _is_prime(text, match):
            yield match[0], match.start(), at


def _is_prime(text: str, match: re.Match[str]) -> bool:
    """`h'` and `x''` are names: a quote right after a letter opens no character literal."""
    start = match.start()
    return (
        text[start] == "'"
        and start > 0
        and (text[start - 1].isalnum() or text[start - 1] in "_'!?₀₁₂₃₄₅₆₇₈₉")
    )


def _token_end(text: str, match: re.Match[str]) -> int:
    start, token = match.start(), match[0]
    if token == "--":
        end = text.find("\n", start)
        return len(text) if end < 0 else end
    if token == "/-":
        return _comment_end(text, start)
    if token == '"':
        closing = _STRING_END.match(text, start + 1)
        return closing.end() if closing else len(text)
    if token.startswith("r"):  # r#"…"# knows no escapes, and ends at a quote with as many #
        closed = text.find(f'"{token[1:-1]}', match.end())
        return len(text) if closed < 0 else closed + len(token) - 1
    if token == "«":
        end = text.find("»", start)
        return len(text) if end < 0 else end + 1
    return start + 1 if _is_prime(text, match) else match.end()


def _comment_end(text: str, start: int) -> int:
    depth = 0
    for match in _COMMENT_MARK.finditer(text, start):
        depth += 1 if match[0] == "/-" else -1
        if depth == 0:
            return match.end()
    return len(text)

"""Steps out of other people's records: traced proofs and proof attempts become plain `ProofStep` lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from eva.data.goals import split_goals
from eva.json_text import BadJson, load
from eva.step import ProofStep


class BadSource(ValueError):
    """A line that does not have the fields of its format; the message begins with `FILE:LINE:`."""


def minif2f_steps(path: Path) -> Iterator[ProofStep]:
    """Steps of traced proofs: lines with `theorem`, `statement` and `steps` (states and tactic).

    States are Lean's own text, goals separated by empty lines; `no goals` is the finished state.
    Raises `BadSource`.
    """
    for where, proof in _objects(path):
        earlier: list[str] = []
        for step in _field(proof, "steps", list, where):
            tactic = _field(step, "tactic", str, where)
            if not tactic.strip():
                raise BadSource(f"{where}: field 'tactic' is empty: a step needs the text that is proposed")
            after = None if step.get("state_after") is None else _field(step, "state_after", str, where)
            yield ProofStep(
                goals=split_goals(_field(step, "state_before", str, where)),
                tactic=tactic,
                statement=_field(proof, "statement", str, where),
                earlier=tuple(earlier),
                goals_after=None if after is None else split_goals(after),
                name=_field(proof, "theorem", str, where),
            )
            earlier.append(tactic)


def rllean_steps(path: Path) -> Iterator[ProofStep]:
    """The first failing tactic line of each failed attempt: lines with `name`, `code` and `errors`.

    The line of an error counts from 0 and from the second line of `code` on: `line + 2` is the 1-based line
    in `code`. "unsolved goals" points at the head of a proof and not at a step, so it is left out, and so are
    attempts whose first other error stands before the first tactic. There are no proof states: `goals` is the
    state that Lean's message shows, where it shows one, else the statement's own text behind `⊢`.
    Raises `BadSource`.
    """
    for where, attempt in _objects(path):
        code = _field(attempt, "code", str, where)
        lines = code.split("\n")
        start = next((i for i, line in enumerate(lines) if line.startswith(("theorem ", "lemma "))), None)
        head_end = next(
            (
                i
                for i, line in enumerate(lines)
                if start is not None and i >= start and line.rstrip().endswith(":= by")
            ),
            None,
        )
        if start is None or head_end is None:
            continue
        statement = "\n".join(lines[start : head_end + 1]).removesuffix(":= by").rstrip()
        errors = _field(attempt, "errors", list, where)
        for error in sorted(errors, key=lambda e: _place(e, where)):
            message = _field(error, "data", str, where)
            if message.startswith("unsolved goals"):
                continue
            line = _place(error, where)[0] + 1
            if head_end < line < len(lines) and lines[line].strip():
                yield ProofStep(
                    goals=_goals_in(message) or ("⊢ " + statement.partition(" ")[2],),
                    tactic=lines[line].strip(),
                    statement=statement,
                    earlier=tuple(text.strip() for text in lines[head_end + 1 : line] if text.strip()),
                    name=_field(attempt, "name", str, where),
                    line=line + 1,
                    column=len(lines[line]) - len(lines[line].lstrip()),
                    lean_error=message,
                )
            break


def _goals_in(message: str) -> tuple[str, ...]:
    """The proof state inside an error message: the lines up to each `⊢ …` that declare names."""
    goals: list[str] = []
    block: list[str] = []
    for line in message.split("\n")[1:]:
        if line.startswith("⊢"):
            goals.append("\n".join([*block, line]))
            block = []
        elif re.match(r"case \S+$|\S[^:]* : ", line) or (block and line.startswith(" ")):
            block.append(line)
        else:
            block = []
    return tuple(goals)


FORMATS = {"minif2f": minif2f_steps, "rllean": rllean_steps}


def _objects(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            where = f"{path}:{number}"
            try:
                data = load(line)
            except BadJson as error:
                raise BadSource(f"{where}: the line {error}") from None
            yield where, data


def _place(error: Any, where: str) -> tuple[int, int]:
    """Line and column of one of Lean's errors."""
    pos = _field(error, "pos", dict, where)
    return _field(pos, "line", int, where), _field(pos, "column", int, where)


def _field(data: Any, key: str, kind: type, where: str) -> Any:
    if not isinstance(data, Mapping):
        raise BadSource(f"{where}: an object with the field '{key}' must be there, not {str(data)[:40]!r}")
    value = data.get(key)
    if not isinstance(value, kind):
        raise BadSource(f"{where}: field '{key}' must be a {kind.__name__}, not {str(value)[:40]!r}")
    return value

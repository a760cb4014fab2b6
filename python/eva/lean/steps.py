"""The steps of the proofs in a `.lean` file, as Lean itself saw them.

What counts as a step: every tactic that stands in a tactic block of the source, once. Where a tactic holds
blocks of its own, these are taken out of it:

- Bullets (`·`), `case … =>`, `next =>`, brackets and the like only arrange; the tactics in them are the
  steps.
- `induction … with`, `cases … with`, `match … with`, `if … then`: the header is a step, the arms' tactics are
  steps.
- A `by` block that goes over more than one line (`have h : t := by`, new line), and each `by` of a `calc`:
  its tactics are steps, and the tactic that holds it keeps the text around it.
- Everything else is one step whole: `have h : t := by omega` on one line, and the combinators (`<;>`, `try`,
  `repeat`, `first`, `all_goals`, …) with all that stands in them.

Lines that are nothing but a `--` comment belong neither to a step nor to a statement.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from eva.lean.errors import LeanCrashed
from eva.lean.infotree import CommandTree, parse_trace
from eva.lean.process import LeanMessage, run_lean
from eva.lean.source import Position, Source, declarations, statement_end
from eva.lean.tactics import Tactic, tactics_of
from eva.lean.toolchain import Toolchain, find_toolchain
from eva.step import ProofStep

DEFAULT_TIMEOUT = 300.0
"""Seconds that Lean gets for a file."""

# At 100 errors Lean would skip the rest of a file in silence; asynchronous elaboration gains nothing for one
# file and has made the WebAssembly build hang; without the last option Lean keeps errors to itself in a
# command that has a syntax error besides.
TRACING = (
    "-Dtrace.Elab.info=true",
    "-DElab.async=false",
    "-DmaxErrors=1000000",
    "-DshowPartialSyntaxErrors=true",
)
_SORRY = re.compile(r"\bsorry\b")
_LAST_COMMANDS = ("Lean.Elab.Command.elabEoi", "Lean.Elab.Command.elabExit")


@dataclass
class FileSteps:
    """The steps of a file in the order of the source, and what Lean said against the file outside of any
    step.

    - `steps`: empty where the file has no tactic proof.
    - `errors`: unknown imports, errors of statements and terms, and "unsolved goals" of a block whose tactics
      were all accepted (no single one of them is to blame).
    - `toolchain`: the Lean that was asked.
    """

    path: Path
    toolchain: Toolchain
    steps: list[ProofStep] = field(default_factory=list)
    errors: list[LeanMessage] = field(default_factory=list)


def steps_of_file(
    path: Path | str, *, toolchain: Toolchain | None = None, timeout: float = DEFAULT_TIMEOUT
) -> FileSteps:
    """Ask Lean for the proof steps of a file.

    Each step has the goals before it as Lean prints them, the goals after it (None where Lean rejected the
    step; a step that holds blocks leads to the blocks' goals and then to what remains), the statement and
    name of its theorem, the steps before it in that theorem, its place, and Lean's first error message at
    that place. The tactics after a rejected one in the same block are no steps: Lean never runs them, so they
    have no goals. Nor are those whose verdict Lean keeps to itself, because their goal holds something that
    it could not read (a `sorry` that stands for an error in the statement).

    Raises `OSError` and `UnicodeDecodeError` (the file cannot be read), `LeanNotFound`, `LeanTimeout`,
    `LeanCrashed`.
    """
    file = Path(path)
    source = Source.decode(file.read_bytes())
    lean = toolchain or find_toolchain(file)
    steps, errors, complete = read_messages(source, run_lean(lean, file, TRACING, timeout))
    if not complete:
        raise LeanCrashed(
            f"{lean.origin}: Lean stopped before the end of {file} without a word of why (out of memory?)"
        )
    return FileSteps(file, lean, steps, errors)


def read_messages(
    source: Source, messages: Iterable[LeanMessage]
) -> tuple[list[ProofStep], list[LeanMessage], bool]:
    """The steps in what Lean says about `source` under the options `TRACING`; the errors outside of any step;
    whether Lean came to the end of the file (or did not begin, and said why)."""
    proofs: list[_Command] = []
    errors: list[LeanMessage] = []
    namespaces: list[list[str]] = []
    traced = ended = False
    for message in messages:
        if message.kind == "trace" and message.text.startswith("[Elab.info]"):
            for tree in parse_trace(message.text):
                traced, ended = True, tree.elaborator in _LAST_COMMANDS
                _follow_namespace(namespaces, source, tree)
                if tactics := tactics_of(source, tree.root):
                    prefix = ".".join(part for level in namespaces for part in level)
                    proofs.append(_Command(tree.root.start, tree.root.end, prefix, tactics))
        elif message.severity == "error":
            errors.append(message)
    proofs.sort(key=lambda proof: proof.start)
    left = _attach(source, [tactic for proof in proofs for tactic in proof.tactics], errors)
    steps = [step for proof in proofs for step in _steps(source, proof)]
    return steps, left, ended or (not traced and bool(errors))


@dataclass
class _Command:
    """A command with tactics in it: its extent, the namespace it stands in, its tactics in order."""

    start: Position
    end: Position
    namespace: str
    tactics: list[Tactic]


def _follow_namespace(levels: list[list[str]], source: Source, tree: CommandTree) -> None:
    """Keep the open `namespace`s and `section`s (one level each, with the names it adds) at `tree`'s
    command."""
    name = tree.elaborator.rpartition(".")[2]
    words = source.slice(tree.root.start, tree.root.end).split()
    if name == "elabNamespace" and len(words) > 1:
        levels.extend([part] for part in words[1].split("."))
    elif name == "elabSection":
        levels.extend([] for _ in (words[-1] if words[-1] != "section" else "x").split("."))
    elif name == "elabEnd":
        closed = len(words[1].split(".")) if len(words) > 1 else 1
        del levels[max(0, len(levels) - closed) :]


def _steps(source: Source, command: _Command) -> Iterator[ProofStep]:
    """The steps of one command, each with the name, statement and earlier steps of its declaration."""
    found = declarations(source, source.offset(command.start), source.offset(command.end))
    starts = [declaration.start for declaration in found]
    statement_ends: dict[int, int] = {}
    earlier: dict[int, list[str]] = {}
    for tactic in command.tactics:
        at = source.offset(tactic.start)
        name = statement = ""
        index = bisect_right(starts, at) - 1
        if index >= 0:
            declaration = found[index]
            if index not in statement_ends:
                end = starts[index + 1] if index + 1 < len(starts) else source.offset(command.end)
                statement_ends[index] = statement_end(source, declaration, end, at)
            name = _full_name(command.namespace, declaration.name)
            statement = source.written(declaration.start, statement_ends[index]).rstrip()
        texts = earlier.setdefault(index, [])
        if not _verdict_known(tactic):
            continue
        yield ProofStep(
            goals=tactic.goals,
            tactic=tactic.text,
            statement=statement,
            earlier=tuple(texts),
            goals_after=None if tactic.error else tactic.goals_after,
            name=name,
            line=tactic.start[0],
            column=tactic.start[1],
            lean_error=tactic.error,
        )
        if at >= statement_ends.get(index, 0):  # a `by` in the statement itself is no part of the proof
            texts.append(tactic.text)


def _verdict_known(tactic: Tactic) -> bool:
    """Where a goal holds `sorry` for something that Lean could not read, Lean keeps further errors to itself:
    a tactic that left such a goal as it was may have been accepted or not."""
    unchanged = tactic.error is None and tactic.goals_after == tactic.goals
    return not (unchanged and any(_SORRY.search(goal) for goal in tactic.goals))


def _full_name(namespace: str, name: str) -> str:
    if name.startswith("_root_."):
        return name.removeprefix("_root_.")
    return f"{namespace}.{name}" if namespace and name else name


def _attach(source: Source, tactics: list[Tactic], errors: list[LeanMessage]) -> list[LeanMessage]:
    """Give each error to the innermost step whose own text holds it; return those that belong to no step."""
    tactics = sorted(tactics, key=lambda tactic: tactic.start)
    starts = [tactic.start for tactic in tactics]
    left = []
    for error in errors:
        before = bisect_right(starts, error.start)
        tactic = _owner(source, tactics[before - 1] if before else None, error)
        if tactic is None:
            left.append(error)
        elif tactic.error is None:
            tactic.error = error.text
    return left


def _owner(source: Source, last: Tactic | None, error: LeanMessage) -> Tactic | None:
    """The step that an error belongs to, where `last` is the last step that starts at or before it."""
    tactic = last
    while tactic is not None and not tactic.start <= error.start < tactic.end:
        tactic = tactic.inside
    if tactic is None:
        # The parser names the place where it expected more: past the blanks behind an unfinished step.
        if last is None or not last.incomplete:
            return None
        gap = source.code[source.offset(last.end) : source.offset(error.start)]
        return None if gap.strip() else last
    if any(start <= error.start < end for start, end in tactic.blocks):
        return None
    # "unsolved goals" stands at the `by`, bullet or arm of a block whose tactics were all accepted. It
    # belongs to the step that holds the block whole, and to no step where the block was taken out.
    line, column = error.start
    opens_block = tactic.arms or any(start == (line, column + len("by")) for start, _ in tactic.blocks)
    return None if opens_block and error.text.startswith("unsolved goals") else tactic

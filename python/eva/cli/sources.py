"""Where the steps of `eva score` come from: a Lean file, by Lean itself, or a `steps.jsonl`."""

from __future__ import annotations

import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eva.step import ProofStep
from eva.steps_io import BadStepsFile, parse_steps, read_steps

STDIN = "-"


class BadSource(Exception):
    """No steps can be had from there; the message is one line with the place and the remedy."""


@dataclass(frozen=True)
class Steps:
    """What there is to score.

    - `steps`: never empty where they come from `read`.
    - `complaints`: Lean's errors that belong to none of the steps, as `FILE:LINE:COLUMN: message`.
    """

    steps: Sequence[ProofStep]
    complaints: Sequence[str] = ()


def is_lean(source: str) -> bool:
    return source.endswith(".lean")


def check(source: str) -> None:
    """Raises `BadSource` where there plainly is no file to read: cheap, to be done before anything slow."""
    if source == STDIN:
        return
    try:
        mode = Path(source).stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise BadSource(f"there is no file {source}") from error
    except OSError as error:
        raise BadSource(f"cannot read {source}: {error.strerror or error}") from error
    if stat.S_ISDIR(mode):
        raise BadSource(f"{source} is a directory: name a .lean file or a steps.jsonl in it")


def read(source: str, *, lean_timeout: float) -> Steps:
    """The steps of `source`: a file that ends in `.lean`; else a `steps.jsonl`, `-` being standard input.

    - `lean_timeout`: seconds that Lean may take for the file.

    Raises `BadSource`.
    """
    check(source)
    return _from_lean(Path(source), lean_timeout) if is_lean(source) else _from_jsonl(source)


def ask_lean(path: Path, timeout: float, *, option: str) -> Steps:
    """What Lean sees in a file: there may be no steps in it.

    - `option`: the one that gives Lean more seconds than `timeout`.

    Raises `BadSource`.
    """
    from eva.lean.errors import LeanError, LeanTimeout
    from eva.lean.steps import steps_of_file

    try:
        found = steps_of_file(path, timeout=timeout)
    except LeanTimeout as error:
        raise BadSource(f"{error} ({option})") from error
    except LeanError as error:
        raise BadSource(str(error)) from error
    except UnicodeDecodeError as error:
        raise BadSource(f"{path} is not UTF-8 (byte {error.start + 1}): Lean files are") from error
    except OSError as error:
        raise BadSource(f"cannot read {path}: {error.strerror or error}") from error
    complaints = [f"{path}:{error.start[0]}:{error.start[1]}: {error.text}" for error in found.errors]
    return Steps(found.steps, complaints)


def of_theorem(steps: Sequence[ProofStep], name: str) -> list[ProofStep]:
    """The steps of the theorem `name`; its last parts will do (`add_zero` for `Nat.add_zero`).

    Raises `BadSource`, which lists the names that there are.
    """
    chosen = [step for step in steps if step.name == name or step.name.endswith("." + name)]
    if not chosen:
        names = [known for known in dict.fromkeys(step.name for step in steps) if known]
        listed = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
        raise BadSource(
            f"no steps of a theorem {name!r}; there are steps of {listed or 'unnamed theorems only'}"
        )
    return chosen


def _from_lean(path: Path, timeout: float) -> Steps:
    found = ask_lean(path, timeout, option="--lean-timeout")
    if not found.steps:
        if complaints := found.complaints:
            errors = "an error" if len(complaints) == 1 else f"{len(complaints)} errors, the first"
            raise BadSource(f"{path} has no proof step; Lean reports {errors}: {complaints[0]}")
        raise BadSource(f"{path} holds no tactic proof (a 'by' with tactics): there is nothing to score")
    return found


def _from_jsonl(source: str) -> Steps:
    name = "stdin" if source == STDIN else source
    if source == STDIN and sys.stdin is None:
        raise BadSource("cannot read stdin: it is closed; name a file, or send the steps through a pipe")
    try:
        steps = (
            list(parse_steps(sys.stdin.buffer, source=name)) if source == STDIN else read_steps(Path(source))
        )
    except BadStepsFile as error:
        hint = "" if source == STDIN or source.endswith(".jsonl") else " (a Lean file must end in .lean)"
        raise BadSource(f"{error}{hint}") from error
    except OSError as error:
        raise BadSource(f"cannot read {name}: {error.strerror or error}") from error
    if not steps:
        raise BadSource(f"{name} holds no steps: a step is a JSON object in a line of its own")
    return Steps(steps)

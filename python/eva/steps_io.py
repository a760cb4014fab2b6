"""Steps in files: `steps.jsonl`, one JSON object a line, each a step as `docs/protocol.md` has it.

The file is UTF-8. Empty lines are skipped, unknown fields are ignored. What is wrong with a line is told with
the name of the file and the number of the line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from eva.step import BadStep, ProofStep

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class BadStepsFile(ValueError):
    """A line that is not a step; the message begins with `FILE:LINE:`."""

    def __init__(self, source: str, line: int, problem: str) -> None:
        super().__init__(f"{source}:{line}: {problem}")
        self.source = source
        self.line = line
        self.problem = problem


def parse_steps(lines: Iterable[bytes], *, source: str) -> Iterator[ProofStep]:
    """The steps of a `steps.jsonl`, in order, one at a time.

    - `lines`: the lines of the file as bytes, such as a file opened with `"rb"`.
    - `source`: what to call the file in errors.

    Raises `BadStepsFile` at the first line that is not a step.
    """
    for number, raw in enumerate(lines, start=1):
        line = raw.removeprefix(BYTE_ORDER_MARK) if number == 1 else raw
        if not line.strip():
            continue
        try:
            yield _step(line)
        except BadStep as error:
            raise BadStepsFile(source, number, str(error)) from error


def read_steps(path: Path) -> list[ProofStep]:
    """All steps of the file `path`. Raises `BadStepsFile`, and `OSError` where it cannot be read."""
    with path.open("rb") as lines:
        return list(parse_steps(lines, source=str(path)))


def format_step(step: ProofStep) -> str:
    """The step as one line of a `steps.jsonl`, without the line's end."""
    return json.dumps(step.to_json(), ensure_ascii=False)


def write_steps(path: Path, steps: Iterable[ProofStep]) -> int:
    """Write `steps` to the file `path`, which is replaced; returns how many there were.

    Its folders are made, and the file appears whole or not at all; what a link points to is replaced, not the
    link, and a pipe or a device is written to. No step is asked for before it is known that the file can be
    written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path = path.resolve()
    if path.exists() and not path.is_file():
        return _write(path, steps)
    part = path.with_suffix(path.suffix + ".part")
    try:
        count = _write(part, steps)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return count


def _write(path: Path, steps: Iterable[ProofStep]) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for step in steps:
            file.write(format_step(step) + "\n")
            count += 1
    return count


def _step(line: bytes) -> ProofStep:
    try:
        data = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadStep(f"not UTF-8: {error.reason} at byte {error.start + 1} of the line") from error
    except json.JSONDecodeError as error:
        raise BadStep(f"not JSON: {error.msg} at column {error.colno}") from error
    except (RecursionError, ValueError) as error:
        raise BadStep(f"not readable as JSON: {error}") from error
    step = ProofStep.from_json(data)
    try:
        json.dumps(step.to_json(), ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadStep(f"a string holds half of a surrogate pair, {error.object[error.start]!r}") from error
    return step

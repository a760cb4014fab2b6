"""Asking Lean about many steps at once: probes go in as one file, outcomes come back.

A message of severity error inside a step's lines means that the step is rejected; a trace after it without
one means that it is accepted, and the trace is the state after it. A step that shows neither is *unknown*,
never success: so are steps for which nothing was left of the heartbeats of their example.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tempfile
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from eva.data.goals import split_goals
from eva.data.probes import END, Batch, Probe, Result, Spot, render
from eva.data.script import Script, Walked, read_walks, render_walks, tuples
from eva.lean.toolchain import find_toolchain

OPTIONS = (
    "--json",
    "-DmaxErrors=1000000",  # at 100 errors Lean skips the rest of a file in silence
    "-DElab.async=false",
    "-Dlinter.all=false",
)
_MARKS = ("closer ", "note ")
Message = dict[str, Any]
Asked = TypeVar("Asked", Probe, Script)
Answer = TypeVar("Answer", Result, Walked)


class LeanFailed(RuntimeError):
    """Lean itself did not run to the end; the message has its exit code and last words."""


@dataclass
class LeanRunner:
    """Runs batches; answers are kept in `store` so that a stopped run goes on where it was.

    - `command`: the Lean command with its arguments; by default what `lean_command()` finds.
    - `store`: a folder for one answer file a batch, or `None`.
    - `timeout`: seconds for one batch.
    """

    command: Sequence[str]
    store: Path | None = None
    timeout: float = 300.0
    options: Sequence[str] = field(default=OPTIONS)

    def run(self, probes: Sequence[Probe]) -> list[Result]:
        """One result for each probe, in order. A batch that Lean does not survive is halved; a single such
        probe is unknown. Raises `LeanFailed` where Lean does not even survive an empty file."""

        def prepare(some: Sequence[Probe]) -> tuple[str, Callable[[list[Message]], list[Result]]]:
            batch = render(some)
            return batch.text, lambda messages: read_results(messages, batch)

        return self._answers(probes, prepare, _result, Result("unknown"))[0]

    def walk(self, scripts: Sequence[Script]) -> list[Walked]:
        """Each script run from its start, with the state before and after each of its steps; empty for one
        that Lean does not survive. Raises as `run` does."""

        def prepare(some: Sequence[Script]) -> tuple[str, Callable[[list[Message]], list[Walked]]]:
            text, views = render_walks(some)
            return text, lambda messages: read_walks(messages, views)

        return self._answers(scripts, prepare, Walked.from_json, Walked())[0]

    def _answers(
        self,
        asked: Sequence[Asked],
        prepare: Callable[[Sequence[Asked]], tuple[str, Callable[[list[Message]], list[Answer]]]],
        of_row: Callable[[dict[str, Any]], Answer],
        nothing: Answer,
    ) -> tuple[list[Answer], bool]:
        """An answer for each that is asked, and whether Lean survived them all.

        Only such answers are kept: another time Lean may have the memory or the time that it lacked.
        """
        if not asked:
            return [], True
        text, read = prepare(asked)
        kept = self._answer_file(text)
        if kept is not None and kept.exists():
            return [of_row(row) for row in json.loads(kept.read_text(encoding="utf-8"))], True
        whole = True
        try:
            answers = read(self._lean(text))
        except LeanFailed:
            if len(asked) == 1:
                self._lean(render([]).text)
                return [nothing], False
            half = len(asked) // 2
            parts = [self._answers(some, prepare, of_row, nothing) for some in (asked[:half], asked[half:])]
            answers = [answer for part, _ in parts for answer in part]
            whole = all(whole for _, whole in parts)
        if whole:
            _keep(kept, [asdict(answer) for answer in answers])
        return answers, whole

    def _answer_file(self, source: str) -> Path | None:
        if self.store is None:
            return None
        key = hashlib.sha256((" ".join(self.options) + source).encode()).hexdigest()[:24]
        return self.store / f"{key}.json"

    def _lean(self, source: str) -> list[Message]:
        with tempfile.TemporaryDirectory(prefix="eva-data-") as folder:
            path = Path(folder) / "Probes.lean"
            path.write_text(source, encoding="utf-8")
            try:
                done = subprocess.run(
                    [*self.command, *self.options, str(path)],
                    capture_output=True,
                    text=True,
                    timeout=self.timeout,
                    check=False,
                    cwd=folder,
                )
            except subprocess.TimeoutExpired:
                raise LeanFailed(
                    f"Lean did not come to the end of a batch within {self.timeout:g} s"
                ) from None
        messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        if not any(message["data"] == END for message in messages):
            words = (done.stderr or done.stdout)[-300:]
            raise LeanFailed(
                f"Lean stopped before the end of the batch (exit code {done.returncode}): {words}"
            )
        return messages


def lean_command() -> list[str]:
    """The words of the Lean command that `eva.lean` finds. Raises `eva.lean.errors.LeanNotFound`."""
    return list(find_toolchain().command)


def read_results(messages: Sequence[Message], batch: Batch) -> list[Result]:
    """Sort Lean's messages to the probes that they belong to and read each probe's outcome."""
    ordered = sorted(messages, key=lambda m: (m["pos"]["line"], m["pos"]["column"]))
    lines = [message["pos"]["line"] for message in ordered]

    def at(start: int, end: int) -> list[Message]:
        return ordered[bisect_left(lines, start) : bisect_left(lines, end)]

    return [
        _read_one(at(spot.start, spot.end), at(spot.before, spot.before + 1), spot) for spot in batch.spots
    ]


def _read_one(own: list[Message], before: list[Message], spot: Spot) -> Result:
    errors = [m for m in own if m["severity"] == "error"]
    traces = {m["pos"]["line"]: m["data"] for m in own if m["kind"] == "trace"}
    # traces of one place come as one message, a line each
    marks = [line for t in traces.values() if t.startswith(_MARKS) for line in t.split("\n")]
    notes = tuple(mark for mark in marks if mark.startswith("note "))
    if any("maximum number of heartbeats" in m["data"] for m in errors):
        return Result("unknown")
    if errors:
        parse = [m for m in errors if m.get("keepFullRange")]
        if spot.copies > 1 and parse and not _within(parse[0], spot):
            return Result("unknown")
        # what stays open because a step failed is told at the head of the proof, before the failure itself
        causes = [m for m in errors if not m["data"].startswith("unsolved goals")]
        first = (parse or causes or errors)[0]
        return Result("rejected", error=first["data"], parse_error=bool(parse), notes=notes)
    if not before or not all(line in traces for line in spot.traces):
        return Result("unknown")
    rest = split_goals(before[0]["data"])[1:] if spot.copies else ()
    goals = [goal for line in spot.traces for goal in split_goals(traces[line])]
    if spot.copies > 1:
        goals = [untagged(goal, spot.copy) for goal in goals]
    fates = [mark[7:].strip("()").split(";")[0] for mark in marks if mark.startswith("closer ")]
    if spot.closers and len(fates) != len(goals):
        fates = []
    return Result(
        "accepted",
        goals=(*goals, *rest),
        kept=len(rest),
        fates=tuple("" if fate == "-" else fate for fate in fates),
        notes=notes,
    )


def _within(message: Message, spot: Spot) -> bool:
    return bool(spot.start <= message["pos"]["line"] < spot.end)


def untagged(goal: str, copy: int) -> str:
    """The goal without the tag `refine_<copy>` that the copying gave it, and its holes."""
    goal = re.sub(rf"(\?(?:[\w₀-₉'✝]+\.)*)refine_{copy}\.", r"\1", goal)
    first, _, rest = goal.partition("\n")
    if not first.startswith("case "):
        return goal
    tags = first[5:].split(".")
    if f"refine_{copy}" in tags:
        tags.remove(f"refine_{copy}")
    return f"case {'.'.join(tags)}\n{rest}" if tags else rest


def _keep(file: Path | None, rows: list[dict[str, Any]]) -> None:
    if file is None:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    part.replace(file)


def _result(row: dict[str, Any]) -> Result:
    return Result(**tuples(row))

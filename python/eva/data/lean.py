"""Asking Lean about many steps at once: probes go in as one file, outcomes come back.

A probe is a statement, the steps that lead to a state, and one more step. Each becomes an `example`:
its steps, `trace_state`, a try at closing every goal that is left, `trace_state` again. A message of
severity error inside the example means that the step is rejected; a first trace without one means that it is
accepted, and the trace is the state after it. An example that shows neither is *unknown*, never success.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from eva.data.goals import split_goals
from eva.lean.toolchain import find_toolchain

OPTIONS = (
    "--json",
    "-DmaxErrors=1000000",  # at 100 errors Lean skips the rest of a file in silence
    "-DElab.async=false",
    "-Dlinter.all=false",
    "-DmaxHeartbeats=20000",  # a deterministic bound for each step
)
CLOSERS = ("assumption", "rfl", "omega", "(simp_all; done)", "grind")
_END = "EVA-END"
_MARKS = ("closer ", "note ")
Outcome = Literal["accepted", "rejected", "unknown"]


class LeanFailed(RuntimeError):
    """Lean itself did not run to the end; the message has its exit code and last words."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One question: does `step` work in the state that `earlier` leads to?

    `binders` and `goal` make the statement; `preamble` holds definitions that it needs (or is empty).
    """

    binders: str
    goal: str
    earlier: tuple[str, ...]
    step: str
    preamble: str = ""
    close: bool = True


@dataclass(frozen=True, slots=True)
class Result:
    """Lean's answer to a probe.

    - `outcome`: `accepted`, `rejected`, or `unknown` (no verdict was printed).
    - `goals`: the state after an accepted step.
    - `error`, `parse_error`: Lean's first message for a rejected step, and whether it is the parser's.
    - `closed_by`: names of the closers that closed goals of the state after, in order.
    - `open_goals`: goals that no closer closed; `()` means that the proof was finished.
    - `notes`: other traced lines.
    """

    outcome: Outcome
    goals: tuple[str, ...] = ()
    error: str = ""
    parse_error: bool = False
    closed_by: tuple[str, ...] = ()
    open_goals: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()


@dataclass
class LeanRunner:
    """Runs batches of probes; answers are kept in `store` so that a stopped run goes on where it was.

    - `command`: the Lean command with its arguments; by default what `lean_command()` finds.
    - `store`: a folder for one answer file a batch, or `None`.
    - `timeout`: seconds for one batch.
    """

    command: Sequence[str]
    store: Path | None = None
    timeout: float = 300.0
    options: Sequence[str] = field(default=OPTIONS)

    def run(self, probes: Sequence[Probe]) -> list[Result]:
        """One result for each probe, in order. Raises `LeanFailed`, `subprocess.TimeoutExpired`."""
        if not probes:
            return []
        source, starts = render(probes)
        cache = None
        if self.store is not None:
            key = hashlib.sha256((" ".join(self.options) + source).encode()).hexdigest()[:24]
            cache = self.store / f"{key}.json"
            if cache.exists():
                return [_result_from_json(row) for row in json.loads(cache.read_text(encoding="utf-8"))]
        try:
            results = read_messages(self._lean(source), starts, probes)
        except (LeanFailed, subprocess.TimeoutExpired):
            if len(probes) == 1:
                results = [Result("unknown")]
            else:  # one bad probe must not cost the whole batch
                half = len(probes) // 2
                results = [*self.run(probes[:half]), *self.run(probes[half:])]
        if cache is not None:
            cache.parent.mkdir(parents=True, exist_ok=True)
            part = cache.with_suffix(".part")
            rows = [asdict(result) for result in results]
            part.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
            part.replace(cache)
        return results

    def _lean(self, source: str) -> list[dict[str, Any]]:
        with tempfile.TemporaryDirectory(prefix="eva-data-") as folder:
            path = Path(folder) / "Probes.lean"
            path.write_text(source, encoding="utf-8")
            done = subprocess.run(
                [*self.command, *self.options, str(path)],
                capture_output=True,
                text=True,
                timeout=self.timeout,
                check=False,
                cwd=folder,
            )
        messages = []
        for line in done.stdout.splitlines():
            if line.startswith("{"):
                messages.append(json.loads(line))
        if not any(message["data"] == _END for message in messages):
            words = (done.stderr or done.stdout)[-300:]
            raise LeanFailed(
                f"Lean stopped before the end of the batch (exit code {done.returncode}): {words}"
            )
        return messages


def lean_command() -> list[str]:
    """The words of the Lean command that `eva.lean` finds. Raises `eva.lean.errors.LeanNotFound`."""
    return list(find_toolchain().command)


def render(probes: Sequence[Probe]) -> tuple[str, list[int]]:
    """The file for a batch, and the 1-based line on which each probe's example starts (plus the end's)."""
    lines: list[str] = []
    starts: list[int] = []
    defined: set[str] = set()
    for probe in probes:
        space = ""
        if probe.preamble:
            space = "D" + hashlib.sha256(probe.preamble.encode()).hexdigest()[:10]
            lines.append(f"namespace {space}")
            if space not in defined:
                defined.add(space)
                lines.extend(probe.preamble.split("\n"))
        starts.append(len(lines) + 1)
        binders = f" {probe.binders}" if probe.binders else ""
        lines.append(f"example{binders} : {probe.goal} := by")
        for text in probe.earlier:
            lines.extend("  " + part for part in text.split("\n"))
        # brackets of its own: an unfinished step (`constructor <;>`) must not swallow what follows
        lines += ["  (", *("  " + part for part in probe.step.split("\n")), "  )"]
        if probe.close:
            lines.append("  trace_state")
            closers = " | ".join(f'({c}; trace "closer {c}")' for c in CLOSERS)
            lines.append(f"  all_goals try (first | {closers})")
            lines.append("  trace_state")
            lines.append("  all_goals sorry")
        if space:
            lines.append(f"end {space}")
    starts.append(len(lines) + 1)
    lines.append(f'#print "{_END}"')
    return "\n".join(lines) + "\n", starts


def read_messages(
    messages: Sequence[dict[str, Any]], starts: Sequence[int], probes: Sequence[Probe]
) -> list[Result]:
    """Sort Lean's messages to the probes that they belong to and read each probe's outcome."""
    by_probe: list[list[dict[str, Any]]] = [[] for _ in probes]
    index = 0
    for message in sorted(messages, key=lambda m: (m["pos"]["line"], m["pos"]["column"])):
        line = message["pos"]["line"]
        while index + 1 < len(starts) and starts[index + 1] <= line:
            index += 1
        if index < len(probes) and line >= starts[index]:
            by_probe[index].append(message)
    return [_read_one(own, probe) for own, probe in zip(by_probe, probes, strict=True)]


def _read_one(messages: list[dict[str, Any]], probe: Probe) -> Result:
    errors = [m for m in messages if m["severity"] == "error"]
    traces = [m["data"] for m in messages if m["kind"] == "trace"]
    # traces of one place come as one message, a line each
    marks = [line for t in traces if t.startswith(_MARKS) for line in t.split("\n")]
    notes = tuple(mark for mark in marks if mark.startswith("note "))
    if errors:
        parse = [m for m in errors if m.get("keepFullRange")]
        # what stays open because a step failed is told at the head of the proof, before the failure itself
        causes = [m for m in errors if not m["data"].startswith("unsolved goals")]
        first = (parse or causes or errors)[0]
        return Result("rejected", error=first["data"], parse_error=bool(parse), notes=notes)
    if not probe.close:
        return Result("accepted", notes=notes)
    closers = tuple(m[7:].strip("()").split(";")[0] for m in marks if m.startswith("closer "))
    states = [t for t in traces if not t.startswith(_MARKS)]
    if len(states) != 2:
        return Result("unknown")
    return Result(
        "accepted",
        goals=split_goals(states[0]),
        closed_by=closers,
        open_goals=split_goals(states[1]),
        notes=notes,
    )


def _result_from_json(row: dict[str, Any]) -> Result:
    for key in ("goals", "closed_by", "notes"):
        row[key] = tuple(row[key])
    if row["open_goals"] is not None:
        row["open_goals"] = tuple(row["open_goals"])
    return Result(**row)

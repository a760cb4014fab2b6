"""Questions to Lean as the text of one file: a place in a proof, the steps to be tried there, and where in
the file each answer will stand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

CLOSERS = ("assumption", "rfl", "omega", "(simp_all; done)", "grind")
END = "EVA-END"
_STEP, _TRY = 8000, 4000
"""Thousands of heartbeats for a step and for each closer behind it."""
_GROUP = 24
"""Steps in one example: more would share one bound of heartbeats among too many."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a proof where a step can stand.

    - `binders`, `goal`: the statement; `preamble`: definitions that it needs (or empty).
    - `lines`: the proof so far, with its indentation; `indent`: columns before the next step.
    - `closing`: what has to stand after it: arms that come later.
    """

    binders: str
    goal: str
    preamble: str = ""
    lines: tuple[str, ...] = ()
    indent: int = 2
    closing: tuple[str, ...] = ()

    def after(self, step: str) -> Place:
        """The place behind `step`, which stands here."""
        return Place(
            self.binders,
            self.goal,
            self.preamble,
            (*self.lines, *self.shifted(step)),
            self.indent,
            self.closing,
        )

    def inside(self, *opening: str, closing: Sequence[str] = ()) -> Place:
        """The place in a block that `opening` opens, two columns deeper."""
        lines = [line for text in opening for line in self.shifted(text)]
        return replace(
            self,
            lines=(*self.lines, *lines),
            indent=self.indent + 2,
            closing=(*(" " * self.indent + line for line in closing), *self.closing),
        )

    def shifted(self, text: str) -> list[str]:
        """The lines of `text`, as they stand here."""
        return [" " * self.indent + line for line in text.split("\n")]


@dataclass(frozen=True, slots=True)
class Probe:
    """One question: does `step` work at `place`?

    - `arms`: for a header (`cases h with`) the arms behind it, `| inl hp =>` without their proofs.
    - `closers`: tactics that are tried one by one on each goal that the step leaves.
    - `alone`: the step gets an example of its own and sees the whole state, not a copy of its first goal: for
      steps that may not parse, that work on several goals, or where goals hold holes to be filled.
    """

    place: Place
    step: str
    arms: tuple[str, ...] = ()
    closers: tuple[str, ...] = ()
    alone: bool = False


@dataclass(slots=True)
class Spot:
    """Where in the file a probe and its answers stand (1-based lines).

    `start` to `end` (exclusive) are its own lines; `copy` is its number among `copies` copies of the goal.
    """

    start: int
    end: int = 0
    before: int = 0
    copy: int = 0
    copies: int = 0
    traces: list[int] = field(default_factory=list)
    closers: list[int] = field(default_factory=list)


@dataclass
class Batch:
    """The file for some probes, and a spot for each of them."""

    text: str
    spots: list[Spot]


def render(probes: Sequence[Probe]) -> Batch:
    """The file for a batch. Probes of one place that follow each other share an example."""
    page = _Page()
    for place, group in groupby(probes, key=lambda probe: probe.place):
        for some in _groups(list(group)):
            page.example(place, some)
    page.lines.append(f'#print "{END}"')
    return Batch("\n".join((*_copies(page.sizes), *page.lines)) + "\n", page.moved(len(_copies(page.sizes))))


def _groups(probes: Sequence[Probe]) -> Iterator[list[Probe]]:
    current: list[Probe] = []
    for probe in probes:
        if current and (probe.alone or current[-1].alone or len(current) == _GROUP):
            yield current
            current = []
        current.append(probe)
    yield current


def _copies(sizes: set[int]) -> list[str]:
    names = {size: " ".join(f"x{i}" for i in range(size)) for size in sorted(sizes)}
    return [f"theorem EvaCopies.c{size} {{p : Prop}} ({xs} : p) : p := x0" for size, xs in names.items()]


class _Page:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.spots: list[Spot] = []
        self.sizes: set[int] = set()
        self._defined: set[str] = set()

    def moved(self, down: int) -> list[Spot]:
        """The spots, with `down` more lines above them."""
        for spot in self.spots:
            spot.start += down
            spot.end += down
            spot.before += down
            spot.traces = [line + down for line in spot.traces]
            spot.closers = [line + down for line in spot.closers]
        return self.spots

    def example(self, place: Place, probes: Sequence[Probe]) -> None:
        space = ""
        if place.preamble:
            space = "D" + hashlib.sha256(place.preamble.encode()).hexdigest()[:10]
            self.lines.append(f"namespace {space}")
            if space not in self._defined:
                self._defined.add(space)
                self.lines.extend(place.preamble.split("\n"))
        binders = f" {place.binders}" if place.binders else ""
        # a bound on the work for each step, and Lean counts it for the whole example
        bound = sum(_STEP + _TRY * len(probe.closers) for probe in probes)
        self.lines.append(f"set_option maxHeartbeats {12000 + bound} in")
        self.lines.append(f"example{binders} : {place.goal} := by")
        self.lines.extend(place.lines)
        margin = " " * place.indent
        self.lines.append(f"{margin}trace_state")
        before = len(self.lines)
        if probes[0].alone:
            self._step(probes[0], margin, Spot(before + 1, before=before))
        else:
            count = len(probes)
            if count > 1:
                self.sizes.add(count)
                self.lines.append(f"{margin}refine EvaCopies.c{count}{' ?_' * count}")
            for index, probe in enumerate(probes, start=1):
                self.lines.append(f"{margin}·")
                self._step(
                    probe, margin + "  ", Spot(len(self.lines), before=before, copy=index, copies=count)
                )
        self.lines.append(f"{margin}all_goals sorry")
        self.lines.extend(place.closing)
        if probes[0].alone:  # what does not parse may be told where the next command begins
            self.spots[-1].end = len(self.lines) + 2
        if space:
            self.lines.append(f"end {space}")

    def _step(self, probe: Probe, margin: str, spot: Spot) -> None:
        step = [margin + part for part in probe.step.split("\n")]
        if probe.arms:
            self.lines.extend(step)
            for arm in probe.arms:
                self.lines.append(margin + arm)
                self._tail(probe, margin + "  ", spot)
        else:
            # brackets of its own: an unfinished step (`constructor <;>`) must not swallow what follows
            self.lines += [f"{margin}(", *step, f"{margin})"]
            self._tail(probe, margin, spot)
        spot.end = len(self.lines) + 1
        self.spots.append(spot)

    def _tail(self, probe: Probe, margin: str, spot: Spot) -> None:
        self.lines.append(f"{margin}trace_state")
        spot.traces.append(len(self.lines))
        if probe.closers:
            tries = " | ".join(f'({closer}; trace "closer {closer}")' for closer in probe.closers)
            self.lines.append(f'{margin}all_goals (first | {tries} | (trace "closer -"; sorry))')
            spot.closers.append(len(self.lines))
        else:
            self.lines.append(f"{margin}all_goals sorry")


Outcome = str
"""`accepted`, `rejected`, or `unknown` (no verdict was printed)."""


@dataclass(frozen=True, slots=True)
class Result:
    """Lean's answer to a probe.

    - `goals`: the state after an accepted step; the last `kept` of them are goals that it left alone.
    - `fates`: where it was asked, for each goal that the step left behind the closer that ended it, or `""`.
    - `error`, `parse_error`: Lean's first message for a rejected step, and whether it is the parser's.
    - `notes`: other traced lines.
    """

    outcome: Outcome
    goals: tuple[str, ...] = ()
    kept: int = 0
    fates: tuple[str, ...] = ()
    error: str = ""
    parse_error: bool = False
    notes: tuple[str, ...] = ()

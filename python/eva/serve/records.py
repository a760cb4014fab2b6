"""What the daemon remembers of its own work, for those who look after it."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter, deque
from pathlib import Path

from eva.protocol import Times

WINDOW = 1024
"""Requests over which times are told."""


class Records:
    """Counts of ended requests by outcome (`done`, or an error's code), and the times of the latest."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self._answers: deque[float] = deque(maxlen=WINDOW)
        self._first_scores: deque[float] = deque(maxlen=WINDOW)

    def first_score(self, milliseconds: float) -> None:
        """A request got its first score so long after it arrived."""
        self._first_scores.append(milliseconds)

    def ended(self, outcome: str, milliseconds: float) -> None:
        """A request ended so long after it arrived."""
        self.outcomes[outcome] += 1
        if outcome == "done":
            self._answers.append(milliseconds)

    def times(self) -> tuple[Times | None, Times | None]:
        """To the first score, and to the end of requests that were answered whole."""
        return _times(self._first_scores), _times(self._answers)


def _times(values: deque[float]) -> Times | None:
    if not values:
        return None
    ordered = sorted(values)
    middle, late = (ordered[min(len(ordered) - 1, int(len(ordered) * q))] for q in (0.5, 0.99))
    return Times(round(middle, 3), round(late, 3), len(ordered))


def resident_bytes() -> int | None:
    """Memory of this process that is in use, where the system tells."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        if sys.platform == "linux":
            import resource

            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
            return pages * resource.getpagesize()
    return None

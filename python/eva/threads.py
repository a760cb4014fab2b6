"""How torch's threads wait for the next piece of work."""

from __future__ import annotations

import os

SPINS = 1500
"""Rounds of a waiting loop, tens of microseconds: the next operation of a model mostly comes sooner."""


def share_the_cores() -> None:
    """Let torch's threads spin for a moment only and then sleep; call it before torch is imported.

    By OpenMP's default they spin for milliseconds: with another program on the same cores (Lean, say)
    everything takes ten times as long. Without spinning, each of the many small operations waits for threads
    to wake up. A user's `OMP_WAIT_POLICY` or `GOMP_SPINCOUNT` stays.
    """
    if "OMP_WAIT_POLICY" not in os.environ and "GOMP_SPINCOUNT" not in os.environ:
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
        os.environ["GOMP_SPINCOUNT"] = str(SPINS)

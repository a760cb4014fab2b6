"""What can keep Lean from answering, as typed errors whose message names the cause and the remedy."""

from __future__ import annotations


class LeanError(RuntimeError):
    """Lean gave no answer for a file. (A proof that Lean rejects is an answer, never a `LeanError`.)"""


class LeanNotFound(LeanError):
    """No Lean to run: neither `$EVA_LEAN`, nor `lake` or `lean` on PATH, nor the WebAssembly Lean."""


class LeanTimeout(LeanError):
    """Lean was still at work when its time was up; it was stopped, and nothing of its output is used."""


class LeanCrashed(LeanError):
    """Lean ended without reaching the end of the file: a crash, a lack of memory, or options it does not
    know."""

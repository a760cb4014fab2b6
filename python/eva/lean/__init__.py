"""Lean, asked from Python: which Lean there is for a file, and the steps of the proofs in it."""

from __future__ import annotations

from eva.lean.errors import LeanCrashed, LeanError, LeanNotFound, LeanTimeout
from eva.lean.process import LeanMessage
from eva.lean.steps import FileSteps, steps_of_file
from eva.lean.toolchain import Toolchain, find_toolchain

__all__ = [
    "FileSteps",
    "LeanCrashed",
    "LeanError",
    "LeanMessage",
    "LeanNotFound",
    "LeanTimeout",
    "Toolchain",
    "find_toolchain",
    "steps_of_file",
]

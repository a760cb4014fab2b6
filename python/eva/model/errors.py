"""What can go wrong with a model, as types: it cannot be loaded, or it cannot be believed."""

from __future__ import annotations


class LoadError(Exception):
    """The model cannot be loaded; the message is one line that names what is missing and what to do."""


class ModelError(Exception):
    """The model ran and gave something that is no judgement (NaN or infinite logits, a failed kernel)."""


class OutOfMemory(ModelError, MemoryError):
    """There is no memory for so much at once; less may fit."""

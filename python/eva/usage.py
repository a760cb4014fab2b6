"""What a model has done so far."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Usage:
    """Counters since the model was loaded.

    - `scores`: scores that were given; `remembered`: those among them that were known from before.
    - `tokens`: tokens of all prompts and score objects, as if each had been read alone.
    - `computed`: positions that went through the network for them, padding included.
    - `written`: tokens of critiques.
    """

    scores: int = 0
    remembered: int = 0
    tokens: int = 0
    computed: int = 0
    written: int = 0

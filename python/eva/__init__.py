"""eva: a generative reward model that reads your Lean 4 proof with you.

    from eva import ProofStep, RewardModel

    model = RewardModel.from_pretrained("leibniz-nano")
    [score] = model.score([ProofStep(goals=("n : Nat\\n⊢ n + 0 = n",), tactic="simp")])
    score.value, score.expected, score.critique

`import eva` is light: torch is loaded when `RewardModel` is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eva.model import RewardModel
    from eva.step import DimensionScore, ProofStep, StepScore

__all__ = ["DimensionScore", "ProofStep", "RewardModel", "StepScore", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name == "RewardModel":
        from eva.model import RewardModel

        return RewardModel
    if name in __all__:
        from eva import step

        return getattr(step, name)
    raise AttributeError(f"module 'eva' has no attribute {name!r}")

"""EVA itself: anchors, expectation, prompt, decoding, checkpoints. Knows no socket, no Lean, no trainer."""

from eva.model.checkpoint import Checkpoint, EvaConfig, weights_hash
from eva.model.errors import LoadError, ModelError, OutOfMemory
from eva.model.prompt import NoScores
from eva.model.reward_model import RewardModel

__all__ = [
    "Checkpoint",
    "EvaConfig",
    "LoadError",
    "ModelError",
    "NoScores",
    "OutOfMemory",
    "RewardModel",
    "weights_hash",
]

"""Training by EVA: examples, objective, trainer, runs. Built on transformers' Trainer; knows no socket."""

from eva.train.config import TrainConfig

__all__ = ["TrainConfig"]

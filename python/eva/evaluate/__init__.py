"""How good a model's scores are: metrics with their definitions, and one report for a data set."""

from eva.evaluate.report import Report, evaluate

__all__ = ["Report", "evaluate"]

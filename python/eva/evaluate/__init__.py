"""How good scores are: judges, metrics with their definitions, figures of a judge on a data set."""

from eva.evaluate.figures import figures
from eva.evaluate.judgement import Judge, Judgement
from eva.evaluate.sample import whole_theorems

__all__ = ["Judge", "Judgement", "figures", "whole_theorems"]

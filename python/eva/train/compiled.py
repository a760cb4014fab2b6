"""The layers of a model as compiled code: what lies between their matrix products becomes few loops.

A small model on a CPU spends more time in norms, rotations and activations, each a pass over memory, than in
products. Only the layers are compiled, once for all lengths; loss, head and optimizer stay as they are.
"""

from __future__ import annotations

import os
import shutil
from typing import Any

import torch
from torch import nn

KINDS = 64  # of batches that code is made for: in blocks or not, one row or several, training or watching


def compile_layers(model: Any) -> None:
    """Let torch compile every layer when it is first used; weights and their names stay."""
    torch._dynamo.config.recompile_limit = KINDS
    for part in model.modules():
        if isinstance(part, nn.ModuleList):
            for layer in part:
                layer.compile(dynamic=True)


def compiler() -> str | None:
    """The C++ compiler that torch would call for a CPU; `None` where there is none."""
    names = (os.environ.get("CXX", ""), "g++", "clang++")
    return next((found for name in names if name and (found := shutil.which(name))), None)

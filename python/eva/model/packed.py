"""Linear layers on a CPU, by oneDNN with weights that are laid out once.

PyTorch gives float32 products to MKL, which keeps to AVX2 on processors that are not Intel's: half of the
rate or less where there is AVX-512. oneDNN computes in the same precision and takes the widest instructions
that a processor has. Without AVX-512 both have one rate, and MKL begins sooner: on Zen 3 it takes 7 µs
instead of 33 for one token in a layer of 192 by 192.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class PackedLinear(nn.Module):
    """What a `torch.nn.Linear` computes, without gradients. It holds the weights in oneDNN's layout alone."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self._weight = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach(), None)
        self._bias = None if linear.bias is None else linear.bias.detach()

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: (…, in_features) to (…, out_features)."""
        out: Tensor = torch.ops.mkldnn._linear_pointwise(x, self._weight, self._bias, "none", [], "")
        return out


def pack(model: Any) -> None:
    """Replace the float32 linear layers of a model where AVX-512 and oneDNN are; others stay as they are.

    The model can be trained no more.
    """
    onednn: Any = torch.backends.mkldnn  # whose functions carry no types
    if torch.backends.cpu.get_cpu_capability() != "AVX512" or not onednn.is_available():
        return
    for module in list(model.modules()):
        for name, child in module.named_children():
            # subclasses compute something else (quantized, adapters)
            if type(child) is nn.Linear and child.weight.dtype == torch.float32 and child.weight.is_cpu:
                setattr(module, name, PackedLinear(child))

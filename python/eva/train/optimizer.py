"""Muon for the matrices of the layers, AdamW for everything else.

Muon (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon) steps along the momentum with all its
singular values made about one, so that directions with small gradients are learned as fast as the others.
torch's own does this in bfloat16 alone, which takes tens of times as long where a processor has to emulate
it, and not for sharded weights.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.distributed.tensor import DTensor, distribute_tensor

from eva.train.config import RunConfig

BETAS = (0.9, 0.98)  # of AdamW
MOMENTUM = 0.95
RMS = 0.2  # of an update's entries, about AdamW's: both take one learning rate (arXiv 2502.16982)
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
ITERATIONS = 5


class MuonAdamW(torch.optim.AdamW):
    """AdamW, but for the groups with `muon`, whose parameters are matrices."""

    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        done = [
            (p, p.grad, group)
            for group in self.param_groups
            for p in (group["params"] if group["muon"] else ())
            if p.grad is not None
        ]
        self._muon(sorted(done, key=lambda one: one[0].numel()))
        for p, _, _ in done:
            p.grad = None  # AdamW leaves it alone
        super().step()
        for p, gradient, _ in done:
            p.grad = gradient
        return loss

    @torch.no_grad()
    def _muon(self, work: list[tuple[Tensor, Tensor, dict[str, Any]]]) -> None:
        """Step along weights, gradients and groups, as many at a time as there are processes."""
        together = distributed.get_world_size() if distributed.is_initialized() else 1
        for start in range(0, len(work), together):
            some = work[start : start + together]
            updates = orthogonal_shared([self._direction(p, gradient) for p, gradient, _ in some])
            for (p, _, group), update in zip(some, updates, strict=True):
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(update, alpha=-group["lr"] * RMS * max(p.shape) ** 0.5)

    def _direction(self, p: Tensor, gradient: Tensor) -> Tensor:
        state = self.state[p]
        if not state:
            # AdamW takes up no saved state that does not count its steps
            state.update(step=torch.tensor(0.0), momentum=torch.zeros_like(p))
        state["step"] += 1
        momentum = state["momentum"].lerp_(gradient, 1 - MOMENTUM)
        return gradient.lerp(momentum, MOMENTUM)


def orthogonal_shared(matrices: list[Tensor]) -> list[Tensor]:
    """`orthogonal` of each; at most as many as there are processes, which all have the same ones.

    Whole ones are shared out, one a process, and sent to the others. Sharded ones each process does itself.
    """
    if len(matrices) == 1 or isinstance(matrices[0], DTensor):
        return [orthogonal(matrix) for matrix in matrices]
    mine = distributed.get_rank()
    out = [orthogonal(m) if i == mine else torch.empty_like(m) for i, m in enumerate(matrices)]
    for sender, matrix in enumerate(out):
        distributed.broadcast(matrix, sender)
    return out


def orthogonal(matrix: Tensor) -> Tensor:
    """U S Vᵀ of a matrix U Σ Vᵀ: five iterations of Newton and Schulz take what is above a hundredth of the
    largest singular value to about 1 (0.6 to 1.2), in S.

    A sharded matrix is gathered, and the result sharded in the same way.
    """
    whole = matrix.full_tensor() if isinstance(matrix, DTensor) else matrix
    wide = whole.T if whole.shape[0] > whole.shape[1] else whole
    x = wide.bfloat16() if wide.is_cuda else wide.float()
    x = x / x.norm().clamp(min=1e-7)
    a, b, c = NEWTON_SCHULZ
    for _ in range(ITERATIONS):
        square = x @ x.T
        x = torch.addmm(x, torch.addmm(square, square, square, beta=b, alpha=c), x, beta=a)
    x = (x if wide is whole else x.T).to(matrix.dtype).contiguous()
    if isinstance(matrix, DTensor):
        return distribute_tensor(x, matrix.device_mesh, matrix.placements)
    return x


def optimizer(config: RunConfig) -> tuple[type[Factory], dict[str, Any]]:
    """What transformers' Trainer takes as `optimizer_cls_and_kwargs`."""
    muon = config.optimizer == "muon"
    return Factory, {"muon": muon, "lr": config.learning_rate, "weight_decay": config.weight_decay}


class Factory:
    """Makes the optimizer out of the model that is trained."""

    def __call__(self, model: nn.Module, *, muon: bool, lr: float, weight_decay: float) -> MuonAdamW:
        """Weights decay, but for those of norms and biases. Embedding and output are AdamW's as well: their
        rows are tokens, each with a gradient of its own."""
        layers = {
            id(p) for part in model.modules() if isinstance(part, nn.ModuleList) for p in part.parameters()
        }
        trained = [p for p in model.parameters() if p.requires_grad]
        matrices = [p for p in trained if muon and p.ndim == 2 and id(p) in layers]
        known = {id(p) for p in matrices}
        others = [p for p in trained if id(p) not in known]
        groups: list[dict[str, Any]] = [
            {"params": matrices, "weight_decay": weight_decay, "muon": True},
            {"params": [p for p in others if p.ndim > 1], "weight_decay": weight_decay, "muon": False},
            {"params": [p for p in others if p.ndim < 2], "weight_decay": 0.0, "muon": False},
        ]
        return MuonAdamW([group for group in groups if group["params"]], lr=lr, betas=BETAS)

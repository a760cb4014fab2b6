"""Anchors: the integers of a scale as token paths, and the exact distribution over them.

The method (arXiv 2606.01160) reads E[R] = Σ i·P(i) at the position before the digit, which is exact only
where every anchor is one token. Here an anchor is a *path* of one or more tokens, so that any tokenizer and
any integer scale (1..5, 0..10, 0..100) is read exactly. The paths form a trie; a path that goes on in
another anchor (`1` in `10`) ends with its *closer*, the token of `,` or `}` that follows it in the text:

    P̃(a) = Π p(tokenᵢ | what stands before) · [p(closer | path) if the path is the beginning of another
    anchor's] P(a) = P̃(a)^(1/τ) / Σ_b P̃(b)^(1/τ),      anchor mass = Σ_b P̃(b)

with p over the full vocabulary. Where all paths are one token and none begins another, P is the softmax
over the anchors' logits (divided by τ): the paper's case is the trie with one inner node, not a second piece
of code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from eva.model.errors import ModelError
from eva.step import DimensionScore

Path = tuple[int, ...]


@dataclass(frozen=True)
class Anchors:
    """The anchors of one dimension, at one place of the text.

    - `paths`: token ids of each anchor, at least one each, all different.
    - `closers`: for each anchor whose path begins another's, the token that ends it.

    Raises `ValueError` where two anchors could not be told apart.
    """

    paths: Mapping[int, Path]
    closers: Mapping[int, int]

    def __post_init__(self) -> None:
        if len(set(self.paths.values())) != len(self.paths) or not all(self.paths.values()):
            raise ValueError(f"anchors need different, non-empty token paths, not {dict(self.paths)}")
        for anchor, path in self.paths.items():
            longer = {other[len(path)] for other in self.paths.values() if _begins(path, other)}
            if longer and self.closers.get(anchor, None) in longer | {None}:
                raise ValueError(f"anchor {anchor} begins another one and no token of its own ends it")

    @cached_property
    def nodes(self) -> tuple[Path, ...]:
        """The inner nodes of the trie, shortest first: the token prefixes after which logits are needed."""
        inner = {path[:depth] for path in self.paths.values() for depth in range(len(path))}
        inner |= {path for anchor, path in self.paths.items() if anchor in self.closed}
        return tuple(sorted(inner, key=lambda node: (len(node), node)))

    @cached_property
    def closed(self) -> frozenset[int]:
        """The anchors whose path begins another anchor's path: only these need their closer."""
        return frozenset(
            anchor
            for anchor, path in self.paths.items()
            if any(_begins(path, other) for other in self.paths.values())
        )

    def edges(self, anchor: int) -> list[tuple[Path, int]]:
        """The (node, token) pairs whose probabilities multiply to P̃(anchor)."""
        path = self.paths[anchor]
        edges = [(path[:depth], token) for depth, token in enumerate(path)]
        if anchor in self.closed:
            edges.append((path, self.closers[anchor]))
        return edges

    def log_weights(self, logits: Mapping[Path, Tensor]) -> Tensor:
        """log P̃ of every anchor, in the order of `paths`.

        `logits` maps each of `nodes` to full-vocabulary logits of shape (..., vocabulary); the result has
        shape (..., anchors), float32. Raises `ModelError` on NaN or infinite logits.
        """
        logp: dict[Path, Tensor] = {}
        for node in self.nodes:
            scores = logits[node].float()
            used = sorted({token for a in self.paths for at, token in self.edges(a) if at == node})
            _refuse_unusable(scores, used)
            logp[node] = torch.log_softmax(scores, dim=-1)
        columns = [
            torch.stack([logp[node][..., token] for node, token in self.edges(anchor)]).sum(0)
            for anchor in self.paths
        ]
        return torch.stack(columns, dim=-1)


def expectation(
    anchors: Iterable[int], log_weights: Tensor, *, temperature: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Expected score and anchor distribution from log P̃, at temperature τ.

    `log_weights` has shape (..., anchors); returns E of shape (...) on the anchor scale, and P of shape
    (..., anchors), both float32 and differentiable. The softmax is the paper's equation for P(i).
    """
    probabilities = torch.softmax(log_weights.float() / temperature, dim=-1)
    scale = torch.tensor(list(anchors), dtype=torch.float32, device=log_weights.device)
    return (probabilities * scale).sum(-1), probabilities


def dimension_scores(
    anchors: Anchors, log_weights: Tensor, *, temperature: float = 1.0
) -> list[DimensionScore]:
    """One `DimensionScore` for each row of `log_weights`, shape (rows, anchors).

    `temperature` sharpens or softens P; the anchor mass is the model's own, whatever it is.
    """
    scale = list(anchors.paths)
    expected, probabilities = expectation(scale, log_weights, temperature=temperature)
    expected = expected.clamp(min(scale), max(scale))  # the shares' sum may exceed 1 by a rounding error
    mass = torch.logsumexp(log_weights.float(), dim=-1).exp().clamp(max=1.0)
    values = torch.tensor(scale, dtype=torch.float32, device=log_weights.device)
    spread = (probabilities * (values - expected.unsqueeze(-1)) ** 2).sum(-1).sqrt()
    rows = zip(expected.tolist(), spread.tolist(), probabilities.tolist(), mass.tolist(), strict=True)
    return [DimensionScore(e, s, dict(zip(scale, p, strict=True)), m) for e, s, p, m in rows]


def _begins(path: Path, other: Path) -> bool:
    return len(path) < len(other) and other[: len(path)] == path


def _refuse_unusable(logits: Tensor, tokens: Sequence[int]) -> None:
    if torch.isnan(logits).any():
        raise ModelError(
            "the model gave NaN logits where a score stands: load it in float32, or check its weights"
        )
    if torch.isinf(logits[..., list(tokens)]).any() or torch.isposinf(logits).any():
        raise ModelError(
            "the model gave infinite logits to the anchors of a score: no expectation can be read from them"
        )

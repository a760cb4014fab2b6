"""Steps of one proof state stand in one row of a batch, and what they share stands there once.

A row is a *group*: the tokens that its texts have in common, then one *block* for each text with the rest of
it. A block sees the common tokens and itself, never another block, so every text is read as it
would be alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eva.model.prefix import shared_prefix
from eva.train.examples import Example

if TYPE_CHECKING:
    from torch import Tensor

Group = Sequence[Example]


@dataclass(frozen=True)
class Layout:
    """G groups of `blocks` texts in T = `prefix` + `blocks` · `block` columns.

    - `shared`: of each group, the number of its common tokens; the rest of `prefix` is padding.
    - Token i of text j of group g stands in column `column(g, j, i)`.
    """

    groups: Sequence[Group]
    shared: tuple[int, ...]
    prefix: int
    block: int
    blocks: int

    @classmethod
    def of(cls, groups: Sequence[Group]) -> Layout:
        """Groups must have as many texts each; a group of one shares nothing."""
        shared = tuple(_common(group) for group in groups)
        block = max(
            len(e.ids) + len(e.branches) - own
            for group, own in zip(groups, shared, strict=True)
            for e in group
        )
        return cls(groups, shared, max(shared), block, len(groups[0]))

    @property
    def width(self) -> int:
        return self.prefix + self.blocks * self.block

    def column(self, group: int, text: int, token: int) -> int:
        own = self.shared[group]
        return token if token < own else self.prefix + text * self.block + token - own

    def inputs(self, pad: int, *, in_blocks: bool) -> dict[str, Any]:
        """What a model is called with: `input_ids` (G, T), `position_ids` (G, T), `attention_mask`.

        The latter two are left out where every group is a text alone: padding stands on the right then,
        where nothing in a causal model looks. The mask is (G, 1, T, T); for the attention of
        `eva.train.attention` (`in_blocks`) it is that of `mask`, and `blocks` stands beside it.
        """
        ids = {"input_ids": self.ids(pad)}
        if self.plain:
            return ids
        ids["position_ids"] = self.positions()
        if in_blocks:
            return ids | {"attention_mask": self.mask(), "blocks": self.blocks}
        return ids | {"attention_mask": self.dense()}

    def ids(self, pad: int) -> Tensor:
        """What the model reads, (G, T)."""
        import torch

        out = torch.full((len(self.groups), self.width), pad)
        for g, (group, own) in enumerate(zip(self.groups, self.shared, strict=True)):
            out[g, :own] = torch.tensor(group[0].ids[:own])
            for t, e in enumerate(group):
                tokens = [*(e.ids if e.seen is None else e.seen)[own:], *(b.token for b in e.branches)]
                start = self.prefix + t * self.block
                out[g, start : start + len(tokens)] = torch.tensor(tokens)
        return out

    @property
    def plain(self) -> bool:
        """Whether a causal model reads the rows rightly without being told: padding stands on the right."""
        return self.prefix == 0 and not any(e.branches for group in self.groups for e in group)

    def positions(self) -> Tensor:
        """Where each column's token stands in its own text, (G, T)."""
        import torch

        out = torch.empty(len(self.groups), self.width, dtype=torch.long)
        longest = max(len(e.ids) for group in self.groups for e in group)
        for g, (group, own) in enumerate(zip(self.groups, self.shared, strict=True)):
            # padding stays within what a model with learned positions has
            block = torch.arange(own, own + self.block).clamp(max=longest - 1)
            out[g] = torch.cat([torch.arange(self.prefix), block.repeat(self.blocks)])
            for t, e in enumerate(group):
                for number, branch in enumerate(e.branches):
                    out[g, self.column(g, t, len(e.ids) + number)] = branch.position
        return out

    def mask(self) -> Tensor:
        """What each column sees, (G, 1, T, `prefix` + `block`): the common tokens, and its own block.

        0 where it sees, else the lowest float32.
        """
        import torch

        sees = torch.zeros(len(self.groups), self.width, self.prefix + self.block, dtype=torch.bool)
        sees[:, : self.prefix, : self.prefix] = torch.ones(self.prefix, self.prefix, dtype=torch.bool).tril()
        own = torch.ones(self.block, self.block, dtype=torch.bool).tril()
        sees[:, self.prefix :, self.prefix :] = own.repeat(self.blocks, 1)
        for g, (group, shared) in enumerate(zip(self.groups, self.shared, strict=True)):
            sees[g, self.prefix :, :shared] = True
            for t, e in enumerate(group):
                for number, branch in enumerate(e.branches):
                    row = self.column(g, t, len(e.ids) + number)
                    first = self.prefix + len(e.ids) - shared
                    sees[g, row, self.prefix + branch.upto - shared :] = False
                    sees[g, row, [first + parent for parent in branch.parents] + [first + number]] = True
        blocked = torch.finfo(torch.float32).min
        return torch.zeros(sees.shape).masked_fill(~sees, blocked).unsqueeze(1)

    def dense(self) -> Tensor:
        """The same for attention that knows no blocks, (G, 1, T, T)."""
        import torch

        compact = self.mask()
        out = torch.full((len(self.groups), 1, self.width, self.width), torch.finfo(torch.float32).min)
        out[..., : self.prefix] = compact[..., : self.prefix]
        for t in range(self.blocks):
            own = slice(self.prefix + t * self.block, self.prefix + (t + 1) * self.block)
            out[:, :, own, own] = compact[:, :, own, self.prefix :]
        out[:, :, : self.prefix, self.prefix :] = torch.finfo(torch.float32).min
        return out


def _common(group: Group) -> int:
    """How many tokens stand once: all common ones of the prompts but the last, which begins every block.

    So what follows the last common token is foretold within a block, where the texts may differ.
    """
    if len(group) == 1:
        return 0
    return max(0, min(shared_prefix([e.ids for e in group]), *(e.start for e in group)) - 1)

"""How many tokens the model has computed, by its own count."""

from __future__ import annotations

from eva.model import RewardModel


def tokens_computed(model: RewardModel) -> int | None:
    """Tokens that went through the model since it was made; `None` where it does not count them."""
    usage = getattr(model, "usage", None)
    count = getattr(usage, "computed", None)
    return count if isinstance(count, int) else None

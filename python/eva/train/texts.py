"""How each turn of a plan is written: in which order, with or without its critique, with which integers."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from eva.train.batches import Turn
from eva.train.config import Orders
from eva.train.examples import Encoder, Example, Pieces, Written


class Texts:
    """The example of a turn, for `eva.train.batches.Planned`.

    - `orders`: how texts are written; `both` alternates from group to group.
    - `critiques`: share of the batches that have their critiques, where these stand behind the scores.
    - `noise`: share of their integers that are read as others (`Encoder.with_noise`).
    - `again`: what a turn of a later pass is written from, in place of its pieces.
    """

    def __init__(
        self,
        encode: Encoder,
        pieces: Sequence[Pieces],
        orders: Orders,
        *,
        critiques: float = 1.0,
        noise: float = 0.0,
        again: Callable[[Turn], Pieces] | None = None,
    ) -> None:
        self._encode, self._pieces, self._orders = encode, pieces, orders
        self._critiques, self._noise, self._again = critiques, noise, again

    def __call__(self, turn: Turn, batch: int, row: int) -> Example:
        index, passes = turn
        pieces = self._again(turn) if passes and self._again else self._pieces[index]
        example = self._encode.write(pieces, self._order(batch, row))
        if not self._noise:
            return example
        return self._encode.with_noise(example, self._noise, random.Random(f"{index} {passes}"))

    def _order(self, batch: int, row: int) -> Written:
        if self._orders == "both":
            return _ORDERS[(batch + row) % 2]
        if self._critiques < 1 and random.Random(f"critiques {batch}").random() >= self._critiques:
            return "scores_alone"
        return self._orders


_ORDERS: tuple[Written, Written] = ("score_first", "critique_first")

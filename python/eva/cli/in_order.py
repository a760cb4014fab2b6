"""Puts the events of a request, which come in any order, back into the order of the steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from eva.step import CritiquePiece, Scored, ScoreEvent, Status, StepScore


@dataclass
class _Half:
    """What is known of one step so far."""

    score: StepScore | None = None
    words: list[str] = field(default_factory=list)
    final: bool = False


class InOrder:
    """Collects events and hands out whole judgements, first step first.

    A step is whole when its numbers are there and, where a critique was asked for, its last piece too. A step
    that got no numbers has no critique to wait for.

    - `count`: how many steps there are; events name them by index from 0.
    - `critique`: whether words were asked for.
    """

    def __init__(self, count: int, *, critique: bool) -> None:
        self._halves = [_Half() for _ in range(count)]
        self._critique = critique
        self._next = 0
        self.scored = 0
        """How many steps have their numbers (or the word that they have none)."""

    def take(self, event: ScoreEvent) -> Iterator[StepScore]:
        """Note `event`; yields the steps that can now be handed out."""
        half = self._halves[event.score.index if isinstance(event, Scored) else event.index]
        if isinstance(event, CritiquePiece):
            half.words.append(event.text)
            half.final = half.final or event.final
        else:
            self.scored += 1
            half.score = event.score
        while self._next < len(self._halves) and self._whole(self._halves[self._next]):
            self._next += 1
            yield self._judgement(self._next - 1)

    def draft(self) -> StepScore | None:
        """The first step that is not whole yet, as far as it is known; `None` while it has no numbers."""
        if self._next == len(self._halves) or self._halves[self._next].score is None:
            return None
        return self._judgement(self._next)

    def rest(self, status: Status, message: str) -> Iterator[StepScore]:
        """The stream has ended: the steps not handed out yet.

        Those that have numbers keep them, with a critique only where it is whole; the others get `status` and
        `message`.
        """
        for index in range(self._next, len(self._halves)):
            half = self._halves[index]
            if half.score is None:
                yield StepScore(index=index, status=status, message=message)
            else:
                yield self._judgement(index) if self._whole(half) else half.score
        self._next = len(self._halves)

    def _whole(self, half: _Half) -> bool:
        if half.score is None:
            return False
        return half.final or not self._critique or half.score.value is None

    def _judgement(self, index: int) -> StepScore:
        half = self._halves[index]
        assert half.score is not None
        return replace(half.score, critique="".join(half.words)) if half.words else half.score

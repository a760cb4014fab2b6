"""Judging a set of steps that may grow while words are written, as a stream of events."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence

from eva.model.checkpoint import EvaConfig
from eva.model.engine import Engine
from eva.model.prefill import unique_tokens
from eva.model.prompts import Tokens
from eva.model.read import ReadOut
from eva.step import CritiquePiece, Order, ProofStep, Scored, ScoreEvent, StepScore

MoreSteps = Callable[[int], Sequence[ProofStep]]
ALIKE = 0.7
"""Prompts whose tree is smaller than this share of them are read in the order of their beginnings."""


class Judgement:
    """The state behind one `RewardModel.stream`; the arguments are explained there."""

    def __init__(
        self,
        engine: Engine,
        config: EvaConfig,
        *,
        batch_size: int,
        order: Order,
        cancelled: Callable[[int], bool],
    ) -> None:
        self._engine = engine
        self._config = config
        self._size = batch_size
        self._after = order == "critique_first"
        self._gone = cancelled
        self._count = 0
        self._prompts: dict[int, Tokens] = {}
        self._written: dict[int, Tokens] = {}

    def scores(self, steps: Sequence[ProofStep]) -> Iterator[ScoreEvent]:
        """The scores right after the prompts."""
        fitting = yield from self._take(steps)
        for batch in self._batches(fitting):
            yield from self._read(batch)

    def all(self, steps: Sequence[ProofStep], more: MoreSteps | None) -> Iterator[ScoreEvent]:
        """Scores and critiques."""
        news: list[ScoreEvent] = []
        waiting: deque[int] = deque()

        def enter(steps: Sequence[ProofStep]) -> Iterator[ScoreEvent]:
            fitting = yield from self._take(steps)
            for batch in self._batches(fitting):
                if not self._after:
                    yield from self._read(batch, again=True)
                waiting.extend(batch)

        def next_prompts(count: int) -> list[tuple[int, Tokens, Tokens | None]]:
            if more is not None and len(waiting) < count:
                further = more(count - len(waiting))
                if further:
                    news.extend(enter(further))
            chosen: list[int] = []
            while waiting and len(chosen) < count:
                index = waiting.popleft()
                if not self._gone(index) and (self._after or index in self._written):
                    chosen.append(index)
                else:
                    del self._prompts[index]
                    self._written.pop(index, None)
            return [(i, self._prompts.pop(i), self._written.pop(i, None)) for i in chosen]

        def score(index: int, out: ReadOut) -> None:
            news.append(self._scored(index, out))

        yield from enter(steps)
        for piece in self._engine.write(
            next_prompts, room=self._size, cancelled=self._gone, finished=score if self._after else None
        ):
            yield from news
            news.clear()
            yield CritiquePiece(piece.row, piece.text, piece.done)
        yield from news

    def _take(self, steps: Sequence[ProofStep]) -> Generator[ScoreEvent, None, list[int]]:
        """Number the steps and note the prompts of those that fit; returns their numbers."""
        fitting = []
        for tokens in self._engine.prompts.fit(steps):
            index = self._count
            self._count += 1
            if isinstance(tokens, str):
                yield Scored(StepScore(index, "too_long", message=tokens))
            else:
                self._prompts[index] = tokens
                fitting.append(index)
        return fitting

    def _batches(self, indices: Sequence[int]) -> list[list[int]]:
        """Steps that go through the model together: those that begin alike, else those of like lengths."""
        prompts = [self._prompts[index] for index in indices]
        alike = unique_tokens(prompts) < ALIKE * sum(map(len, prompts))
        ordered = sorted(indices, key=lambda i: self._prompts[i] if alike else (len(self._prompts[i]),))
        return [ordered[i : i + self._size] for i in range(0, len(ordered), self._size)]

    def _read(self, batch: Sequence[int], *, again: bool = False) -> Iterator[ScoreEvent]:
        live = [index for index in batch if not self._gone(index)]
        if not live:
            return
        for index, out in zip(
            live, self._engine.read([self._prompts[i] for i in live], again=again), strict=True
        ):
            self._written[index] = out.tokens
            yield self._scored(index, out)

    def _scored(self, index: int, out: ReadOut) -> Scored:
        return Scored(step_score(index, out, self._config))


def step_score(index: int, out: ReadOut, config: EvaConfig) -> StepScore:
    """What was read, as the score of a step."""
    value = config.value({name: score.expected for name, score in out.scores.items()})
    low_mass = min(score.mass for score in out.scores.values()) < config.mass_floor
    return StepScore(index, "off_format" if low_mass else "scored", value, out.scores)

"""`RewardModel`: steps in, scores and critiques out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from eva.model.checkpoint import Checkpoint, load
from eva.model.critique import CritiqueWriter
from eva.model.frame import CONTEXT, Frame, encode_after, newline
from eva.model.prompt import prompt, think_text
from eva.model.read import ReadOut, read_given, read_scores
from eva.model.rows import Rows
from eva.step import ORDERS, CritiquePiece, DimensionScore, Order, ProofStep, Scored, ScoreEvent, StepScore

Cancelled = Callable[[int], bool]


class RewardModel:
    """A generative reward model by Expected Value Alignment (arXiv 2606.01160).

        model = RewardModel.from_pretrained("leibniz-nano")
        scores = model.score([ProofStep(goals=("n : Nat\\n⊢ n + 0 = n",), tactic="simp")])

    `name`, `scale` (lowest and highest anchor), `dimensions` and `weights` describe the checkpoint. One
    model serves one thread at a time.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._model: Any = checkpoint.model
        self._tokenizer: Any = checkpoint.tokenizer
        self.config = checkpoint.config
        self.name = checkpoint.name
        self.scale = checkpoint.config.scale
        self.weights = dict(checkpoint.config.weights)
        self.dimensions = tuple(self.weights)
        self.frame = Frame.of(self._tokenizer, self.scale)
        self._newline = newline(self._tokenizer)
        vocabulary = self._model.get_input_embeddings().weight.shape[0]
        self._writer = CritiqueWriter(self._tokenizer, vocabulary, self.config.max_critique_tokens)
        self._room = self._prompt_room()

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str = "leibniz-nano",
        *,
        device: str | None = None,
        dtype: str | None = None,
        threads: int | None = None,
        trust_remote_code: bool = False,
    ) -> RewardModel:
        """Load an embedded model, a checkpoint directory, or any causal language model of the hub.

        - `device`: `"cpu"`, `"cuda"`, …; by default CUDA where there is one.
        - `dtype`: name of a torch dtype, `"float32"` by default.
        - `threads`: how many threads torch may use for one operation; by default torch's own choice.
        - `trust_remote_code`: run code that comes with a hub model. Off unless asked for.

        Raises `LoadError`, one clear line.
        """
        if threads is not None:
            import torch

            torch.set_num_threads(threads)
        return cls(load(name_or_path, device=device, dtype=dtype, trust_remote_code=trust_remote_code))

    def score(
        self,
        steps: Sequence[ProofStep],
        *,
        critique: bool = True,
        order: Order = "score_first",
        batch_size: int = 16,
    ) -> list[StepScore]:
        """Judge every step, in the order of `steps`. Arguments and errors are those of `stream`."""
        scores: dict[int, StepScore] = {}
        words: dict[int, str] = {}
        for event in self.stream(steps, critique=critique, order=order, batch_size=batch_size):
            if isinstance(event, Scored):
                scores[event.score.index] = event.score
            else:
                words[event.index] = words.get(event.index, "") + event.text
        return [_with_critique(scores[i], words.get(i)) for i in range(len(steps))]

    def stream(
        self,
        steps: Sequence[ProofStep],
        *,
        critique: bool = True,
        order: Order = "score_first",
        batch_size: int = 16,
        cancelled: Cancelled | None = None,
    ) -> Iterator[ScoreEvent]:
        """Judge every step, telling each thing as soon as it is known.

        - `critique`: whether to write critiques. Without, both orders read the score right after the prompt.
        - `order`: `score_first` gives all scores, then the words; `critique_first` reads the scores after
          the words.
        - `batch_size`: how many steps go through the model together (1 or more).
        - `cancelled(index)`: asked between forward passes; a step for which it is true yields nothing more.

        Every step that is not cancelled yields one `Scored`, and with `critique` its `CritiquePiece`s, the
        last of which is `final`. A step that does not fit the context yields `Scored` with status
        `too_long` and nothing else. Raises `ModelError` where the model gives no usable numbers,
        `ValueError` on a bad argument.
        """
        if order not in ORDERS:
            raise ValueError(f"order {order!r} must be one of {', '.join(ORDERS)}")
        if batch_size < 1:
            raise ValueError(f"batch_size {batch_size} must be at least 1")
        gone = cancelled or (lambda index: False)
        prompts: dict[int, list[int]] = {}
        for index, step in enumerate(steps):
            tokens = self._fit(step)
            if isinstance(tokens, str):
                yield Scored(StepScore(index, "too_long", message=tokens))
            else:
                prompts[index] = tokens
        order_by_length = sorted(prompts, key=lambda index: len(prompts[index]))
        batches = [order_by_length[i : i + batch_size] for i in range(0, len(order_by_length), batch_size)]
        if order == "critique_first" and critique:
            for batch in batches:
                yield from self._critique_then_scores(batch, prompts, gone)
            return
        written: dict[int, tuple[int, ...]] = {}
        for batch in batches:
            yield from self._scores(batch, prompts, gone, written)
        if critique:
            for batch in batches:
                yield from self._words_after_scores(
                    [i for i in batch if i in written], prompts, gone, written
                )

    def read(self, text: str) -> dict[str, DimensionScore]:
        """Expected scores at the integers of a text that is already there: a prompt and an output in one
        string.

        Raises `eva.model.NoScores` where the text has no unique score object.
        """
        return read_given(self._model, self._tokenizer, text, self.frame, temperature=self.config.temperature)

    def score_given(self, steps: Sequence[ProofStep], critiques: Sequence[str]) -> list[StepScore]:
        """Expected scores right after critiques that are already there, one for each step, in one batch.

        Steps that do not fit get the status `too_long`. Raises `ModelError`.
        """
        tokens = [self._fit(step) for step in steps]
        fitting = [index for index, ids in enumerate(tokens) if not isinstance(ids, str)]
        thoughts = {i: encode_after(self._tokenizer, CONTEXT, think_text(critiques[i]))[0] for i in fitting}
        prompts = [[*tokens[i], *thoughts[i], *self._newline] for i in fitting]
        out = [StepScore(i, "too_long", message=str(ids)) for i, ids in enumerate(tokens)]
        if prompts:
            rows = Rows.prefill(self._model, prompts)
            for i, read in zip(
                fitting, read_scores(rows, self.frame, temperature=self.config.temperature), strict=True
            ):
                out[i] = self._step_score(i, read)
        return out

    def write_integers(
        self, steps: Sequence[ProofStep], choose: Callable[[DimensionScore], int], samples: int = 1
    ) -> list[list[dict[str, int]]]:
        """The integers of `samples` objects for each step, written as `choose` picks them, in one batch.

        A step that does not fit gets none. Raises `ModelError`.
        """
        fits = {index: ids for index, ids in enumerate(map(self._fit, steps)) if not isinstance(ids, str)}
        out: list[list[dict[str, int]]] = [[] for _ in steps]
        if fits:
            rows = Rows.prefill(self._model, list(fits.values()))
            rows.select([row for row in range(len(fits)) for _ in range(samples)])
            written = read_scores(rows, self.frame, choose=choose)
            for row, index in enumerate(fits):
                out[index] = [read.integers for read in written[row * samples : (row + 1) * samples]]
        return out

    def prompt(self, step: ProofStep) -> str:
        """The text that the model reads for this step (before any earlier steps are dropped for length)."""
        return prompt(step, self.config.instruction)

    def _scores(
        self,
        batch: list[int],
        prompts: dict[int, list[int]],
        gone: Cancelled,
        written: dict[int, tuple[int, ...]],
    ) -> Iterator[ScoreEvent]:
        live = [index for index in batch if not gone(index)]
        if not live:
            return
        rows = Rows.prefill(self._model, [prompts[index] for index in live])
        for index, out in zip(
            live, read_scores(rows, self.frame, temperature=self.config.temperature), strict=True
        ):
            written[index] = out.tokens
            yield Scored(self._step_score(index, out))

    def _words_after_scores(
        self,
        batch: list[int],
        prompts: dict[int, list[int]],
        gone: Cancelled,
        written: dict[int, tuple[int, ...]],
    ) -> Iterator[ScoreEvent]:
        live = [index for index in batch if not gone(index)]
        if not live:
            return
        opening = [*self._newline, *self._writer.opening]
        rows = Rows.prefill(self._model, [[*prompts[index], *written[index], *opening] for index in live])
        for piece in self._writer.write(rows, lambda row: gone(live[row]), lambda rows, numbers: None):
            yield CritiquePiece(live[piece.row], piece.text, piece.done)

    def _critique_then_scores(
        self, batch: list[int], prompts: dict[int, list[int]], gone: Cancelled
    ) -> Iterator[ScoreEvent]:
        live = [index for index in batch if not gone(index)]
        if not live:
            return
        rows = Rows.prefill(self._model, [[*prompts[index], *self._writer.opening] for index in live])
        ready: list[ScoreEvent] = []

        def read(done: Rows, numbers: Sequence[int]) -> None:
            done.extend([self._newline] * len(numbers))
            for number, out in zip(
                numbers, read_scores(done, self.frame, temperature=self.config.temperature), strict=True
            ):
                ready.append(Scored(self._step_score(live[number], out)))

        for piece in self._writer.write(rows, lambda row: gone(live[row]), read):
            yield from ready
            ready.clear()
            yield CritiquePiece(live[piece.row], piece.text, piece.done)
        yield from ready

    def _step_score(self, index: int, out: ReadOut) -> StepScore:
        value = self.config.value({name: score.expected for name, score in out.scores.items()})
        low_mass = min(score.mass for score in out.scores.values()) < self.config.mass_floor
        return StepScore(index, "off_format" if low_mass else "scored", value, out.scores)

    def _fit(self, step: ProofStep) -> list[int] | str:
        """The prompt's tokens, with as many of the latest earlier steps as fit; or why it cannot fit."""
        tokens: list[int] = []
        keep = len(step.earlier)
        while True:
            tokens = list(self._tokenizer(prompt(step, self.config.instruction, earlier=keep))["input_ids"])
            if len(tokens) <= self._room:
                return tokens
            if keep == 0:
                return f"the step needs {len(tokens)} tokens and this model reads {self._room}"
            keep //= 2

    def _prompt_room(self) -> int:
        context = getattr(self._model.config, "max_position_embeddings", None) or 1 << 30
        frame = sum(len(next(iter(field.leads.values()))) + 4 for field in self.frame.fields)
        room = int(context) - frame - self.config.max_critique_tokens - 16
        return min(room, self.config.max_prompt_tokens or room)


def _with_critique(score: StepScore, words: str | None) -> StepScore:
    from dataclasses import replace

    return score if words is None else replace(score, critique=words.strip())

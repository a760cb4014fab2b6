"""`RewardModel`: steps in, scores and critiques out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from eva.model.checkpoint import Checkpoint, load
from eva.model.engine import Engine
from eva.model.errors import OutOfMemory
from eva.model.judgement import Judgement, MoreSteps, step_score
from eva.model.prompt import is_after_critique
from eva.model.read import read_given
from eva.step import ORDERS, DimensionScore, Order, ProofStep, Scored, ScoreEvent, StepScore
from eva.usage import Usage

Cancelled = Callable[[int], bool]
CACHE_MB = 256


class RewardModel:
    """A generative reward model by Expected Value Alignment (arXiv 2606.01160).

        model = RewardModel.from_pretrained("leibniz-nano")
        scores = model.score([ProofStep(goals=("n : Nat\\n⊢ n + 0 = n",), tactic="simp")])

    `name`, `scale` (lowest and highest anchor), `dimensions` and `weights` describe the checkpoint, whose
    model is taken over for reading alone: to train, load another. One model serves one thread at a time.
    """

    def __init__(self, checkpoint: Checkpoint, *, cache_mb: int = CACHE_MB) -> None:
        self._engine = Engine(checkpoint, cache_mb)
        self.config = checkpoint.config
        self.name = checkpoint.name
        self.scale = checkpoint.config.scale
        self.weights = dict(checkpoint.config.weights)
        self.dimensions = tuple(self.weights)
        self.frame = self._engine.frame

    @property
    def usage(self) -> Usage:
        """What the model has done so far."""
        return self._engine.usage

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str = "leibniz-nano",
        *,
        device: str | None = None,
        dtype: str | None = None,
        threads: int | None = None,
        trust_remote_code: bool = False,
        cache_mb: int = CACHE_MB,
    ) -> RewardModel:
        """Load an embedded model, a checkpoint directory, or any causal language model of the hub.

        - `device`: `"cpu"`, `"cuda"`, …; by default CUDA where there is one.
        - `dtype`: name of a torch dtype, `"float32"` by default.
        - `threads`: how many threads torch may use for one operation; by default torch's own choice.
        - `cache_mb`: MiB of memory for what was read before; 0: remember nothing.
        - `trust_remote_code`: run code that comes with a hub model. Off unless asked for.

        Raises `LoadError`, one clear line.
        """
        if threads is not None:
            import torch

            torch.set_num_threads(threads)
        checkpoint = load(name_or_path, device=device, dtype=dtype, trust_remote_code=trust_remote_code)
        return cls(checkpoint, cache_mb=cache_mb)

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
        more: MoreSteps | None = None,
    ) -> Iterator[ScoreEvent]:
        """Judge every step, telling each thing as soon as it is known.

        - `critique`: whether to write critiques. Without, both orders read the score right after the prompt.
        - `order`: `score_first` gives all scores, then the words; `critique_first` reads the scores after
          the words.
        - `batch_size`: how many steps go through the model together (1 or more).
        - `cancelled(index)`: asked between forward passes; a step for which it is true yields nothing more.
        - `more(n)`: asked between two tokens of critiques while there is room for `n` more; at most so many
          further steps, whose indices go on from the last.

        Every step that is not cancelled yields one `Scored`, and with `critique` its `CritiquePiece`s, the
        last of which is `final`. A step that does not fit the context yields `Scored` with status
        `too_long` and nothing else. Raises `ModelError` where the model gives no usable numbers,
        `OutOfMemory` where so many steps are too much for it, `ValueError` on a bad argument.
        """
        if order not in ORDERS:
            raise ValueError(f"order {order!r} must be one of {', '.join(ORDERS)}")
        if batch_size < 1:
            raise ValueError(f"batch_size {batch_size} must be at least 1")
        judgement = Judgement(
            self._engine,
            self.config,
            batch_size=batch_size,
            order=order,
            cancelled=cancelled or (lambda index: False),
        )
        try:
            yield from judgement.all(steps, more) if critique else judgement.scores(steps)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            self._engine.forget()
            raise OutOfMemory(f"no memory for {batch_size} steps at once ({error})") from error

    def read(self, text: str) -> dict[str, DimensionScore]:
        """Expected scores at the integers of a text that is already there: a prompt and an output in one
        string. They stand behind a critique where its closing mark is the last thing before them.

        Raises `eva.model.NoScores` where the text has no unique score object.
        """
        engine = self._engine
        tau = self.config.tau(after_critique=is_after_critique(text))
        return read_given(engine.model, engine.tokenizer, text, self.frame, temperature=tau)

    def score_given(self, steps: Sequence[ProofStep], critiques: Sequence[str]) -> list[StepScore]:
        """Expected scores right after critiques that are already there, one for each step, in one batch.

        Steps that do not fit get the status `too_long`. Raises `ModelError`.
        """
        prompts = self._engine.prompts.fit(steps)
        out = [StepScore(i, "too_long", message=str(tokens)) for i, tokens in enumerate(prompts)]
        fits = {i: tokens for i, tokens in enumerate(prompts) if not isinstance(tokens, str)}
        if fits:
            found = self._engine.read_after(list(fits.values()), [critiques[i] for i in fits])
            for i, read in zip(fits, found, strict=True):
                out[i] = step_score(i, read, self.config)
        return out

    def write_integers(
        self, steps: Sequence[ProofStep], choose: Callable[[DimensionScore], int], samples: int = 1
    ) -> list[list[dict[str, int]]]:
        """The integers of `samples` objects for each step, written as `choose` picks them, in one batch.

        A step that does not fit gets none. Raises `ModelError`.
        """
        prompts = self._engine.prompts.fit(steps)
        out: list[list[dict[str, int]]] = [[] for _ in steps]
        fits = {i: tokens for i, tokens in enumerate(prompts) if not isinstance(tokens, str)}
        if fits:
            written = self._engine.read_samples(list(fits.values()), choose, samples)
            for i, objects in zip(fits, written, strict=True):
                out[i] = [read.integers for read in objects]
        return out

    def prompt(self, step: ProofStep) -> str:
        """The text that the model reads for this step (before any earlier steps are dropped for length)."""
        return self._engine.prompts.text(step)


def is_out_of_memory(error: Exception) -> bool:
    """Whether torch or Python says that no memory is left; on a CPU torch raises a bare RuntimeError."""
    import torch

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return "not enough memory" in str(error) or "can't allocate memory" in str(error)


def _with_critique(score: StepScore, words: str | None) -> StepScore:
    return score if words is None else replace(score, critique=words.strip())
